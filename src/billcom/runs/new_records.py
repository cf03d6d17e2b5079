"""The vendors and bills that rows of a sheet ask for, as BILL takes them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from billcom.models.bill import NewBill, NewBillInvoice, NewBillLine
from billcom.models.classification import NewClassifications
from billcom.models.vendor import NewPaymentInformation, NewVendor
from billcom.normalization import normalize_text
from billcom.runs.rows import PaymentRow


def new_vendor(rows: Sequence[PaymentRow]) -> NewVendor:
    """Return the vendor of rows, to be paid by ACH: each fact from the first row that states it.

    Raises ValueError when no row has an address: such a vendor isn't planned.
    """
    address = next((row.address for row in rows if row.address is not None), None)
    if address is None:
        raise ValueError(f"vendor {rows[0].vendor!r} has no address")
    account = next((row.bank_account for row in rows if row.bank_account is not None), None)
    name = rows[0].vendor
    return NewVendor(
        name=name,
        address=address.to_new_address(),
        account_type="BUSINESS",
        email=_first(row.email for row in rows),
        account_number=_first(row.account_number for row in rows),
        payment_information=NewPaymentInformation(
            payee_name=_first(row.payee_name for row in rows) or name, bank_account=account
        ),
    )


def new_bill(vendor_id: str, row: PaymentRow, gl_accounts: Mapping[str, str]) -> NewBill:
    """Return the bill of a row. BILL is asked for its approvers: a policy may apply.

    `gl_accounts`: ids by number and name; every account of the row is there, or the row was refused.
    """
    lines = [
        NewBillLine(
            amount=line.amount,
            description=line.description or None,
            classifications=NewClassifications(
                chart_of_account_id=gl_accounts[normalize_text(line.gl_account)]
            )
            if line.gl_account
            else None,
        )
        for line in row.lines
    ]
    return NewBill(
        vendor_id=vendor_id,
        due_date=row.due_date,
        bill_line_items=lines,
        invoice=NewBillInvoice(invoice_number=row.invoice_number, invoice_date=row.invoice_date),
        description=row.description or None,
        bill_approvals=True,
    )


def _first(texts: Iterable[str]) -> str | None:
    return next((text for text in texts if text), None)

"""The sheet of a payment run, read: its rows as bills to be paid."""

from __future__ import annotations

from decimal import Decimal

from billcom.money import MAX_AMOUNT
from billcom.normalization import normalize_text
from billcom.runs.rows import BillLineRow, PaymentRow
from billcom.tables.documents import Asked, find_asked
from billcom.tables.parties import Party, find_parties
from billcom.tables.payment_columns import PAYMENT_RUN
from billcom.tables.problems import Problems
from billcom.tables.reading import read_table
from billcom.tables.records import read_records


def read_payment_run(name: str, content: bytes) -> tuple[PaymentRow, ...]:
    """Return the bills a workbook or CSV file asks to pay, in its order. `name` is the file's, for people.

    Raises SheetError with every problem of the sheet. No date is compared with today, nothing with BILL.
    """
    table = read_table(name, content, PAYMENT_RUN.by_key)
    problems = Problems(table.sheet, PAYMENT_RUN, table.problems)
    records = read_records(table, PAYMENT_RUN, problems)
    vendors = find_parties(records, PAYMENT_RUN, problems)
    asked = find_asked(records, PAYMENT_RUN, problems)
    for bill in asked:
        _check_amounts(bill, problems)
    problems.raise_if_any()
    return tuple(_row(table.sheet, bill, vendors[normalize_text(bill.get("vendor"))]) for bill in asked)


def _check_amounts(bill: Asked, problems: Problems) -> None:
    amounts = [record.cells["amount"] for record in bill.records if "amount" in record.cells]
    total, pay = sum(amounts, Decimal(0)), bill.get("pay_amount")
    if total > MAX_AMOUNT:
        fix = f"the lines come to more than {MAX_AMOUNT}: check the decimal points"
        problems.add(bill.first.row, PAYMENT_RUN.by_field["amount"], str(total), fix)
    if pay and len(amounts) == len(bill.records) and pay > total:
        row = next(record.row for record in bill.records if "pay_amount" in record.cells)
        fix = f"is more than the bill's {total}: correct one of them"
        problems.add(row, PAYMENT_RUN.by_field["pay_amount"], str(pay), fix)


def _row(sheet: str, bill: Asked, vendor: Party) -> PaymentRow:
    return PaymentRow(
        sheet=sheet,
        rows=tuple(record.row for record in bill.records),
        vendor=bill.get("vendor"),
        address=vendor.address,
        payee_name=vendor.text("payee_name"),
        email=vendor.text("email"),
        account_number=vendor.text("account_number"),
        vendor_id=vendor.text("vendor_id"),
        bank_account=vendor.bank_account,
        invoice_number=bill.get("invoice_number"),
        invoice_date=bill.get("invoice_date"),
        due_date=bill.get("due_date"),
        lines=tuple(
            BillLineRow(
                amount=line.cells["amount"],
                description=line.get("description") or "",
                gl_account=line.get("gl_account") or "",
            )
            for line in bill.lines
        ),
        description=(bill.get("description") or "") if len(bill.records) == 1 else "",
        pay_amount=bill.get("pay_amount"),
        process_date=bill.get("process_date"),
        memo=bill.get("memo") or "",
        label=bill.get("label") or "",
        override=bill.get("override") or "",
    )

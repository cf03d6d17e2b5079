"""Finding a bill by vendor, the vendor's number, date and amount."""

from __future__ import annotations

from billcom.client import BillClient
from billcom.errors import ConflictError
from billcom.inputs import BillInput
from billcom.lookup.rows import ACTIVE, ARCHIVED, same_text
from billcom.models.bill import ApprovalStatus, Bill, BillPaymentStatus
from billcom.money import display
from billcom.query import Filter

_UNDECIDED = (ApprovalStatus.ASSIGNED, ApprovalStatus.APPROVING, ApprovalStatus.DENIED)


async def find_bill(client: BillClient, vendor_id: str, wanted: BillInput) -> Bill | None:
    """Return the vendor's bill of this number, date and amount, read in full, or None.

    Raises ConflictError for the same number with another date or amount, one that differs in case or blanks,
    twice the same, or an archived one.
    """
    number = wanted.invoice_number
    in_use = await _of_number(client, vendor_id, number, ACTIVE)
    if len(in_use) > 1:
        ids = ", ".join(bill.id for bill in in_use)
        raise ConflictError(f"bill {number} stands twice at BILL ({ids}): archive the wrong one")
    if not in_use:
        if archived := await _of_number(client, vendor_id, number, ARCHIVED):
            raise ConflictError(
                f"bill {number} is archived at BILL ({archived[0].id}): restore it, or renumber"
            )
        return None
    (bill,) = in_use
    held = bill.invoice
    if held.invoice_number != number:
        raise ConflictError(
            f"bill {number} is not at BILL, but {held.invoice_number!r} of the same vendor is ({bill.id}): write "
            "the number as BILL has it"
        )
    if (bill.amount, held.invoice_date) != (wanted.amount, wanted.invoice_date):
        amount = display(bill.amount) if bill.amount is not None else "unknown"
        raise ConflictError(
            f"bill {number} is at BILL ({bill.id}) with amount {amount} and date {held.invoice_date}, the "
            f"request says {display(wanted.amount)} and {wanted.invoice_date}: correct the request, or the "
            "bill at BILL"
        )
    return bill


def check_payable(bill: Bill) -> None:
    """Raise ConflictError when a bill, read in full, must not be paid in full now.

    It must be unarchived, approved where a policy applies, unpaid, and open with its whole amount.
    """
    if bill.archived:
        reason = "is archived: restore it first"
    elif bill.approval_status in _UNDECIDED:
        reason = f"is {bill.approval_status} in BILL's approval policy: its approvers decide first"
    elif bill.amount is None or bill.due_amount is None:
        reason = "shows no amount due at BILL: look at it there"
    elif bill.open_amount < bill.amount or bill.payment_status not in (None, BillPaymentStatus.UNPAID):
        reason = (
            f"has {display(bill.open_amount)} of {display(bill.amount)} open ({bill.payment_status}): something "
            "else pays it; look at its payments in BILL"
        )
    else:
        return
    raise ConflictError(f"bill {bill.invoice.invoice_number} ({bill.id}) {reason}")


async def _of_number(client: BillClient, vendor_id: str, number: str, half: Filter) -> list[Bill]:
    rows = [b async for b in client.bills.list([Filter("vendorId", "eq", vendor_id), half])]
    # A row can be thinner than the bill: one without a number is read by its id before it is passed over.
    mine = [r for r in rows if not r.invoice.invoice_number or same_text(r.invoice.invoice_number, number)]
    full = [await client.bills.get(row.id) for row in mine]
    return [b for b in full if b.vendor_id == vendor_id and same_text(b.invoice.invoice_number, number)]

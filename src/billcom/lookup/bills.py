"""Finding a bill by vendor, the vendor's number, date and amount."""

from __future__ import annotations

from billcom.client import BillClient
from billcom.errors import ConflictError
from billcom.inputs import BillInput
from billcom.models.bill import ApprovalStatus, Bill
from billcom.money import display
from billcom.query import Filter


async def find_bill(client: BillClient, vendor_id: str, wanted: BillInput) -> Bill | None:
    """Return the vendor's bill of this number, date and amount, or None.

    Raises ConflictError for the same number with another date or amount, twice the same, or an archived one.
    """
    listed = client.bills.list([Filter("vendorId", "eq", vendor_id)])
    number = wanted.invoice_number
    same = [b async for b in listed if b.vendor_id == vendor_id and b.invoice.invoice_number == number]
    in_use = [bill for bill in same if not bill.archived]
    if len(in_use) > 1:
        ids = ", ".join(bill.id for bill in in_use)
        raise ConflictError(f"bill {number} stands twice at BILL ({ids}): archive the wrong one")
    if not in_use:
        if not same:
            return None
        raise ConflictError(f"bill {number} is archived at BILL ({same[0].id}): restore it, or renumber")
    (bill,) = in_use
    if (bill.amount, bill.invoice.invoice_date) != (wanted.amount, wanted.invoice_date):
        raise ConflictError(
            f"bill {number} is at BILL ({bill.id}) with amount {display(bill.amount or wanted.amount)} and "
            f"date {bill.invoice.invoice_date}, the request says {display(wanted.amount)} and "
            f"{wanted.invoice_date}: correct the request, or the bill at BILL"
        )
    return bill


def check_payable(bill: Bill) -> None:
    """Raise ConflictError when a bill must not be paid in full now: archived, unapproved, paid or in flight."""
    number = bill.invoice.invoice_number
    amount = bill.amount or 0
    reason = ""
    if bill.archived:
        reason = "is archived: restore it first"
    elif bill.approval_status in (
        ApprovalStatus.ASSIGNED,
        ApprovalStatus.APPROVING,
        ApprovalStatus.DENIED,
    ):
        reason = f"is {bill.approval_status} in BILL's approval policy: its approvers decide first"
    elif bill.open_amount < amount:
        reason = (
            f"has {display(bill.open_amount)} of {display(bill.amount or bill.open_amount)} open "
            f"({bill.payment_status}): something else pays it; look at its payments in BILL"
        )
    if reason:
        raise ConflictError(f"bill {number} ({bill.id}) {reason}")

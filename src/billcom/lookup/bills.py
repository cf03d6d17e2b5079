"""Finding a bill by vendor, the vendor's number, date and amount; and whether it may be paid."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from billcom.client import BillClient
from billcom.errors import CaseError, ConflictError
from billcom.intent import AMOUNT, Intent, Kind
from billcom.lookup.rows import ACTIVE, ARCHIVED
from billcom.models.bill import ApprovalStatus, Bill, BillPaymentStatus
from billcom.money import display
from billcom.money import plain as plain_amount
from billcom.normalization import normalize_text, same_text
from billcom.query import Filter

_UNDECIDED = (ApprovalStatus.ASSIGNED, ApprovalStatus.APPROVING, ApprovalStatus.DENIED)


def bill_intent(
    client: BillClient, vendor_id: str, number: str, invoice_date: date, amount: Decimal
) -> Intent[Bill]:
    """Return that the vendor's bill of this number and date is at BILL once, with this amount.

    Its look raises CaseError for the same number with another date or amount, or twice the same; look and
    check ConflictError for an archived bill.
    """
    wanted = WantedBill(vendor_id, number, invoice_date, amount)

    async def look() -> Bill | None:
        return await _find(client, wanted, past_others=False)

    async def look_past() -> Bill | None:
        return await _find(client, wanted, past_others=True)

    return Intent(
        Kind.BILL,
        bill_subject(vendor_id, number, invoice_date),
        look,
        client.bills.get,
        wanted.check,
        look_past=look_past,
        content={AMOUNT: plain_amount(amount)},
        details={"vendor_id": vendor_id, "invoice_number": number, "invoice_date": str(invoice_date)},
    )


def bill_subject(vendor_id: str, number: str, invoice_date: date) -> str:
    """Return the subject of a bill in the journal; spellings of one number have one subject."""
    return f"{vendor_id} {invoice_date} {normalize_text(number)}"


class WantedBill:
    """The bill that is asked for."""

    def __init__(self, vendor_id: str, number: str, invoice_date: date, amount: Decimal) -> None:
        self.vendor_id = vendor_id
        self.number = number
        self.invoice_date = invoice_date
        self.amount = amount

    def is_same(self, bill: Bill) -> bool:
        """Return whether date and amount are those of the request."""
        return (bill.amount, bill.invoice.invoice_date) == (self.amount, self.invoice_date)

    def check(self, bill: Bill) -> Bill:
        """Return the bill when it is the one; else raise ConflictError or CaseError."""
        number, held = self.number, bill.invoice
        if bill.archived:
            raise ConflictError(f"bill {number} is archived at BILL ({bill.id}): restore it, or renumber")
        if bill.vendor_id != self.vendor_id or not same_text(held.invoice_number, number):
            raise ConflictError(
                f"bill {bill.id} is {held.invoice_number!r} of vendor {bill.vendor_id}, not {number!r} of "
                f"{self.vendor_id}: look at it in BILL"
            )
        if not self.is_same(bill):
            amount = display(bill.amount) if bill.amount is not None else "unknown"
            raise CaseError(
                f"bill {number} is at BILL ({bill.id}) with amount {amount} and date {held.invoice_date}, the "
                f"request says {display(self.amount)} and {self.invoice_date}: correct the request, or the "
                "bill at BILL"
            )
        return bill


async def _find(client: BillClient, wanted: WantedBill, *, past_others: bool) -> Bill | None:
    alike = await _of_number(client, wanted, ACTIVE)
    if not alike and not past_others:
        alike += await _of_number(client, wanted, ARCHIVED)
    return choose_bill(wanted, alike, past_others=past_others)


def choose_bill(wanted: WantedBill, alike: Iterable[Bill], *, past_others: bool = False) -> Bill | None:
    """Return the one that is asked for among a vendor's bills of this number, archived ones too.

    Raises as the intent's look does; `past_others`: what contradicts it is something else, a person says.
    """
    number = wanted.number
    in_use = [bill for bill in alike if not bill.archived]
    archived = [bill for bill in alike if bill.archived]
    if past_others:
        in_use = [bill for bill in in_use if wanted.is_same(bill)]
    if len(in_use) > 1:
        ids = ", ".join(bill.id for bill in in_use)
        raise CaseError(
            f"bill {number} stands twice at BILL ({ids}): archive the wrong one, or say which it is"
        )
    if in_use:
        return wanted.check(in_use[0])
    if archived and not past_others:
        wanted.check(archived[0])
    return None


def check_payable(bill: Bill, part: Decimal | None = None) -> None:
    """Raise ConflictError when a bill, read in full, must not be paid now: in full, or `part` of it in dollars.

    It must be unarchived, approved where a policy applies, and open with its whole amount, or with that part.
    """
    if bill.archived:
        reason = "is archived: restore it first"
    elif bill.approval_status in _UNDECIDED:
        reason = f"is {bill.approval_status} in BILL's approval policy: its approvers decide first"
    elif bill.amount is None or bill.due_amount is None:
        reason = "shows no amount due at BILL: look at it there"
    elif part is not None:
        if bill.open_amount >= part:
            return
        reason = (
            f"has {display(bill.open_amount)} open, less than {display(part)}: look at its payments in BILL"
        )
    elif bill.open_amount < bill.amount or bill.payment_status not in (None, BillPaymentStatus.UNPAID):
        reason = (
            f"has {display(bill.open_amount)} of {display(bill.amount)} open ({bill.payment_status}): something "
            "else pays it; look at its payments in BILL"
        )
    else:
        return
    raise ConflictError(f"bill {bill.invoice.invoice_number} ({bill.id}) {reason}")


def check_not_overpaid(bill: Bill) -> None:
    """Raise CaseError when more is paid or scheduled for a bill, read in full, than it asks for.

    BILL may act on a payment long after it seemed to fail: read again before the process date, it can still
    be cancelled.
    """
    if bill.amount is None or bill.due_amount is None or bill.open_amount >= 0:
        return
    raise CaseError(
        f"bill {bill.invoice.invoice_number} ({bill.id}) is overpaid by {display(-bill.open_amount)}: "
        f"{display(bill.amount)} due, {display(bill.scheduled_amount or Decimal(0))} scheduled. Cancel the payment "
        "that is too much in BILL before its process date"
    )


async def _of_number(client: BillClient, wanted: WantedBill, half: Filter) -> list[Bill]:
    vendor_id, number = wanted.vendor_id, wanted.number
    rows = [b async for b in client.bills.list([Filter("vendorId", "eq", vendor_id), half])]
    # A row can be thinner than the bill: one without a number is read by its id before it is passed over.
    mine = [r for r in rows if not r.invoice.invoice_number or same_text(r.invoice.invoice_number, number)]
    full = [await client.bills.get(row.id) for row in mine]
    return [b for b in full if b.vendor_id == vendor_id and same_text(b.invoice.invoice_number, number)]

"""Bills: documents received from vendors, to be paid."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from billcom.models.base import Record, RequestBody
from billcom.models.classification import Classifications, NewClassifications

MAX_INVOICE_NUMBER_LENGTH = 21
"""Longest invoice number of a bill; a longer one is refused with BDC_1143. Source: seen live by third parties."""

BULK_LIMIT = 100
"""Most bills of one bulk request. Source: BILL API reference, create bulk bills (read 2026)."""


class BillPaymentStatus(StrEnum):
    """How far a bill is paid."""

    UNPAID = "UNPAID"
    SCHEDULED = "SCHEDULED"
    PARTIALLY_PAID = "PARTIALLY_PAID"
    IN_PROCESS = "IN_PROCESS"
    PAID = "PAID"
    UNDEFINED = "UNDEFINED"


class ApprovalStatus(StrEnum):
    """How far a bill is approved. UNASSIGNED: no approval policy applies."""

    UNASSIGNED = "UNASSIGNED"
    ASSIGNED = "ASSIGNED"
    APPROVING = "APPROVING"
    APPROVED = "APPROVED"
    DENIED = "DENIED"
    UNDEFINED = "UNDEFINED"


class NewBillInvoice(RequestBody):
    """The vendor's own number and date for a bill."""

    invoice_number: str
    invoice_date: date


class NewBillLine(RequestBody):
    """One line of a bill to create; the bill's amount is the sum of its lines."""

    amount: Decimal
    description: str | None = None
    classifications: NewClassifications | None = None


class NewBill(RequestBody):
    """A bill to create. With `bill_approvals` the answer names the approvers, where a policy applies.

    Source: BILL API reference, create bill; BILL docs, Bill approvals.
    """

    vendor_id: str
    due_date: date
    bill_line_items: list[NewBillLine]
    invoice: NewBillInvoice
    description: str | None = None
    bill_approvals: bool | None = None


class BillLineChange(RequestBody):
    """A line to change (with its id) or to add (without).

    Name its classifications again: one client reports that BILL clears them when a changed line leaves them out.
    """

    id: str | None = None
    amount: Decimal | None = None
    description: str | None = None
    classifications: NewClassifications | None = None


class BillChange(RequestBody):
    """What to change of a bill; lines that are not named stay."""

    due_date: date | None = None
    invoice: NewBillInvoice | None = None
    bill_line_items: list[BillLineChange] | None = None
    description: str | None = None


class BillInvoice(Record):
    """The vendor's own number and date for a bill."""

    invoice_number: str | None = None
    invoice_date: date | None = None


class BillLine(Record):
    """One line of a bill."""

    id: str | None = None
    amount: Decimal | None = None
    quantity: Decimal | None = None
    price: Decimal | None = None
    description: str | None = None
    classifications: Classifications = Classifications()


class BillApprover(Record):
    """A person who must approve a bill: WAITING, APPROVED, DENIED, REROUTED, UNDEFINED. Orders count from 0."""

    user_id: str | None = None
    status: str | None = None
    approver_order: int | None = None
    status_changed_time: datetime | None = None


class Bill(Record):
    """A bill (`00n…`). `due_amount` is still open, `scheduled_amount` is in flight, in the bill's currency."""

    id: str
    archived: bool | None = None
    vendor_id: str
    vendor_name: str | None = None
    amount: Decimal | None = None
    paid_amount: Decimal | None = None
    due_amount: Decimal | None = None
    scheduled_amount: Decimal | None = None
    credit_amount: Decimal | None = None
    description: str | None = None
    due_date: date | None = None
    invoice: BillInvoice = BillInvoice()
    bill_line_items: tuple[BillLine, ...] = ()
    payment_status: str | None = None
    approval_status: str | None = None
    approvers: tuple[BillApprover, ...] = ()
    created_time: datetime | None = None
    updated_time: datetime | None = None

    @property
    def open_amount(self) -> Decimal:
        """What is due and not yet scheduled, in the bill's currency."""
        due = self.due_amount if self.due_amount is not None else (self.amount or Decimal(0))
        return due - (self.scheduled_amount or Decimal(0))

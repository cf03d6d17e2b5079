"""Owns bills: their lines, and what the payments made of them."""

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from billcom.emulator.clock import iso
from billcom.emulator.money import dollars
from billcom.emulator.records.base import Record
from billcom.emulator.records.bill_approvals import Approver
from billcom.emulator.records.payments import IN_FLIGHT, SETTLED, STARTED, Payment
from billcom.emulator.wire import Json, present

NOT_APPROVED = frozenset({"ASSIGNED", "APPROVING", "DENIED"})


@dataclass
class BillLine:
    """One line of a bill; `amount` and `price` are in cents."""

    id: str
    amount: int
    quantity: Decimal | None = None
    price: int | None = None
    description: str | None = None
    classifications: Json | None = None

    def wire(self) -> Json:
        """Return the line as BILL answers it."""
        return present(
            {
                "id": self.id,
                "amount": dollars(self.amount),
                "quantity": None if self.quantity is None else float(self.quantity),
                "price": None if self.price is None else dollars(self.price),
                "description": self.description,
                "classifications": self.classifications,
            }
        )


@dataclass(kw_only=True)
class Bill(Record):
    """A document received from a vendor. Balances are worked out from its payments, never stored."""

    vendor_id: str
    due_date: date
    lines: list[BillLine]
    invoice_number: str | None = None
    invoice_date: date | None = None
    description: str | None = None
    purchase_order_number: str | None = None
    pay_from_chart_of_account_id: str | None = None
    classifications: Json | None = None
    approval_status: str = "UNASSIGNED"
    approvers: list[Approver] = field(default_factory=list[Approver])
    payments: list[Payment] = field(default_factory=list[Payment])

    @property
    def amount(self) -> int:
        """The face value in cents: the sum of the lines."""
        return sum(line.amount for line in self.lines)

    @property
    def paid_amount(self) -> int:
        """Cents settled."""
        return self._sum_of(SETTLED)

    @property
    def scheduled_amount(self) -> int:
        """Cents in flight: promised by payments that are not processed yet."""
        return self._sum_of(IN_FLIGHT)

    @property
    def due_amount(self) -> int:
        """Cents still open. Unverified: that a scheduled payment leaves it as it is."""
        return self.amount - self.paid_amount

    @property
    def payment_status(self) -> str:
        """Where the bill stands. Unverified: which word wins when several payments stand differently."""
        if self.paid_amount and self.due_amount <= 0:
            return "PAID"
        if self._sum_of(STARTED):
            return "IN_PROCESS"
        if self.scheduled_amount:
            return "SCHEDULED"
        return "PARTIALLY_PAID" if self.paid_amount else "UNPAID"

    def _sum_of(self, statuses: frozenset[str]) -> int:
        """Return the cents of this bill in payments that stand at one of the statuses."""
        return sum(
            part.amount
            for payment in self.payments
            if payment.single_status in statuses
            for part in payment.bill_payments
            if part.bill_id == self.id
        )

    def classified_as(self, name: str) -> set[str]:
        """Return the ids under which the bill and its lines are classified, `name` such as chartOfAccountId."""
        parts = [self.classifications, *(line.classifications for line in self.lines)]
        return {part[name] for part in parts if part and name in part}

    def wire(self, vendor_name: str | None = None, *, with_approvers: bool = False) -> Json:
        """Return the bill as BILL answers it; reads give the vendor's name, writes don't."""
        approvers = [approver.wire() for approver in self.approvers] if with_approvers else []
        return present(
            {
                "archived": self.archived,
                "id": self.id,
                "vendorId": self.vendor_id,
                "vendorName": vendor_name,
                "fundingAmount": dollars(self.amount),
                "amount": dollars(self.amount),
                "paidAmount": dollars(self.paid_amount),
                "dueAmount": dollars(self.due_amount),
                "scheduledAmount": dollars(self.scheduled_amount),
                "creditAmount": 0.0,
                "exchangeRate": 1.0,
                "description": self.description,
                "dueDate": self.due_date.isoformat(),
                "invoice": self._invoice(),
                "billLineItems": [line.wire() for line in self.lines],
                "payFromChartOfAccountId": self.pay_from_chart_of_account_id,
                "paymentStatus": self.payment_status,
                "approvalStatus": self.approval_status,
                "approvers": approvers or None,
                "createdTime": iso(self.created),
                "updatedTime": iso(self.updated),
                "classifications": self.classifications,
                "purchaseOrderNumber": self.purchase_order_number,
            }
        )

    def _invoice(self) -> Json | None:
        """Return the vendor's own number and date, None when neither was given."""
        if self.invoice_number is None or self.invoice_date is None:
            return None
        return {"invoiceNumber": self.invoice_number, "invoiceDate": self.invoice_date.isoformat()}

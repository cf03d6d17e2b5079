"""Owns invoices: their lines, and what the received payments made of them."""

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from billcom.emulator.money import dollars, line_cents
from billcom.emulator.records.base import Record
from billcom.emulator.records.received_payments import ReceivedPayment
from billcom.emulator.wire import Json, present


@dataclass
class InvoiceLine:
    """One line of an invoice; `price` is in cents."""

    id: str
    quantity: Decimal
    price: int
    description: str | None = None
    classifications: Json | None = None

    @property
    def amount(self) -> int:
        """Quantity times price, in cents."""
        return line_cents(self.quantity, self.price)

    def wire(self) -> Json:
        """Return the line as BILL answers it."""
        return present(
            {
                "id": self.id,
                "description": self.description,
                "price": dollars(self.price),
                "quantity": float(self.quantity),
                "classifications": self.classifications,
            }
        )


@dataclass(kw_only=True)
class Invoice(Record):
    """A document sent to a customer. Balances are worked out from its payments, never stored."""

    customer_id: str
    invoice_number: str
    invoice_date: date
    due_date: date
    lines: list[InvoiceLine]
    pay_to_chart_of_account_id: str | None = None
    classifications: Json | None = None
    enable_card_payment: bool | None = None
    payments: list[ReceivedPayment] = field(default_factory=list[ReceivedPayment])

    @property
    def total_amount(self) -> int:
        """The face value in cents: the sum of the lines."""
        return sum(line.amount for line in self.lines)

    @property
    def paid_amount(self) -> int:
        """Cents received."""
        return self._sum_of("PAID")

    @property
    def scheduled_amount(self) -> int:
        """Cents of charges that are not settled yet."""
        return self._sum_of("SCHEDULED")

    @property
    def due_amount(self) -> int:
        """Cents still open. Unverified: that a scheduled charge leaves it as it is."""
        return self.total_amount - self.paid_amount

    @property
    def status(self) -> str:
        """Where the invoice stands. Unverified: the spelling PAID, which might be PAID_IN_FULL."""
        if self.paid_amount and self.due_amount <= 0:
            return "PAID"
        if self.scheduled_amount:
            return "SCHEDULED"
        return "PARTIAL_PAYMENT" if self.paid_amount else "OPEN"

    def _sum_of(self, status: str) -> int:
        """Return the cents of this invoice in payments of one status."""
        return sum(amount for payment, amount in self._parts() if payment.status == status)

    def _parts(self) -> list[tuple[ReceivedPayment, int]]:
        """Return each payment with the cents of it that pay this invoice."""
        return [
            (payment, part.amount)
            for payment in self.payments
            for part in payment.invoice_payments
            if part.invoice_id == self.id
        ]

    def wire_payments(self) -> list[Json]:
        """Return the payments as the invoice lists them."""
        return [
            {
                "id": payment.id,
                "amount": dollars(amount),
                "status": payment.status,
                "date": payment.payment_date.isoformat(),
            }
            for payment, amount in self._parts()
        ]

    def wire(self) -> Json:
        """Return the invoice as BILL answers it: the customer is an object on writes, a flat id here."""
        return present(
            {
                "id": self.id,
                "archived": self.archived,
                "invoiceNumber": self.invoice_number,
                "invoiceDate": self.invoice_date.isoformat(),
                "dueDate": self.due_date.isoformat(),
                "customerId": self.customer_id,
                "totalAmount": dollars(self.total_amount),
                "dueAmount": dollars(self.due_amount),
                "scheduledAmount": dollars(self.scheduled_amount),
                "creditAmount": 0.0,
                "status": self.status,
                "exchangeRate": 1.0,
                **self.times(),
                "invoiceLineItems": [line.wire() for line in self.lines],
                "payToChartOfAccountId": self.pay_to_chart_of_account_id,
                "payments": self.wire_payments(),
                "classifications": self.classifications,
                "enableCardPayment": self.enable_card_payment,
            }
        )

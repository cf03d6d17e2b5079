"""Owns received payments: charges pulled from a customer's bank, and payments recorded as received."""

from dataclasses import dataclass
from datetime import date

from billcom.emulator.money import dollars
from billcom.emulator.records.base import Record
from billcom.emulator.wire import Json, present


@dataclass
class InvoicePayment:
    """The part of a received payment that pays one invoice."""

    invoice_id: str
    amount: int


@dataclass(kw_only=True)
class ReceivedPayment(Record):
    """Money in from one customer; both amounts are in cents. Only PAID is money received."""

    customer_id: str
    amount: int
    invoice_payments: list[InvoicePayment]
    payment_date: date
    status: str
    receivables_type: str
    online: bool
    unapplied_amount: int = 0
    description: str | None = None
    funding_account: Json | None = None
    receivables_account: Json | None = None
    reference_number: str | None = None

    def wire(self) -> Json:
        """Return the received payment as BILL answers it."""
        day = self.payment_date.isoformat()
        return present(
            {
                "amount": dollars(self.amount),
                "id": self.id,
                "customerId": self.customer_id,
                "invoicePayments": [
                    {"invoiceId": part.invoice_id, "amount": dollars(part.amount), "paymentDate": day}
                    for part in self.invoice_payments
                ],
                "description": self.description,
                "paymentDate": day,
                "fundingAccount": self.funding_account,
                "receivablesAccount": self.receivables_account,
                "unappliedAmount": dollars(self.unapplied_amount),
                "receivablesType": self.receivables_type,
                "status": self.status,
                "referenceNumber": self.reference_number,
                "onlinePayment": self.online,
                **self.times(),
            }
        )

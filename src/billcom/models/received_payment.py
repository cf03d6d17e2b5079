"""Received payments: BILL's record of money in, and charges, which pull it from a customer."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from billcom.models.base import Record, RequestBody
from billcom.models.payment import FundingAccountReference, FundingAccountUsed


class ReceivedPaymentStatus(StrEnum):
    """Life of money in; only PAID is money in the account."""

    PAID = "PAID"
    SCHEDULED = "SCHEDULED"
    VOID = "VOID"
    CANCELED = "CANCELED"
    ESCHEATED = "ESCHEATED"
    UNDEFINED = "UNDEFINED"


class InvoiceAmount(RequestBody):
    """How much of which invoice a charge pays."""

    invoice_id: str
    amount: Decimal


class NewCharge(RequestBody):
    """A charge of one customer for one or several invoices. BILL has no way to undo it."""

    customer_id: str
    funding_account: FundingAccountReference
    invoice_payments: list[InvoiceAmount]
    description: str | None = None
    payment_date: date | None = None


class InvoicePaid(Record):
    """The part of a received payment that pays one invoice; BILL may apply it to others later."""

    invoice_id: str | None = None
    amount: Decimal | None = None
    payment_date: date | None = None


class ReceivedPayment(Record):
    """A received payment (`0rp…`)."""

    id: str
    customer_id: str | None = None
    amount: Decimal | None = None
    invoice_payments: tuple[InvoicePaid, ...] = ()
    description: str | None = None
    payment_date: date | None = None
    funding_account: FundingAccountUsed | None = None
    unapplied_amount: Decimal | None = None
    receivables_type: str | None = None
    status: str | None = None
    reference_number: str | None = None
    online_payment: bool | None = None
    created_time: datetime | None = None
    updated_time: datetime | None = None

    @property
    def is_live(self) -> bool:
        """Whether it brings or brought money: neither void nor cancelled."""
        gone = {
            ReceivedPaymentStatus.VOID,
            ReceivedPaymentStatus.CANCELED,
            ReceivedPaymentStatus.ESCHEATED,
        }
        return self.status not in gone

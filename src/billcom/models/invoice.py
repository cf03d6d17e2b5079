"""Invoices: documents sent to customers, to be paid to us."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from pydantic import Field

from billcom.models.base import Record, RequestBody

MAX_INVOICE_NUMBER_LENGTH = 100


class CustomerReference(RequestBody):
    """The customer of an invoice. Written as an object, read back as `customer_id`."""

    id: str


class NewInvoiceLine(RequestBody):
    """One line of an invoice: quantity x price."""

    quantity: Decimal
    price: Decimal
    description: str | None = None


class NewInvoiceOptions(RequestBody):
    """Options of an invoice."""

    send_email: bool | None = None


class NewInvoice(RequestBody):
    """An invoice to create. Always with our own number: BILL refuses a second one with it (BDC_1171)."""

    customer: CustomerReference
    invoice_number: str = Field(max_length=MAX_INVOICE_NUMBER_LENGTH)
    invoice_date: date | None = None
    due_date: date | None = None
    invoice_line_items: list[NewInvoiceLine]
    processing_options: NewInvoiceOptions | None = None


class InvoiceLineChange(RequestBody):
    """A line to change (with its id) or to add (without)."""

    id: str | None = None
    quantity: Decimal | None = None
    price: Decimal | None = None
    description: str | None = None


class InvoiceChange(RequestBody):
    """What to change of an invoice; lines that are not named stay."""

    due_date: date | None = None
    invoice_date: date | None = None
    invoice_line_items: list[InvoiceLineChange] | None = None


class InvoiceEmailRecipient(RequestBody):
    """Addresses an invoice goes to."""

    to: list[str]


class InvoiceEmailReplyTo(RequestBody):
    """The user who gets the answers."""

    user_id: str


class InvoiceEmail(RequestBody):
    """An e-mail with an invoice."""

    recipient: InvoiceEmailRecipient
    reply_to: InvoiceEmailReplyTo | None = None


class PaymentLinkRequest(RequestBody):
    """For whom a payment link is made."""

    customer_id: str
    email: str
    return_url: str | None = None


class PaymentLink(Record):
    """An address under which a customer can pay an invoice."""

    payment_link: str


class InvoiceLine(Record):
    """One line of an invoice."""

    id: str | None = None
    quantity: Decimal | None = None
    price: Decimal | None = None
    description: str | None = None


class InvoicePayment(Record):
    """A payment that counts towards an invoice."""

    id: str | None = None
    amount: Decimal | None = None
    status: str | None = None
    date: str | None = None


class Invoice(Record):
    """An invoice (`00e…`). `due_amount == 0` is what tells that it is paid: the status' spelling is unsure."""

    id: str
    archived: bool | None = None
    invoice_number: str | None = None
    invoice_date: date | None = None
    due_date: date | None = None
    customer_id: str | None = None
    total_amount: Decimal | None = None
    due_amount: Decimal | None = None
    scheduled_amount: Decimal | None = None
    credit_amount: Decimal | None = None
    status: str | None = None
    invoice_line_items: tuple[InvoiceLine, ...] = ()
    payments: tuple[InvoicePayment, ...] = ()
    created_time: datetime | None = None
    updated_time: datetime | None = None

    @property
    def open_amount(self) -> Decimal:
        """What is due and not yet scheduled, in the invoice's currency."""
        due = self.due_amount if self.due_amount is not None else (self.total_amount or Decimal(0))
        return due - (self.scheduled_amount or Decimal(0))

"""What a person asks a workflow to do: the fields of the run form, checked one by one, with titles for it.

What needs a clock or a look at BILL is checked elsewhere (`billcom.checks`, `billcom.lookup`).
"""

from __future__ import annotations

import re
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from typing import Annotated, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    WithJsonSchema,
    model_validator,
)

from billcom.models import bill as bill_model
from billcom.models import customer as customer_model
from billcom.models import invoice as invoice_model
from billcom.models import payment as payment_model
from billcom.models import vendor as vendor_model
from billcom.models.address import NewAddress
from billcom.models.bank_account import NewBankAccount
from billcom.money import CENT, Amount
from billcom.normalization import check_visible, remove_ignorable

# Only what no address can be without: BILL's own check is not documented.
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


MAX_LABEL_LENGTH = 40
"""Bound of this project: long enough to say what a second payment is for."""


def _text(limit: int, *, required: bool = True, is_name: bool = True) -> AfterValidator:
    """Return the check of a text; what names or tells something apart (`is_name`) has no invisible characters."""

    def check(value: str) -> str:
        value = _visible(value.strip()) if is_name else remove_ignorable(value).strip()
        if required and not value:
            raise ValueError("is empty: fill it in")
        if len(value) > limit:
            raise ValueError(f"{value!r} has {len(value)} characters, BILL takes {limit}: shorten it")
        return value

    return AfterValidator(check)


def _visible(value: str) -> str:
    try:
        return check_visible(value)
    except ValueError as error:
        raise ValueError(f"{value!r} {error}") from None


def _email(value: str) -> str:
    _visible(value)
    if value and not _EMAIL.fullmatch(value):
        raise ValueError(f"{value!r} is not an e-mail address: write name@example.com, or leave it empty")
    return value


def _country(value: str) -> str:
    if not (len(value) == 2 and value.isalpha() and value.isupper()):
        raise ValueError(f"{value!r} is not a country code: two capital letters, such as US")
    return value


def parse_date(value: object) -> object:
    """Return a date for `2026-12-31` or a date; raise ValueError naming anything else."""
    if value is None or type(value) is date:
        return value
    if isinstance(value, str) and not value.strip():
        raise ValueError("is empty: write a date such as 2026-12-31")
    try:
        return date.fromisoformat(str(value).strip())
    except ValueError:
        raise ValueError(f"{value!r} is not a date: write it as 2026-12-31") from None


Day = Annotated[date, BeforeValidator(parse_date)]
"""A business date, written 2026-12-31."""

OptionalDay = Annotated[
    date | None,
    BeforeValidator(lambda value: None if value == "" else parse_date(value)),
    PlainSerializer(lambda value: value.isoformat() if value else "", return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "pattern": r"^(\d{4}-\d{2}-\d{2})?$"}),
    # Forms fill a field in with this default and send it back: pydantic's own, null, is no text.
    Field(json_schema_extra={"default": ""}),
]
"""A business date or nothing: in forms an empty text, since they show an optional date as a choice of types."""

Name = Annotated[str, AfterValidator(lambda value: _visible(value.strip()))]
"""A name or number, or nothing."""

Description = Annotated[str, AfterValidator(remove_ignorable)]
"""Text for people to read; characters that nobody sees are removed."""

Email = Annotated[str, AfterValidator(_email)]
"""An e-mail address or nothing."""


class CodeSource(StrEnum):
    """Who reads the texted MFA code."""

    PERSON = "a person types it into this run's form"
    LOCAL_PHONE = "the local BILL's phone (local environment only)"
    NOBODY = "nobody: stop, and say how to have this machine remembered"


class CasePolicy(StrEnum):
    """What a run does about a case that reading BILL can't decide."""

    ASK = "ask a person in this run's form, and wait"
    STOP = "stop; a later run, or resolve_unknowns, asks"


class _Input(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class AddressInput(_Input):
    """A postal address in the US or abroad."""

    line1: Annotated[str, _text(100)] = Field(title="Street")
    line2: str = Field(default="", title="Street, second line")
    city: Annotated[str, _text(100)] = Field(title="City")
    state: str = Field(default="", title="State", description="Two letters for the US, such as CA")
    zip: Annotated[str, _text(20)] = Field(title="ZIP or postal code")
    country: Annotated[str, AfterValidator(_country)] = Field(
        default="US", title="Country", description="Two letters"
    )

    def to_new_address(self) -> NewAddress:
        """Return the address as BILL takes it."""
        return NewAddress(
            line1=self.line1,
            line2=self.line2 or None,
            city=self.city,
            state_or_province=self.state or None,
            zip_or_postal_code=self.zip,
            country=self.country,
        )


class VendorInput(_Input):
    """The vendor to pay: found at BILL by its name, made when it isn't there."""

    name: Annotated[str, _text(vendor_model.MAX_NAME_LENGTH)] = Field(
        title="Name", description="As at BILL; a vendor of this name is used, not made again"
    )
    address: AddressInput = Field(title="Mailing address")
    payee_name: Annotated[str, _text(vendor_model.MAX_NAME_LENGTH, required=False)] = Field(
        default="", title="Payee name", description="Empty: the vendor's name"
    )
    email: Email = Field(default="", title="E-mail")
    account_number: Name = Field(
        default="",
        title="Our account number",
        description="Our account number with the vendor; of several vendors of one name it says which is meant",
    )
    id: Name = Field(
        default="",
        title="BILL vendor ID",
        description="009…; only to say which of several vendors of this name is meant",
    )

    def to_new_vendor(self, bank_account: NewBankAccount) -> vendor_model.NewVendor:
        """Return the vendor as BILL takes it, to be paid by ACH."""
        return vendor_model.NewVendor(
            name=self.name,
            address=self.address.to_new_address(),
            account_type="BUSINESS",
            email=self.email or None,
            account_number=self.account_number or None,
            payment_information=vendor_model.NewPaymentInformation(
                payee_name=self.payee_name or self.name, bank_account=bank_account
            ),
        )


class BillInput(_Input):
    """The bill to pay: found at BILL by vendor, number, date and amount, made when it isn't there."""

    invoice_number: Annotated[str, _text(bill_model.MAX_INVOICE_NUMBER_LENGTH)] = Field(
        title="Invoice number", description="The vendor's own number, at most 21 characters"
    )
    amount: Amount = Field(title="Amount in US dollars", description="Such as 1250.00")
    invoice_date: Day = Field(title="Invoice date")
    due_date: Day = Field(title="Due date")
    description: Description = Field(default="", title="What it is for")

    def to_new_bill(self, vendor_id: str) -> bill_model.NewBill:
        """Return the bill as BILL takes it."""
        line = bill_model.NewBillLine(amount=self.amount, description=self.description or None)
        return bill_model.NewBill(
            vendor_id=vendor_id,
            due_date=self.due_date,
            bill_line_items=[line],
            invoice=bill_model.NewBillInvoice(
                invoice_number=self.invoice_number, invoice_date=self.invoice_date
            ),
            description=self.description or None,
        )


class PaymentInput(_Input):
    """How the bill is paid: in full, from a verified funding account."""

    process_date: OptionalDay = Field(
        default=None,
        title="Process date",
        description="US banking day on which funds leave, such as 2026-11-30. Empty: the next one",
    )
    funding_account_id: str = Field(
        default="", title="Funding account id", description="bac…; empty: the one account that can pay"
    )
    memo: Annotated[str, _text(payment_model.MAX_DESCRIPTION_LENGTH, required=False, is_name=False)] = Field(
        default="", title="Memo", description="What the vendor reads, at most 70 characters"
    )
    label: Annotated[str, _text(MAX_LABEL_LENGTH, required=False)] = Field(
        default="",
        title="Label",
        description="Leave empty. Only to pay the same bill once more on purpose, as after a cancelled payment",
    )


class CustomerInput(_Input):
    """The customer to invoice: found at BILL by name and e-mail, made when it isn't there."""

    name: Annotated[str, _text(customer_model.MAX_NAME_LENGTH)] = Field(
        title="Name", description="As at BILL; a customer of this name is used, not made again"
    )
    email: Annotated[Email, _text(100)] = Field(title="E-mail", description="Invoices go there")
    billing_address: AddressInput = Field(
        title="Billing address", description="BILL wants it before a bank account"
    )
    id: Name = Field(
        default="",
        title="BILL customer ID",
        description="0cu…; only to say which of several customers of this name is meant",
    )

    def to_new_customer(self) -> customer_model.NewCustomer:
        """Return the customer as BILL takes it."""
        return customer_model.NewCustomer(
            name=self.name,
            email=self.email,
            billing_address=self.billing_address.to_new_address(),
            account_type="BUSINESS",
        )


class InvoiceLineInput(_Input):
    """One line of an invoice."""

    description: Description = Field(default="", title="What it is for")
    quantity: Annotated[
        Decimal,
        Field(gt=0, le=1_000_000),
        WithJsonSchema({"type": "string", "pattern": r"^\d{1,7}(\.\d{1,4})?$"}),
    ] = Field(default=Decimal(1), title="Quantity")
    price: Amount = Field(title="Price in US dollars", description="Of one")


class InvoiceInput(_Input):
    """The invoice to send: found at BILL by its number, made when it isn't there."""

    invoice_number: Annotated[str, _text(invoice_model.MAX_INVOICE_NUMBER_LENGTH)] = Field(
        title="Invoice number", description="Our own; unique in the organization"
    )
    invoice_date: Day = Field(title="Invoice date")
    due_date: Day = Field(title="Due date")
    lines: Annotated[list[InvoiceLineInput], Field(min_length=1)] = Field(title="Lines")
    send_email: bool = Field(default=False, title="E-mail it to the customer")
    payment_link: bool = Field(
        default=False, title="Make a payment link", description="An address under which the customer can pay"
    )

    @model_validator(mode="after")
    def _has_an_amount(self) -> Self:
        if self.amount <= 0:
            raise ValueError(f"the lines come to {self.amount}: an invoice needs at least 0.01")
        return self

    @property
    def amount(self) -> Decimal:
        """Sum of the lines in dollars, each rounded to cents."""
        return sum(
            ((line.quantity * line.price).quantize(CENT, ROUND_HALF_UP) for line in self.lines),
            Decimal("0.00"),
        )

    def to_new_invoice(self, customer_id: str) -> invoice_model.NewInvoice:
        """Return the invoice as BILL takes it; it is e-mailed by a call of its own."""
        return invoice_model.NewInvoice(
            customer=invoice_model.CustomerReference(id=customer_id),
            invoice_number=self.invoice_number,
            invoice_date=self.invoice_date,
            due_date=self.due_date,
            invoice_line_items=[
                invoice_model.NewInvoiceLine(
                    quantity=line.quantity, price=line.price, description=line.description or None
                )
                for line in self.lines
            ],
        )


class ChargeInput(_Input):
    """Whether and when the invoice is charged to the customer's bank account."""

    charge: bool = Field(default=True, title="Charge the customer", description="Off: only send the invoice")
    authorization_on_file: bool = Field(
        default=False,
        title="We hold the customer's signed authorization",
        description="Required to charge: it is stated to BILL, and yours to keep for two years after it ends",
    )
    payment_date: OptionalDay = Field(
        default=None,
        title="Payment date",
        description="US banking day on which funds are drawn, such as 2026-11-30. Empty: the next one",
    )
    label: Annotated[str, _text(MAX_LABEL_LENGTH, required=False)] = Field(
        default="",
        title="Label",
        description="Leave empty. Only to charge the same invoice once more on purpose",
    )

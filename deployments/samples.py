"""One vendor's bill and one customer's invoice, to run the workflows with on the local BILL. All of it is made up."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

from pydantic import SecretStr

from billcom.inputs import (
    AddressInput,
    BillInput,
    ChargeInput,
    CustomerInput,
    InvoiceInput,
    InvoiceLineInput,
    VendorInput,
)
from tasks.blocks import BillBankAccount

VENDOR = VendorInput(
    name="Happy Music Supplies",
    address=AddressInput(line1="123 Main Street", city="San Jose", state="CA", zip="95002"),
    email="billing@happymusic.example",
)
CUSTOMER = CustomerInput(
    name="Cedar Grove School",
    email="office@cedargrove.example",
    billing_address=AddressInput(line1="45 Cedar Avenue", city="Portland", state="OR", zip="97201"),
)
CHARGE = ChargeInput(authorization_on_file=True)

# Routing and account number are BILL's own test numbers. Source: BILL docs, examples of Create a bank account.
_TEST_ROUTING_NUMBER = "074000010"
_TEST_ACCOUNT_NUMBER = "111222333"


def vendor_account() -> BillBankAccount:
    """Return the sample vendor's bank account."""
    return _account(VENDOR.name)


def customer_account() -> BillBankAccount:
    """Return the sample customer's bank account."""
    return _account(CUSTOMER.name)


def bill(today: date) -> BillInput:
    """Return a bill of the sample vendor, received today and due in a month."""
    return BillInput(
        invoice_number="INV-1001",
        amount=Decimal("1250.00"),
        invoice_date=today,
        due_date=today + timedelta(days=30),
        description="Two violins",
    )


def invoice(today: date) -> InvoiceInput:
    """Return an invoice to the sample customer, of today and due in two weeks."""
    lesson = InvoiceLineInput(description="Cello lesson", quantity=Decimal(4), price=Decimal("85.00"))
    rental = InvoiceLineInput(description="Cello rental, one month", price=Decimal("45.00"))
    return InvoiceInput(
        invoice_number="AR-2001",
        invoice_date=today,
        due_date=today + timedelta(days=14),
        lines=[lesson, rental],
        send_email=True,
        payment_link=True,
    )


def _account(owner: str) -> BillBankAccount:
    return BillBankAccount(
        name_on_account=owner,
        routing_number=SecretStr(_TEST_ROUTING_NUMBER),
        account_number=SecretStr(_TEST_ACCOUNT_NUMBER),
    )

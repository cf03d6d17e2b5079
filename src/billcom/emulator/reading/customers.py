"""Owns reading of customers and their bank accounts from requests."""

from datetime import datetime
from typing import Any

from billcom.emulator import ids
from billcom.emulator.form import Form
from billcom.emulator.reading.vendors import ACCOUNT_TYPES, BANK_ACCOUNT_TYPES
from billcom.emulator.records.address import patch_address
from billcom.emulator.records.customers import Customer, CustomerBankAccount
from billcom.emulator.wire import Json, present

# Source: third-party reading of BILL's schema
LONGEST_NAME = 100
LONGEST_COMPANY_NAME = 250
LONGEST_ACCOUNT_NUMBER = 100
OWNER_TYPES = ("BUSINESS", "PERSONAL")
_PLAIN = (
    ("phone", "phone"),
    ("fax", "fax"),
    ("description", "description"),
    ("paymentTermId", "payment_term_id"),
)


def read_customer(form: Form, now: datetime) -> Customer:
    """Return a new customer."""
    customer = Customer(
        id=ids.new_id(ids.CUSTOMER),
        created=now,
        updated=now,
        name=form.text("name", required=True, longest=LONGEST_NAME) or "",
        email=form.text("email", required=True) or "",
    )
    for name, value in _optional(form, customer).items():
        setattr(customer, name, value)
    return customer


def patch_customer(form: Form, customer: Customer) -> dict[str, Any]:
    """Return the customer's attributes that change."""
    changes = _optional(form, customer)
    if form.has("name"):
        changes["name"] = form.text("name", required=True, longest=LONGEST_NAME)
    if form.has("email"):
        changes["email"] = form.text("email", required=True)
    return changes


def _optional(form: Form, customer: Customer) -> dict[str, Any]:
    """Return the optional attributes the form names."""
    values: dict[str, Any] = {name: form.text(field) for field, name in _PLAIN if form.has(field)}
    if form.has("companyName"):
        values["company_name"] = form.text("companyName", longest=LONGEST_COMPANY_NAME)
    if form.has("accountNumber"):
        values["account_number"] = form.text("accountNumber", longest=LONGEST_ACCOUNT_NUMBER)
    if account_type := form.choice("accountType", ACCOUNT_TYPES):
        values["account_type"] = account_type
    if currency := form.text("invoiceCurrency"):
        values["invoice_currency"] = currency
    if contact := form.form("contact"):
        values["contact"] = _read_contact(contact)
    if address := form.form("billingAddress"):
        values["billing_address"] = patch_address(address, customer.billing_address)
    if address := form.form("shippingAddress"):
        values["shipping_address"] = patch_address(address, customer.shipping_address)
    return values


def _read_contact(form: Form) -> Json:
    """Return the name of the person to write to."""
    return present({"firstName": form.text("firstName"), "lastName": form.text("lastName")})


def read_bank_account(form: Form, now: datetime, *, verified: bool) -> CustomerBankAccount:
    """Return a new bank account of a customer."""
    return CustomerBankAccount(
        id=ids.new_id(ids.CUSTOMER_BANK_ACCOUNT),
        created=now,
        updated=now,
        name_on_account=form.text("nameOnAccount", required=True) or "",
        routing_number=form.routing_number("routingNumber", required=True) or "",
        account_number=form.text("accountNumber", required=True) or "",
        type=form.choice("type", BANK_ACCOUNT_TYPES, required=True) or "",
        owner_type=form.choice("ownerType", OWNER_TYPES, required=True) or "",
        nickname=form.text("nickname"),
        verified=verified,
    )

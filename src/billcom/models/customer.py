"""Customers: who owes us."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from billcom.models.address import Address, NewAddress
from billcom.models.base import Record, RequestBody

MAX_NAME_LENGTH = 100


class NewCustomer(RequestBody):
    """A customer to create. A billing address is needed before a bank account can be added."""

    name: str
    email: str
    billing_address: NewAddress | None = None
    shipping_address: NewAddress | None = None
    company_name: str | None = None
    account_type: str | None = None
    account_number: str | None = None
    phone: str | None = None
    description: str | None = None
    invoice_currency: str | None = None


class CustomerChange(RequestBody):
    """What to change of a customer."""

    name: str | None = None
    email: str | None = None
    billing_address: NewAddress | None = None
    company_name: str | None = None
    account_number: str | None = None
    phone: str | None = None


class CustomerBalance(Record):
    """What a customer owes."""

    amount: Decimal | None = None


class Customer(Record):
    """A customer (`0cu…`)."""

    id: str
    archived: bool | None = None
    name: str
    email: str | None = None
    company_name: str | None = None
    account_number: str | None = None
    account_type: str | None = None
    phone: str | None = None
    billing_address: Address | None = None
    shipping_address: Address | None = None
    balance: CustomerBalance | None = None
    invoice_currency: str | None = None
    created_time: datetime | None = None
    updated_time: datetime | None = None


class ChargeAuthorization(Record):
    """Whether the organization may charge this customer: it holds the customer's own authorization."""

    authorized_to_charge: bool | None = None

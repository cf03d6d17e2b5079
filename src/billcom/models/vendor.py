"""Vendors: who we owe."""

from __future__ import annotations

from datetime import datetime

from pydantic import SecretStr

from billcom.models.address import Address, NewAddress
from billcom.models.bank_account import BankAccount, NewBankAccount
from billcom.models.base import Record, RequestBody

MAX_NAME_LENGTH = 100
BULK_LIMIT = 20
"""Most vendors of one bulk request. Source: BILL API reference, create bulk vendors (read 2026)."""


class NewPaymentInformation(RequestBody):
    """How to pay a vendor: a payee name and a bank account enable ACH."""

    payee_name: str | None = None
    bank_account: NewBankAccount | None = None


class NewVendor(RequestBody):
    """A vendor to create. Source: BILL API reference, create vendor; BILL refuses one without an address."""

    name: str
    address: NewAddress
    account_type: str | None = None
    email: str | None = None
    phone: str | None = None
    short_name: str | None = None
    account_number: str | None = None
    payment_information: NewPaymentInformation | None = None
    bill_currency: str | None = None


class VendorChange(RequestBody):
    """What to change of a vendor; bank details can't be changed this way. BILL checks the whole vendor again."""

    name: str | None = None
    account_type: str | None = None
    email: str | None = None
    phone: str | None = None
    short_name: str | None = None
    account_number: str | None = None
    address: NewAddress | None = None


class PaymentInformation(Record):
    """How BILL pays a vendor: `pay_by_type` ACH, CHECK, RPPS, VIRTUAL_CARD, WALLET, OFFLINE, UNDEFINED."""

    payee_name: str | None = None
    email: str | None = None
    pay_by_type: str | None = None
    pay_by_sub_type: str | None = None
    bank_account: BankAccount | None = None


class AdditionalVendorInfo(Record):
    """The rest BILL keeps of a vendor. `combine_payments`: bills paid together become one payment."""

    tax_id: SecretStr | None = None
    tax_id_type: str | None = None
    track1099: bool | None = None
    lead_time_in_days: int | None = None
    combine_payments: bool | None = None
    payment_term_id: str | None = None
    company_name: str | None = None


class Vendor(Record):
    """A vendor (`009…`). A row of a list can be thinner than the record got by its id."""

    id: str
    archived: bool | None = None
    name: str
    short_name: str | None = None
    account_number: str | None = None
    account_type: str | None = None
    email: str | None = None
    phone: str | None = None
    address: Address | None = None
    payment_information: PaymentInformation | None = None
    additional_info: AdditionalVendorInfo | None = None
    bank_account_status: str | None = None
    network_status: str | None = None
    bill_currency: str | None = None
    created_time: datetime | None = None
    updated_time: datetime | None = None

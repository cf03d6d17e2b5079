"""What BILL and the journal hold when a run is planned: read beforehand, so that planning itself asks nobody."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import cached_property

from billcom.clock import uptime
from billcom.journal import Entry
from billcom.models.bank_account import BankAccount, NewBankAccount
from billcom.models.bill import Bill
from billcom.models.payment import Payment
from billcom.models.vendor import Vendor
from billcom.normalization import normalize_text

Rows = Mapping[str, Mapping[str, Entry]]
"""The journal's last rows: by subject, then by label."""


@dataclass(frozen=True)
class Caps:
    """The most dollars for one payment, for one vendor and day, and for a day; None for no bound."""

    amount: Decimal | None = None
    vendor_total: Decimal | None = None
    total: Decimal | None = None


@dataclass(frozen=True)
class PaymentBooks:
    """All that a payment run of `run_name` is planned by.

    `vendors` and `bills` hold archived ones too; bills those of the vendors in question. `payments` are the ones
    the journal knows, as they are now, by id. `paid_accounts`: by vendor id, the last four digits of the account
    the last payment went to. `taken`: dollars claimed today by vendor id. `gl_accounts`: ids by number and by name,
    compared as `normalize_text` does. `read_at`: the `uptime` before any of it was read.
    """

    today: date
    run_name: str = ""
    vendors: tuple[Vendor, ...] = ()
    bills: tuple[Bill, ...] = ()
    payments: Mapping[str, Payment] = field(default_factory=dict[str, Payment])
    gl_accounts: Mapping[str, str] = field(default_factory=dict[str, str])
    vendor_rows: Rows = field(default_factory=dict[str, Mapping[str, Entry]])
    bill_rows: Rows = field(default_factory=dict[str, Mapping[str, Entry]])
    payment_rows: Rows = field(default_factory=dict[str, Mapping[str, Entry]])
    paid_accounts: Mapping[str, str] = field(default_factory=dict[str, str])
    taken: Mapping[str, Decimal] = field(default_factory=dict[str, Decimal])
    caps: Caps = field(default_factory=Caps)
    read_at: float = field(default_factory=uptime, compare=False)

    @cached_property
    def vendor_by_id(self) -> dict[str, Vendor]:
        """Vendors by id."""
        return {vendor.id: vendor for vendor in self.vendors}

    @cached_property
    def bill_by_id(self) -> dict[str, Bill]:
        """Bills by id."""
        return {bill.id: bill for bill in self.bills}

    @cached_property
    def _vendors_by_name(self) -> dict[str, list[Vendor]]:
        named: dict[str, list[Vendor]] = defaultdict(list)
        for vendor in self.vendors:
            named[normalize_text(vendor.name)].append(vendor)
        return named

    @cached_property
    def _bills_by_vendor(self) -> dict[str, list[Bill]]:
        owned: dict[str, list[Bill]] = defaultdict(list)
        for bill in self.bills:
            owned[bill.vendor_id].append(bill)
        return owned

    def vendors_named(self, name: str) -> list[Vendor]:
        """Return vendors whose names a person would read as this one, archived ones too."""
        return self._vendors_by_name.get(normalize_text(name), [])

    def bills_of(self, vendor_id: str) -> list[Bill]:
        """Return a vendor's bills, archived ones too."""
        return self._bills_by_vendor.get(vendor_id, [])


def account_ends(account: BankAccount | NewBankAccount | None) -> str:
    """Return how a bank account is named everywhere but at BILL: the last digits of both its numbers, or nothing."""
    if account is None or account.account_number is None:
        return ""
    routing = account.routing_number.get_secret_value()[-4:] if account.routing_number else ""
    return f"{routing}/…{account.account_number.get_secret_value()[-4:]}"


def by_number_and_name(accounts: Iterable[tuple[str, str, str]]) -> dict[str, str]:
    """Return GL account ids by number and by name, from ids, numbers and names."""
    found: dict[str, str] = {}
    for id, number, name in accounts:
        found |= {normalize_text(text): id for text in (number, name, id) if text}
    return found

"""What BILL and the journal hold when a collection run is planned: read beforehand, so that planning asks nobody."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import cached_property

from billcom.journal import Entry
from billcom.models.bank_account import BankAccount
from billcom.models.customer import Customer
from billcom.models.invoice import Invoice
from billcom.models.received_payment import ReceivedPayment
from billcom.normalization import normalize_text
from billcom.runs.books import Caps, Rows


@dataclass(frozen=True)
class CollectionBooks:
    """All that a collection run of `run_name` is planned by.

    `customers` and `invoices` hold archived ones too; invoices those of the customers in question. `bank_accounts`,
    by customer id and archived ones too, are those of customers to be charged; `no_bank_accounts` why none could be
    read. `charges` are the ones the journal knows, as they are now, by id. `charged_accounts`: by customer id, the
    bank account that was last charged from here. `taken`: dollars claimed today by customer id.
    """

    today: date
    run_name: str = ""
    customers: tuple[Customer, ...] = ()
    invoices: tuple[Invoice, ...] = ()
    bank_accounts: Mapping[str, tuple[BankAccount, ...]] = field(
        default_factory=dict[str, tuple[BankAccount, ...]]
    )
    no_bank_accounts: str = ""
    charges: Mapping[str, ReceivedPayment] = field(default_factory=dict[str, ReceivedPayment])
    customer_rows: Rows = field(default_factory=dict[str, Mapping[str, Entry]])
    invoice_rows: Rows = field(default_factory=dict[str, Mapping[str, Entry]])
    charge_rows: Rows = field(default_factory=dict[str, Mapping[str, Entry]])
    charged_accounts: Mapping[str, str] = field(default_factory=dict[str, str])
    taken: Mapping[str, Decimal] = field(default_factory=dict[str, Decimal])
    caps: Caps = field(default_factory=Caps)

    @cached_property
    def customer_by_id(self) -> dict[str, Customer]:
        """Customers by id."""
        return {customer.id: customer for customer in self.customers}

    @cached_property
    def invoice_by_id(self) -> dict[str, Invoice]:
        """Invoices by id."""
        return {invoice.id: invoice for invoice in self.invoices}

    @cached_property
    def _customers_by_name(self) -> dict[str, list[Customer]]:
        named: dict[str, list[Customer]] = defaultdict(list)
        for customer in self.customers:
            named[normalize_text(customer.name)].append(customer)
        return named

    @cached_property
    def _invoices_by_number(self) -> dict[str, list[Invoice]]:
        numbered: dict[str, list[Invoice]] = defaultdict(list)
        for invoice in self.invoices:
            numbered[normalize_text(invoice.invoice_number)].append(invoice)
        return numbered

    @cached_property
    def _invoices_by_customer(self) -> dict[str, list[Invoice]]:
        owed: dict[str, list[Invoice]] = defaultdict(list)
        for invoice in self.invoices:
            owed[invoice.customer_id or ""].append(invoice)
        return owed

    def customers_named(self, name: str) -> list[Customer]:
        """Return customers whose names a person would read as this one, archived ones too."""
        return self._customers_by_name.get(normalize_text(name), [])

    def invoices_numbered(self, number: str) -> list[Invoice]:
        """Return invoices of this number, whoever the customer is, archived ones too."""
        return self._invoices_by_number.get(normalize_text(number), [])

    def invoices_of(self, customer_id: str) -> list[Invoice]:
        """Return a customer's invoices, archived ones too."""
        return self._invoices_by_customer.get(customer_id, [])

    def usable_accounts(self, customer_id: str) -> list[BankAccount]:
        """Return a customer's bank accounts that are not archived."""
        return [account for account in self.bank_accounts.get(customer_id, ()) if not account.archived]

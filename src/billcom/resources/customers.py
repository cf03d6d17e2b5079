"""Customers, their bank accounts and their charge authorization."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence

from billcom.models.bank_account import BankAccount, NewBankAccount
from billcom.models.base import RequestBody
from billcom.models.customer import ChargeAuthorization, Customer, CustomerChange, NewCustomer
from billcom.query import CHOICE, CHOICES, EQUALITY, RANGE, Filter, ListRules
from billcom.resources.base import Resource

LIST = ListRules(
    filters={
        "id": CHOICE,
        "archived": EQUALITY,
        "name": frozenset({"eq", "sw"}),
        "accountType": CHOICES,
        "address.country": EQUALITY,
        "invoiceCurrency": CHOICES,
        "createdTime": RANGE,
        "updatedTime": RANGE,
    },
    sort=frozenset(
        {
            "archived",
            "name",
            "companyName",
            "email",
            "phone",
            "fax",
            "description",
            "invoiceCurrency",
            "createdTime",
            "updatedTime",
        }
    ),
)
"""Source: BILL docs, Filterable fields and Sortable fields."""

BANK_ACCOUNTS = ListRules()
"""No filter of this list is confirmed."""

_PATH = "/v3/customers"


class _Authorization(RequestBody):
    authorized_to_charge: bool


class Customers(Resource):
    """`client.customers`."""

    def list(self, filters: Iterable[Filter] = (), sort: Sequence[str] = ()) -> AsyncIterator[Customer]:
        """Yield customers, archived ones too unless filtered."""
        return self._pages(Customer, _PATH, LIST, filters, sort)

    async def get(self, customer_id: str) -> Customer:
        """Return one customer. Raises NotFoundError."""
        return await self._get(Customer, f"{_PATH}/{customer_id}")

    async def create(self, customer: NewCustomer) -> Customer:
        """Create a customer. BILL accepts a second one of the same name: look first."""
        return await self._send(Customer, "POST", _PATH, customer)

    async def update(self, customer_id: str, change: CustomerChange) -> Customer:
        """Change what `change` names."""
        return await self._send(Customer, "PATCH", f"{_PATH}/{customer_id}", change, repeatable=True)

    async def archive(self, customer_id: str) -> Customer:
        """Take a customer out of use."""
        return await self._send(Customer, "POST", f"{_PATH}/{customer_id}/archive", repeatable=True)

    async def restore(self, customer_id: str) -> Customer:
        """Put an archived customer back."""
        return await self._send(Customer, "POST", f"{_PATH}/{customer_id}/restore", repeatable=True)

    def bank_accounts(self, customer_id: str) -> AsyncIterator[BankAccount]:
        """Yield a customer's bank accounts. Raises NotPermittedError where BILL has not enabled them."""
        return self._pages(BankAccount, f"{_PATH}/{customer_id}/bank-accounts", BANK_ACCOUNTS)

    async def get_bank_account(self, customer_id: str, bank_account_id: str) -> BankAccount:
        """Return one bank account of a customer. Raises NotFoundError."""
        return await self._get(BankAccount, f"{_PATH}/{customer_id}/bank-accounts/{bank_account_id}")

    async def create_bank_account(self, customer_id: str, account: NewBankAccount) -> BankAccount:
        """Add a bank account; the customer needs a billing address first."""
        return await self._send(BankAccount, "POST", f"{_PATH}/{customer_id}/bank-accounts", account)

    async def archive_bank_account(self, customer_id: str, bank_account_id: str) -> BankAccount:
        """Take a bank account out of use, for good."""
        path = f"{_PATH}/{customer_id}/bank-accounts/{bank_account_id}/archive"
        return await self._send(BankAccount, "POST", path, repeatable=True)

    async def authorize_charge(self, customer_id: str) -> ChargeAuthorization:
        """State that the organization holds the customer's signed authorization to be charged.

        It is a legal statement: keep the authorization for two years after it ends. Source: BILL docs,
        Charge a customer.
        """
        body = _Authorization(authorized_to_charge=True)
        path = f"{_PATH}/{customer_id}/charge-authorization"
        return await self._send(ChargeAuthorization, "POST", path, body, repeatable=True)

"""Vendors and their bank accounts."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence

from billcom.models.bank_account import BankAccount, NewBankAccount
from billcom.models.base import Record
from billcom.models.vendor import NewVendor, Vendor, VendorChange
from billcom.query import CHOICE, CHOICES, EQUALITY, RANGE, Filter, ListRules
from billcom.resources.base import Resource

LIST = ListRules(
    filters={
        "id": CHOICE,
        "archived": EQUALITY,
        "name": frozenset({"eq", "sw"}),
        "accountType": CHOICES,
        "address.country": EQUALITY,
        "billCurrency": CHOICES,
        "createdTime": RANGE,
        "updatedTime": RANGE,
    },
    sort=frozenset(
        {"archived", "name", "shortName", "email", "phone", "billCurrency", "createdTime", "updatedTime"}
    ),
)
"""Source: BILL docs, Filterable fields and Sortable fields; `paymentStatus` left out, no vendor carries it."""

_PATH = "/v3/vendors"


class _Bulk(Record):
    vendors: list[Vendor]


class Vendors(Resource):
    """`client.vendors`."""

    def list(self, filters: Iterable[Filter] = (), sort: Sequence[str] = ()) -> AsyncIterator[Vendor]:
        """Yield vendors, archived ones too unless filtered; rows can be thinner than `get`."""
        return self._pages(Vendor, _PATH, LIST, filters, sort)

    async def get(self, vendor_id: str) -> Vendor:
        """Return one vendor. Raises NotFoundError."""
        return await self._get(Vendor, f"{_PATH}/{vendor_id}")

    async def create(self, vendor: NewVendor) -> Vendor:
        """Create a vendor. BILL accepts a second one of the same name: look first."""
        return await self._send(Vendor, "POST", _PATH, vendor)

    async def create_many(self, vendors: Sequence[NewVendor]) -> Sequence[Vendor]:
        """Create up to 20 vendors, all or none; the answers come in any order."""
        return (await self._send(_Bulk, "POST", f"{_PATH}/bulk", vendors)).vendors

    async def update(self, vendor_id: str, change: VendorChange) -> Vendor:
        """Change what `change` names. BILL checks the whole vendor again, its address too."""
        return await self._send(Vendor, "PATCH", f"{_PATH}/{vendor_id}", change, repeatable=True)

    async def archive(self, vendor_id: str) -> Vendor:
        """Take a vendor out of use."""
        return await self._send(Vendor, "POST", f"{_PATH}/{vendor_id}/archive", repeatable=True)

    async def restore(self, vendor_id: str) -> Vendor:
        """Put an archived vendor back."""
        return await self._send(Vendor, "POST", f"{_PATH}/{vendor_id}/restore", repeatable=True)

    async def get_bank_account(self, vendor_id: str) -> BankAccount:
        """Return a vendor's bank account. Raises NotFoundError when it has none."""
        return await self._get(BankAccount, f"{_PATH}/{vendor_id}/bank-account")

    async def create_bank_account(self, vendor_id: str, account: NewBankAccount) -> BankAccount:
        """Give a vendor its bank account; it can hold one. To replace it delete the old one first."""
        return await self._send(BankAccount, "POST", f"{_PATH}/{vendor_id}/bank-account", account)

    async def delete_bank_account(self, vendor_id: str) -> None:
        """Remove a vendor's bank account; payments then go by cheque."""
        await self._transport.request("DELETE", f"{_PATH}/{vendor_id}/bank-account")

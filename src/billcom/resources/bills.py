"""Bills received from vendors."""

from __future__ import annotations

import builtins
from collections.abc import AsyncIterator, Iterable, Sequence

from billcom.models.bill import Bill, BillChange, NewBill
from billcom.query import CHOICE, EQUALITY, RANGE, Filter, ListRules
from billcom.resources.base import Resource

LIST = ListRules(
    filters={
        "id": CHOICE,
        "archived": EQUALITY,
        "vendorId": frozenset({"eq", "in"}),
        "dueDate": RANGE,
        "paymentStatus": CHOICE,
        "createdTime": RANGE,
        "updatedTime": RANGE,
        "payFromChartOfAccountId": CHOICE,
        "classifications.chartOfAccountId": CHOICE,
        "classifications.accountingClassId": CHOICE,
        "classifications.departmentId": CHOICE,
        "classifications.locationId": CHOICE,
        "classifications.itemId": CHOICE,
    },
    sort=frozenset(
        {"archived", "fundingAmount", "exchangeRate", "description", "dueDate", "createdTime", "updatedTime"}
    ),
)
"""Source: BILL docs, Filterable fields (changelog 2025-02-18 too); the invoice number is not confirmed."""

_PATH = "/v3/bills"


class Bills(Resource):
    """`client.bills`."""

    def list(self, filters: Iterable[Filter] = (), sort: Sequence[str] = ()) -> AsyncIterator[Bill]:
        """Yield bills, archived ones too unless filtered."""
        return self._pages(Bill, _PATH, LIST, filters, sort)

    async def get(self, bill_id: str, *, with_approvers: bool = False) -> Bill:
        """Return one bill; without `with_approvers` it may name no approvers. Raises NotFoundError.

        Unverified: the query it sends for them; several clients send it, BILL's docs have it for writes alone.
        """
        query = {"billApprovals": "true"} if with_approvers else None
        return await self._get(Bill, f"{_PATH}/{bill_id}", query)

    async def create(self, bill: NewBill) -> Bill:
        """Create a bill. BILL accepts the same number of the same vendor again: look first."""
        return await self._send(Bill, "POST", _PATH, bill)

    async def create_many(self, bills: Sequence[NewBill]) -> builtins.list[Bill]:
        """Create up to 100 bills, all or none; the answers come in any order."""
        return await self._send(builtins.list[Bill], "POST", f"{_PATH}/bulk", bills)

    async def update(self, bill_id: str, change: BillChange) -> Bill:
        """Change what `change` names; lines that are not named stay."""
        return await self._send(Bill, "PATCH", f"{_PATH}/{bill_id}", change)

    async def archive(self, bill_id: str) -> Bill:
        """Take a bill out of use."""
        return await self._send(Bill, "POST", f"{_PATH}/{bill_id}/archive", repeatable=True)

    async def restore(self, bill_id: str) -> Bill:
        """Put an archived bill back."""
        return await self._send(Bill, "POST", f"{_PATH}/{bill_id}/restore", repeatable=True)

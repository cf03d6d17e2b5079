"""The chart of accounts."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence

from billcom.models.base import Record
from billcom.models.chart_of_account import ChartOfAccount, NewChartOfAccount
from billcom.query import EXACT, Filter, ListRules
from billcom.resources.base import Resource

LIST = ListRules(
    filters={"id": EXACT},
    sort=frozenset({"archived", "name", "description", "createdTime", "updatedTime"}),
)
"""Source: BILL v3 Postman collection (`id:eq`); BILL docs, Sortable fields. Name and number: compare in code."""

_PATH = "/v3/classifications/chart-of-accounts"


class _Bulk(Record):
    chart_of_accounts: tuple[ChartOfAccount, ...]


class ChartOfAccounts(Resource):
    """`client.chart_of_accounts`."""

    def list(self, filters: Iterable[Filter] = (), sort: Sequence[str] = ()) -> AsyncIterator[ChartOfAccount]:
        """Yield the accounts, archived ones too: BILL doesn't filter them."""
        return self._pages(ChartOfAccount, _PATH, LIST, filters, sort)

    async def get(self, account_id: str) -> ChartOfAccount:
        """Return one account. Raises NotFoundError."""
        return await self._get(ChartOfAccount, f"{_PATH}/{account_id}")

    async def create(self, account: NewChartOfAccount) -> ChartOfAccount:
        """Create an account. Nothing says that BILL refuses a second one of the same number: look first."""
        return await self._send(ChartOfAccount, "POST", _PATH, account)

    async def create_many(self, accounts: Sequence[NewChartOfAccount]) -> Sequence[ChartOfAccount]:
        """Create up to 50 accounts, all or none; the answers come in any order."""
        return (await self._send(_Bulk, "POST", f"{_PATH}/bulk", accounts)).chart_of_accounts

    async def archive(self, account_id: str) -> ChartOfAccount:
        """Take an account out of use."""
        return await self._send(ChartOfAccount, "POST", f"{_PATH}/{account_id}/archive", repeatable=True)

    async def restore(self, account_id: str) -> ChartOfAccount:
        """Put an archived account back."""
        return await self._send(ChartOfAccount, "POST", f"{_PATH}/{account_id}/restore", repeatable=True)

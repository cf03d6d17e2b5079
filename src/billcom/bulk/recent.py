"""Records read a moment ago: used again while they are fresh, read again by their ids when they are not."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from billcom.client import BillClient
from billcom.clock import uptime
from billcom.errors import NotFoundError
from billcom.models.bill import Bill
from billcom.models.payment import Payment
from billcom.models.vendor import Vendor
from billcom.query import Filter

FRESH_SECONDS = 60.0
"""What was read this long ago, or longer, is read again just before money moves on it."""

IDS_PER_LIST = 100
"""Ids asked for in one list: one page of answers, 2 kB of address. Unverified: BILL names no bound for `in`."""

R = TypeVar("R", Bill, Vendor, Payment)


async def read_by_ids(
    list_rows: Callable[[Iterable[Filter]], AsyncIterator[R]],
    get: Callable[[str], Awaitable[R]],
    ids: Iterable[str],
    is_whole: Callable[[R], bool],
) -> dict[str, R]:
    """Return the records of up to 100 ids by one list; those it doesn't show, or shows thin, by their ids.

    Left out is what BILL doesn't have.
    """
    asked = sorted(set(ids))
    if not asked:
        return {}
    which = Filter("id", "in", asked) if len(asked) > 1 else Filter("id", "eq", asked[0])
    rows = [row async for row in list_rows([which])]
    found = {row.id: row for row in rows if row.id in asked and is_whole(row)}
    for missing in asked:
        if missing not in found:
            try:
                found[missing] = await get(missing)
            except NotFoundError:
                continue
    return found


@dataclass
class Recent(Generic[R]):
    """Records by id, with the moment each was read. `read` reads up to 100 ids."""

    read: Callable[[Iterable[str]], Awaitable[dict[str, R]]]
    fresh_seconds: float = FRESH_SECONDS
    _held: dict[str, tuple[float, R]] = field(default_factory=dict[str, tuple[float, R]])

    def put(self, *records: R, read_at: float | None = None) -> None:
        """Keep records that BILL answered just now, or at `read_at`, an `uptime`."""
        self._hold(uptime() if read_at is None else read_at, records)

    async def present(self, ids: Iterable[str]) -> dict[str, R]:
        """Return records as they are now, or were within the last minute; what BILL doesn't have is left out."""
        wanted = sorted(set(ids))
        oldest = uptime() - self.fresh_seconds
        stale = [id for id in wanted if id not in self._held or self._held[id][0] <= oldest]
        for start in range(0, len(stale), IDS_PER_LIST):
            some = stale[start : start + IDS_PER_LIST]
            asked_at = uptime()
            read = await self.read(some)
            for id in some:
                self._held.pop(id, None)
            self._hold(asked_at, read.values())
        return {id: self._held[id][1] for id in wanted if id in self._held}

    def _hold(self, at: float, records: Iterable[R]) -> None:
        self._held |= {record.id: (at, record) for record in records}


def recent_bills(client: BillClient) -> Recent[Bill]:
    """Return an empty keeper of bills."""

    async def read(ids: Iterable[str]) -> dict[str, Bill]:
        return await read_by_ids(client.bills.list, client.bills.get, ids, is_whole_bill)

    return Recent(read)


def recent_vendors(client: BillClient) -> Recent[Vendor]:
    """Return an empty keeper of vendors."""

    async def read(ids: Iterable[str]) -> dict[str, Vendor]:
        return await read_by_ids(client.vendors.list, client.vendors.get, ids, is_whole_vendor)

    return Recent(read)


def is_whole_bill(row: Bill) -> bool:
    """Return whether a list's row shows all that is compared of a bill."""
    return None not in (row.amount, row.due_amount, row.invoice.invoice_number, row.invoice.invoice_date)


def is_whole_vendor(row: Vendor) -> bool:
    """Return whether a list's row shows how the vendor is paid."""
    return row.payment_information is not None

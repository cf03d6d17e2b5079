"""The stop switch in the journal: while it is on, no payment or charge of any organization is claimed.

Its rows stand beside those of the organizations and belong to none: one stop holds for all that share the journal.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import RowMapping, select
from sqlalchemy.ext.asyncio import AsyncConnection

from billcom.errors import JournalError, StoppedError
from billcom.journal_rows import Entry, Head, Identity, NewEntry, State, chained, entry_of, row_of
from billcom.journal_store import ENTRIES, JournalStore
from billcom.settings import StateSettings
from billcom.witness import Witness

STOP = "stop"
"""Kind of the switch's rows: REJECTED stops all money, RELEASED lets it move again."""

_BY = "by"
_EVERYBODY = Identity(base_url="", organization_id="", kind=STOP, subject="all money")
_ROWS = select(ENTRIES).where(ENTRIES.c.base_url == "", ENTRIES.c.organization_id == "")
_LOST = "rows of the stop switch are missing from the journal, as after a restore"


@dataclass(frozen=True)
class Stop:
    """Who stopped all money, why, and since when. `since` is None when the journal has lost the rows that say so."""

    by: str
    reason: str
    since: datetime | None

    def __str__(self) -> str:
        """Return it as the end of a sentence: `by ann on host1 since 2026-11-23 15:00 UTC: fraud`."""
        if self.since is None:
            return f"because {self.reason}"
        reason = f": {self.reason}" if self.reason else ", without a reason"
        return f"by {self.by} since {self.since:%Y-%m-%d %H:%M} UTC{reason}"


class StopSwitch:
    """The stop switch of one journal. Every method raises JournalError when the journal can't be used."""

    def __init__(self, settings: StateSettings) -> None:
        self._store = JournalStore(settings)
        self._witness = Witness(settings, STOP)

    @property
    def journal(self) -> str:
        """Which journal it is: its file, or its host and database. Holds no password."""
        return self._store.place

    async def read(self) -> Stop | None:
        """Return the stop that is on, or None while money may move."""
        async with self._store.transaction(STOP) as connection:
            return await self._read(connection)

    async def entries(self) -> list[Entry]:
        """Return every row of the switch, oldest first: who stopped and resumed, when and why."""
        async with self._store.transaction(STOP) as connection:
            rows = await connection.execute(_ROWS.order_by(ENTRIES.c.position))
            return [_entry(row) for row in rows.mappings()]

    async def stop(self, reason: str, by: str) -> Stop | None:
        """Stop all money from the next claim on; return an earlier stop, which stays, or None."""
        async with self._store.transaction(STOP, writes=True) as connection:
            stop = await self._read(connection)
            if stop is None or stop.since is None:
                await self._append(connection, State.REJECTED, reason, by)
            return stop

    async def resume(self, reason: str, by: str) -> Stop | None:
        """Let money move again; return the stop that was on, or None when money was not stopped."""
        async with self._store.transaction(STOP, writes=True) as connection:
            stop = await self._read(connection)
            if stop is not None:
                await self._append(connection, State.RELEASED, reason, by)
            return stop

    async def check(self, connection: AsyncConnection) -> None:
        """Raise StoppedError while the switch is on. `connection` is in the transaction of a claim."""
        if (stop := await self._read(connection)) is not None:
            raise StoppedError(
                f"all money is stopped {stop}. Nothing was sent. To go on: billcom resume, then run again"
            )

    async def _read(self, connection: AsyncConnection) -> Stop | None:
        seen = self._witness.seen().head.length  # before the row is read: others go on writing
        last = await _last(connection)
        length = last.position if last else 0
        if length < seen:
            return Stop("", _LOST, None)
        if last is not None and length > seen:
            await self._witness.testify(Head(length, last.digest), 0)
        if last is None or last.state is State.RELEASED:
            return None
        return Stop(last.details.get(_BY, "somebody"), last.note, last.at)

    async def _append(self, connection: AsyncConnection, state: State, reason: str, by: str) -> None:
        last = await _last(connection)
        new = NewEntry(_EVERYBODY, last, state, details={_BY: by}, note=reason)
        # After lost rows the count goes on from what this machine has seen, so that no machine misses them any more.
        length = max(last.position if last else 0, self._witness.seen().head.length)
        entry = chained(new.made("billcom", datetime.now(UTC)), Head(length, last.digest if last else ""))
        await connection.execute(ENTRIES.insert(), [row_of(entry)])


async def _last(connection: AsyncConnection) -> Entry | None:
    """Return the last row of the switch, or None when nobody has ever used it."""
    rows = await connection.execute(_ROWS.order_by(ENTRIES.c.position.desc()).limit(1))
    row = rows.mappings().first()
    return _entry(row) if row is not None else None


def _entry(row: RowMapping) -> Entry:
    """Return a row of the switch. Raises JournalError when it can't be read."""
    try:
        return entry_of({str(name): value for name, value in row.items()})
    except ValueError as error:
        raise JournalError(
            f"row {row['position']} of the stop switch can't be read ({error}), so no money moves: restore the journal "
            "from a backup"
        ) from error

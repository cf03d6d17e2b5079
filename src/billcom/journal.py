"""The journal of every write that must not repeat: what was claimed, sent, and came of it. Append-only.

It decides who may send; it never decides whether BILL acted: that is read at BILL.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import select, true
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from billcom.errors import JournalError
from billcom.journal_store import ENTRIES, JournalStore
from billcom.settings import Settings
from billcom.vault import write_private


class State(StrEnum):
    """What is known of an attempt. SENDING and UNKNOWN are open: nobody else may send for their subject."""

    SENDING = "SENDING"
    DONE = "DONE"
    REJECTED = "REJECTED"
    NOT_SENT = "NOT_SENT"
    UNKNOWN = "UNKNOWN"


OPEN = frozenset({State.SENDING, State.UNKNOWN})


@dataclass(frozen=True)
class Identity:
    """What a write is: organization, kind, subject and label; never a run, a file, an amount or a date."""

    base_url: str
    organization_id: str
    kind: str
    subject: str
    label: str = ""


@dataclass(frozen=True)
class Entry:
    """One row: the `sequence`-th thing known of an identity.

    `content` is the amount, date and account that were asked for (no bank number but as a digest),
    `record_id` what BILL calls the record, `note` why, `at` an aware UTC instant. `position`, `previous`
    and `digest` chain the rows of an organization.
    """

    identity: Identity
    sequence: int
    state: State
    content: str
    record_id: str
    note: str
    run: str
    at: datetime
    position: int = 0
    previous: str = ""
    digest: str = ""

    @property
    def is_open(self) -> bool:
        """Whether BILL may or may not have acted on it."""
        return self.state in OPEN


@dataclass(frozen=True)
class Head:
    """How long an organization's chain is, and the digest of its last row."""

    length: int
    digest: str

    def __str__(self) -> str:
        """Return it as a report shows it."""
        return f"{self.length} rows, head {self.digest[:16] or 'none'}"


class LostRaceError(Exception):
    """Somebody else has written the next row of an identity: read it again."""


class Journal:
    """The journal of one organization: SQLite in the state directory, or PostgreSQL by `BILL_JOURNAL_URL`.

    Every method raises JournalError when the journal can't be read or written, is of another version, or has
    lost rows it once had; nothing may be sent then.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._base_url = settings.base_url
        self._organization_id = settings.organization_id
        self._chain = settings.organization_key
        self._witness = settings.state_path / "witness" / settings.organization_key
        self._store = JournalStore(settings)

    def identity(self, kind: str, subject: str, label: str = "") -> Identity:
        """Return the identity of a write of this organization."""
        return Identity(self._base_url, self._organization_id, kind, subject, label)

    async def last(self, identity: Identity) -> Entry | None:
        """Return the last row of an identity, or None."""
        rows = await self._select(
            (ENTRIES.c.kind == identity.kind)
            & (ENTRIES.c.subject == identity.subject)
            & (ENTRIES.c.label == identity.label)
        )
        return rows[-1] if rows else None

    async def open_elsewhere(self, identity: Identity) -> Entry | None:
        """Return an open attempt for the same subject under another label, or None."""
        rows = await self._select((ENTRIES.c.kind == identity.kind) & (ENTRIES.c.subject == identity.subject))
        last = {row.identity.label: row for row in rows}
        return next((r for r in last.values() if r.is_open and r.identity.label != identity.label), None)

    async def open_attempts(self) -> list[Entry]:
        """Return the last row of every identity that is open, oldest first."""
        last = {row.identity: row for row in await self.entries()}
        return [row for row in last.values() if row.is_open]

    async def entries(self) -> list[Entry]:
        """Return every row of the organization, oldest first."""
        return await self._select(true())

    async def append(
        self,
        after: Entry | None,
        identity: Identity,
        state: State,
        *,
        content: str = "",
        record_id: str = "",
        note: str = "",
        run: str = "",
    ) -> Entry:
        """Write the row that follows `after` (None: the first), on disk when this returns.

        Raises LostRaceError when another process has written that row.
        """
        entry = Entry(
            identity=identity,
            sequence=after.sequence + 1 if after else 1,
            state=state,
            content=content or (after.content if after else ""),
            record_id=record_id,
            note=note,
            run=run,
            at=self._settings.clock.now(),
        )
        async with self._store.transaction(self._chain) as connection:
            try:
                head = await self._checked_head(connection)
                chained = _chain(entry, head)
                await connection.execute(ENTRIES.insert().values(_row(chained)))
            except IntegrityError:
                raise LostRaceError(str(identity)) from None
        self._testify(Head(chained.position, chained.digest))
        return chained

    async def verify(self) -> Head:
        """Return the chain's head after reading every row. Raises JournalError at the first that is wrong."""
        head = Head(0, "")
        for entry in await self.entries():
            expected = _chain(replace(entry, position=0, previous="", digest=""), head)
            if expected != entry:
                raise JournalError(
                    f"the journal's row {entry.position} ({entry.identity.kind} {entry.identity.subject}) is "
                    "not what was written: restore the journal from a backup, or run billcom journal rebuild"
                )
            head = Head(entry.position, entry.digest)
        return head

    async def head(self) -> Head:
        """Return the chain's head."""
        async with self._store.transaction(self._chain) as connection:
            return await self._checked_head(connection)

    def accept(self, head: Head) -> None:
        """Take the journal as it is for whole: after a rebuild has read BILL."""
        self._testify(head)

    async def _select(self, condition: Any) -> list[Entry]:
        mine = (ENTRIES.c.base_url == self._base_url) & (ENTRIES.c.organization_id == self._organization_id)
        async with self._store.transaction(self._chain) as connection:
            query = select(ENTRIES).where(mine, condition).order_by(ENTRIES.c.position)
            rows: Sequence[Any] = (await connection.execute(query)).mappings().all()
        return [_entry(dict(row)) for row in rows]

    async def _checked_head(self, connection: AsyncConnection) -> Head:
        """Return the head; raise JournalError when rows are missing that this machine has seen."""
        mine = (ENTRIES.c.base_url == self._base_url) & (ENTRIES.c.organization_id == self._organization_id)
        query = select(ENTRIES.c.position, ENTRIES.c.digest).where(mine)
        last = (await connection.execute(query.order_by(ENTRIES.c.position.desc()).limit(1))).first()
        head = Head(last.position, last.digest) if last else Head(0, "")
        seen = self._seen()
        if seen.length == 0:
            return head
        kept = (await connection.execute(query.where(ENTRIES.c.position == seen.length))).first()
        if kept is None or kept.digest != seen.digest:
            raise JournalError(
                f"the journal has {head.length} rows and not row {seen.length} as it was: it was lost, cut "
                "short or restored from an older backup. No money moves until billcom journal rebuild has "
                "read BILL"
            )
        return head

    def _seen(self) -> Head:
        try:
            length, _, digest = self._witness.read_text().partition(" ")
        except FileNotFoundError:
            return Head(0, "")
        return Head(int(length), digest)

    def _testify(self, head: Head) -> None:
        """Keep, beside the journal, how far it had come."""
        write_private(self._witness, f"{head.length} {head.digest}".encode())


def _chain(entry: Entry, head: Head) -> Entry:
    """Return the entry as the row after `head`."""
    placed = replace(entry, position=head.length + 1, previous=head.digest, digest="")
    canonical = json.dumps(_row(placed), sort_keys=True, separators=(",", ":"))
    return replace(placed, digest=hashlib.sha256(canonical.encode()).hexdigest())


def _row(entry: Entry) -> dict[str, Any]:
    values = asdict(entry)
    identity: dict[str, Any] = values.pop("identity")
    return identity | values | {"state": entry.state.value, "at": entry.at.isoformat()}


def _entry(row: dict[str, Any]) -> Entry:
    row.pop("id")
    names = ("base_url", "organization_id", "kind", "subject", "label")
    identity = Identity(**{name: row.pop(name) for name in names})
    state, at = State(row.pop("state")), datetime.fromisoformat(row.pop("at"))
    return Entry(identity=identity, state=state, at=at, **row)

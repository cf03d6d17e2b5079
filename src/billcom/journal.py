"""The journal of every write that must not repeat: what was claimed, sent, and came of it. Append-only.

It decides who may send; it never decides whether BILL acted: that is read at BILL.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any

from sqlalchemy import ColumnElement, select, true, tuple_
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from billcom import journal_keys as keys
from billcom.damaged import replace_damaged
from billcom.errors import CapError, JournalError
from billcom.intent import AMOUNT, MONEY, Kind
from billcom.journal_rows import OPEN, Entry, Head, Identity, NewEntry, State, chained, entry_of, row_of
from billcom.journal_store import ENTRIES, JournalStore
from billcom.money import display
from billcom.settings import Environment, Settings
from billcom.stop_switch import StopSwitch
from billcom.witness import Witness

__all__ = ["OPEN", "REBUILD", "Entry", "Head", "Identity", "Journal", "LostRaceError", "NewEntry", "State"]

REBUILD = "rebuild"
"""Kind of the rows a rebuild writes of itself: SENDING while it reads BILL, DONE as the first of what it wrote.

Their sequence counts the rebuilds, so that a machine tells a newer journal from a restored one.
"""

_SUBJECTS_PER_QUERY = 500


class LostRaceError(Exception):
    """Somebody else has written the next row of an identity: read it again."""


@dataclass
class Journal:
    """The journal of one organization: SQLite in the state directory, or PostgreSQL by `BILL_JOURNAL_URL`.

    `run` is noted in each row; with `keep` connections stay open until `close`. `before_money` is called before each
    claim of a payment or charge, and raises when money must not move. Every method raises JournalError when the
    journal can't be read or written, is of another version, or, where it says so, has lost rows it once had.
    """

    settings: Settings
    run: str = ""
    keep: bool = False
    before_money: Callable[[], Awaitable[None]] | None = None
    _store: JournalStore = field(init=False)
    _witness: Witness = field(init=False)
    _older: dict[str, keys.OlderSubjects] = field(init=False, default_factory=dict[str, keys.OlderSubjects])

    def __post_init__(self) -> None:
        """Prepare the store; nothing is opened yet."""
        self._store = JournalStore(self.settings, keep=self.keep)
        self._witness = Witness(self.settings, self.settings.organization_key)

    async def close(self) -> None:
        """Close the connections that were kept; the journal opens itself again when it is used."""
        await self._store.close()

    def identity(self, kind: str, subject: str, label: str = "") -> Identity:
        """Return the identity of a write of this organization."""
        return Identity(self.settings.base_url, self.settings.organization_id, kind, subject, label)

    async def last(self, identity: Identity) -> Entry | None:
        """Return the last row of an identity, or None."""
        labels = await self.of_subject(identity.kind, identity.subject)
        return labels.get(keys.normalize_label(identity.kind, identity.label))

    async def of_subject(self, kind: str, subject: str) -> dict[str, Entry]:
        """Return the last row of each label, normalized, under which the subject was written."""
        found = await self.of_subjects(kind, [subject])
        return found.get(keys.normalize_subject(kind, subject), {})

    async def of_subjects(self, kind: str, subjects: Iterable[str]) -> dict[str, dict[str, Entry]]:
        """Return, by each subject that was ever written, the last row of each label; both are normalized."""
        last: list[Entry] = []
        asked = keys.spellings(kind, subjects, await self._older_subjects(kind))
        for start in range(0, len(asked), _SUBJECTS_PER_QUERY):
            some = asked[start : start + _SUBJECTS_PER_QUERY]
            rows = await self._select((ENTRIES.c.kind == kind) & ENTRIES.c.subject.in_(some))
            last += keys.last_rows(rows).values()
        return keys.merge_spellings(kind, last)

    async def standing(self, run: str = "") -> list[Entry]:
        """Return the last row of every identity, oldest first; with `run`, of those this run has written about."""
        identity = (ENTRIES.c.kind, ENTRIES.c.subject, ENTRIES.c.label)
        written = select(*identity).where(self._mine(), ENTRIES.c.run == run)
        rows = await self._select(tuple_(*identity).in_(written) if run else true())
        return sorted(keys.last_rows(rows).values(), key=lambda row: row.position)

    async def open_attempts(self) -> list[Entry]:
        """Return the last row of every identity that is open, oldest first."""
        return [row for row in await self.standing() if row.is_open]

    async def entries(self) -> list[Entry]:
        """Return every row of the organization, oldest first."""
        return await self._select(true())

    async def claimed_today(self) -> dict[str, Decimal]:
        """Return the dollars claimed since midnight and not refused, by vendor or customer id."""
        async with self._store.transaction(self.settings.organization_key) as connection:
            return await self._claimed_today(connection)

    async def paid_accounts(self) -> dict[str, str]:
        """Return, by vendor id, the last digits of the bank account its last payment went to, as far as known."""
        paid = (ENTRIES.c.kind == Kind.PAYMENT) & (ENTRIES.c.state == State.DONE)
        query = select(ENTRIES.c.details).where(self._mine(), paid).order_by(ENTRIES.c.position)
        async with self._store.transaction(self.settings.organization_key) as connection:
            texts = (await connection.execute(query)).scalars().all()
        rows = [json.loads(text) for text in texts]
        return {
            row["vendor_id"]: row["account"] for row in rows if row.get("account") and row.get("vendor_id")
        }

    async def append(self, *rows: NewEntry) -> list[Entry]:
        """Write rows in one transaction, on disk when this returns: all or none. Return them in their order.

        Raises LostRaceError when another process has written the next row of one of them, StoppedError for a claim
        while money is stopped, CapError when it would exceed BILL_MAX_AMOUNT or BILL_MAX_TOTAL, JournalError when
        rows this machine has seen are missing, or a rebuild has begun.
        """
        made = [row.made(self.run, self.settings.clock.now()) for row in rows]
        is_money = any(map(_claims_money, made))
        if is_money and self.before_money is not None:
            await self.before_money()
        async with self._store.transaction(self.settings.organization_key, writes=True) as connection:
            head, generation = await self._checked_head(connection)
            if is_money:
                await StopSwitch(self.settings).check(connection)
            await self._check_caps(connection, made)
            written = await self._write(connection, made, head)
        await self._witness.testify(_head_of(written, head), generation)
        return written

    async def verify(self) -> Head:
        """Return the chain's head after reading every row. Raises JournalError at the first that is wrong."""
        head = Head()
        for entry in await self.entries():
            if chained(entry, head) != entry:
                raise JournalError(
                    f"the journal's row {entry.position} ({entry.identity}) is not what was written, or the row "
                    "before it is another or missing: restore the journal from a backup, or run billcom journal rebuild"
                )
            head = Head(entry.position, entry.digest)
        return await self.head()

    async def head(self) -> Head:
        """Return the chain's head. Raises JournalError when rows this machine has seen are missing."""
        async with self._store.transaction(self.settings.organization_key) as connection:
            head, _generation = await self._checked_head(connection)
            return head

    async def move_damaged_aside(self, stamp: str) -> Path | None:
        """Start a new file where the journal's is no database any more; return where it is, None when it is whole.

        Rows that can still be read are in the new one. No money moves from then on: see `begin_rebuild`.
        """
        await self._witness.distrust()
        return await replace_damaged(self._store, stamp)

    async def begin_rebuild(self) -> tuple[Entry, list[Mapping[str, Any]]]:
        """Stop all money, on every machine, until `finish_rebuild`; return the mark that does, and the rows.

        The rows are as they are stored, oldest first: what was altered may be no entry. A rebuild that died is
        taken over.
        """
        generation = await self._witness.distrust()
        async with self._store.transaction(self.settings.organization_key, writes=True) as connection:
            rows = await self._rows(connection, true())
            last = await self._last_rebuild(connection)
            made = NewEntry(self.identity(REBUILD, "journal"), None, State.SENDING, {}, {})
            made = made.made(self.run, self.settings.clock.now())
            made = replace(made, sequence=max(last.sequence if last else 0, generation) + 1)
            length = max((row["position"] for row in rows if isinstance(row["position"], int)), default=0)
            (mark,) = await self._write(connection, [made], Head(length))
        return mark, rows

    async def finish_rebuild(self, mark: Entry, rows: Sequence[Entry], note: str) -> Head:
        """Put rows, in their order, in the place of all there are, in one transaction; money may move again.

        Raises JournalError when another rebuild has taken over.
        """
        done = NewEntry(mark.identity, mark, State.DONE, note=note)
        made = done.made(self.run, self.settings.clock.now())
        async with self._store.transaction(self.settings.organization_key, writes=True) as connection:
            last = await self._last_rebuild(connection)
            if last is None or last.digest != mark.digest:
                raise JournalError("another rebuild has begun or ended meanwhile: run billcom journal verify")
            await connection.execute(ENTRIES.delete().where(self._mine()))
            try:
                written = await self._write(connection, [made, *rows], Head())
            except LostRaceError as error:
                raise JournalError(
                    f"two rows of {error} have the same number: look at what was kept"
                ) from error
        head = _head_of(written, Head())
        await self._witness.testify(head, made.sequence)
        return head

    def _mine(self) -> ColumnElement[bool]:
        return (ENTRIES.c.base_url == self.settings.base_url) & (
            ENTRIES.c.organization_id == self.settings.organization_id
        )

    async def _write(self, connection: AsyncConnection, rows: Sequence[Entry], head: Head) -> list[Entry]:
        """Insert rows after `head`; return them chained."""
        written: list[Entry] = []
        for row in rows:
            entry = chained(row, head)
            head = Head(entry.position, entry.digest)
            written.append(entry)
        if not written:
            return []
        try:
            await connection.execute(ENTRIES.insert(), [row_of(entry) for entry in written])
        except IntegrityError:
            others = f" or one of {len(written) - 1} others" if len(written) > 1 else ""
            raise LostRaceError(f"{written[0].identity}{others}") from None
        return written

    async def _older_subjects(self, kind: str) -> keys.OlderSubjects:
        """Return subjects kept in another normalization, by what they are now; read once, as none is added."""
        if kind in keys.NAMED and kind not in self._older:
            query = select(ENTRIES.c.subject).distinct().where(self._mine(), ENTRIES.c.kind == kind)
            async with self._store.transaction(self.settings.organization_key) as connection:
                subjects = (await connection.execute(query)).scalars().all()
            self._older[kind] = keys.older_subjects(kind, subjects)
        return self._older.get(kind, {})

    async def _select(self, condition: ColumnElement[bool]) -> list[Entry]:
        async with self._store.transaction(self.settings.organization_key) as connection:
            return await self._read(connection, condition)

    async def _read(self, connection: AsyncConnection, condition: ColumnElement[bool]) -> list[Entry]:
        entries: list[Entry] = []
        for row in await self._rows(connection, condition):
            try:
                entries.append(entry_of(row))
            except ValueError as error:
                raise JournalError(
                    f"the journal's row {row['position']} can't be read ({error}): restore the journal from a backup, "
                    "or run billcom journal rebuild"
                ) from error
        return entries

    async def _rows(
        self, connection: AsyncConnection, condition: ColumnElement[bool]
    ) -> list[Mapping[str, Any]]:
        query = select(ENTRIES).where(self._mine(), condition).order_by(ENTRIES.c.position)
        return [dict(row) for row in (await connection.execute(query)).mappings()]

    async def _check_caps(self, connection: AsyncConnection, rows: Sequence[Entry]) -> None:
        """Raise CapError when these claims are too much for one, or with today's for a day."""
        settings = self.settings
        claims = [Decimal(row.content[AMOUNT]) for row in rows if _claims_money(row)]
        largest, asked = max(claims, default=Decimal(0)), sum(claims, Decimal(0))
        if settings.max_amount is not None and largest > settings.max_amount:
            raise CapError(
                f"{display(largest)} is more than BILL_MAX_AMOUNT {display(settings.max_amount)}: nothing was sent. "
                "Check the amount; if it is right, raise the cap"
            )
        if not claims or (settings.max_total is None and settings.max_vendor_total is None):
            return
        by_party = await self._claimed_today(connection)
        self._check_vendors(rows, by_party)
        taken = sum(by_party.values(), Decimal(0))
        if settings.max_total is not None and taken + asked > settings.max_total:
            raise CapError(
                f"{display(asked)} on top of today's {display(taken)} is more than BILL_MAX_TOTAL "
                f"{display(settings.max_total)}: nothing was sent. Run again tomorrow, or raise the cap"
            )

    def _check_vendors(self, rows: Sequence[Entry], taken: Mapping[str, Decimal]) -> None:
        cap, asked = self.settings.max_vendor_total, dict(taken)
        for row in rows:
            if cap is None or not _claims_money(row) or row.identity.kind != Kind.PAYMENT:
                continue
            vendor = _party(row)
            asked[vendor] = asked.get(vendor, Decimal(0)) + Decimal(row.content[AMOUNT])
            if asked[vendor] > cap:
                raise CapError(
                    f"{display(asked[vendor])} today for vendor {vendor or 'unknown'} is more than "
                    f"BILL_MAX_VENDOR_TOTAL {display(cap)}: nothing was sent. Run again tomorrow, or raise the cap"
                )

    async def _claimed_today(self, connection: AsyncConnection) -> dict[str, Decimal]:
        """Return the dollars of what was claimed since midnight and BILL has not refused, by vendor or customer."""
        clock = self.settings.clock
        midnight = datetime.combine(clock.today(), time(), clock.time_zone).astimezone(UTC)
        money = ENTRIES.c.kind.in_(sorted(MONEY))
        rows = await self._read(connection, money & (ENTRIES.c.at >= midnight.isoformat()))
        claimed = {row.identity for row in rows if _claims_money(row)}
        last = [row for identity, row in keys.last_rows(rows).items() if identity in claimed]
        standing = [row for row in last if row.is_open or row.state is State.DONE]
        taken: dict[str, Decimal] = {}
        for row in standing:
            taken[_party(row)] = taken.get(_party(row), Decimal(0)) + Decimal(row.content[AMOUNT])
        return taken

    async def _checked_head(self, connection: AsyncConnection) -> tuple[Head, int]:
        """Return the chain's head and generation. Raises JournalError when it isn't the journal that was seen."""
        seen = self._witness.seen()  # before the first row is read: others go on writing
        query = select(ENTRIES.c.position, ENTRIES.c.digest).where(self._mine())
        last = (await connection.execute(query.order_by(ENTRIES.c.position.desc()).limit(1))).first()
        head = Head(last.position, last.digest) if last else Head()
        if head.length == 0 and self.settings.environment is Environment.PRODUCTION:
            raise JournalError(
                "there is no journal of this organization: a first one can't be told from a lost one. Run billcom "
                "journal rebuild once, which reads what BILL holds; no money moves before"
            )
        rebuilt = await self._last_rebuild(connection)
        if rebuilt is not None and rebuilt.state != State.DONE:
            raise JournalError(
                "the journal is being rebuilt, or a rebuild did not finish: no money moves until it has; wait for "
                "it, or, if it died, run billcom journal rebuild again"
            )
        generation = rebuilt.sequence if rebuilt else 0
        if seen.head.length == 0 or generation > seen.generation:
            return head, generation
        kept = (await connection.execute(query.where(ENTRIES.c.position == seen.head.length))).first()
        if kept is None or kept.digest != seen.head.digest:
            raise JournalError(
                f"the journal has {head.length} rows and not row {seen.head.length} as it was: it was lost, cut short "
                "or restored from an older backup. No money moves until billcom journal rebuild has read BILL"
            )
        return head, generation

    async def _last_rebuild(self, connection: AsyncConnection) -> Any:
        """Return sequence, state and digest of the last row a rebuild wrote of itself, or None."""
        query = select(ENTRIES.c.sequence, ENTRIES.c.state, ENTRIES.c.digest)
        query = query.where(self._mine(), ENTRIES.c.kind == REBUILD).order_by(ENTRIES.c.sequence.desc())
        return (await connection.execute(query.limit(1))).first()


def _party(row: Entry) -> str:
    """Return who is paid or charged, empty where the row doesn't say."""
    return row.details.get("vendor_id") or row.details.get("customer_id") or ""


def _claims_money(row: Entry) -> bool:
    return row.state is State.SENDING and row.identity.kind in MONEY


def _head_of(rows: Sequence[Entry], head: Head) -> Head:
    return Head(rows[-1].position, rows[-1].digest) if rows else head

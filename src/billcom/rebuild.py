"""A new journal from what BILL holds, for one that was lost, cut short, restored, altered or damaged.

No money moves, on any machine, from its first write to its last; when it dies between, it is run again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path
from typing import Any

import simplejson

from billcom.approval_rows import APPROVAL
from billcom.client import BillClient
from billcom.intent import AMOUNT, MONEY
from billcom.journal import REBUILD, Entry, Head, Identity, NewEntry, State
from billcom.journal_rows import entry_of, identity_of
from billcom.locks import locked
from billcom.lookup.ours import Found, find_ours, is_at_bill
from billcom.settings import Settings
from billcom.vault import write_private

WARNING = (
    "What a machine sent whose journal is lost may still appear at BILL: look at BILL's list of payments once more "
    "before you pay what is not in the journal"
)

Say = Callable[[str], object]


async def rebuild(client: BillClient, say: Say, settle_seconds: float | None = None) -> Head:
    """Write the journal anew: what of ours BILL holds, and every attempt that was open; return its head.

    BILL is read twice, `settle_seconds` apart (None: BILL_SETTLE_SECONDS). The rows there are, are kept in a file
    of the state directory first. Says, line by line, what is dropped, found and open. Raises JournalError when
    the journal can't be used; then, as after any other error, money stays stopped until it is run again.
    """
    settings, journal = client.settings, client.journal
    wait = settings.settle_seconds if settle_seconds is None else settle_seconds
    lock = settings.state_path / "locks" / settings.organization_key / "rebuild"
    async with locked(lock, lambda: say("another rebuild is under way on this machine: waiting for it")):
        await client.sessions.current()
        stamp = f"{datetime.now(UTC):%Y%m%dT%H%M%S.%fZ}"
        if aside := await journal.move_damaged_aside(stamp):
            say(f"the journal's file was damaged: it is {aside} now, what could be read of it is used")
        mark, stored = await journal.begin_rebuild()
        say(f"{len(stored)} rows are kept in {keep(settings, stored, stamp)}")
        draft = Draft(client, read_rows(stored, say))
        await draft.look()
        say(f"BILL is read once more in {wait:g} seconds")
        await client.pause(wait)
        await draft.look()
        rows = draft.rows(say)
        head = await journal.finish_rebuild(mark, rows, f"{len(stored)} rows before it, kept as {stamp}")
    say_open(rows, say)
    say(f"The journal is rebuilt: {head}. {WARNING}.")
    return head


def keep(settings: Settings, stored: Sequence[Mapping[str, Any]], stamp: str) -> Path:
    """Write rows, as they were stored, into a file that only its owner can read; return where."""
    path = settings.state_path / f"journal-{stamp}.jsonl"
    lines = [simplejson.dumps(row, sort_keys=True, ensure_ascii=False) for row in stored]
    write_private(path, "".join(f"{line}\n" for line in lines).encode())
    return path


@dataclass(frozen=True)
class Rows:
    """The rows there are, without those of rebuilds, and which identities have one that was altered."""

    entries: list[Entry] = field(default_factory=list[Entry])
    altered: set[Identity] = field(default_factory=set[Identity])

    @property
    def last(self) -> dict[Identity, Entry]:
        """The last row of each identity."""
        return {entry.identity: entry for entry in sorted(self.entries, key=lambda entry: entry.sequence)}


def read_rows(stored: Sequence[Mapping[str, Any]], say: Say) -> Rows:
    """Return what can be made of stored rows; says which are not what was written, and how many are missing."""
    rows = Rows()
    missing = max((row["position"] for row in stored if isinstance(row["position"], int)), default=0) - len(
        stored
    )
    if missing > 0:
        say(f"missing: {missing} rows between others")
    for row in stored:
        if row["kind"] == REBUILD:
            continue
        entry = _read(row, rows)
        if not entry.is_as_written:
            say(f"altered: row {entry.position} ({entry.identity}) is not what was written")
            rows.altered.add(entry.identity)
        rows.entries.append(entry)
    return rows


def _read(row: Mapping[str, Any], rows: Rows) -> Entry:
    """Return a row; one that can't be read is an attempt of which nothing is known but what it is about."""
    try:
        return entry_of(row)
    except ValueError:
        identity = identity_of(row)
        made = NewEntry(identity, rows.last.get(identity), State.UNKNOWN, note="this row could not be read")
        entry = made.made("", datetime.now(UTC))
        sequence = row["sequence"] if isinstance(row["sequence"], int) else entry.sequence
        return replace(entry, sequence=sequence, position=row["position"])


class Draft:
    """The journal to be: the rows there are, and what BILL is seen to hold."""

    def __init__(self, client: BillClient, rows: Rows) -> None:
        self._client = client
        self._rows = rows
        self._found: dict[str, Found] = {}
        self._unnamed: dict[str, None] = {}
        self._gone: set[Identity] | None = None

    async def look(self) -> None:
        """Look at BILL for money of ours, and for every record the journal names; what was seen once stays."""
        ours = await find_ours(self._client, self._rows.last)
        self._found |= {found.record_id: found for found in ours.found}
        self._unnamed |= dict.fromkeys(ours.unnamed)
        done = [entry for entry in self._rows.last.values() if entry.state is State.DONE]
        doubted = done if self._gone is None else [entry for entry in done if entry.identity in self._gone]
        self._gone = {entry.identity for entry in doubted if not await self._is_there(entry)}

    async def _is_there(self, entry: Entry) -> bool:
        return entry.record_id in self._found or await is_at_bill(self._client, entry)

    def rows(self, say: Say) -> list[Entry]:
        """Return the rows of the new journal in their order; says what is dropped, found, and nobody's."""
        dropped = self._dropped(say)
        kept = [entry for entry in self._rows.entries if entry.identity not in dropped]
        news = [entry for group in self._by_identity() for entry in self._adopted(group, say)]
        news += self._doubtful({entry.identity for entry in news}, say)
        for text in self._unnamed:
            say(f"perhaps ours, under a label this journal doesn't know: {text}")
        return kept + news

    def _dropped(self, say: Say) -> set[Identity]:
        """Return what BILL has no more, and what was altered and is looked for at BILL by itself."""
        dropped: set[Identity] = set()
        at_bill = {found.identity for found in self._found.values()}
        for identity, last in self._rows.last.items():
            if identity in at_bill:
                continue
            if identity in (self._gone or ()):
                say(f"dropped: {identity}, BILL has no {last.record_id} any more")
                dropped.add(identity)
            elif identity in self._rows.altered and identity.kind == APPROVAL:
                say(f"dropped: {identity}, which was altered; the next run asks for approval again")
                dropped.add(identity)
            elif identity in self._rows.altered and identity.kind not in MONEY and not last.is_open:
                say(f"dropped: {identity}, which was altered; the next run looks for it at BILL")
                dropped.add(identity)
        return dropped

    def _by_identity(self) -> list[list[Found]]:
        """Return what was found, by what it is of; what still pays first."""
        found = sorted(self._found.values(), key=lambda f: (str(f.identity), not f.is_live, f.record_id))
        return [list(group) for _, group in groupby(found, key=lambda f: f.identity)]

    def _adopted(self, group: list[Found], say: Say) -> list[Entry]:
        """Return the rows that say what was found, where the journal doesn't yet."""
        first, identity = group[0], group[0].identity
        live = [found.record_id for found in group if found.is_live]
        if len(live) > 1:
            say(f"twice: {identity} is at BILL as {', '.join(live)}: cancel or void one now")
        last = self._rows.last.get(identity)
        if last is not None and last.state is State.DONE and last.record_id in {f.record_id for f in group}:
            return []
        say(f"found: {identity} is {first.record_id}, {first.amount}, {first.status}")
        rows = [] if last else self._claimed_today(first)
        after = rows[-1] if rows else last
        trusted = last is not None and last.content and identity not in self._rows.altered
        content = last.content if last is not None and trusted else {AMOUNT: first.amount}
        details = {**(last.details if last else {}), **first.details}
        made = NewEntry(
            identity, after, State.DONE, content, details, first.record_id, "found at BILL, rebuilt"
        )
        return [*rows, made.made(self._client.journal.run, self._client.settings.clock.now())]

    def _claimed_today(self, found: Found) -> list[Entry]:
        """Return the claim of what was made today: it counts for BILL_MAX_TOTAL."""
        clock, made_at = self._client.settings.clock, found.made_at
        if made_at is None or made_at.astimezone(clock.time_zone).date() != clock.today():
            return []
        claim = NewEntry(found.identity, None, State.SENDING, {AMOUNT: found.amount}, found.details)
        return [claim.made(self._client.journal.run, made_at.astimezone(UTC))]

    def _doubtful(self, settled: set[Identity], say: Say) -> list[Entry]:
        """Return a row that opens each payment or charge whose rows were altered and that BILL doesn't show."""
        at_bill = {found.identity for found in self._found.values()} | settled
        rows: list[Entry] = []
        for identity in self._rows.altered - at_bill - (self._gone or set()):
            last = self._rows.last[identity]
            if identity.kind in MONEY and not last.is_open:
                note = "a row of it was altered: nobody knows what was sent"
                say(f"open: {identity}, which was {last.state} and altered")
                made = NewEntry(identity, last, State.UNKNOWN, note=note)
                rows.append(made.made(self._client.journal.run, self._client.settings.clock.now()))
        return rows


def say_open(rows: Sequence[Entry], say: Say) -> None:
    """Say which attempts are open in the new journal."""
    last = {entry.identity: entry for entry in rows}
    waiting = [entry for entry in last.values() if entry.is_open]
    for entry in waiting:
        say(f"open: {entry.identity}, {entry.state} since {entry.at:%Y-%m-%d %H:%M} UTC")
    if waiting:
        say("The resolve_unknowns flow settles what is open, or asks a person")

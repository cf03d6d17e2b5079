"""One row of the journal: what it says of a write, how it is stored, and how rows are chained by their digests."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, cast


class State(StrEnum):
    """What is known of an attempt. SENDING and UNKNOWN are open: nobody else may send for their subject."""

    SENDING = "SENDING"
    DONE = "DONE"
    REJECTED = "REJECTED"
    NOT_SENT = "NOT_SENT"
    UNKNOWN = "UNKNOWN"
    RELEASED = "RELEASED"
    """A person said: BILL did not act, or what looks like it is another; it may be sent after one more look."""


_CANONICAL = json.JSONEncoder(sort_keys=True, separators=(",", ":")).encode
_TEXT = json.JSONEncoder(sort_keys=True).encode

OPEN = frozenset({State.SENDING, State.UNKNOWN})


@dataclass(frozen=True)
class Identity:
    """What a write is: organization, kind, subject and label; never a run, a file, an amount or a date."""

    base_url: str
    organization_id: str
    kind: str
    subject: str
    label: str = ""

    def __str__(self) -> str:
        """Return it for a person: `payment 00n…, label second`."""
        return f"{self.kind} {self.subject}" + (f", label {self.label}" if self.label else "")


@dataclass(frozen=True)
class Entry:
    """One row: the `sequence`-th thing known of an identity.

    `content` is what was asked for and must not change under one identity (amount, vendor …), `details` what
    may (process date, account id); neither holds a bank number. `record_id` is what BILL calls the record,
    `note` why, `at` an aware UTC instant. `position`, `previous` and `digest` chain an organization's rows.
    """

    identity: Identity
    sequence: int
    state: State
    content: Mapping[str, str]
    details: Mapping[str, str]
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

    @property
    def is_as_written(self) -> bool:
        """Whether the row fits its own digest; whether rows are missing before it, the chain tells."""
        return chained(self, Head(self.position - 1, self.previous)) == self


@dataclass(frozen=True)
class NewEntry:
    """A row to append after `after`, the identity's last one (None: the first). What is not given stays."""

    identity: Identity
    after: Entry | None
    state: State
    content: Mapping[str, str] | None = None
    details: Mapping[str, str] | None = None
    record_id: str = ""
    note: str = ""

    def made(self, run: str, at: datetime) -> Entry:
        """Return the row, which is in no chain yet."""
        after = self.after
        return Entry(
            identity=self.identity,
            sequence=after.sequence + 1 if after else 1,
            state=self.state,
            content=dict(self.content if self.content is not None else after.content if after else {}),
            details=dict(self.details if self.details is not None else after.details if after else {}),
            record_id=self.record_id,
            note=self.note,
            run=run,
            at=at,
        )


@dataclass(frozen=True)
class Head:
    """How long an organization's chain is, and the digest of its last row."""

    length: int = 0
    digest: str = ""

    def __str__(self) -> str:
        """Return it as a report shows it."""
        return f"{self.length} rows, head {self.digest[:16] or 'none'}"


def chained(entry: Entry, head: Head) -> Entry:
    """Return the entry as the row after `head`."""
    placed = replace(entry, position=head.length + 1, previous=head.digest, digest="")
    canonical = _CANONICAL(row_of(placed))
    return replace(placed, digest=hashlib.sha256(canonical.encode()).hexdigest())


def row_of(entry: Entry) -> dict[str, Any]:
    """Return the entry as it is stored: text, but for its sequence and position."""
    identity = entry.identity
    return {
        "base_url": identity.base_url,
        "organization_id": identity.organization_id,
        "kind": str(identity.kind),
        "subject": identity.subject,
        "label": identity.label,
        "sequence": entry.sequence,
        "state": entry.state.value,
        "content": _TEXT(entry.content),
        "details": _TEXT(entry.details),
        "record_id": entry.record_id,
        "note": entry.note,
        "run": entry.run,
        "at": entry.at.isoformat(),
        "position": entry.position,
        "previous": entry.previous,
        "digest": entry.digest,
    }


def entry_of(row: Mapping[str, Any]) -> Entry:
    """Return the entry that is stored as `row`. Raises ValueError when it can't be one."""
    try:
        values = dict(row)
        identity = identity_of(values)
        state, at = State(values["state"]), datetime.fromisoformat(values["at"])
        content, details = _texts(values["content"]), _texts(values["details"])
        rest = {name: values[name] for name in ("sequence", "record_id", "note", "run", "position")}
        chain = {name: values[name] for name in ("previous", "digest")}
        if at.tzinfo is None:
            raise ValueError(f"{at} has no offset")
        if not (isinstance(values["sequence"], int) and isinstance(values["position"], int)):
            raise ValueError("its number is none")
        return Entry(identity=identity, state=state, at=at, content=content, details=details, **rest, **chain)
    except (TypeError, KeyError) as error:
        raise ValueError(str(error)) from error


def _texts(stored: str) -> dict[str, str]:
    read: object = json.loads(stored)
    if not isinstance(read, dict):
        raise ValueError(f"{stored[:40]!r} is no object")
    return cast("dict[str, str]", read)


def identity_of(row: Mapping[str, Any]) -> Identity:
    """Return what the stored row is about."""
    names = ("base_url", "organization_id", "kind", "subject", "label")
    return Identity(**{name: row[name] for name in names})

"""What is to be at BILL exactly once, how it is found there, and what a person may decide about it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

if TYPE_CHECKING:
    from billcom.journal_rows import Entry


class Identified(Protocol):
    """A record of BILL's."""

    @property
    def id(self) -> str | None:
        """What BILL calls it."""
        ...


T = TypeVar("T", bound=Identified)


class Kind(StrEnum):
    """What can be made at most once."""

    VENDOR = "vendor"
    VENDOR_BANK_ACCOUNT = "vendor bank account"
    BILL = "bill"
    PAYMENT = "payment"
    CUSTOMER = "customer"
    CUSTOMER_BANK_ACCOUNT = "customer bank account"
    INVOICE = "invoice"
    CHARGE = "charge"


MONEY = frozenset({Kind.PAYMENT, Kind.CHARGE})
"""Never sent again by itself once BILL may have acted on it."""

CHUNK = "chunk"
"""Name in an attempt's details of our reference for the request it was sent in, together with others."""

RUN = "run name"
"""Name in an attempt's details of the payment run or collection run it belongs to: for reports alone."""

AMOUNT = "amount"
"""Name in an intent's content under which its dollars stand; every payment and charge has it."""


@dataclass(frozen=True)
class Intent(Generic[T]):
    """One thing that is to be at BILL once.

    `kind`, `subject` and `label` are what it is. `content` must stay the same under one identity, `details`
    may change; neither holds a bank number. `look` finds it among BILL's records, `get` reads it by the id the
    journal knows; `check` raises ConflictError unless a record is, and still is, what is asked for; `match`,
    where it is stricter, is for a record that a person names.
    `look_past` looks as `look` does once a person has said that what contradicts it is something else;
    `look_sent`, for what went out in one request with others or under another spelling of its label, as the journal's
    row says. `read` reads what a journal row has, where the row's id alone doesn't decide which record it is.
    """

    kind: Kind
    subject: str
    look: Callable[[], Awaitable[T | None]]
    get: Callable[[str], Awaitable[T]]
    check: Callable[[T], object]
    match: Callable[[T], object] | None = None
    look_past: Callable[[], Awaitable[T | None]] | None = None
    look_sent: Callable[[Entry], Awaitable[T | None]] | None = None
    read: Callable[[Entry], Awaitable[T]] | None = None
    label: str = ""
    content: Mapping[str, str] = field(default_factory=dict[str, str])
    details: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True)
class Outcome(Generic[T]):
    """A record at BILL, and whether this call made it or found it."""

    record: T
    made: bool


class Verdict(StrEnum):
    """What a person says of a case."""

    HAPPENED = "It happened: BILL has it, and this is its id"
    SEND = "It did not happen, or is something else: look once more, then go on"
    LEAVE = "Leave it: stop here"


@dataclass(frozen=True)
class Decision:
    """A person's answer to the case of a write, as it stood at the journal's row `sequence`."""

    verdict: Verdict
    sequence: int
    record_id: str = ""

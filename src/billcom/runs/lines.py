"""One line a payment or charge, from the plan to the result: what is asked, what stands at BILL, and why."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from enum import StrEnum

from billcom.models.payment import Payment

FINGERPRINT_LENGTH = 16


class RunKind(StrEnum):
    """Which way the money goes, or that none does."""

    PAYMENT = "payment run"
    COLLECTION = "collection run"


class Status(StrEnum):
    """What becomes of a line. The words are for people; `Group` says what they come to."""

    PLANNED = "planned"
    DONE = "done"
    BEFORE = "done before"
    """By this very identity, in an earlier run: nothing is sent."""
    WAITING = "waiting for approval in BILL"
    SKIPPED = "skipped"
    """Nothing to do: something else has paid it."""
    HELD = "held"
    """A guard wants a person's reason first."""
    CONFLICT = "conflict"
    """The request contradicts what BILL or the journal holds."""
    FAILED = "failed"
    """BILL refused it, or it could not be sent: nothing was done."""
    OPEN = "open"
    """Sent, and nobody knows yet whether BILL acted."""


class Group(StrEnum):
    """What the statuses come to in totals."""

    PAID = "paid"
    SKIPPED = "skipped"
    FAILED = "failed"


_GROUPS = {
    Status.PLANNED: Group.PAID,
    Status.DONE: Group.PAID,
    Status.BEFORE: Group.SKIPPED,
    Status.WAITING: Group.SKIPPED,
    Status.SKIPPED: Group.SKIPPED,
    Status.HELD: Group.FAILED,
    Status.CONFLICT: Group.FAILED,
    Status.FAILED: Group.FAILED,
    Status.OPEN: Group.FAILED,
}


@dataclass(frozen=True)
class RunLine:
    """One payment or charge. The same columns in the plan and in the result.

    `amount` is what moves, in dollars; `day` when funds leave or are drawn, `asked_day` the day that was asked for.
    `party_is` and `document_is`: `new`, `found`, or empty when unknown. `account` is the last four digits of the
    other side's bank account. `record_id` is the payment's or charge's, `record_status` what BILL says of it.
    """

    place: str
    party: str
    number: str
    invoice_date: date | None
    due_date: date | None
    amount: Decimal
    label: str = ""
    day: date | None = None
    asked_day: date | None = None
    account: str = ""
    override: str = ""
    status: Status = Status.PLANNED
    reason: str = ""
    party_is: str = ""
    document_is: str = ""
    party_id: str = ""
    document_id: str = ""
    record_id: str = ""
    record_status: str = ""

    @property
    def group(self) -> Group:
        """What it counts as."""
        return _GROUPS[self.status]

    @property
    def moves_money(self) -> bool:
        """Whether money leaves or is drawn for it, on some day; else an invoice is only sent."""
        return self.day is not None

    @property
    def is_asked(self) -> bool:
        """Whether it is part of what is approved: to be done, being done, or done by this identity before."""
        return self.status in (Status.PLANNED, Status.DONE, Status.BEFORE, Status.FAILED, Status.OPEN)


def with_payment(line: RunLine, payment: Payment, status: Status, reason: str = "") -> RunLine:
    """Return the line with its payment as BILL says it stands."""
    return replace(
        line,
        status=status,
        reason=reason,
        day=payment.process_date or line.day,
        record_id=payment.id,
        record_status=payment.single_status or payment.status or "",
    )


@dataclass(frozen=True)
class Total:
    """A number of lines and their dollars."""

    count: int = 0
    amount: Decimal = Decimal("0.00")

    @classmethod
    def of(cls, lines: Iterable[RunLine]) -> Total:
        """Return the total of lines."""
        amounts = [line.amount for line in lines]
        return cls(len(amounts), sum(amounts, Decimal("0.00")))


@dataclass(frozen=True)
class Run:
    """All lines of a payment run or collection run, planned or done, in the order of their source.

    `name` groups and reports only. `source` is the sheet, or what BILL was asked for.
    """

    kind: RunKind
    name: str
    source: str
    lines: tuple[RunLine, ...]
    funding_account_id: str = ""
    dry_run: bool = False
    notes: tuple[str, ...] = field(default=())

    @property
    def total(self) -> Total:
        """What was asked for, whatever became of it."""
        return Total.of(self.lines)

    def total_of(self, *statuses: Status) -> Total:
        """Return the total of lines of these statuses."""
        return Total.of(line for line in self.lines if line.status in statuses)

    def total_of_group(self, group: Group) -> Total:
        """Return the total of a group."""
        return Total.of(line for line in self.lines if line.group is group)

    @property
    def failed(self) -> tuple[RunLine, ...]:
        """Lines that need a person."""
        return tuple(line for line in self.lines if line.group is Group.FAILED)

    @property
    def fingerprint(self) -> str:
        """Digest of what is to be done: sixteen hexadecimal digits that an approval is bound to.

        What was done already under the same identities counts too, so that the same sheet, run again for what is
        left, keeps its approval.
        """
        return fingerprint(self.kind, self.funding_account_id, self.lines)


def fingerprint(kind: RunKind, funding_account_id: str, lines: Sequence[RunLine]) -> str:
    """Return the digest of what would move: who, which account, what for, how much, when it was asked for."""
    parts = [
        "\0".join(
            (
                line.party,
                line.number,
                str(line.invoice_date or ""),
                str(line.amount),
                line.label,
                str(line.asked_day or ""),
                line.account,
                line.override,
            )
        )
        for line in lines
        if line.is_asked
    ]
    text = "\n".join([kind, funding_account_id, *sorted(parts)])
    return hashlib.sha256(text.encode()).hexdigest()[:FINGERPRINT_LENGTH]

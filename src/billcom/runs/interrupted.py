"""The report of a cancelled or crashed run, made from the journal: what moved, what is unknown, what is left."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from billcom.intent import AMOUNT, MONEY
from billcom.journal import Entry, State
from billcom.money import display
from billcom.runs.lines import RunKind, Total
from billcom.runs.report import MOST_ROWS, markdown_text

_MOVED = {RunKind.PAYMENT: "paid", RunKind.COLLECTION: "charged"}
_ITEM = {RunKind.PAYMENT: "payment", RunKind.COLLECTION: "charge"}
_UNKNOWN = "sent, or about to be, and nobody knows yet whether BILL acted"
_STATES = {
    State.DONE: "at BILL",
    State.SENDING: _UNKNOWN,
    State.UNKNOWN: _UNKNOWN,
    State.REJECTED: "refused by BILL",
    State.NOT_SENT: "not sent",
    State.RELEASED: "not sent",
}


@dataclass(frozen=True)
class MoneyPlan:
    """The payments or charges that a run began with at `at`, those it had made before left out."""

    total: Total
    at: datetime


@dataclass(frozen=True)
class InterruptedRun:
    """A run that ended in the middle. `entries`: the last journal row of each write that this run has touched.

    `plan` is None for a run that ended before it began to pay or charge, and for a run of a single bill or invoice.
    """

    kind: RunKind
    name: str
    crashed: bool
    entries: tuple[Entry, ...]
    plan: MoneyPlan | None = None

    @property
    def money(self) -> tuple[Entry, ...]:
        """The payments or charges among the writes."""
        return tuple(row for row in self.entries if row.identity.kind in MONEY)

    @property
    def done(self) -> Total:
        """What is paid or charged."""
        return _total(row for row in self.money if row.state is State.DONE)

    @property
    def unknown(self) -> Total:
        """What may or may not be paid or charged."""
        return _total(row for row in self.money if row.is_open)

    @property
    def left(self) -> Total | None:
        """What is not paid or charged; None where no plan says how much there was."""
        if self.plan is None:
            return None
        since = _total(
            row for row in self.money if row.is_open or (row.state is State.DONE and row.at >= self.plan.at)
        )
        total = self.plan.total
        return Total(max(total.count - since.count, 0), max(total.amount - since.amount, Decimal("0.00")))


def interrupted_summary(run: InterruptedRun) -> str:
    """Return what became of the money in one line: `cancelled: 150 of 300 paid, USD 3,400.00; 150 not paid, …`."""
    return f"{'crashed' if run.crashed else 'cancelled'}: {_outcome(run)}"


def interrupted_report(run: InterruptedRun, chain: str = "") -> str:
    """Return the report as markdown: the money, what to do next, then every write, those that need a look first.

    `chain` is the journal's length and head.
    """
    outcome = _outcome(run)
    parts = [
        f"# {'Crashed' if run.crashed else 'Cancelled'}: {markdown_text(run.name)}",
        f"**{outcome[0].upper()}{outcome[1:]}.**",
        _next_step(run),
    ]
    made = Counter(row.identity.kind for row in run.entries if row.state is State.DONE)
    others = [f"{count:,} {kind}" for kind, count in made.items() if kind not in MONEY]
    parts += [f"Other records at BILL: {', '.join(others)}."] if others else []
    first = sorted(run.entries, key=lambda row: (row.state is State.DONE, row.identity.kind not in MONEY))
    most = max(MOST_ROWS, sum(row.state is not State.DONE for row in first))
    parts += [_table(first[:most])] if first else []
    parts += [f"… and {len(first) - most:,} more in the journal."] if len(first) > most else []
    parts += [f"Journal: {chain}."] if chain else []
    return "\n\n".join(parts)


def _outcome(run: InterruptedRun) -> str:
    moved, done, unknown, left = _MOVED[run.kind], run.done, run.unknown, run.left
    if left is None:
        said = [_words(done, moved)] if done.count else []
    else:
        of = f"{done.count:,} of {done.count + unknown.count + left.count:,}"
        said = [f"{of} {moved}, USD {display(done.amount)}", _words(left, f"not {moved}")]
    if unknown.count:
        said.append(_words(unknown, "unknown"))
    return "; ".join(said) or f"no {_ITEM[run.kind]} was sent"


def _words(total: Total, what: str) -> str:
    return f"{total.count:,} {what}, USD {display(total.amount)}"


def _next_step(run: InterruptedRun) -> str:
    pays = "pays" if run.kind is RunKind.PAYMENT else "charges"
    looks = " first looks at BILL for what is unknown, then" if run.unknown.count else ""
    goes_on = f"It{looks} {pays} what is left, and {pays} nothing twice."
    if run.crashed:
        return (
            "What to do next: a registered run starts again by itself within a minute; if it does not, retry it, or "
            f"run the same again. {goes_on}"
        )
    asks = " To leave it as it is, run resolve-unknowns: it finds out what is unknown." if looks else ""
    return f"What to do next: nothing more is sent. To go on, retry this run, or run the same again. {goes_on}{asks}"


def _table(rows: Iterable[Entry]) -> str:
    head = ["| Write | USD | BILL id | State | Reason |", "|---|---:|---|---|---|"]
    cells = [
        f"| {markdown_text(str(row.identity))} | {row.content.get(AMOUNT) or '–'} | {row.record_id or '–'} | "
        f"{_STATES[row.state]} | {markdown_text(row.note)} |"
        for row in rows
    ]
    return "\n".join([*head, *cells])


def _total(rows: Iterable[Entry]) -> Total:
    amounts = [Decimal(row.content.get(AMOUNT, "0")) for row in rows]
    return Total(len(amounts), sum(amounts, Decimal("0.00")))

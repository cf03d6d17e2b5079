"""Control totals of a run: what went in came out, and what the charts are drawn from. Decides no status."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import TypeVar

from billcom.money import display
from billcom.runs.lines import Group, Run, RunLine, Status, Total

TOP_PARTIES = 10

Key = TypeVar("Key")


class TotalsError(RuntimeError):
    """Lines or dollars got lost between what was asked and what is reported: a defect, never an input's fault."""


def check_totals(run_in_total: Total, run: Run) -> None:
    """Raise TotalsError unless a run reports as many lines and dollars as were read from its source.

    The sum over groups is compared too, so that no line is counted in none of them or in two.
    """
    out = total_out(run)
    if run_in_total == run.total == out:
        return
    raise TotalsError(
        f"{run.name}: {_words(run_in_total)} came in, {_words(run.total)} stand in the run and {_words(out)} in "
        "its groups. Don't rely on this run's report: compare its lines with BILL before anything is run again."
    )


def total_out(run: Run) -> Total:
    """Return the total over paid, skipped and failed."""
    groups = [run.total_of_group(group) for group in Group]
    return Total(sum(g.count for g in groups), sum((g.amount for g in groups), Decimal("0.00")))


def totals_by_status(run: Run) -> dict[Status, Total]:
    """Return the total of each status that occurs, in the order of `Status`."""
    lines: defaultdict[Status, list[RunLine]] = defaultdict(list)
    for line in run.lines:
        lines[line.status].append(line)
    return {status: Total.of(lines[status]) for status in Status if status in lines}


def totals_by_group(run: Run) -> dict[Group, dict[Status, Total]]:
    """Return the totals of statuses that occur under each group, with an empty one where a group has no line."""
    groups = {line.status: line.group for line in run.lines}
    totals = totals_by_status(run)
    return {group: {s: total for s, total in totals.items() if groups[s] is group} for group in Group}


def cash_by_day(run: Run) -> dict[date | None, Decimal]:
    """Return dollars done or planned by the day funds move, earliest first; None, last, where it is no day of ours."""
    sums = _sums((line.day, line.amount) for line in run.lines if line.group is Group.PAID)
    return dict(sorted(sums.items(), key=lambda item: item[0] or date.max))


def cash_by_party(run: Run) -> dict[str, Decimal]:
    """Return dollars done or planned by vendor or customer: the ten largest, then the others as one."""
    sums = _sums((line.party, line.amount) for line in run.lines if line.group is Group.PAID)
    ranked = sorted(sums.items(), key=lambda item: (-item[1], item[0]))
    top, others = ranked[:TOP_PARTIES], ranked[TOP_PARTIES:]
    if others:
        top.append((f"{len(others)} others", sum((amount for _, amount in others), Decimal("0.00"))))
    return dict(top)


def _sums(items: Iterable[tuple[Key, Decimal]]) -> Mapping[Key, Decimal]:
    sums: defaultdict[Key, Decimal] = defaultdict(lambda: Decimal("0.00"))
    for key, amount in items:
        sums[key] += amount
    return sums


def _words(total: Total) -> str:
    return f"{total.count} lines of USD {display(total.amount)}"

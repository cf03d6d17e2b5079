"""A run for people: a markdown artifact, plain text for a terminal, and one line. No bank number, no secret."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from billcom.money import display
from billcom.runs.lines import Group, Run, RunLine, Status, Total
from billcom.runs.totals import total_out, totals_by_status
from billcom.runs.words import WORDS

MOST_ROWS = 200
"""Rows of a table that needs nobody. Lines that need a person are never cut."""

# What could start a cell, a tag, code, emphasis, a link or a picture in somebody's name for a thing.
_MARKUP = str.maketrans({sign: f"\\{sign}" for sign in "\\|`*[]"} | {"<": "&lt;"})


def run_summary(run: Run) -> str:
    """Return a run in one line: `12 paid USD 3,400.00, 1 failed USD 20.00`."""
    words = WORDS[run.kind].statuses
    parts = [
        f"{total.count} {words[status]} USD {display(total.amount)}"
        for status, total in totals_by_status(run).items()
    ]
    return f"{'dry run: ' if run.dry_run else ''}{', '.join(parts) or 'no lines'}"


def run_outcome(run: Run) -> tuple[str, ...]:
    """Return in sentences what moves, how much and when, then what needs a person."""
    said = ["Dry run: nothing was written to BILL."] if run.dry_run else []
    for status, (with_day, without_day) in WORDS[run.kind].outcomes.items():
        lines = [line for line in run.lines if line.status is status]
        dated = [line for line in lines if line.day]
        said += _sentence(run, dated, with_day.format(when=_when(dated)))
        said += _sentence(run, [line for line in lines if not line.day], without_day)
    unknown = [line for line in run.lines if line.status is Status.OPEN]
    said += _sentence(run, unknown, "sent, and nobody knows yet whether BILL acted")
    if not unknown and not run.total_of_group(Group.PAID).count:
        said.append("This run moves no money.")
    if run.failed:
        needs = "1 line needs you" if len(run.failed) == 1 else f"{len(run.failed)} lines need you"
        said.append(f"{needs}: USD {display(Total.of(run.failed).amount)}.")
    return tuple(said)


def run_report(run: Run, *, chain: str = "", workbook: str = "") -> str:
    """Return a run as markdown: outcome, totals, every line that needs a person, then the others up to 200 each.

    `chain` is the journal's length and head, `workbook` where its workbook is to be found.
    """
    facts = [f"Fingerprint `{run.fingerprint}`", f"source {markdown_text(run.source)}"]
    facts += [f"funding account {markdown_text(run.funding_account_id)}"] if run.funding_account_id else []
    parts = [
        f"# {run.kind.value.capitalize()} {markdown_text(run.name)}",
        " ".join(f"**{sentence}**" for sentence in run_outcome(run)),
        f"{'; '.join(facts)}.",
        _totals(run),
    ]
    for group in (Group.FAILED, Group.PAID, Group.SKIPPED):
        lines = [line for line in run.lines if line.group is group]
        if lines:
            most = len(lines) if group is Group.FAILED else MOST_ROWS
            parts += [f"## {_heading(run, group, lines)}", _table(run, lines[:most])]
            if len(lines) > most:
                parts.append(f"… and {len(lines) - most:,} more in the workbook.")
    parts += ["\n".join(f"- {markdown_text(note)}" for note in run.notes)] if run.notes else []
    parts += [f"Workbook: {markdown_text(workbook)}."] if workbook else []
    parts += [f"Journal: {chain}."] if chain else []
    return "\n\n".join(parts)


def run_text(run: Run) -> str:
    """Return a run for a terminal: outcome, totals, and every line that needs a person."""
    out = total_out(run)
    words = WORDS[run.kind].statuses
    rows = [(words[s], f"{t.count:,}", display(t.amount)) for s, t in totals_by_status(run).items()]
    rows.append(("sum", f"{out.count:,}", display(out.amount)))
    wide = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [f"{run.kind.value.capitalize()} {one_line(run.name)}, fingerprint {run.fingerprint}"]
    lines += run_outcome(run)
    lines += [f"  {w:<{wide[0]}}  {n:>{wide[1]}}  USD {a:>{wide[2]}}" for w, n, a in rows]
    for line in run.failed:
        what = f"{line.place}: {line.party}, {line.number}, USD {display(line.amount)}"
        lines.append(f"  {one_line(what)}: {words[line.status]}. {one_line(line.reason)}".rstrip())
    return "\n".join([*lines, *map(one_line, run.notes)])


def one_line(value: str) -> str:
    """Return text in one line without what would steer a terminal or turn the writing's direction."""
    return " ".join("".join(c if c.isprintable() else " " for c in value).split())


def _sentence(run: Run, lines: Sequence[RunLine], becomes: str) -> list[str]:
    if not lines:
        return []
    item = WORDS[run.kind].item
    count = f"1 {item}" if len(lines) == 1 else f"{len(lines):,} {item}s"
    return [f"USD {display(Total.of(lines).amount)} in {count} {becomes}."]


def _when(lines: Iterable[RunLine]) -> str:
    days = sorted({line.day for line in lines if line.day})
    if len(days) < 2:
        return f"on {days[0]}" if days else ""
    return f"from {days[0]} to {days[-1]}"


def _heading(run: Run, group: Group, lines: Sequence[RunLine]) -> str:
    words = WORDS[run.kind]
    if group is not Group.PAID:
        return words.groups[group]
    present = {line.status for line in lines}
    return ", ".join(words.statuses[status] for status in Status if status in present).capitalize()


def _totals(run: Run) -> str:
    words = WORDS[run.kind].statuses
    out = total_out(run)
    rows = [f"| {words[s]} | {t.count:,} | {display(t.amount)} |" for s, t in totals_by_status(run).items()]
    total = f"| **sum** | **{out.count:,}** | **{display(out.amount)}** |"
    return "\n".join(["| Status | Lines | USD |", "|---|---:|---:|", *rows, total])


def _table(run: Run, lines: Iterable[RunLine]) -> str:
    words = WORDS[run.kind]
    head = [f"| Place | {words.party} | Number | USD | {words.day} | Status | Reason |"]
    rows = [
        f"| {markdown_text(line.place)} | {markdown_text(line.party)} | {markdown_text(line.number)} | "
        f"{display(line.amount)} | {line.day or '–'} | {words.statuses[line.status]} | {markdown_text(line.reason)} |"
        for line in lines
    ]
    return "\n".join([*head, "|---|---|---|---:|---|---|---|", *rows])


def markdown_text(value: str) -> str:
    """Return text that can't break out of its heading, its table cell or its paragraph."""
    return one_line(value).translate(_MARKUP)

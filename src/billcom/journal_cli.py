"""`billcom journal`: read the journal, check it, hand it over, and write it anew from what BILL holds."""

from __future__ import annotations

import asyncio
import csv
import os
import re
import sys
from collections.abc import Awaitable, Callable, Iterable, Sequence
from functools import wraps
from pathlib import Path
from typing import Any

import simplejson
from cyclopts import App, Parameter

from billcom.approval_rows import APPROVAL
from billcom.client import BillClient
from billcom.errors import BillError, InputError, JournalError, Problem
from billcom.intent import AMOUNT, Kind
from billcom.journal import REBUILD, Entry, Journal
from billcom.journal_rows import row_of
from billcom.journal_store import COLUMNS
from billcom.normalization import same_text
from billcom.rebuild import rebuild as rebuild_journal
from billcom.settings import Environment, Settings
from billcom.stop_switch import STOP, StopSwitch

journal_app = App(
    name="journal",
    help="What was sent to BILL: read it, check it, write it anew.",
    default_parameter=Parameter(negative=()),
)

_HEADINGS = ("ROW", "KIND", "SUBJECT", "LABEL", "STATE", "RECORD", "AMOUNT", "WHEN (UTC)", "NOTE")
# A spreadsheet calculates what opens like this, and rounds or cuts what it takes for a number.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
_NUMBER = re.compile(r"[0-9]+([.,eE][0-9]*)?")
_IDS = frozenset({"organization_id", "subject", "label", "record_id", "run", "previous", "digest"})


def _in_one_line(name: str) -> Callable[[Callable[..., Awaitable[None]]], Callable[..., int]]:
    """Make a command of a coroutine: exit 0, or 1 with one line on standard error."""

    def decorate(command: Callable[..., Awaitable[None]]) -> Callable[..., int]:
        @wraps(command)
        def run(*arguments: Any, **options: Any) -> int:
            try:
                asyncio.run(_awaited(command(*arguments, **options)))
            except BrokenPipeError:  # who reads has enough, as `head` does
                sys.stdout = Path(os.devnull).open("w")  # noqa: SIM115 (the exit closes it)
                return 0
            except (BillError, OSError) as error:
                print(f"billcom journal {name}: {_line(str(error))}", file=sys.stderr)
                return 1
            except KeyboardInterrupt:
                print(f"billcom journal {name}: stopped", file=sys.stderr)
                return 130
            return 0

        run.__annotations__ = {**command.__annotations__, "return": "int"}
        return run

    return decorate


async def _awaited(awaitable: Awaitable[None]) -> None:
    await awaitable


@journal_app.command(name="list")
@_in_one_line("list")
async def list_entries(*, open: bool = False, kind: str = "", json: bool = False) -> None:
    """Print what is known of each write, one line each, oldest first; exit 1 when rows are missing.

    Parameters
    ----------
    open
        Only those of which nobody knows whether BILL acted.
    kind
        Only these: payment, charge, bill, vendor, customer, invoice, approval, stop ...
    json
        One JSON object a line instead of columns.
    """
    settings = Settings.load()
    journal, wanted = Journal(settings), _kind(kind)
    known = [*(await StopSwitch(settings).entries())[-1:], *await journal.standing()]
    rows = [row for row in known if not wanted or row.identity.kind == wanted]
    rows = [row for row in rows if row.is_open or not open]
    _print(map(_json, rows) if json else _columns(rows))
    await journal.head()


@journal_app.command
@_in_one_line("show")
async def show(subject: str) -> None:
    """Print every row of a write, with all it says.

    Parameters
    ----------
    subject
        What it is about (id of the bill or invoice, name of the vendor or customer, fingerprint of an approved
        run), or the id of its record; "all money" shows who stopped and resumed it.
    """
    settings = Settings.load()
    entries = [*await StopSwitch(settings).entries(), *await Journal(settings).entries()]
    wanted = {row.identity for row in entries if _is_about(row, subject)}
    if not wanted:
        raise JournalError(
            f"the journal has nothing about {subject!r}: billcom journal list shows what it has"
        )
    for row in entries:
        if row.identity in wanted:
            _print(_paragraph(row))


@journal_app.command
@_in_one_line("verify")
async def verify() -> None:
    """Read every row and say how long the journal is; exit 1 at the first that is altered, or when some are missing."""
    print(f"The journal is as it was written: {await Journal(Settings.load()).verify()}")


@journal_app.command
@_in_one_line("export")
async def export(*, csv: bool = False, jsonl: bool = False) -> None:
    """Write all rows in their order to standard output.

    Parameters
    ----------
    csv
        As a table for a spreadsheet, ids as text; this is the default.
    jsonl
        As one JSON object a line, exactly as stored.
    """
    if csv and jsonl:
        raise InputError([Problem("--csv and --jsonl", "", "give one of the two")])
    journal = Journal(Settings.load())
    entries = await journal.entries()
    if jsonl:
        _print(map(_json, entries))
    else:
        _write_table(entries)
    await journal.head()


@journal_app.command
@_in_one_line("rebuild")
async def rebuild(*, settle_seconds: float | None = None) -> None:
    """Write the journal anew from what BILL holds, when it was lost, cut short, restored or altered.

    No money moves until it has finished; when it dies, run it again.

    Parameters
    ----------
    settle_seconds
        Time between the two readings of BILL; BILL_SETTLE_SECONDS unless given. Only with the local BILL.
    """
    settings = Settings.load()
    if settle_seconds is not None and settings.environment is not Environment.LOCAL:
        raise InputError([Problem("--settle-seconds", "", "is for the local BILL; set BILL_SETTLE_SECONDS")])
    async with BillClient(settings, run="billcom journal rebuild") as client:
        await rebuild_journal(client, lambda text: print(_line(text), flush=True), settle_seconds)


def _kind(text: str) -> str:
    kinds = [*map(str, Kind), APPROVAL, REBUILD, STOP]
    kind = text.strip().casefold().replace("-", " ").replace("_", " ")
    if kind and kind not in kinds:
        raise InputError([Problem("--kind", text, f"there are: {', '.join(kinds)}")])
    return kind


def _is_about(row: Entry, text: str) -> bool:
    """Return whether a row is of this subject, owner or record."""
    owner = row.identity.subject.partition(" ")[0]
    owned = row.identity.kind in (Kind.BILL, Kind.CUSTOMER_BANK_ACCOUNT) and owner == text
    return owned or row.record_id == text or same_text(row.identity.subject, text)


def _columns(rows: Sequence[Entry]) -> Iterable[str]:
    """Return a line for each row under a heading, its columns aligned, never wrapped."""
    table = [_HEADINGS, *(_cells(row) for row in rows)]
    widths = [max(len(cells[column]) for cells in table) for column in range(len(_HEADINGS))]
    for cells in table:
        padded = [
            cell.rjust(width) if heading in ("ROW", "AMOUNT") else cell.ljust(width)
            for cell, width, heading in zip(cells, widths, _HEADINGS, strict=True)
        ]
        yield "  ".join(padded).rstrip()


def _cells(row: Entry) -> tuple[str, ...]:
    identity, amount = row.identity, str(row.content.get(AMOUNT, ""))
    when = f"{row.at:%Y-%m-%d %H:%M:%S}"
    cells = (str(row.position), identity.kind, identity.subject, identity.label, row.state.value)
    return tuple(_line(cell) or "-" for cell in (*cells, row.record_id, amount, when, row.note))


def _paragraph(row: Entry) -> Iterable[str]:
    """Return a row in full: a heading, then a line for each thing it says."""
    yield _line(f"row {row.position}: {row.identity}, {row.sequence}: {row.state}")
    said = {"record": row.record_id, "when": row.at.isoformat(timespec="seconds"), "note": row.note}
    said |= {f"content {name}": value for name, value in row.content.items()}
    said |= {f"details {name}": value for name, value in row.details.items()} | {"run": row.run}
    yield from (f"  {_line(f'{name}: {value}')}" for name, value in said.items() if value)


def _json(row: Entry) -> str:
    return simplejson.dumps(row_of(row), ensure_ascii=False)


def _write_table(entries: Sequence[Entry]) -> None:
    writer = csv.writer(sys.stdout, lineterminator="\n", quoting=csv.QUOTE_ALL)
    writer.writerow(COLUMNS)
    rows = (row_of(entry) for entry in entries)
    writer.writerows([_cell(name, row[name]) for name in COLUMNS] for row in rows)
    sys.stdout.flush()


def _cell(name: str, value: object) -> str:
    """Return a value as a spreadsheet leaves it: an apostrophe before what it would calculate or round."""
    text = str(value)
    risky = text.startswith(_FORMULA) or (name in _IDS and _NUMBER.fullmatch(text))
    return f"'{text}" if risky else text


def _line(text: str) -> str:
    """Return text in one line, without what a terminal would obey."""
    return "".join(c if c.isprintable() else "?" for c in " ".join(text.split()))


def _print(lines: Iterable[str]) -> None:
    for line in lines:
        print(line)
    sys.stdout.flush()

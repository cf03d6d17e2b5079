"""The columns of a run's lines in its workbook: what each is called, how wide it is, what it shows of a line."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from billcom.runs.lines import RunKind, RunLine
from billcom.runs.sheets.cells import Align
from billcom.runs.sheets.xlsx import Value
from billcom.runs.words import WORDS

LAST_DIGITS = 4


@dataclass(frozen=True)
class Column:
    """One column: its heading, its width in characters, where its values stand, and the value of a line."""

    heading: str
    width: int
    of: Callable[[RunLine], Value]
    is_wrapped: bool = False
    is_status: bool = False
    align: Align = "left"
    is_printed: bool = True


def line_columns(kind: RunKind) -> tuple[Column, ...]:
    """Return all columns, the same for a plan and for a result."""
    words = WORDS[kind]
    return (
        *_what(kind),
        Column("Label", 16, lambda line: line.label),
        Column(words.day, 14, lambda line: line.day, align="center"),
        # Four digits are all a line should hold; were it more, no sheet may show it.
        Column("Bank account (last four)", 13, lambda line: line.account[-LAST_DIGITS:]),
        *_why(kind, width=60),
        Column(f"{words.party} is", 11, lambda line: line.party_is, is_printed=False),
        Column(f"{words.document} is", 11, lambda line: line.document_is, is_printed=False),
        Column(f"{words.party} id", 24, lambda line: line.party_id, is_printed=False),
        Column(f"{words.document} id", 24, lambda line: line.document_id, is_printed=False),
        Column(f"{words.move} id", 24, lambda line: line.record_id, is_printed=False),
        Column(f"{words.move} status", 16, lambda line: line.record_status, is_printed=False),
        Column("Override reason", 32, lambda line: line.override, is_printed=False),
    )


def needs_columns(kind: RunKind) -> tuple[Column, ...]:
    """Return the columns of lines that need a person: what it is, and why."""
    words = WORDS[kind]
    return (
        *_what(kind),
        *_why(kind, width=80),
        Column(f"{words.document} id", 24, lambda line: line.document_id, is_printed=False),
        Column(f"{words.move} id", 24, lambda line: line.record_id, is_printed=False),
        Column("Override reason", 32, lambda line: line.override, is_printed=False),
    )


def _what(kind: RunKind) -> tuple[Column, ...]:
    return (
        Column("Place in the source", 20, lambda line: line.place),
        Column(WORDS[kind].party, 34, lambda line: line.party),
        Column("Invoice number", 18, lambda line: line.number),
        Column("Invoice date", 13, lambda line: line.invoice_date, align="center"),
        Column("Due date", 13, lambda line: line.due_date, align="center"),
        Column("Amount", 15, lambda line: line.amount, align="right"),
    )


def _why(kind: RunKind, *, width: int) -> tuple[Column, ...]:
    statuses = WORDS[kind].statuses
    return (
        Column("Status", 27, lambda line: statuses[line.status], is_status=True),
        Column("Reason", width, lambda line: line.reason, is_wrapped=True),
    )

"""What a cell holds before it is understood, and the table of such cells that a file comes to."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from billcom.errors import CellProblem


@dataclass(frozen=True)
class Unreadable:
    """A cell without a usable value: `shown` is what stands there, `fix` what to do about it."""

    shown: str
    fix: str


Value = str | int | float | bool | date | datetime | time | timedelta | Unreadable | None
"""A cell's value: text stripped of blanks around it, a typed value of a workbook, None where it is empty."""


@dataclass(frozen=True)
class Line:
    """One row that isn't blank: its number in the spreadsheet, its cells up to the last that is filled in."""

    row: int
    cells: tuple[Value, ...]


@dataclass(frozen=True)
class Table:
    """One sheet as it stands. `header` is the first line that isn't blank; `problems` are those of its shape."""

    sheet: str
    header: Line
    lines: tuple[Line, ...]
    problems: tuple[CellProblem, ...] = field(default=())


def shown(value: Value) -> str:
    """Return a cell's value as a person would see it."""
    if isinstance(value, Unreadable):
        return value.shown
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        return f"{value:.15g}"
    if isinstance(value, datetime) and value.time() == time():
        return value.date().isoformat()
    return "" if value is None else str(value)


def strip(cells: list[Value]) -> tuple[Value, ...]:
    """Return cells without blanks around texts, and without the empty ones at the end."""
    values = [(cell.strip() or None) if isinstance(cell, str) else cell for cell in cells]
    while values and values[-1] is None:
        values.pop()
    return tuple(values)

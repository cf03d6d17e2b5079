"""Problems of a sheet while it is read: collected with row and column, put in the order of the sheet at the end."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from billcom.errors import CellProblem, SheetError
from billcom.models.bank_account import last_four
from billcom.tables.columns import Column, Schema
from billcom.tables.values import Value, shown

MAX_VALUE_LENGTH = 60
"""Characters of a value that a problem repeats."""


class Problems:
    """All problems of one sheet."""

    def __init__(self, sheet: str, schema: Schema, found: Iterable[CellProblem] = ()) -> None:
        self._sheet = sheet
        self._order = {column.title: place for place, column in enumerate(schema.columns, 1)}
        self._found = list(found)

    def add(self, row: int, column: Column | None, value: Value, fix: str) -> None:
        """Add what is wrong with a cell, or with a whole row."""
        title = column.title if column else ""
        self._found.append(CellProblem(self._sheet, row, title, repeated(value, column), fix))

    def add_title(self, row: int, title: str, fix: str) -> None:
        """Add what is wrong with a title."""
        # A sheet without titles has its first row of data there, bank numbers and all.
        secret = sum(map(str.isdigit, title)) > 4
        self._found.append(
            CellProblem(self._sheet, row, last_four(title) if secret else _short(title), "", fix)
        )

    def raise_if_any(self) -> None:
        """Raise SheetError with all problems, in the order of rows and columns."""
        if self._found:
            raise SheetError(
                sorted(self._found, key=lambda cell: (cell.row, self._order.get(cell.column, 0)))
            )


def repeated(value: Value, column: Column | None) -> str:
    """Return a value as a problem may repeat it: on one line, not too long, of a secret the last four."""
    text = " ".join(shown(value).split())
    if column and column.is_secret and text and text != "(formula)":
        return last_four(text)
    return _short(text)


def _short(text: str) -> str:
    return text if len(text) <= MAX_VALUE_LENGTH else f"{text[: MAX_VALUE_LENGTH - 1]}…"


def problem_rows(problems: Sequence[CellProblem]) -> list[dict[str, str]]:
    """Return problems as rows of a table for people: Sheet, Row, Column, Value, What to do."""
    return [
        {
            "Sheet": problem.sheet,
            "Row": str(problem.row or ""),
            "Column": problem.column,
            "Value": problem.value,
            "What to do": problem.fix,
        }
        for problem in problems
    ]

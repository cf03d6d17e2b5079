"""What is wrong with an input, for the person who gave it: where, what stands there, and how to mend it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Problem:
    """One thing wrong with one input: which field, what it holds (never a secret) and how to mend it."""

    field: str
    value: str
    fix: str

    def __str__(self) -> str:
        shown = f" {self.value!r}" if self.value else ""
        return f"{self.field}{shown}: {self.fix}"


@dataclass(frozen=True)
class CellProblem:
    """One thing wrong in a sheet: where, what stands there (of a secret the last four at most), how to mend it.

    `row` is the row as the spreadsheet numbers it, 0 for the whole sheet; `column` the column's title, empty for
    the whole row.
    """

    sheet: str
    row: int
    column: str
    value: str
    fix: str

    @property
    def place(self) -> str:
        """Where it is: `June row 7, Amount`."""
        row = f" row {self.row}" if self.row else ""
        return f"{self.sheet}{row}" + (f", {self.column}" if self.column else "")

    def __str__(self) -> str:
        return str(Problem(self.place, self.value, self.fix))

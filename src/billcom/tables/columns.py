"""What a column of a sheet is: title, meaning, what may stand in it. The columns themselves stand with their runs."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from pydantic import BaseModel

from billcom.runs.lines import RunKind

MAX_ROWS = 20_000
"""Most rows of one sheet, the header apart. Bound of this project: beyond it, a sheet is taken for a slip."""

MAX_FILE_BYTES = 20_000_000
"""Largest file that is read. Bound of this project: ten times what the most rows need."""

HOW_TO_SHEET = "How to"
PROBLEMS_SHEET = "Problems"
OWN_SHEETS = (HOW_TO_SHEET, PROBLEMS_SHEET)
"""Sheets this package writes beside the rows. They are never read: what is in them asks for nothing."""

YES_NO = ("yes", "no")


class Kind(StrEnum):
    """What a cell of the column holds."""

    NAME = "one line of text"
    TEXT = "text"
    NUMBER = "number or code, as text"
    ROUTING_NUMBER = "routing number, as text"
    ACCOUNT_NUMBER = "account number, as text"
    AMOUNT = "dollars and cents"
    QUANTITY = "quantity"
    LINE = "whole number"
    DATE = "date"
    CHOICE = "one of a list"
    YES_NO = "yes or no"


class Scope(StrEnum):
    """What a cell speaks of. Rows that speak of the same must not contradict each other."""

    PARTY = "the vendor or customer"
    DOCUMENT = "the bill or invoice"
    PAYMENT = "one payment or charge of it"
    LINE = "one line of it"


@dataclass(frozen=True)
class Column:
    """One column of a sheet.

    `rule` names the model and its field whose own check applies to the value. `is_secret`: only the last four
    characters are ever repeated. `width` is in characters.
    """

    title: str
    field: str
    kind: Kind
    scope: Scope
    help: str
    is_required: bool = False
    choices: tuple[str, ...] = ()
    is_secret: bool = False
    example: str = ""
    width: int = 14
    rule: tuple[type[BaseModel], str] | None = None


@dataclass(frozen=True)
class Schema:
    """The columns of one kind of run. `sheet` is the name of the worksheet that is written for it.

    `party` and `amount` are the fields that say who it is about and what a line costs.
    """

    kind: RunKind
    sheet: str
    columns: tuple[Column, ...]
    party: str
    amount: str

    @cached_property
    def by_field(self) -> dict[str, Column]:
        """Columns by the name of their field."""
        return {column.field: column for column in self.columns}

    @cached_property
    def by_key(self) -> dict[str, Column]:
        """Columns by their title as titles are compared."""
        return {title_key(column.title): column for column in self.columns}

    def of_scope(self, *scopes: Scope) -> tuple[Column, ...]:
        """Return the columns that speak of one of these."""
        return tuple(column for column in self.columns if column.scope in scopes)


def title_key(title: object) -> str:
    """Return a title as titles are compared: case, blanks and signs don't count (`E-mail` is `email`)."""
    return "".join(filter(str.isalnum, str(title or "").casefold()))

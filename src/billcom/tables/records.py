"""Rows with every cell understood on its own. What rows have to do with each other is checked elsewhere."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from openpyxl.utils import get_column_letter  # pyright: ignore

from billcom.tables.cells import read_cell
from billcom.tables.columns import Column, Schema, Scope
from billcom.tables.header import find_columns
from billcom.tables.party_columns import (
    begins_account,
    begins_address,
    missing_of_account,
    missing_of_address,
    us_address_problems,
)
from billcom.tables.problems import Problems
from billcom.tables.values import Line, Table


@dataclass(frozen=True)
class Record:
    """One row: its cells by field, empty ones left out.

    `faulty` are the fields whose cell can't be used, or whose column is missing: the problem is told already.
    """

    row: int
    cells: dict[str, Any]
    faulty: set[str] = field(default_factory=set)

    def get(self, name: str) -> Any:
        """Return a cell's value, None where it is empty or can't be used."""
        return self.cells.get(name)

    @property
    def filled(self) -> set[str]:
        """Fields in whose cell something stands."""
        return self.cells.keys() | self.faulty

    def is_empty(self, name: str) -> bool:
        """Return whether nothing at all stands in the cell."""
        return name not in self.cells and name not in self.faulty


def read_records(table: Table, schema: Schema, problems: Problems) -> list[Record]:
    """Return the rows of a table in its order; each cell that can't be used is a problem."""
    columns = find_columns(table, schema, problems)
    needed = [
        column for column in columns.values() if column.is_required and column.scope is not Scope.DOCUMENT
    ]
    # A column that is missing is one problem, not one in each row.
    absent = {column.field for column in schema.columns if column.is_required} - {
        column.field for column in columns.values()
    }
    records: list[Record] = []
    for line in table.lines if columns else ():
        if len(line.cells) > len(table.header.cells):
            # Its cells may stand under wrong titles: to read them would be noise, and could repeat a bank number.
            letter = get_column_letter(len(line.cells))
            fix = (
                f"something stands in column {letter}, which has no title: empty it; in a CSV file, put a text that "
                "holds the separator in quotation marks"
            )
            problems.add(line.row, None, None, fix)
            continue
        record = _record(line, columns, absent, problems)
        for column in needed:
            if record.is_empty(column.field):
                problems.add(line.row, column, None, "is empty: fill it in")
        _check_address(record, schema, problems)
        _check_account(record, schema, problems)
        records.append(record)
    return records


def _record(line: Line, columns: dict[int, Column], absent: set[str], problems: Problems) -> Record:
    record = Record(line.row, {}, set(absent))
    for place, value in enumerate(line.cells):
        column = columns.get(place)
        if value is None or column is None:
            continue
        try:
            meant = read_cell(column, value)
        except ValueError as error:
            record.faulty.add(column.field)
            problems.add(line.row, column, value, str(error))
        else:
            record.cells[column.field] = meant
    return record


def _check_address(record: Record, schema: Schema, problems: Problems) -> None:
    if not begins_address(record.filled):
        return
    for name in missing_of_address(record.cells):
        _missing(record, name, "address", schema, problems)
    for name, fix in us_address_problems(record.cells).items():
        problems.add(record.row, schema.by_field[name], record.get(name), fix)


def _check_account(record: Record, schema: Schema, problems: Problems) -> None:
    if begins_account(record.filled):
        for name in missing_of_account(record.cells):
            _missing(record, name, "bank account", schema, problems)


def _missing(record: Record, name: str, what: str, schema: Schema, problems: Problems) -> None:
    if name not in record.faulty:
        fix = f"is empty: the {what} in this row needs it; fill it in, or empty the whole {what}"
        problems.add(record.row, schema.by_field[name], None, fix)

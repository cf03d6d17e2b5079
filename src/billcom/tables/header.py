"""Which column of a sheet is which: by its title, each once, none unknown."""

from __future__ import annotations

from openpyxl.utils import get_column_letter  # pyright: ignore
from rapidfuzz import fuzz, process

from billcom.tables.columns import Column, Schema, title_key
from billcom.tables.problems import Problems
from billcom.tables.values import Table, shown

_ALIKE = 60
"""How alike, of 100, a title must be to a known one to be suggested."""


def find_columns(table: Table, schema: Schema, problems: Problems) -> dict[int, Column]:
    """Return the columns by their place in the sheet, 0 the first; what is wrong with titles goes to `problems`."""
    row = table.header.row
    columns: dict[int, Column] = {}
    unknown: dict[int, str] = {}
    for place, title in enumerate(map(shown, table.header.cells)):
        column = schema.by_key.get(title_key(title))
        if column is None:
            unknown[place] = title
        elif column in columns.values():
            problems.add_title(row, column.title, "this title is there twice: delete one of the two columns")
        else:
            columns[place] = column
    if not columns:
        needed = ", ".join(column.title for column in schema.columns if column.is_required)
        problems.add(
            row, None, None, f"is no title row of a {schema.kind}: write at least the titles {needed}"
        )
        return {}
    _name_unknown(table, schema, unknown, columns, problems)
    for column in schema.columns:
        if column.is_required and column not in columns.values():
            problems.add_title(row, column.title, "this column is missing: add it")
    return columns


def _name_unknown(
    table: Table, schema: Schema, unknown: dict[int, str], columns: dict[int, Column], problems: Problems
) -> None:
    free = [column.title for column in schema.columns if column not in columns.values()]
    filled = {place for line in table.lines for place, cell in enumerate(line.cells) if cell is not None}
    for place, title in unknown.items():
        if title:
            near = process.extractOne(
                title, free, scorer=fuzz.WRatio, score_cutoff=_ALIKE, processor=str.casefold
            )
            meant = f"is {near[0]} meant? Write it so, or delete" if near else "delete"
            problems.add_title(table.header.row, title, f"this title is not known: {meant} the column")
        elif place in filled:
            letter = get_column_letter(place + 1)
            problems.add_title(
                table.header.row, f"column {letter}", "has no title: write one, or delete the column"
            )

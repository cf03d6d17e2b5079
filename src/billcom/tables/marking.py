"""A copy of a sheet for the person who corrects it: each problem's cell coloured, with a note, all listed in front.

The copy holds values alone, bank numbers in full: no formula, link or macro of the original. It can be corrected and
read as it is; its list of problems is not read.
"""

# openpyxl has no type stubs.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.utils import get_column_letter

from billcom.errors import CellProblem, SheetError
from billcom.tables.columns import OWN_SHEETS, PROBLEMS_SHEET, title_key
from billcom.tables.escaping import write_text
from billcom.tables.problems import problem_rows
from billcom.tables.reading import read_table
from billcom.tables.schemas import SCHEMAS
from billcom.tables.values import Table, Value, shown
from billcom.tables.workbooks import (
    DATE_FORMAT,
    DATE_TIME_FORMAT,
    TEXT_FORMAT,
    TITLE_POINTS,
    add_note,
    height_of,
    link_to,
    mark_wrong,
    print_landscape,
    to_bytes,
    write_paragraph,
    write_title,
)

MAX_NOTES = 2_000
"""Most notes in one sheet: more make a spreadsheet slow to open. Beyond it cells are coloured alone."""

_MAX_SHEET_TITLE = 31
_NOT_IN_SHEET_TITLE = re.compile(r"[\[\]:*?/\\'\x00-\x1f]")
_WIDTHS = {"Sheet": 18, "Row": 8, "Column": 22, "Value": 26, "What to do": 80}

_TITLE_WIDTHS = {key: column.width for schema in SCHEMAS.values() for key, column in schema.by_key.items()}
_PAGES_WIDE = 2

_Notes = dict[int, dict[int, list[str]]]
"""What to do, by row and column."""


def mark(name: str, content: bytes, problems: Sequence[CellProblem]) -> bytes:
    """Return a workbook with the rows of a sheet, its problems marked, and a first worksheet that lists them.

    Rows keep their numbers, values their types; text is text, whatever it looks like. Of a file that can't be read
    there is the list alone. Holds whole bank numbers: keep it where only its owner reads it.
    """
    try:
        table = read_table(name, content, {key for schema in SCHEMAS.values() for key in schema.by_key})
    except SheetError:
        table = None
    book = Workbook(write_only=True)
    title = _sheet_title(table.sheet) if table else ""
    places = _places(table, problems) if table else {}
    _list(book, problems, places, title)
    if table:
        _copy(book, title, table, _notes(problems, places))
    return to_bytes(book)


def _sheet_title(sheet: str) -> str:
    title = _NOT_IN_SHEET_TITLE.sub("_", sheet)[:_MAX_SHEET_TITLE].strip()
    return "Rows" if not title or title in OWN_SHEETS else title


def _places(table: Table, problems: Sequence[CellProblem]) -> dict[CellProblem, tuple[int, int]]:
    """Return row and column of each problem's cell; a row's own problems stand at its first cell."""
    columns: dict[str, int] = {}
    for place, title in enumerate(map(shown, table.header.cells), 1):
        columns.setdefault(title_key(title), place)
    places: dict[CellProblem, tuple[int, int]] = {}
    for problem in problems:
        if problem.sheet == table.sheet and problem.row:
            places[problem] = (problem.row, columns.get(title_key(problem.column), 1))
    return places


def _notes(problems: Sequence[CellProblem], places: dict[CellProblem, tuple[int, int]]) -> _Notes:
    notes: _Notes = defaultdict(lambda: defaultdict(list))
    for problem in problems:
        if problem in places:
            row, column = places[problem]
            named = f"{problem.column}: " if problem.column and column == 1 else ""
            notes[row][column].append(f"{named}{problem.fix}")
    return notes


def _list(
    book: Any, problems: Sequence[CellProblem], places: dict[CellProblem, tuple[int, int]], title: str
) -> None:
    sheet = book.create_sheet(PROBLEMS_SHEET)
    sheet.freeze_panes = "A2"
    print_landscape(sheet, 1)
    for letter, width in zip("ABCDE", _WIDTHS.values(), strict=True):
        sheet.column_dimensions[letter].width = width
    cells = [WriteOnlyCell(sheet) for _ in _WIDTHS]
    for cell, text in zip(cells, _WIDTHS, strict=True):
        write_title(cell, text)
    sheet.append(cells)
    for number, (problem, texts) in enumerate(zip(problems, problem_rows(problems), strict=True), 2):
        cells = [WriteOnlyCell(sheet) for _ in _WIDTHS]
        for cell, text in zip(cells, texts.values(), strict=True):
            write_paragraph(cell, text)
        if problem in places:
            row, column = places[problem]
            link_to(cells[1], f"'{title}'!{get_column_letter(column)}{row}", f"B{number}")
        sheet.row_dimensions[number].height = height_of(problem.fix, _WIDTHS["What to do"])
        sheet.append(cells)


def _copy(book: Any, title: str, table: Table, notes: _Notes) -> None:
    sheet = book.create_sheet(title)
    sheet.freeze_panes = f"A{table.header.row + 1}"
    print_landscape(sheet, table.header.row, _PAGES_WIDE)
    sheet.row_dimensions[table.header.row].height = TITLE_POINTS
    for column, text in enumerate(map(shown, table.header.cells), 1):
        sheet.column_dimensions[get_column_letter(column)].width = _TITLE_WIDTHS.get(title_key(text), 18)
    left = MAX_NOTES
    row = 0
    for line in (table.header, *table.lines):
        for _ in range(row + 1, line.row):
            sheet.append([])
        row = line.row
        marks = notes.get(row, {})
        empty = max(marks, default=0) - len(line.cells)
        cells = [_cell(sheet, value) for value in (*line.cells, *([None] * empty))]
        if line is table.header:
            for cell, value in zip(cells, line.cells, strict=False):
                write_title(cell, shown(value))
        for column, fixes in marks.items():
            _mark(cells[column - 1], fixes, noted=left > 0)
            left -= 1
        sheet.append(cells)


def _mark(cell: Any, fixes: list[str], *, noted: bool) -> None:
    mark_wrong(cell)
    if cell.data_type == "n":
        # What is typed here instead stays as it is typed.
        cell.number_format = TEXT_FORMAT
    if noted:
        add_note(cell, "\n".join(fixes))


def _cell(sheet: Any, value: Value) -> Any:
    cell = WriteOnlyCell(sheet)
    if isinstance(value, bool | int | float):
        cell.value = value
    elif isinstance(value, date):
        cell.value = value
        midnight = not isinstance(value, datetime) or value.time() == datetime.min.time()
        cell.number_format = DATE_FORMAT if midnight else DATE_TIME_FORMAT
    elif value is not None:
        write_text(cell, shown(value))
    return cell

"""The workbook to fill in: a sheet with titles, notes, drop-downs and formats, and one that explains each column."""

# openpyxl has no type stubs.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from openpyxl import Workbook
from openpyxl.styles import Alignment
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation

from billcom.money import MAX_AMOUNT
from billcom.runs.lines import RunKind
from billcom.tables.cells import MAX_QUANTITY, YEARS
from billcom.tables.columns import HOW_TO_SHEET, MAX_ROWS, Column, Kind, Schema
from billcom.tables.escaping import write_text
from billcom.tables.schemas import SCHEMAS
from billcom.tables.workbooks import (
    AMOUNT_FORMAT,
    DATE_FORMAT,
    OPTIONAL,
    REQUIRED,
    TEXT_FORMAT,
    TITLE_POINTS,
    add_note,
    height_of,
    print_landscape,
    to_bytes,
    write_paragraph,
    write_title,
)

_FORMATS = {
    Kind.AMOUNT: AMOUNT_FORMAT,
    Kind.DATE: DATE_FORMAT,
    Kind.LINE: "0",
    Kind.QUANTITY: "General",
}
_INTRODUCTION = (
    "Fill in the sheet {sheet!r}: one row for each {document}, or one for each line of it. Its dark titles have to be "
    "filled in, the others where they are needed. This sheet is not read."
)
_LEFT = (Kind.DATE, Kind.LINE)
_PAGES_WIDE = 2
_FILTER_BUTTON = 4
"""Characters that the button of a filter hides of a title."""
_HOW_TO_WIDTHS = {"Column": 22, "Needed": 10, "What to write": 92, "Example": 26}

Row = Mapping[str, str | int | date | Decimal]
"""One row to fill in, by the columns' fields."""


def template(kind: RunKind, rows: Sequence[Row] = ()) -> bytes:
    """Return the workbook to fill in for a kind of run, with these rows in it."""
    schema = SCHEMAS[kind]
    book = Workbook()
    sheet = book.worksheets[0]
    sheet.title = schema.sheet
    _write_titles(sheet, schema)
    for row, cells in enumerate(rows, 2):
        for place, column in enumerate(schema.columns, 1):
            if column.field in cells:
                _write(sheet.cell(row, place), column, cells[column.field])
    _explain(book.create_sheet(HOW_TO_SHEET), schema)
    return to_bytes(book)


def _write_titles(sheet: Any, schema: Schema) -> None:
    for place, column in enumerate(schema.columns, 1):
        letter = get_column_letter(place)
        title = sheet.cell(1, place)
        write_title(title, column.title, REQUIRED if column.is_required else OPTIONAL)
        add_note(title, f"{_needed(column).capitalize()}. {column.help}")
        sheet.column_dimensions[letter].width = max(column.width, len(column.title) + _FILTER_BUTTON)
        sheet.column_dimensions[letter].number_format = _FORMATS.get(column.kind, TEXT_FORMAT)
        if column.kind in _LEFT:
            sheet.column_dimensions[letter].alignment = Alignment(horizontal="left")
        check = _validation(column)
        if check:
            sheet.add_data_validation(check)
            check.add(f"{letter}2:{letter}{MAX_ROWS + 1}")
    sheet.row_dimensions[1].height = TITLE_POINTS
    sheet.freeze_panes = "B2"
    sheet.auto_filter.ref = f"A1:{get_column_letter(len(schema.columns))}{MAX_ROWS + 1}"
    print_landscape(sheet, 1, _PAGES_WIDE)
    sheet.print_title_cols = "A:A"


def _needed(column: Column) -> str:
    return "required" if column.is_required else "optional"


def _validation(column: Column) -> DataValidation | None:
    if column.choices:
        check = DataValidation(type="list", formula1=f'"{",".join(column.choices)}"')
        wanted = f"Choose one of: {', '.join(column.choices)}."
    elif column.kind is Kind.DATE:
        first, last = (f"DATE({year},{day})" for year, day in ((YEARS[0], "1,1"), (YEARS[-1], "12,31")))
        check = DataValidation(type="date", operator="between", formula1=first, formula2=last)
        wanted = "Write a date such as 2026-12-31."
    elif column.kind is Kind.AMOUNT:
        check = DataValidation(type="decimal", operator="between", formula1="0.01", formula2=str(MAX_AMOUNT))
        wanted = "Write dollars and cents above zero, such as 1250.00."
    elif column.kind is Kind.QUANTITY:
        check = DataValidation(
            type="decimal", operator="between", formula1="0.0001", formula2=str(MAX_QUANTITY)
        )
        wanted = "Write a number above zero, such as 1.5."
    else:
        return None
    check.allow_blank = True
    check.showErrorMessage = True
    check.errorTitle, check.error = column.title, wanted
    return check


def _write(cell: Any, column: Column, value: str | int | date | Decimal) -> None:
    if isinstance(value, str):
        write_text(cell, value)
    else:
        cell.value = value
        cell.number_format = _FORMATS[column.kind]
        if column.kind in _LEFT:
            cell.alignment = Alignment(horizontal="left")


def _explain(sheet: Any, schema: Schema) -> None:
    document = "bill" if schema.kind is RunKind.PAYMENT else "invoice"
    write_paragraph(sheet["A1"], _INTRODUCTION.format(sheet=schema.sheet, document=document))
    sheet.merge_cells("A1:D1")
    sheet.row_dimensions[1].height = 34
    for place, (title, width) in enumerate(_HOW_TO_WIDTHS.items(), 1):
        write_title(sheet.cell(3, place), title)
        sheet.column_dimensions[get_column_letter(place)].width = width
    for row, column in enumerate(schema.columns, 4):
        write_paragraph(sheet.cell(row, 1), column.title, bold=column.is_required)
        write_paragraph(sheet.cell(row, 2), _needed(column))
        write_paragraph(sheet.cell(row, 3), column.help)
        write_paragraph(sheet.cell(row, 4), column.example)
        sheet.row_dimensions[row].height = height_of(column.help, _HOW_TO_WIDTHS["What to write"])
    sheet.freeze_panes = "A4"
    print_landscape(sheet, 3)

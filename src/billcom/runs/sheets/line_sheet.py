"""A sheet of one row a line: its heading, and the rows below it with a style for each cell."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from openpyxl import Workbook
from openpyxl.styles import Alignment
from openpyxl.utils import get_column_letter

from billcom.runs.lines import Group, RunLine
from billcom.runs.sheets.cells import (
    AMOUNT_FORMAT,
    COLORS,
    DATE_FORMAT,
    FILLS,
    TEXT_FORMAT,
    fill,
    font,
    put_text,
    set_print,
    style_heading,
)
from billcom.runs.sheets.columns import Column
from billcom.runs.sheets.xlsx import Row, Value
from billcom.tables.escaping import looks_like_formula

HEADING_HEIGHT_POINTS = 32
LINE_POINTS = 15
MAX_ROW_POINTS = 409
"""Source: Microsoft, Excel specifications and limits."""


@dataclass(frozen=True)
class LineStyles:
    """The numbers of the styles in a workbook that cells of lines use; `quoted` is for what could be a formula."""

    text: int
    quoted: int
    wrapped: int
    wrapped_quoted: int
    amount: int
    day: int
    statuses: Mapping[Group, int]

    @classmethod
    def of(cls, workbook: Workbook) -> LineStyles:
        """Add the styles to a workbook."""
        draft = workbook.create_sheet()
        top, wrapped = Alignment(vertical="top"), Alignment(vertical="top", wrap_text=True)
        # Away from the text of the next column.
        right = Alignment(vertical="top", horizontal="right", indent=1)
        middle = Alignment(vertical="top", horizontal="center")
        numbers: list[int] = []
        for form, alignment, is_quoted in (
            (TEXT_FORMAT, top, False),
            (TEXT_FORMAT, top, True),
            (TEXT_FORMAT, wrapped, False),
            (TEXT_FORMAT, wrapped, True),
            (AMOUNT_FORMAT, right, False),
            (DATE_FORMAT, middle, False),
        ):
            cell = draft.cell(1, len(numbers) + 1)
            cell.number_format, cell.alignment, cell.quotePrefix = form, alignment, is_quoted
            numbers.append(cell.style_id)
        statuses: dict[Group, int] = {}
        for group in Group:
            cell = draft.cell(2, len(statuses) + 1)
            cell.fill, cell.font, cell.alignment = fill(FILLS[group]), font(color=COLORS[group]), top
            statuses[group] = cell.style_id
        # The numbers hold for all sheets: this one was only there to have cells.
        workbook.remove(draft)
        return cls(*numbers, statuses=statuses)

    def of_value(self, value: Value, column: Column) -> int:
        """Return the style of a value in a column."""
        if isinstance(value, str):
            # A letter or digit first, as nearly always, is no formula, and this is the cheaper question.
            if value and not value[0].isalnum() and looks_like_formula(value):
                return self.wrapped_quoted if column.is_wrapped else self.quoted
            return self.wrapped if column.is_wrapped else self.text
        return self.amount if isinstance(value, Decimal) else self.day


def add_line_sheet(workbook: Workbook, title: str, columns: Sequence[Column], count: int) -> None:
    """Add a sheet for `count` lines, with nothing on it but its heading."""
    sheet = workbook.create_sheet(title)
    for number, column in enumerate(columns, 1):
        cell = sheet.cell(1, number)
        put_text(cell, column.heading)
        style_heading(cell, column.align, indent=int(column.align == "right"))
        sheet.column_dimensions[get_column_letter(number)].width = column.width
    sheet.row_dimensions[1].height = HEADING_HEIGHT_POINTS
    sheet.freeze_panes = "D2"
    sheet.auto_filter.ref = f"A1:{get_column_letter(len(columns))}{count + 1}"
    sheet.print_title_rows = "1:1"
    # Ids are for looking up, on a screen; on paper they would make all else too small to read.
    printed = max(number for number, column in enumerate(columns, 1) if column.is_printed)
    sheet.print_area = f"A1:{get_column_letter(printed)}{count + 1}"
    set_print(sheet)


def line_rows(columns: Sequence[Column], lines: Iterable[RunLine], styles: LineStyles) -> Iterator[Row]:
    """Yield one row a line."""
    for line in lines:
        status = styles.statuses[line.group]
        cells: list[tuple[Value, int]] = []
        height = 0
        for column in columns:
            value = column.of(line)
            cells.append((value, status if column.is_status else styles.of_value(value, column)))
            if column.is_wrapped and isinstance(value, str):
                height = max(height, _height(value, column.width))
        yield Row(cells, height)


def _height(text: str, width: int) -> int:
    """Return the height in points that wrapped text needs, 0 for one line of it; a guess, as no font is at hand."""
    lines = sum(1 + len(part) // width for part in text.split("\n"))
    return min(lines * LINE_POINTS, MAX_ROW_POINTS) if lines > 1 else 0

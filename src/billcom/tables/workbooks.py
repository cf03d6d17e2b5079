"""How the workbooks that are written here look: titles, notes, colours, print layout. Not what is in them."""

# openpyxl has no type stubs.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false

from __future__ import annotations

import io
from typing import Any

from openpyxl import Workbook
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.worksheet.hyperlink import Hyperlink

from billcom.tables.escaping import write_text

DATE_FORMAT = "yyyy-mm-dd"
DATE_TIME_FORMAT = "yyyy-mm-dd hh:mm:ss"
AMOUNT_FORMAT = "0.00_)"
TEXT_FORMAT = "@"

TITLE_POINTS = 32
"""Height of a row of titles, which may take two lines."""

_AUTHOR = "billcom"
_NOTE_WIDTH_POINTS = 260
_NOTE_CHARACTERS_PER_LINE = 44
_LINE_POINTS = 15
_FONT = "Calibri"

REQUIRED = PatternFill("solid", fgColor="1F3864")
OPTIONAL = PatternFill("solid", fgColor="5B7DB1")
_WRONG = PatternFill("solid", fgColor="FFC7CE")
_WRONG_TEXT = "9C0006"
_BESIDE = Border(left=Side("thin", color="FFFFFF"), right=Side("thin", color="FFFFFF"))
_PARAGRAPH = Alignment(vertical="top", wrap_text=True)
_LINE = Border(bottom=Side("thin", color="D0D5DD"))


def write_title(cell: Any, title: str, fill: PatternFill = REQUIRED) -> None:
    """Write a title into a header cell."""
    write_text(cell, title)
    cell.font = Font(name=_FONT, size=11, bold=True, color="FFFFFF")
    cell.fill = fill
    cell.border = _BESIDE
    cell.alignment = Alignment(vertical="center", wrap_text=True)


def write_paragraph(cell: Any, text: str, *, bold: bool = False) -> None:
    """Write text that wraps into a cell of a table to be read."""
    write_text(cell, text)
    cell.alignment = _PARAGRAPH
    cell.border = _LINE
    if bold:
        cell.font = Font(name=_FONT, size=11, bold=True)


def mark_wrong(cell: Any) -> None:
    """Colour a cell that has to be corrected."""
    cell.fill = _WRONG
    cell.font = Font(name=_FONT, size=11, color=_WRONG_TEXT)


def add_note(cell: Any, text: str) -> None:
    """Add a note that shows when a person points at the cell, as tall as its text."""
    lines = sum(1 + len(line) // _NOTE_CHARACTERS_PER_LINE for line in text.splitlines())
    cell.comment = Comment(text, _AUTHOR, height=_LINE_POINTS * (lines + 1), width=_NOTE_WIDTH_POINTS)


def link_to(cell: Any, place: str, own_place: str) -> None:
    """Make a cell, at `own_place`, lead to another one, such as `'June'!C4`."""
    link = Hyperlink(ref="", location=place)
    cell.hyperlink = link
    # A cell that is written row by row doesn't know its own place yet.
    link.ref = own_place
    cell.font = Font(name=_FONT, size=11, color="0563C1", underline="single")


def height_of(text: str, width: int) -> int:
    """Return the height of a row, in points, whose text wraps in a column of so many characters.

    A spreadsheet doesn't grow a row by itself before somebody touches it.
    """
    return _LINE_POINTS * (1 + len(text) // width) + 3


def print_landscape(sheet: Any, title_rows: int, pages_wide: int = 1) -> None:
    """Lay a sheet out for paper: landscape, so many pages wide, its first rows on each page."""
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.fitToWidth = pages_wide
    sheet.page_setup.fitToHeight = 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    sheet.print_title_rows = f"1:{title_rows}"


def to_bytes(book: Workbook) -> bytes:
    """Return a workbook as the bytes of its file."""
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()

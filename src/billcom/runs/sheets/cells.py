"""How cells of a run's workbook look, and how text gets into one without ever being a formula."""

from __future__ import annotations

from typing import Final, Literal

from openpyxl.cell.cell import Cell, MergedCell
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.worksheet.header_footer import HeaderFooterItem
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet

from billcom.runs.lines import Group
from billcom.runs.sheets.xlsx import clean_text
from billcom.tables.escaping import write_text

Align = Literal["left", "center", "right"]

AMOUNT_FORMAT: Final = "#,##0.00"
COUNT_FORMAT: Final = "#,##0"
DATE_FORMAT: Final = "yyyy-mm-dd"
TEXT_FORMAT: Final = "@"

COLORS: Final = {Group.PAID: "2E7D5B", Group.SKIPPED: "66707D", Group.FAILED: "C0392B"}
"""Of bars and words. Green, grey and red differ in brightness too, for who can't tell green from red."""

FILLS: Final = {Group.PAID: "E3F2EA", Group.SKIPPED: "EEF0F3", Group.FAILED: "FBE4E1"}
"""Of cells: pale, so that text on it stays readable in print."""

BLACK: Final = "000000"
GREY: Final = "5A6472"
_HEAD: Final = "1F3A5F"
_LINE: Final = Side(style="thin", color="B8C0CC")


def put_text(cell: Cell | MergedCell, value: str) -> None:
    """Put text into a cell as text: whatever it starts with, no spreadsheet computes it, edited or not."""
    if isinstance(cell, MergedCell):
        raise TypeError(f"{cell.coordinate} lies under a merged cell and can hold nothing")
    write_text(cell, clean_text(value))


def style_heading(cell: Cell | MergedCell, align: Align = "left", indent: int = 0) -> None:
    """Make a cell the heading of a column whose values stand left, right or in the middle."""
    cell.font = font(bold=True, color="FFFFFF")
    cell.fill = fill(_HEAD)
    cell.alignment = Alignment(horizontal=align, vertical="center", wrap_text=True, indent=indent)


def style_sum(cell: Cell | MergedCell) -> None:
    """Make a cell part of a line of sums."""
    cell.font = font(bold=True)
    cell.border = Border(top=_LINE)


def font(*, bold: bool = False, italic: bool = False, size: float = 11, color: str = BLACK) -> Font:
    """Return a font; all of a workbook are of one family, which openpyxl leaves open unless it is named."""
    return Font(name="Calibri", bold=bold, italic=italic, size=size, color=color)


def fill(color: str) -> PatternFill:
    """Return a plain fill."""
    return PatternFill("solid", fgColor=color)


def set_print(sheet: Worksheet) -> None:
    """Have a sheet printed across, as wide as a page, with page numbers."""
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.fitToHeight = 0
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    sheet.print_options.horizontalCentered = True
    margins = sheet.page_margins
    margins.left = margins.right = 0.4
    margins.top, margins.bottom, margins.footer = 0.5, 0.7, 0.35
    # Letter: BILL pays from and to accounts in the United States.
    sheet.page_setup.paperSize = 1
    footer = HeaderFooterItem()
    footer.left.text, footer.right.text = "&A", "&P of &N"
    sheet.HeaderFooter.oddFooter = footer

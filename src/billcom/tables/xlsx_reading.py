"""A workbook as a table. Reads row by row what openpyxl unpacks; macros, links and formulas are never followed."""

# openpyxl has no type stubs, and its row-by-row reader drops what must not go unseen (a formula without a value,
# merged cells, hidden rows): its parser is extended here, the one place that knows it.
# pyright: reportMissingTypeStubs=false, reportPrivateUsage=false, reportUnknownMemberType=false
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false, reportUnknownParameterType=false
# pyright: reportMissingParameterType=false, reportUntypedBaseClass=false, reportAttributeAccessIssue=false

from __future__ import annotations

import io
import re
import unicodedata
import warnings
import zipfile
import zlib
from collections.abc import Iterator
from typing import Any

from openpyxl import load_workbook
from openpyxl.styles.numbers import BUILTIN_FORMATS, BUILTIN_FORMATS_MAX_SIZE
from openpyxl.utils import column_index_from_string
from openpyxl.utils.escape import unescape
from openpyxl.worksheet._reader import FORMULA_TAG, INLINE_STRING, VALUE_TAG, WorkSheetParser
from openpyxl.xml.constants import SHEET_MAIN_NS

from billcom.errors import CellProblem, SheetError
from billcom.tables.columns import MAX_ROWS, OWN_SHEETS
from billcom.tables.values import Line, Table, Unreadable, Value, strip

MAX_UNPACKED_BYTES = 300_000_000
"""Most that a workbook may unpack to: a file can be made to fill any memory."""

MAX_COLUMNS = 200
"""Cells farther to the right are taken to be in this one: enough to see that they are there."""

# `[$€-407]` in a number's format is euros, `[$-409]` names a language alone.
_CURRENCY = re.compile(r"\[\$([^\]-]*)")
_DOLLARS = ("", "$", "USD", "US$")
_TEXT = f"{{{SHEET_MAIN_NS}}}t"
_PHONETIC = f"{{{SHEET_MAIN_NS}}}rPh"
# What openpyxl and the zip and XML readers below it raise for a damaged file, as far as fuzzing has shown.
_DAMAGED = (
    zipfile.BadZipFile,
    zlib.error,
    ArithmeticError,
    AttributeError,
    EOFError,
    LookupError,
    NotImplementedError,
    OSError,
    RuntimeError,
    SyntaxError,
    TypeError,
    ValueError,
)


def read_xlsx(name: str, content: bytes) -> Table:
    """Return the table of the first visible worksheet that is none of our own. Raises SheetError."""
    try:
        with warnings.catch_warnings():
            # openpyxl warns of what it does not keep, such as a drop-down's newer form.
            warnings.simplefilter("ignore")
            return _read(name, content)
    except _DAMAGED as error:
        raise whole(
            name, "is damaged or no workbook: open it in the spreadsheet, save it as .xlsx"
        ) from error


def whole(name: str, fix: str) -> SheetError:
    """Return the error of a file that can't be read at all."""
    return SheetError([CellProblem(name, 0, "", "", fix)])


def _read(name: str, content: bytes) -> Table:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        if sum(entry.file_size for entry in archive.infolist()) > MAX_UNPACKED_BYTES:
            raise whole(
                name, f"unpacks to more than {MAX_UNPACKED_BYTES:,} bytes: copy the rows into a new workbook"
            )
    book = load_workbook(io.BytesIO(content), read_only=True, data_only=True, keep_links=False)
    try:
        sheets = [
            sheet
            for sheet in book.worksheets
            if sheet.sheet_state == "visible" and sheet.title not in OWN_SHEETS
        ]
        if not sheets:
            raise whole(name, "has no visible worksheet: show the one with the rows")
        table = _table(name, sheets[0])
        others = [sheet.title for sheet in sheets[1:] if next(_lines(_parser(sheet)), None)]
    finally:
        book.close()
    fix = f"holds something too, and only the first sheet, {table.sheet!r}, is read: delete it, or make it a file"
    problems = [CellProblem(title, 0, "", "", fix) for title in others]
    return Table(table.sheet, table.header, table.lines, (*table.problems, *problems))


def _table(name: str, sheet: Any) -> Table:
    parser = _parser(sheet)
    lines: list[Line] = []
    for line in _lines(parser):
        lines.append(line)
        if len(lines) > MAX_ROWS + 1:
            raise whole(name, f"has more than {MAX_ROWS:,} rows: split it")
    if not lines:
        raise whole(name, f"has nothing in its first worksheet, {sheet.title!r}: put the rows there")
    return Table(sheet.title, lines[0], tuple(lines[1:]), tuple(_shape(sheet.title, parser, lines)))


def _shape(title: str, parser: _Parser, lines: list[Line]) -> Iterator[CellProblem]:
    """Yield what a person doesn't see in the sheet as it is read: merged cells, hidden rows."""
    for area in parser.merged_cells.mergeCell if parser.merged_cells else ():
        if ":" in area.coord and area.min_row <= lines[-1].row:
            fix = "these cells are merged: unmerge them, and write into each what it holds"
            yield CellProblem(title, area.min_row, "", area.coord, fix)
    hidden = [line.row for line in lines if parser.is_hidden(line.row)]
    if hidden:
        fix = (
            f"hidden, perhaps by a filter, as are {len(hidden) - 1} more after it: "
            if hidden[1:]
            else "hidden: "
        ) + "a run takes all rows; show what is meant, delete what isn't"
        yield CellProblem(title, hidden[0], "", "", fix)


def _lines(parser: _Parser) -> Iterator[Line]:
    """Yield the rows that aren't blank."""
    for row, found in parser.parse():
        cells: list[Value] = []
        for cell in found:
            if cell["value"] is not None:
                place = min(cell["column"], MAX_COLUMNS) - 1
                cells.extend([None] * (place - len(cells)))
                cells[place:] = [cell["value"]]
        if values := strip(cells):
            yield Line(row, values)


def _strange_format(code: str) -> str:
    """Return what a number's format makes of it that is no plain number or US dollars, empty for nothing."""
    named = [name.strip() for name in _CURRENCY.findall(code) if name.strip() not in _DOLLARS]
    signs = [sign for sign in code if unicodedata.category(sign) == "Sc" and sign != "$"]
    if named or signs:
        return f"in {(named or signs)[0]}"
    return "a percentage" if "%" in code else ""


def _strange_formats(book: Any) -> dict[int, str]:
    """Return the styles of a workbook under which a number is not what it looks like."""
    codes = [
        BUILTIN_FORMATS.get(style.numFmtId, "")
        if style.numFmtId < BUILTIN_FORMATS_MAX_SIZE
        else book._number_formats[style.numFmtId - BUILTIN_FORMATS_MAX_SIZE]
        for style in book._cell_styles
    ]
    return {style: strange for style, code in enumerate(codes) if (strange := _strange_format(code))}


def _parser(sheet: Any) -> _Parser:
    book = sheet.parent
    parser = _Parser(
        sheet._get_source(),
        sheet._shared_strings,
        data_only=True,
        epoch=book.epoch,
        date_formats=book._date_formats,
        timedelta_formats=book._timedelta_formats,
    )
    parser.strange_formats = _strange_formats(book)
    return parser


class _Parser(WorkSheetParser):
    strange_formats: dict[int, str]

    def parse_cell(self, element: Any) -> dict[str, Any]:
        """Read a cell's value, making an Unreadable of an error and of a formula that was never computed."""
        cell = self._text_cell(element) or super().parse_cell(element)
        value = cell["value"]
        if value is None:
            if element.find(FORMULA_TAG) is not None:
                fix = "this formula has no stored value: replace it by its value, or open and save the file once"
                cell["value"] = Unreadable("(formula)", fix)
        elif cell["data_type"] == "e":
            cell["value"] = Unreadable(
                str(value), "this is an error of the spreadsheet: write the value itself"
            )
        elif cell["data_type"] == "n" and cell["style_id"] in self.strange_formats:
            strange = self.strange_formats[cell["style_id"]]
            fix = f"this number is formatted as {strange}: format the column as a plain number, and check the value"
            cell["value"] = Unreadable(f"{value}", fix)
        elif isinstance(value, str) and "_x" in value:
            cell["value"] = unescape(value)
        return cell

    def is_hidden(self, row: int) -> bool:
        """Return whether a row that was read is hidden."""
        known = self.row_dimensions.get(str(row), {})
        return known.get("hidden") in ("1", "true") or known.get("ht") == "0"

    def _text_cell(self, element: Any) -> dict[str, Any] | None:
        """Return a cell that holds text, which openpyxl takes several times as long for; None for any other."""
        kind, place = element.get("t"), element.get("r")
        if kind not in ("s", "inlineStr") or not place:
            return None
        if kind == "s":
            index = element.findtext(VALUE_TAG)
            value = self.shared_strings[int(index)] if index else None
        else:
            holder = element.find(INLINE_STRING)
            value = None if holder is None else _inline_text(holder)
        self.col_counter = column_index_from_string(place.rstrip("0123456789"))
        return {"row": self.row_counter, "column": self.col_counter, "value": value, "data_type": "s"}


def _inline_text(holder: Any) -> str:
    """Return the text of all runs, without how it is pronounced."""
    spoken = {text for reading in holder.iter(_PHONETIC) for text in reading.iter(_TEXT)}
    return "".join(text.text or "" for text in holder.iter(_TEXT) if text not in spoken)

"""Rows of a sheet, written straight into the .xlsx file that openpyxl makes of styles, charts and headings.

openpyxl takes 5 seconds for 10,000 lines, most of it for one object a cell; as text they take less than one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from io import BytesIO
from typing import Final
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

from openpyxl import Workbook
from openpyxl.utils import get_column_letter
from openpyxl.writer.excel import ExcelWriter

from billcom.tables.escaping import MAX_CELL_CHARACTERS

MADE: Final = datetime(2000, 1, 1, tzinfo=UTC).replace(tzinfo=None)
"""When every workbook says it was made, in UTC, so that equal runs make equal bytes. openpyxl takes no zone."""

Value = str | Decimal | date | None


@dataclass(frozen=True, slots=True)
class Row:
    """One row: values and their styles, by openpyxl's number; its height in points, 0 for the usual one.

    Empty text and None leave their cell out.
    """

    cells: Sequence[tuple[Value, int]]
    height_points: int = 0


# An invoice number such as 1001 is text and no mistake: no green corner on it. Last in a sheet that draws nothing.
_NO_WARNING: Final = (
    '<ignoredErrors><ignoredError sqref="A1:XFD1048576" numberStoredAsText="1"/></ignoredErrors>'
)
_ZIP_TIME: Final = (1980, 1, 1, 0, 0, 0)
_CHUNK: Final = 500
_DAY_ZERO: Final = date(1899, 12, 30).toordinal()
# Neither XML nor UTF-8 can hold them.
_NO_TEXT: Final = r"\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff"
_ILLEGAL: Final = re.compile(f"[{_NO_TEXT}]")
_SPECIAL: Final = re.compile(f"[&<>{_NO_TEXT}]")


def clean_text(value: str) -> str:
    """Return text as a cell can hold it."""
    return _ILLEGAL.sub("\ufffd", value)[:MAX_CELL_CHARACTERS]


def to_bytes(workbook: Workbook, rows: Mapping[str, Iterable[Row]]) -> bytes:
    """Return the file of a workbook, with rows added below those that sheets have; `rows` is by name of the sheet.

    The same workbook and rows give the same bytes. Text is written as text whatever it starts with.
    """
    workbook.properties.created = workbook.properties.modified = MADE
    draft, out = BytesIO(), BytesIO()
    ExcelWriter(workbook, ZipFile(draft, "w", ZIP_STORED)).save()
    parts = {f"xl/worksheets/sheet{workbook.sheetnames.index(name) + 1}.xml": name for name in rows}
    with ZipFile(draft) as source, ZipFile(out, "w") as target:
        for name in source.namelist():
            entry = ZipInfo(name, _ZIP_TIME)
            entry.compress_type = ZIP_DEFLATED
            content = source.read(name)
            if sheet := parts.get(name):
                with target.open(entry, "w") as file:
                    for chunk in _filled(content.decode(), rows[sheet], workbook[sheet].max_row + 1):
                        file.write(chunk.encode())
            else:
                target.writestr(entry, content)
    return out.getvalue()


def _filled(sheet: str, rows: Iterable[Row], first: int) -> Iterator[str]:
    head, end, tail = sheet.partition("</sheetData>")
    # openpyxl has counted its own rows only; readers that trust the size would stop there.
    yield re.sub("<dimension [^>]*>", "", head)
    chunk: list[str] = []
    for number, row in enumerate(rows, first):
        chunk.append(_row(number, row))
        if len(chunk) == _CHUNK:
            yield "".join(chunk)
            chunk.clear()
    yield "".join(chunk) + end + tail.replace("</worksheet>", f"{_NO_WARNING}</worksheet>")


_LETTERS: Final = tuple(get_column_letter(column) for column in range(1, 100))


def _row(number: int, row: Row) -> str:
    # Not every program makes a row high enough for text that wraps, so the file says how high.
    height = f' ht="{row.height_points}" customHeight="1"' if row.height_points else ""
    cells = [f'<row r="{number}"{height}>']
    for letter, (value, style) in zip(_LETTERS, row.cells, strict=False):
        if value is None or value == "":
            continue
        if isinstance(value, str):
            cells.append(
                f'<c r="{letter}{number}" s="{style}" t="inlineStr"><is><t xml:space="preserve">'
                f"{_escaped(value)}</t></is></c>"
            )
        else:
            shown = value if isinstance(value, Decimal) else value.toordinal() - _DAY_ZERO
            cells.append(f'<c r="{letter}{number}" s="{style}"><v>{shown}</v></c>')
    cells.append("</row>")
    return "".join(cells)


def _escaped(value: str) -> str:
    if not _SPECIAL.search(value) and len(value) <= MAX_CELL_CHARACTERS:
        return value
    return clean_text(value).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")

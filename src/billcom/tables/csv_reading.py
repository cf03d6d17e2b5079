"""A CSV file as a table: its character set, its separator, its rows as a spreadsheet numbers them."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Container

from billcom.errors import CellProblem, SheetError
from billcom.tables.columns import MAX_ROWS, title_key
from billcom.tables.values import Line, Table, strip

_SEPARATORS = (",", ";", "\t", "|")
_SEPARATOR_LINE = re.compile(r"sep=([^\r\n])\r?\n", re.IGNORECASE)
"""Excel's own way to name the separator; it shows no row for this line."""


def read_csv(name: str, content: bytes, titles: Container[str]) -> Table:
    """Return the table of a CSV file.

    UTF-8 or UTF-16 with a byte order mark, UTF-8 without one, else Windows-1252. The separator is the one of
    comma, semicolon, tab and bar that finds the most of `titles` (as `title_key` has them) in the first row.
    Raises SheetError.
    """
    text = _decode(name, content)
    named = _SEPARATOR_LINE.match(text)
    if named:
        text = text[named.end() :]
    separator = named.group(1) if named else _separator(text, titles)
    lines: list[Line] = []
    try:
        for row, cells in enumerate(csv.reader(io.StringIO(text, ""), delimiter=separator, strict=True), 1):
            if values := strip(list(cells)):
                lines.append(Line(row, values))
            if len(lines) > MAX_ROWS + 1:
                raise _whole(name, f"has more than {MAX_ROWS:,} rows: split it")
    except csv.Error as error:
        raise _whole(
            name,
            f"is no proper CSV near row {lines[-1].row + 1 if lines else 1} ({error}): look for a quotation mark "
            "that isn't closed, or save it as CSV again",
        ) from error
    if not lines:
        raise _whole(name, "is empty: save the sheet again, with its titles in the first row")
    return Table(sheet=name, header=lines[0], lines=tuple(lines[1:]))


def _whole(name: str, fix: str) -> SheetError:
    return SheetError([CellProblem(name, 0, "", "", fix)])


def _decode(name: str, content: bytes) -> str:
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        encodings = ["utf-16"]
    else:
        encodings = ["utf-8-sig", "cp1252"]
    for encoding in encodings:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise _whole(name, "is neither a workbook nor text: save it as .xlsx, or as CSV in UTF-8")


def _separator(text: str, known: Container[str]) -> str:
    """Choose by what the first row that isn't blank would say: that is safer than counting signs."""

    def titles(separator: str) -> tuple[int, int]:
        rows = csv.reader(io.StringIO(text.lstrip(), ""), delimiter=separator)
        try:
            keys = list(map(title_key, next(rows)))
        except (csv.Error, StopIteration):
            return 0, 0
        return sum(key in known for key in keys), len(keys)

    return max(_SEPARATORS, key=titles)

"""A file's bytes as a table, whatever the file is called: a workbook, a CSV file, or a word on what else it is."""

from __future__ import annotations

from collections.abc import Container

from billcom.tables.columns import MAX_FILE_BYTES
from billcom.tables.csv_reading import read_csv
from billcom.tables.values import Table
from billcom.tables.xlsx_reading import read_xlsx, whole

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
# How a protected workbook names what it holds, in the directory of its outer file. Source: MS-OFFCRYPTO.
_PROTECTED = "EncryptedPackage".encode("utf-16-le")
_ZIP = b"PK"
_WORKBOOK_PARTS = (b"[Content_Types].xml", b"docProps/", b"xl/")
_NOT_ROWS = {
    b"%PDF": "a PDF",
    b"{\\rtf": "a text document",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
}


def read_table(name: str, content: bytes, titles: Container[str]) -> Table:
    """Return the sheet a file holds, with a line for its titles and at least one row.

    `name` is for people: what the file is, its content says. `titles` are those to expect, as `title_key` has them.
    Raises SheetError for a file that can't be read, has no rows, or more than MAX_ROWS.
    """
    table = _read(name, content, titles)
    if not table.lines:
        raise whole(name, "has titles and no rows: fill in at least one row")
    return table


def _read(name: str, content: bytes, titles: Container[str]) -> Table:
    if not content.strip(b"\xef\xbb\xbf\xff\xfe\0 \t\r\n"):
        raise whole(name, "is empty: save the sheet again, with its titles in the first row")
    if len(content) > MAX_FILE_BYTES:
        raise whole(
            name, f"is larger than {MAX_FILE_BYTES:,} bytes: split it, or copy the rows into a new workbook"
        )
    if content.startswith(_OLE):
        if _PROTECTED in content:
            raise whole(name, "is protected by a password: save it without one")
        raise whole(name, "is in the old format .xls: save it as .xlsx")
    if content.startswith(_ZIP):
        if b"application/vnd.oasis.opendocument" in content[:200]:
            raise whole(name, "is an OpenDocument sheet: save it as .xlsx")
        if b"xl/workbook.bin" in content:
            raise whole(name, "is in the binary format .xlsb: save it as .xlsx")
        if not any(part in content for part in _WORKBOOK_PARTS):
            raise whole(
                name, "is a ZIP archive and no workbook: unpack it, and give the .xlsx or CSV file in it"
            )
        return read_xlsx(name, content)
    for start, what in _NOT_ROWS.items():
        if content.startswith(start):
            raise whole(name, f"is {what}: save the sheet as .xlsx or CSV")
    if content.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"<":
        raise whole(name, "is a web page or XML, whatever it is called: open it, and save it as .xlsx")
    return read_csv(name, content, titles)

"""Owns small builders of sheets, as CSV and as workbooks, and what tests ask of the problems found in them."""

import csv
import io
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import pytest
from openpyxl import Workbook

from billcom.errors import CellProblem, SheetError
from billcom.runs.rows import CollectionRow, PaymentRow
from billcom.tables.collection_runs import read_collection_run
from billcom.tables.payment_runs import read_payment_run

BILL: dict[str, Any] = {
    "Vendor": "Happy Music Supplies",
    "Invoice number": "INV-1001",
    "Invoice date": "2026-11-20",
    "Due date": "2026-12-18",
    "Amount": "1250.00",
}
INVOICE: dict[str, Any] = {
    "Customer": "Cedar Grove School",
    "Invoice number": "AR-2001",
    "Invoice date": "2026-11-20",
    "Due date": "2026-12-18",
    "Price": "96.25",
}
ADDRESS = {"Street": "123 Main Street", "City": "San Jose", "State": "CA", "ZIP": "95002"}
BANK = {
    "Name on account": "Happy Music Supplies",
    "Routing number": "074000010",
    "Account number": "111222333",
}
TYPED = {"Invoice date": date(2026, 11, 20), "Due date": date(2026, 12, 18), "Amount": 1250}


def as_csv(*rows: Mapping[str, Any], separator: str = ",") -> bytes:
    """Return rows by title as CSV; what a row leaves out is empty."""
    titles = list(dict.fromkeys(title for row in rows for title in row))
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=separator)
    writer.writerows([titles, *([row.get(title, "") for title in titles] for row in rows)])
    return text.getvalue().encode()


def as_xlsx(*rows: Mapping[str, Any], title: str = "June") -> bytes:
    """Return rows by title as a workbook; values keep their types."""
    titles = list(dict.fromkeys(title for row in rows for title in row))
    return workbook([titles, *([row.get(title) for title in titles] for row in rows)], title=title)


def workbook(rows: Sequence[Sequence[Any]], *, title: str = "June") -> bytes:
    """Return plain rows as a workbook."""
    book = Workbook()
    sheet = book.worksheets[0]
    sheet.title = title
    for row in rows:
        sheet.append(list(row))
    return saved(book)


def saved(book: Workbook) -> bytes:
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def read(*rows: Mapping[str, Any]) -> tuple[PaymentRow, ...]:
    return read_payment_run("june.csv", as_csv(*rows))


def read_typed(*rows: Mapping[str, Any]) -> tuple[PaymentRow, ...]:
    return read_payment_run("june.xlsx", as_xlsx(*rows))


def problems_in(content: bytes, name: str = "june") -> list[CellProblem]:
    """Return what is wrong with the sheet of a payment run."""
    with pytest.raises(SheetError) as caught:
        read_payment_run(name, content)
    return list(caught.value.cells)


def problems(*rows: Mapping[str, Any]) -> list[CellProblem]:
    return problems_in(as_csv(*rows), "june.csv")


def problem(*rows: Mapping[str, Any]) -> tuple[int, str, str, str]:
    """Return row, column, value and fix of the one problem there is."""
    (found,) = problems(*rows)
    return found.row, found.column, found.value, found.fix


def typed_problem(*rows: Mapping[str, Any]) -> tuple[int, str, str, str]:
    (found,) = problems_in(as_xlsx(*rows), "june.xlsx")
    return found.row, found.column, found.value, found.fix


def collect(*rows: Mapping[str, Any]) -> tuple[CollectionRow, ...]:
    return read_collection_run("dues.csv", as_csv(*rows))


def collect_problem(*rows: Mapping[str, Any]) -> tuple[int, str, str, str]:
    with pytest.raises(SheetError) as caught:
        read_collection_run("dues.csv", as_csv(*rows))
    (found,) = caught.value.cells
    return found.row, found.column, found.value, found.fix

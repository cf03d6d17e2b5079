"""The workbook to fill in, and the samples: what is filled in there is read back as it was meant."""

import csv
import io
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook
from openpyxl.utils import get_column_letter

from billcom.errors import SheetError
from billcom.runs.lines import RunKind
from billcom.tables.collection_runs import read_collection_run
from billcom.tables.payment_runs import read_payment_run
from billcom.tables.samples import sample_csv, sample_xlsx
from billcom.tables.schemas import SCHEMAS
from billcom.tables.template import Row, template

READERS: dict[RunKind, Callable[[str, bytes], Any]] = {
    RunKind.PAYMENT: read_payment_run,
    RunKind.COLLECTION: read_collection_run,
}
FOLDER = Path(__file__).resolve().parents[3] / "samples"


def opened(kind: RunKind) -> Workbook:
    return load_workbook(io.BytesIO(template(kind)))


@pytest.mark.parametrize("kind", RunKind)
def test_it_has_every_title_with_a_note(kind: RunKind) -> None:
    schema, sheet = SCHEMAS[kind], opened(kind).worksheets[0]
    assert [cell.value for cell in sheet[1]] == [column.title for column in schema.columns]
    assert all(cell.comment and len(cell.comment.text) > 20 for cell in sheet[1])
    assert (sheet.freeze_panes, sheet.max_row) == ("B2", 1)
    assert sheet.auto_filter.ref.startswith("A1:")


def test_numbers_that_are_names_stand_in_text_columns_and_dates_in_date_columns() -> None:
    sheet = opened(RunKind.PAYMENT).worksheets[0]
    formats = {
        cell.value: sheet.column_dimensions[get_column_letter(place)].number_format
        for place, cell in enumerate(sheet[1], 1)
    }
    texts = ("ZIP", "Routing number", "Account number", "Invoice number", "GL account", "Our account number")
    assert {formats[title] for title in texts} == {"@"}
    assert {formats[title] for title in ("Invoice date", "Due date", "Process date")} == {"yyyy-mm-dd"}
    assert {formats[title] for title in ("Amount", "Pay amount")} == {"0.00_)"}


def test_choices_have_drop_downs() -> None:
    sheet = opened(RunKind.COLLECTION).worksheets[0]
    titles = {get_column_letter(place): cell.value for place, cell in enumerate(sheet[1], 1)}
    lists = {
        titles[str(check.sqref).split(":")[0].rstrip("2")]: check.formula1
        for check in sheet.data_validations.dataValidation
        if check.type == "list"
    }
    assert lists == {
        "Account type": '"checking,savings"',
        "Account owner": '"business,personal"',
        "Send e-mail": '"yes,no"',
        "Charge": '"yes,no"',
        "Authorization on file": '"yes,no"',
    }
    assert {
        str(check.sqref).split(":")[1].lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
        for check in sheet.data_validations.dataValidation
    } == {"20001"}


@pytest.mark.parametrize("kind", RunKind)
def test_a_second_sheet_explains_every_column(kind: RunKind) -> None:
    book = opened(kind)
    assert book.sheetnames == [SCHEMAS[kind].sheet, "How to"]
    explained = {row[0]: row[1:] for row in book["How to"].iter_rows(min_row=4, values_only=True)}
    assert list(explained) == [column.title for column in SCHEMAS[kind].columns]
    assert explained["Invoice number"][0] == "required"
    assert explained["Label"][0] == "optional"


@pytest.mark.parametrize("kind", RunKind)
def test_left_as_it_is_it_has_no_rows(kind: RunKind) -> None:
    with pytest.raises(SheetError, match="fill in at least one row"):
        READERS[kind]("template.xlsx", template(kind))


@pytest.mark.parametrize("kind", RunKind)
def test_its_examples_are_a_row_without_problems(kind: RunKind) -> None:
    row: Row = {column.field: column.example for column in SCHEMAS[kind].columns if column.example}
    (read,) = READERS[kind]("template.xlsx", template(kind, [row]))
    assert (read.sheet, read.rows) == (SCHEMAS[kind].sheet, (2,))


def test_filled_in_by_hand_it_is_read() -> None:
    book = opened(RunKind.PAYMENT)
    sheet = book.worksheets[0]
    places = {cell.value: place for place, cell in enumerate(sheet[1], 1)}
    typed = {"Vendor": "Happy Music", "Invoice number": "0077", "Amount": 12.1}
    for title, value in {**typed, "Invoice date": date(2026, 11, 20), "Due date": date(2026, 12, 18)}.items():
        sheet.cell(2, places[title], value)
    file = io.BytesIO()
    book.save(file)
    (row,) = read_payment_run("template.xlsx", file.getvalue())
    assert (row.invoice_number, str(row.amount), row.due_date) == ("0077", "12.10", date(2026, 12, 18))


@given(
    number=st.text(st.characters(categories=["Lu", "Nd"], max_codepoint=127), min_size=1, max_size=21),
    cents=st.integers(1, 10**11 - 1),
    due=st.dates(date(2026, 11, 20), date(2099, 12, 31)),
)
@settings(max_examples=20, deadline=None)
def test_whatever_is_filled_in_is_read_back(number: str, cents: int, due: date) -> None:
    row: Row = {
        "vendor": "Happy Music",
        "invoice_number": number,
        "invoice_date": date(2026, 11, 20),
        "due_date": due,
        "amount": f"{cents // 100}.{cents % 100:02}",
    }
    (read,) = read_payment_run("template.xlsx", template(RunKind.PAYMENT, [row]))
    assert (read.invoice_number, int(read.amount * 100), read.due_date) == (number, cents, due)


@pytest.mark.parametrize("kind", RunKind)
def test_the_samples_are_read_alike_from_both_files(kind: RunKind) -> None:
    def plain(rows: Any) -> list[Any]:
        return [row.model_copy(update={"sheet": ""}) for row in rows]

    read = READERS[kind]
    assert plain(read("a.csv", sample_csv(kind))) == plain(read("a.xlsx", sample_xlsx(kind)))


def test_the_sample_payments_are_what_they_show() -> None:
    rows = read_payment_run("payment_run.csv", (FOLDER / "payment_run.csv").read_bytes())
    assert [(row.vendor, row.invoice_number, row.label, str(row.amount), row.rows) for row in rows] == [
        ("Happy Music Supplies", "INV-3001", "", "980.00", (2,)),
        ("Happy Music Supplies", "INV-3002", "", "84.50", (3,)),
        ("Lakeside Piano Tuning", "0077", "", "180.00", (4,)),
        ("Northwind Paper", "NP-88213", "", "435.75", (5, 6)),
        ("Cascade Rentals", "R-2026-11", "first half", "1200.00", (7,)),
        ("Cascade Rentals", "R-2026-11", "second half", "1200.00", (8,)),
    ]
    assert [row.address is None for row in rows] == [False] * 6


def test_the_sample_collections_are_what_they_show() -> None:
    rows = read_collection_run("collection_run.csv", (FOLDER / "collection_run.csv").read_bytes())
    assert [(row.invoice_number, str(row.amount), row.charge, row.send_email) for row in rows] == [
        ("AR-3001", "577.50", True, False),
        ("AR-3002", "328.60", True, True),
        ("AR-3003", "640.00", False, True),
        ("AR-3004", "150.00", True, False),
        ("AR-3005", "18.90", False, False),
    ]


# Written again by: write_samples(FOLDER)
def write_samples(folder: Path) -> None:
    """Write the sample files anew, as after a column was added."""
    folder.mkdir(exist_ok=True)
    for kind in RunKind:
        name = kind.replace(" ", "_")
        (folder / f"{name}.csv").write_bytes(sample_csv(kind))
        (folder / f"{name}.xlsx").write_bytes(sample_xlsx(kind))


def cells(content: bytes) -> list[Any]:
    book = load_workbook(io.BytesIO(content))
    return [
        (sheet.title, cell.coordinate, cell.value, cell.number_format, cell.comment and cell.comment.text)
        for sheet in book.worksheets
        for row in sheet
        for cell in row
    ]


@pytest.mark.parametrize("name", ["payment_run", "collection_run"])
def test_the_sample_files_are_what_would_be_written_now(name: str, tmp_path: Path) -> None:
    write_samples(tmp_path)
    assert cells((FOLDER / f"{name}.xlsx").read_bytes()) == cells((tmp_path / f"{name}.xlsx").read_bytes())
    committed, written = ((folder / f"{name}.csv").read_text("utf-8-sig") for folder in (FOLDER, tmp_path))
    assert list(csv.reader(committed.splitlines())) == list(csv.reader(written.splitlines()))

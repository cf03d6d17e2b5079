"""Which files can be read at all: recognised by what is in them, refused with one clear problem."""

import io
import zipfile
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook

from billcom.errors import SheetError
from billcom.runs.lines import RunKind
from billcom.tables import columns, csv_reading, reading, xlsx_reading
from billcom.tables.payment_runs import read_payment_run
from billcom.tables.samples import SAMPLES
from billcom.tables.schemas import SCHEMAS
from tests.billcom.tables.sheets import BILL, TYPED, as_csv, as_xlsx, problems_in, saved, workbook

ROW = {**BILL, **TYPED}
CSV = as_csv(BILL)


def only(content: bytes, name: str = "june.xlsx") -> str:
    (found,) = problems_in(content, name)
    assert (found.sheet, found.row, found.column, found.value) == (name, 0, "", "")
    return found.fix


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_csv_is_read_whatever_separates_its_cells(separator: str) -> None:
    row = {**BILL, "Description": "Strings, bows; and | more", "Pay amount": "10.00"}
    (found,) = read_payment_run("june.csv", as_csv(row, separator=separator))
    assert (found.description, found.amount) == ("Strings, bows; and | more", 10)


def test_an_excel_line_that_names_the_separator_is_no_row() -> None:
    (row,) = read_payment_run("june.csv", b"sep=;\r\n" + as_csv(BILL, separator=";"))
    assert row.rows == (2,)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_csv_is_read_in_the_encodings_spreadsheets_write(encoding: str) -> None:
    content = as_csv({**BILL, "Vendor": "Café Müller"}).decode().encode(encoding)
    assert read_payment_run("june.csv", content)[0].vendor == "Café Müller"


def test_a_byte_order_mark_may_stand_before_a_quoted_title() -> None:
    content = b"\xef\xbb\xbf" + CSV.replace(b"Vendor,", b'"Vendor",')
    assert read_payment_run("june.csv", content)[0].vendor == "Happy Music Supplies"


@pytest.mark.parametrize("end", ["\r\n", "\n", "\r"])
def test_csv_is_read_whatever_ends_its_lines(end: str) -> None:
    content = CSV.decode().replace("\r\n", end).encode()
    assert read_payment_run("june.csv", content)[0].invoice_number == "INV-1001"


def test_a_quoted_line_break_is_part_of_its_row() -> None:
    rows = {**BILL, "Description": "two\r\nlines"}, {**BILL, "Invoice number": "2"}
    first, second = read_payment_run("june.csv", as_csv(*rows))
    assert (first.description, first.place, second.place) == ("two lines", "june.csv row 2", "june.csv row 3")


def test_blank_rows_are_left_out_and_counted() -> None:
    blank = dict.fromkeys(BILL, " ")
    rows = [blank, BILL, {}, {**BILL, "Invoice number": "2"}, {}, blank]
    assert [row.rows for row in read_payment_run("j", as_csv(*rows))] == [(3,), (5,)]
    typed = [ROW, {}, {**ROW, "Invoice number": "2"}, blank]
    assert [row.rows for row in read_payment_run("j", as_xlsx(*typed))] == [(2,), (4,)]


def test_a_file_is_what_it_holds_and_not_what_it_is_called() -> None:
    assert read_payment_run("june.xlsx", CSV)[0].sheet == "june.xlsx"
    assert read_payment_run("june.csv", as_xlsx(ROW))[0].sheet == "June"


@pytest.mark.parametrize("content", [b"", b" \r\n\n", b"\xef\xbb\xbf", b"\xef\xbb\xbf\r\n"])
def test_an_empty_file_is_refused(content: bytes) -> None:
    assert "is empty" in only(content)


def test_a_workbook_with_nothing_in_it_is_refused() -> None:
    assert "has nothing in its first worksheet, 'June'" in only(workbook([]))


@pytest.mark.parametrize(
    "content", [as_csv(dict.fromkeys(BILL, "")), workbook([list(BILL)]), CSV.splitlines()[0]]
)
def test_titles_without_rows_are_refused(content: bytes) -> None:
    assert "fill in at least one row" in only(content)


OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)


def archive(**files: str) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as packed:
        for name, text in files.items():
            packed.writestr(name.replace("__", "/").replace("_DOT_", "."), text)
    return content.getvalue()


@pytest.mark.parametrize(
    ("content", "fix"),
    [
        (OLE, "old format .xls: save it as .xlsx"),
        (OLE + "EncryptedPackage".encode("utf-16-le"), "protected by a password: save it without one"),
        (archive(notes_DOT_txt="hello"), "is a ZIP archive and no workbook"),
        (
            archive(mimetype="application/vnd.oasis.opendocument.spreadsheet"),
            "OpenDocument sheet: save it as .xlsx",
        ),
        (archive(xl__workbook_DOT_bin="x"), "binary format .xlsb: save it as .xlsx"),
        (archive(xl__workbook_DOT_xml="<x/>"), "is damaged or no workbook"),
        (as_xlsx(ROW)[:900], "is damaged or no workbook"),
        (b"PK\x03\x04", "is a ZIP archive and no workbook"),
        (b"%PDF-1.7", "is a PDF"),
        (b"<html><table><tr><td>Vendor", "is a web page or XML"),
        (b"Vendor,\0\0", "is neither a workbook nor text"),
        (b"Vendor,\x81\x8d", "is neither a workbook nor text"),
        (b'Vendor,Amount\r\n"Happy,1\r\n', "no proper CSV near row 2"),
    ],
)
def test_what_is_no_sheet_is_named(content: bytes, fix: str) -> None:
    assert fix in only(content)


WORKBOOK = as_xlsx(ROW)


@given(st.lists(st.tuples(st.integers(0, len(WORKBOOK) - 1), st.integers(0, 255)), min_size=1, max_size=8))
@settings(max_examples=60, deadline=None)
def test_a_damaged_workbook_is_read_or_a_problem(changes: list[tuple[int, int]]) -> None:
    content = bytearray(WORKBOOK)
    for place, byte in changes:
        content[place] = byte
    with suppress(SheetError):
        assert read_payment_run("june.xlsx", bytes(content))


@given(content=st.binary(min_size=1, max_size=200))
@settings(max_examples=60, deadline=None)
def test_no_bytes_crash_the_reader(content: bytes) -> None:
    with pytest.raises(SheetError):
        read_payment_run("june", content)


def test_a_file_too_large_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MAX_FILE_BYTES", 100)
    assert "is larger than 100 bytes" in only(CSV * 2)


def test_a_workbook_that_unpacks_to_too_much_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xlsx_reading, "MAX_UNPACKED_BYTES", 1_000)
    assert "unpacks to more than 1,000 bytes" in only(as_xlsx(ROW))


def test_more_rows_than_a_run_can_have_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    assert columns.MAX_ROWS == 20_000
    monkeypatch.setattr(csv_reading, "MAX_ROWS", 2)
    monkeypatch.setattr(xlsx_reading, "MAX_ROWS", 2)
    rows = [{**ROW, "Invoice number": f"{number}"} for number in range(3)]
    assert "has more than 2 rows: split it" in only(as_csv(*rows))
    assert "has more than 2 rows: split it" in only(as_xlsx(*rows))
    assert len(read_payment_run("june", as_xlsx(*rows[:2]))) == 2


def book_of(content: bytes) -> Workbook:
    return load_workbook(io.BytesIO(content))


def test_a_second_sheet_with_rows_is_a_problem() -> None:
    book = book_of(as_xlsx(ROW))
    book.create_sheet("July").append(["Vendor"])
    (found,) = problems_in(saved(book))
    assert (found.sheet, found.row) == ("July", 0)
    assert "only the first sheet, 'June', is read" in found.fix


def test_hidden_empty_and_own_sheets_beside_it_are_not_read() -> None:
    book = book_of(as_xlsx(ROW))
    hidden = book.create_sheet("Lists", 0)
    hidden.append(["yes"])
    hidden.sheet_state = "hidden"
    book.create_sheet("Sheet2")
    book.create_sheet("How to", 0).append(["Column"])
    book.create_sheet("Problems", 0).append(["Sheet"])
    assert read_payment_run("june.xlsx", saved(book))[0].sheet == "June"


def test_a_workbook_whose_sheets_are_all_our_own_is_refused() -> None:
    assert "has no visible worksheet" in only(workbook([["Column"]], title="How to"))


def test_merged_cells_are_a_problem() -> None:
    book = book_of(as_xlsx(ROW, {**ROW, "Vendor": None, "Invoice number": "2"}))
    book.worksheets[0].merge_cells("A2:A3")
    merged, empty = problems_in(saved(book))
    assert (merged.row, merged.value, merged.fix) == (
        2,
        "A2:A3",
        "these cells are merged: unmerge them, and write into each what it holds",
    )
    assert (empty.row, empty.column) == (3, "Vendor")


def test_rows_hidden_by_a_filter_are_a_problem() -> None:
    book = book_of(as_xlsx(*({**ROW, "Invoice number": f"{number}"} for number in range(4))))
    for row in (3, 5):
        book.worksheets[0].row_dimensions[row].hidden = True
    (found,) = problems_in(saved(book))
    assert (found.row, found.fix) == (
        3,
        "hidden, perhaps by a filter, as are 1 more after it: a run takes all rows; show what is meant, delete what "
        "isn't",
    )


def test_a_formula_counts_by_its_stored_value_and_is_a_problem_without() -> None:
    (found,) = problems_in(as_xlsx({**ROW, "Pay amount": "=5*2"}))
    assert (found.row, found.column, found.value) == (2, "Pay amount", "(formula)")
    assert found.fix.startswith("this formula has no stored value")
    computed = with_sheet_xml(
        as_xlsx({**ROW, "Pay amount": "=5*2"}), b"<f>5*2</f><v />", b"<f>5*2</f><v>10</v>"
    )
    assert read_payment_run("june.xlsx", computed)[0].amount == 10


def with_sheet_xml(content: bytes, old: bytes, new: bytes) -> bytes:
    changed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as source, zipfile.ZipFile(changed, "w") as target:
        for entry in source.infolist():
            data = source.read(entry)
            if entry.filename == "xl/worksheets/sheet1.xml":
                assert old in data
                data = data.replace(old, new)
            target.writestr(entry.filename, data)
    return changed.getvalue()


@pytest.mark.parametrize(
    ("number_format", "shown_as"),
    [
        ("0%", "a percentage"),
        ("[$€-407]#,##0.00", "in €"),
        ('#,##0.00 "£"', "in £"),
        ("[$CA$-1009]0.00", "in CA$"),
    ],
)
def test_a_number_that_shows_as_something_else_is_a_problem(number_format: str, shown_as: str) -> None:
    book = book_of(as_xlsx(ROW))
    book.worksheets[0]["E2"].number_format = number_format
    (found,) = problems_in(saved(book))
    assert (found.row, found.column, found.value) == (2, "Amount", "1250")
    assert found.fix.startswith(
        f"this number is formatted as {shown_as}: format the column as a plain number"
    )


@pytest.mark.parametrize(
    "number_format", ["General", "$#,##0.00", "[$$-409]#,##0.00", '"$"0.00', "[$USD] 0.00", "@"]
)
def test_dollars_and_plain_numbers_are_numbers(number_format: str) -> None:
    book = book_of(as_xlsx(ROW))
    book.worksheets[0]["E2"].number_format = number_format
    assert read_payment_run("june.xlsx", saved(book))[0].amount == 1250


def test_an_error_of_the_spreadsheet_is_a_problem() -> None:
    (found,) = problems_in(as_xlsx({**ROW, "Pay amount": "#N/A"}))
    assert (found.value, found.fix) == ("#N/A", "this is an error of the spreadsheet: write the value itself")


def test_ten_thousand_rows_of_all_columns_are_read() -> None:
    schema, whole = SCHEMAS[RunKind.PAYMENT], SAMPLES[RunKind.PAYMENT][0]
    row = {column.title: str(whole.get(column.field, "")) for column in schema.columns}
    content = as_csv(*({**row, "Invoice number": f"INV-{number}"} for number in range(10_000)))
    assert len(read_payment_run("june.csv", content)) == 10_000


def test_the_reader_touches_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    read_payment_run("june.xlsx", as_xlsx(ROW))
    assert list(tmp_path.iterdir()) == []

"""The marked copy: every problem at its cell and in the list, nothing of the original lost or run."""

import io
from datetime import date
from typing import Any

import pytest
from openpyxl import Workbook, load_workbook
from openpyxl.worksheet.worksheet import Worksheet

from billcom.errors import CellProblem, SheetError
from billcom.tables import marking
from billcom.tables.marking import mark
from billcom.tables.payment_runs import read_payment_run
from tests.billcom.tables.sheets import BANK, BILL, TYPED, as_csv, as_xlsx, problems_in, workbook

ROW = {**BILL, **TYPED}
WRONG = "00FFC7CE"


def marked(content: bytes, name: str = "june.csv") -> Workbook:
    return load_workbook(io.BytesIO(mark(name, content, problems_in(content, name))))


def colored(sheet: Worksheet) -> list[str]:
    return [cell.coordinate for row in sheet for cell in row if cell.fill.fgColor.rgb == WRONG]


def note(sheet: Worksheet, place: str) -> str:
    comment = sheet[place].comment
    assert comment is not None
    return comment.text


def test_each_wrong_cell_is_coloured_and_says_what_to_do() -> None:
    rows: list[dict[str, Any]] = [
        {**BILL, "Amount": "1,250.00"},
        {},
        {**BILL, "Due date": "12/31/2026", "Vendor": ""},
    ]
    sheet = marked(as_csv(*rows))["june.csv"]
    assert colored(sheet) == ["E2", "A4", "D4"]
    assert note(sheet, "E2") == "write digits and a point, nothing else: 1250.00, if that is meant"
    assert note(sheet, "D4") == "write it as 2026-12-31"
    assert (sheet["A2"].value, sheet["E2"].value, sheet["D4"].value) == (
        "Happy Music Supplies",
        "1,250.00",
        "12/31/2026",
    )


def test_the_first_sheet_lists_all_problems_and_leads_to_their_cells() -> None:
    book = marked(as_csv({**BILL, "Amount": "0"}))
    assert book.sheetnames == ["Problems", "june.csv"]
    sheet = book["Problems"]
    assert [cell.value for cell in sheet[1]] == ["Sheet", "Row", "Column", "Value", "What to do"]
    assert [cell.value for cell in sheet[2]] == [
        "june.csv",
        "2",
        "Amount",
        "0",
        "is not above zero: give what is to be paid or charged",
    ]
    assert sheet["B2"].hyperlink.location == "'june.csv'!E2"


def test_wrong_titles_and_missing_columns_are_marked_in_the_titles() -> None:
    row = {title: value for title, value in BILL.items() if title != "Amount"}
    sheet = marked(as_csv({**row, "Amuont": "1.00"}))["june.csv"]
    assert colored(sheet) == ["A1", "E1"]
    assert note(sheet, "A1") == "Amount: this column is missing: add it"


def test_values_keep_their_types_and_rows_their_numbers() -> None:
    content = as_xlsx({}, ROW, {}, {**ROW, "Invoice number": 1001, "Amount": -3.5, "Description": "  0077 "})
    book = marked(content, "june.xlsx")
    assert book.sheetnames == ["Problems", "June"]
    sheet = book["June"]
    assert [cell.value for cell in sheet[5]][:2] == ["Happy Music Supplies", 1001]
    assert sheet["C5"].value.date() == date(2026, 11, 20) and sheet["C5"].number_format == "yyyy-mm-dd"
    assert (sheet["E5"].value, sheet["F5"].value, sheet["F5"].data_type) == (-3.5, "0077", "s")
    assert colored(sheet) == ["E5"]


def test_a_number_to_be_typed_again_as_text_stands_in_a_text_cell() -> None:
    sheet = marked(as_xlsx({**ROW, **BANK, "Account number": 111222333}), "june.xlsx")["June"]
    assert (sheet["H2"].value, sheet["H2"].number_format) == (111222333, "@")


def test_the_copy_holds_no_formula() -> None:
    rows = [
        {**BILL, "Vendor": "=cmd|' /C calc'!A0", "Description": "=1+1", "Memo": "@x"},
        {**ROW, "Pay amount": "=2+2"},
    ]
    for content in (as_csv(rows[0]), as_xlsx(rows[1])):
        for sheet in marked(content).worksheets:
            assert [cell.coordinate for row in sheet for cell in row if cell.data_type == "f"] == []


def test_the_corrected_copy_is_read_as_it_is() -> None:
    content = as_csv({**BILL, "Amount": "0", "Invoice number": "0077"})
    book = marked(content)
    book["june.csv"]["E2"].value = "12.10"
    file = io.BytesIO()
    book.save(file)
    (row,) = read_payment_run("corrected.xlsx", file.getvalue())
    assert (str(row.amount), row.invoice_number) == ("12.10", "0077")


def test_what_is_wrong_is_wrong_in_the_copy_too() -> None:
    content = as_xlsx({**ROW, "Amount": 12.345, "Invoice number": date(2026, 3, 12), "Due date": 46387})
    found = problems_in(content)
    assert problems_in(mark("june", content, found)) == found


def test_of_a_file_that_cannot_be_read_there_is_the_list_alone() -> None:
    book = marked(b"%PDF-1.7", "june.pdf")
    assert book.sheetnames == ["Problems"]
    assert book["Problems"]["A2"].value == "june.pdf"


@pytest.mark.parametrize(
    ("name", "title"),
    [("a/b:c*[1].csv", "a_b_c__1_.csv"), ("Problems", "Rows"), ("x" * 40, "x" * 31), ("it's", "it_s")],
)
def test_a_file_name_becomes_the_name_of_a_sheet(name: str, title: str) -> None:
    assert marked(as_csv({**BILL, "Amount": "0"}), name).sheetnames == ["Problems", title]


def test_beyond_the_most_notes_cells_are_coloured_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(marking, "MAX_NOTES", 1)
    rows = [{**BILL, "Invoice number": f"{number}", "Amount": "0"} for number in range(2)]
    sheet = marked(as_csv(*rows))["june.csv"]
    assert colored(sheet) == ["E2", "E3"]
    assert note(sheet, "E2") and sheet["E3"].comment is None


def test_problems_of_another_sheet_are_listed() -> None:
    content = workbook([list(BILL), list(BILL.values())])
    found = [CellProblem("July", 0, "", "", "delete it")]
    book = load_workbook(io.BytesIO(mark("june.xlsx", content, found)))
    assert (book["Problems"]["A2"].value, book["Problems"]["B2"].value) == ("July", None)


def test_whole_bank_numbers_stay_in_the_copy_and_out_of_its_list() -> None:
    book = marked(as_csv({**BILL, **BANK, "Account number": "12-34-56-78"}))
    assert book["june.csv"]["H2"].value == "12-34-56-78"
    assert book["Problems"]["D2"].value == "…6-78"[0] + "6-78"[-4:]
    assert "12-34" not in str([cell.value for row in book["Problems"] for cell in row])


def test_marking_needs_no_problem_with_the_run() -> None:
    with pytest.raises(SheetError):
        read_payment_run("x", b"")
    assert mark("x", b"", [])

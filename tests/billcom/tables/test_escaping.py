"""Text that looks like a formula: harmless in every file written here, and still itself in a workbook."""

import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook

from billcom.tables.escaping import MAX_CELL_CHARACTERS, safe_text, write_text
from tests.billcom.tables.sheets import saved

FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\r=1", "\n=1", "  =1", "＝1+1", '=HYPERLINK("http://x")']


def written(*texts: str) -> Workbook:
    book = Workbook()
    for row, text in enumerate(texts, 1):
        write_text(book.worksheets[0].cell(row, 1), text)
    return load_workbook(io.BytesIO(saved(book)))


@pytest.mark.parametrize("text", FORMULAS)
def test_a_csv_cell_that_looks_like_a_formula_gets_an_apostrophe(text: str) -> None:
    assert safe_text(text) == f"'{text}"


@pytest.mark.parametrize("text", ["", "Happy Music", "1250.00", "a=b", "a@example.com", "'x"])
def test_other_text_stays_as_it_is(text: str) -> None:
    assert safe_text(text) == text


@pytest.mark.parametrize("text", FORMULAS)
def test_a_workbook_cell_holds_it_as_text(text: str) -> None:
    cell = written(text).worksheets[0]["A1"]
    assert (cell.data_type, cell.number_format, cell.quotePrefix) == ("s", "@", True)
    assert cell.value.strip() == text.strip()


def test_what_no_workbook_can_hold_is_replaced_or_cut() -> None:
    sheet = written("a\0b\x0bc", "x" * 40_000).worksheets[0]
    assert sheet["A1"].value == "a�b�c"
    assert (len(sheet["A2"].value), sheet["A2"].value[-1]) == (MAX_CELL_CHARACTERS, "…")


@given(text=st.text(max_size=30))
@settings(max_examples=50, deadline=None)
def test_no_text_becomes_a_formula(text: str) -> None:
    assert written(text).worksheets[0]["A1"].data_type in ("s", "n")
    assert safe_text(text)[:1] not in ("=", "+", "-", "@", "\t", "\r")

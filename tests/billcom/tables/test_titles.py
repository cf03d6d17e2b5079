"""Which column is which: by its title, each once, none unknown; rows that don't fit the titles."""

import pytest
from rapidfuzz import fuzz

from billcom.tables.collection_columns import COLLECTION_RUN
from billcom.tables.columns import Schema, title_key
from billcom.tables.payment_columns import PAYMENT_RUN
from tests.billcom.tables.sheets import BANK, BILL, INVOICE, problem, problems, problems_in, read, workbook


def renamed(**titles: str) -> dict[str, str]:
    return {titles.get(title.replace(" ", "_"), title): value for title, value in BILL.items()}


def test_titles_are_known_whatever_their_case_blanks_and_signs() -> None:
    row = renamed(Vendor=" VENDOR* ", Invoice_number="invoice-number", Due_date="Due  Date", Amount="amount")
    assert read(row)[0].due_date.isoformat() == "2026-12-18"


def test_columns_may_stand_in_any_order() -> None:
    assert read(dict(reversed(BILL.items())))[0].vendor == "Happy Music Supplies"


def test_an_unknown_title_is_a_problem_with_the_nearest_known_one() -> None:
    assert problem({**BILL, "Pay amuont": "1.00"}) == (
        1,
        "Pay amuont",
        "",
        "this title is not known: is Pay amount meant? Write it so, or delete the column",
    )
    assert problem({**BILL, "Xyzzy": "1.00"})[3] == "this title is not known: delete the column"


def test_a_missing_column_is_one_problem_and_not_one_in_each_row() -> None:
    rows = [{title: value for title, value in BILL.items() if title != "Due date"}] * 2
    found = problems(rows[0], {**rows[1], "Invoice number": "2"})
    assert [(cell.row, cell.column, cell.fix) for cell in found] == [
        (1, "Due date", "this column is missing: add it"),
    ]


def test_a_title_that_is_there_twice_is_a_problem() -> None:
    (found,) = problems_in(workbook([[*BILL, "AMOUNT"], [*BILL.values(), "3.00"]]))
    assert (found.row, found.column) == (1, "Amount")
    assert found.fix == "this title is there twice: delete one of the two columns"


def test_a_column_without_title_is_a_problem_where_something_stands_in_it() -> None:
    rows = [["", *BILL], ["", *BILL.values()]]
    (found,) = problems_in(workbook([rows[0], ["x", *rows[1][1:]]]))
    assert (found.row, found.column, found.fix) == (
        1,
        "column A",
        "has no title: write one, or delete the column",
    )


def test_a_row_longer_than_the_titles_is_not_read_any_further() -> None:
    content = b"Vendor,Invoice number,Invoice date,Due date,Amount\nHappy,1,2026-11-20,2026-12-18,1,250.00\n"
    (found,) = problems_in(content)
    assert (found.row, found.column, found.value) == (2, "", "")
    assert found.fix.startswith("something stands in column F, which has no title: empty it; in a CSV file")


def test_rows_without_titles_are_one_problem_that_repeats_none_of_them() -> None:
    (found,) = problems_in(b"Happy Music,074000010,111222333\nHappy Music,074000010,111222333\n")
    assert found.fix == (
        "is no title row of a payment run: write at least the titles Vendor, Invoice number, Invoice date, Due date, "
        "Amount"
    )


def test_a_bank_number_in_the_place_of_a_title_is_never_repeated() -> None:
    found = problems({**BILL, "111222333": "x", "Account 111222333": "x"})
    assert [cell.column for cell in found] == ["…2333", "…2333"]
    assert "111222333" not in "".join(map(str, found))


def test_a_sheet_of_the_other_run_says_what_is_missing() -> None:
    columns = [cell.column for cell in problems(INVOICE)]
    assert columns == ["Customer", "Price", "Vendor", "Amount"]


@pytest.mark.parametrize("schema", [PAYMENT_RUN, COLLECTION_RUN])
def test_titles_and_fields_of_a_schema_are_told_apart(schema: Schema) -> None:
    assert len(schema.by_key) == len(schema.by_field) == len(schema.columns)
    keys = list(schema.by_key)
    assert [a for a in keys for b in keys if a != b and fuzz.ratio(a, b) > 93] == []
    assert all(column.help.endswith(".") for column in schema.columns)


def test_what_is_secret_is_marked_so() -> None:
    for schema in (PAYMENT_RUN, COLLECTION_RUN):
        secret = {title_key(column.title) for column in schema.columns if column.is_secret}
        assert secret == {title_key(title) for title in BANK if title != "Name on account"}

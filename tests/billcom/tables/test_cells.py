"""What a cell may hold: amounts, dates, numbers that are names; refused with what to write instead."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from billcom.tables.payment_runs import read_payment_run
from tests.billcom.tables.sheets import (
    ADDRESS,
    BANK,
    BILL,
    TYPED,
    as_csv,
    as_xlsx,
    problem,
    read,
    read_typed,
    typed_problem,
)

ROW = {**BILL, **TYPED}
AS_TEXT = "format the column as text, then type it again"


@pytest.mark.parametrize(("text", "amount"), [("1250", "1250.00"), ("12.1", "12.10"), (" 0.01 ", "0.01")])
def test_an_amount_is_digits_and_a_point(text: str, amount: str) -> None:
    assert str(read({**BILL, "Amount": text})[0].amount) == amount


ONLY = "write digits and a point, nothing else"
CREDIT = "is not above zero: credits are no part of a run, take the row out"
EXAMPLE = "write digits and a point, such as 1250.00"


@pytest.mark.parametrize(
    ("text", "fix"),
    [
        ("1,234.5", f"{ONLY}: 1234.5, if that is meant"),
        ("$1,250.00", f"{ONLY}: 1250.00, if that is meant"),
        ("1.234,56", f"{ONLY}: 1234.56, if that is meant"),
        ("1234,56", f"{ONLY}: 1234.56, if that is meant"),
        ("1,250", f"{ONLY}: 1250, if that is meant"),
        ("$12.50", f"{ONLY}, such as 1250.00"),
        ("12.50 USD", f"{ONLY}, such as 1250.00"),
        ("1 250.00", f"{ONLY}, such as 1250.00"),
        ("12.345", "has more than two decimals: round it to cents"),
        ("(100.00)", CREDIT),
        ("-5.00", CREDIT),
        ("0", "is not above zero: give what is to be paid or charged"),
        ("1e3", f"is not an amount: {EXAMPLE}"),
        ("€12.50", f"is not an amount: {EXAMPLE}"),
        ("twelve", f"is not an amount: {EXAMPLE}"),
        ("1000000000", "is above 999999999.99: check the decimal point"),
    ],
)
def test_any_other_amount_is_refused(text: str, fix: str) -> None:
    assert problem({**BILL, "Amount": text}) == (2, "Amount", text, fix)


@pytest.mark.parametrize(
    ("value", "amount"), [(12.10, "12.10"), (1250, "1250.00"), (0.1 + 0.2, "0.30"), (4.35, "4.35")]
)
def test_a_number_of_a_spreadsheet_is_what_was_typed(value: float, amount: str) -> None:
    assert str(read_typed({**ROW, "Amount": value})[0].amount) == amount


@pytest.mark.parametrize(
    ("value", "shown", "fix"),
    [
        (12.345, "12.345", "has more than two decimals: round it to cents"),
        (-5, "-5", "is not above zero: give what is to be paid or charged"),
        (True, "TRUE", "is not a number: format the column as a number, then type it again"),
        (
            date(2026, 1, 2),
            "2026-01-02",
            "is not a number: format the column as a number, then type it again",
        ),
        (1e20, "1e+20", "is above 999999999.99: check the decimal point"),
    ],
)
def test_any_other_typed_amount_is_refused(value: Any, shown: str, fix: str) -> None:
    assert typed_problem({**ROW, "Amount": value}) == (2, "Amount", shown, fix)


@given(cents=st.integers(1, 99_999_999_999))
@settings(max_examples=40, deadline=None)
def test_every_amount_is_read_to_the_cent(cents: int) -> None:
    amount = Decimal(cents) / 100
    assert read({**BILL, "Amount": f"{amount:.2f}"})[0].amount == amount
    assert read_typed({**ROW, "Amount": float(amount)})[0].amount == amount


@pytest.mark.parametrize(
    ("text", "fix"),
    [
        ("12/31/2026", "write it as 2026-12-31"),
        ("31.12.2026", "write it as 2026-12-31"),
        ("31/12/26", "write it as 2026-12-31"),
        ("2026/12/31", "write it as 2026-12-31"),
        ("12/10/2026", "write it as 2026-12-10 or 2026-10-12"),
        ("Dec 31, 2026", "write it as 2026-12-31"),
        ("20261231", "write it as 2026-12-31"),
        ("46022", "write it as 2026-12-31"),
        ("2026-12-31T10:00", "write it as 2026-12-31"),
        ("2026-02-30", "this day does not exist: write one such as 2026-12-31"),
        ("1926-12-31", "lies outside 2000 to 2099: check the year"),
    ],
)
def test_a_date_is_written_one_way(text: str, fix: str) -> None:
    assert problem({**BILL, "Due date": text}) == (2, "Due date", text, fix)


def test_a_typed_date_is_a_date() -> None:
    for value in (date(2026, 12, 31), datetime(2026, 12, 31), "2026-12-31"):  # noqa: DTZ001
        assert read_typed({**ROW, "Due date": value})[0].due_date == date(2026, 12, 31)


@pytest.mark.parametrize(
    ("value", "shown", "fix"),
    [
        (
            datetime(2026, 12, 31, 10, 30),  # noqa: DTZ001
            "2026-12-31 10:30:00",
            "has a time of day: write the date alone, 2026-12-31",
        ),
        (46387, "46387", "is a number, not a date: write it as 2026-12-31"),
        (46387.5, "46387.5", "is a number, not a date: write it as 2026-12-31"),
        (True, "TRUE", "is a number, not a date: write it as 2026-12-31"),
    ],
)
def test_any_other_typed_date_is_refused(value: Any, shown: str, fix: str) -> None:
    assert typed_problem({**ROW, "Due date": value}) == (2, "Due date", shown, fix)


@pytest.mark.parametrize(
    ("value", "number"),
    [(1001, "1001"), (1001.0, "1001"), (123456789012345, "123456789012345"), ("0077", "0077")],
)
def test_a_whole_number_is_an_invoice_number(value: Any, number: str) -> None:
    assert read_typed({**ROW, "Invoice number": value})[0].invoice_number == number


@pytest.mark.parametrize(
    ("value", "shown", "fix"),
    [
        (10.5, "10.5", f"is a number, not text: {AS_TEXT}"),
        (-7, "-7", f"is a number below zero: {AS_TEXT}"),
        (1234567890123456, "1234567890123456", "a spreadsheet keeps 15 digits of a number"),
        (12345678901234567890, "1.23456789012346e+19", "a spreadsheet keeps 15 digits of a number"),
        (1.2345678901234568e19, "1.23456789012346e+19", "a spreadsheet keeps 15 digits of a number"),
        (date(2026, 12, 3), "2026-12-03", f"the spreadsheet has made a date of it: {AS_TEXT}"),
        (True, "TRUE", f"is a yes or no, not text: {AS_TEXT}"),
    ],
)
def test_a_number_that_a_spreadsheet_has_changed_is_refused(value: Any, shown: str, fix: str) -> None:
    row, column, found, said = typed_problem({**ROW, "Invoice number": value})
    assert (row, column, found) == (2, "Invoice number", shown)
    assert said.startswith(fix) and said.endswith(AS_TEXT)


@pytest.mark.parametrize(
    ("text", "fix"),
    [
        ("1.23E+10", f"a spreadsheet has shortened the number, its digits are lost: {AS_TEXT}"),
        ('="0077"', "begins like a formula: write the text without the equals sign"),
        ("'0077", "begins with an apostrophe, which a spreadsheet doesn't show: delete it"),
        ("INV-\u200b1", "holds the invisible character U+200B: type it again"),
        ("X" * 22, "has 22 characters, BILL takes 21: shorten it"),
    ],
)
def test_an_invoice_number_is_refused_where_its_text_is_not_it(text: str, fix: str) -> None:
    assert problem({**BILL, "Invoice number": text}) == (2, "Invoice number", text, fix)


NEW = {**BILL, **ADDRESS, **BANK}
TYPED_NEW = {**NEW, **TYPED}


def routing_number(row: dict[str, Any]) -> str:
    account = read_typed(row)[0].bank_account
    assert account is not None
    return account.routing_number.get_secret_value()


def test_a_lost_leading_zero_is_put_back_where_the_check_digit_proves_it() -> None:
    assert routing_number({**TYPED_NEW, "Routing number": 74000010}) == "074000010"
    assert routing_number({**TYPED_NEW, "Routing number": 122000247}) == "122000247"


def test_a_number_of_eight_digits_that_proves_nothing_is_refused() -> None:
    row, column, shown, fix = typed_problem({**TYPED_NEW, "Routing number": 74000011})
    assert (row, column, shown) == (2, "Routing number", "…0011")
    assert fix.startswith("has eight digits, perhaps without its leading zero")
    assert problem({**NEW, "Routing number": "74000010"})[2:] == ("…0010", fix)


def test_a_wrong_routing_number_is_refused_and_never_repeated() -> None:
    _, column, shown, fix = problem({**NEW, "Routing number": "074000011"})
    assert (column, shown) == ("Routing number", "…0011")
    assert "check digit" in fix and "074000011" not in fix


def test_an_account_number_typed_as_a_number_is_refused() -> None:
    assert typed_problem({**TYPED_NEW, "Account number": 111222333}) == (
        2,
        "Account number",
        "…2333",
        f"is a number, so leading zeros may be lost: {AS_TEXT}",
    )
    (row,) = read({**NEW, "Account number": "000111222333"})
    assert row.bank_account and row.bank_account.account_number.get_secret_value() == "000111222333"


@pytest.mark.parametrize("text", ["1.11E+12", "111-222-333", "12", "123456789012345678"])
def test_a_wrong_account_number_is_refused_and_never_repeated(text: str) -> None:
    _, column, shown, fix = problem({**NEW, "Account number": text})
    assert column == "Account number"
    assert text not in shown + fix


@pytest.mark.parametrize(
    ("change", "column", "fix"),
    [
        (
            {"E-mail": "nobody"},
            "E-mail",
            "is not an e-mail address: write name@example.com, or leave it empty",
        ),
        ({"Country": "USA"}, "Country", "is not a country code: two capital letters, such as US"),
        (
            {"State": "Calif."},
            "State",
            "write two capital letters, such as CA; of an address abroad, fill in Country",
        ),
        (
            {"ZIP": "2110"},
            "ZIP",
            "write 02110, if leading zeros were lost: format the column as text first; of an "
            "address abroad, fill in Country",
        ),
        (
            {"ZIP": "ABC"},
            "ZIP",
            "write five digits, such as 95002: format the column as text first; of an address "
            "abroad, fill in Country",
        ),
        ({"Account type": "current"}, "Account type", "write one of: checking, savings"),
        ({"Account owner": "LLC"}, "Account owner", "write one of: business, personal"),
        ({"Memo": "m" * 71}, "Memo", "has 71 characters, BILL takes 70: shorten it"),
        ({"Label": "l" * 41}, "Label", "has 41 characters, BILL takes 40: shorten it"),
        ({"Line": "0"}, "Line", "write the line's number: 1, 2, 3 … up to 9999"),
        ({"Line": "1.5"}, "Line", "write the line's number: 1, 2, 3 … up to 9999"),
        (
            {"Payee name": "=A1"},
            "Payee name",
            "begins like a formula: write the text without the equals sign",
        ),
    ],
)
def test_each_column_says_what_it_takes(change: dict[str, str], column: str, fix: str) -> None:
    found = problem({**NEW, **change})
    assert (found[1], found[3]) == (column, fix)


def test_an_address_abroad_needs_no_state_and_has_its_own_codes() -> None:
    (row,) = read({**NEW, "State": "", "ZIP": "1012 AB", "Country": "NL"})
    assert row.address and (row.address.state, row.address.zip, row.address.country) == ("", "1012 AB", "NL")


def test_choices_are_read_in_any_case() -> None:
    (row,) = read({**NEW, "Account type": "Savings", "Account owner": "PERSONAL"})
    assert row.bank_account and (row.bank_account.type, row.bank_account.owner_type) == (
        "SAVINGS",
        "PERSONAL",
    )


def test_text_that_begins_like_a_formula_is_data_in_a_description() -> None:
    for text in ("=1+1", "@work", "+1", "-1"):
        assert read({**BILL, "Description": text})[0].description == text


def test_a_name_may_begin_with_a_sign_that_is_no_formula() -> None:
    assert read({**BILL, "Vendor": "@Work Spaces"})[0].vendor == "@Work Spaces"


@given(text=st.text(st.characters(categories=["L", "N", "P", "Zs"]), min_size=1, max_size=30))
@settings(max_examples=40, deadline=None)
def test_text_is_read_from_both_kinds_of_file_alike(text: str) -> None:
    given_text = " ".join(f"x{text}x".split())
    (one,) = read_payment_run("june", as_csv({**BILL, "Description": f" x{text}x "}))
    (other,) = read_payment_run("june", as_xlsx({**ROW, "Description": f" x{text}x "}))
    assert one.description == other.description == given_text

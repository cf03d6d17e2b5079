"""Which bills look like one another: a slip in the number, nearly the same amount, about the same day."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from billcom.runs.near import Known, find_near, is_similar, known_bill, looks_like
from tests.billcom.runs.planning import bill

DAY = date(2026, 11, 20)


def known(**changes: Any) -> Known:
    values: dict[str, Any] = {"number": "INV1001", "invoice_date": DAY, "amount": Decimal(1000), "name": "it"}
    return Known(**(values | changes))


def is_near(other: Known) -> bool:
    return find_near("INV-1001", DAY, Decimal("1000.00"), [other]) is not None


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("INV-1001", "INV1001"),
        ("INV-1001", "inv 1001"),
        ("INV-1001", "INV-1O01"),
        ("INV-1001", "INV-1010"),
        ("INV-1001", "INV-10011"),
        ("0077", "77"),
        ("1001", "INV-1001"),
        ("INV-1001", "INV-1001-B"),
    ],
)
def test_numbers_that_may_be_one(one: str, other: str) -> None:
    assert is_similar(one, other)
    assert is_similar(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("INV-1001", "INV-1022"),
        ("INV-1001", "CR-1001"),
        ("R-2026-10", "R-2026-01-A"),
        ("A12", "B34"),
        ("INV-1001", "---"),
        ("", ""),
    ],
)
def test_numbers_that_are_two(one: str, other: str) -> None:
    assert not is_similar(one, other)


@pytest.mark.parametrize(
    ("changes", "near"),
    [
        ({}, True),
        ({"amount": Decimal("1010.00")}, True),
        ({"amount": Decimal("990.00")}, True),
        ({"amount": Decimal("1010.01")}, False),
        ({"amount": Decimal("989.99")}, False),
        ({"invoice_date": date(2026, 11, 27)}, True),
        ({"invoice_date": date(2026, 11, 13)}, True),
        ({"invoice_date": date(2026, 11, 28)}, False),
        ({"amount": None}, False),
        ({"invoice_date": None}, False),
        ({"number": "INV-1001"}, False),
        ({"number": "inv-1001"}, False),
    ],
)
def test_near_is_one_in_a_hundred_a_week_and_a_slip(changes: dict[str, Any], near: bool) -> None:
    assert is_near(known(**changes)) is near


def test_the_first_that_is_near_is_named() -> None:
    others = [known(number="other"), known(name="one"), known(name="two")]
    found = find_near("INV-1001", DAY, Decimal(1000), others)
    assert found is not None and found.name == "one"


def test_a_bill_at_bill_is_named_with_its_id_and_whether_it_is_archived() -> None:
    assert looks_like(known_bill(bill())) == (
        "looks like bill 00n01BILL at BILL: INV-1001, 2026-11-20, USD 1,250.00; if it is another, say why under "
        "Override reason"
    )
    assert known_bill(bill(archived=True)).name == "bill 00n01BILL at BILL, archived"
    thin = bill(invoice={}).model_copy(update={"amount": None})
    assert known_bill(thin) == Known("", None, None, "bill 00n01BILL at BILL")

"""Amounts in cents."""

from decimal import Decimal

import pytest

from billcom.emulator.money import cents, dollars, line_cents, parse_decimal


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (Decimal("1.10"), Decimal("1.10")),
        (5, Decimal(5)),
        ("70", Decimal(70)),
        (True, None),
        ("ten", None),
        ("NaN", None),
        (None, None),
        ([], None),
        (10**12, None),
    ],
)
def test_numbers_and_numeric_strings_are_amounts(value: object, number: Decimal | None) -> None:
    assert parse_decimal(value) == number


def test_more_than_two_decimals_are_no_cents() -> None:
    assert cents(Decimal("19.99")) == 1999
    assert cents(Decimal("19.990")) == 1999
    assert cents(Decimal("19.999")) is None


def test_half_a_cent_is_rounded_up() -> None:
    assert line_cents(Decimal("0.5"), 101) == 51
    assert line_cents(Decimal("2"), 1499) == 2998


def test_cents_become_dollars_exactly() -> None:
    assert [dollars(amount) for amount in (10, 1999, 10000)] == [0.1, 19.99, 100.0]

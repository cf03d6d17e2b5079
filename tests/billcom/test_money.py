"""Amounts: what is taken, what is refused, and how they are shown."""

import re
from decimal import Decimal

import pytest
from pydantic import BaseModel, ValidationError

from billcom.money import Amount, display, parse_amount


class Order(BaseModel):
    """Something with an amount."""

    amount: Amount


@pytest.mark.parametrize(
    ("given", "amount"),
    [
        ("1250.00", "1250.00"),
        ("1250", "1250.00"),
        (" 0.1 ", "0.10"),
        (1250, "1250.00"),
        (Decimal("0.01"), "0.01"),
        (Decimal("1E+3"), "1000.00"),
        ("1.100", "1.10"),
        ("999999999.99", "999999999.99"),
    ],
)
def test_an_amount_is_read_to_the_cent(given: object, amount: str) -> None:
    assert str(parse_amount(given)) == amount


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        (12.5, "12.5 is not an exact amount: give text such as '1250.00'"),
        (True, "True is not an exact amount: give text such as '1250.00'"),
        (None, "None is not an exact amount: give text such as '1250.00'"),
        ("", "'' is not an amount: write digits and a point, such as 1250.00"),
        ("1,250.00", "'1,250.00' is not an amount: write digits and a point, such as 1250.00"),
        ("$5", "'$5' is not an amount: write digits and a point, such as 1250.00"),
        ("NaN", "'NaN' is not an amount: write digits and a point, such as 1250.00"),
        ("Infinity", "'Infinity' is not an amount: write digits and a point, such as 1250.00"),
        ("0.001", "0.001 has more than two decimals: round it to cents"),
        (Decimal(0.1), f"{Decimal(0.1)} has more than two decimals: round it to cents"),  # noqa: RUF032
        ("0", "0 is not above zero: give what is to be paid or charged"),
        ("-1.00", "-1.00 is not above zero: give what is to be paid or charged"),
        ("1000000000.00", "1000000000.00 is above 999999999.99: check the decimal point"),
        (Decimal("-1E+40"), "-1E+40 is not above zero: give what is to be paid or charged"),
        (Decimal("1E+40"), "1E+40 is above 999999999.99: check the decimal point"),
        ("1E+2", "'1E+2' is not an amount: write digits and a point, such as 1250.00"),
        ("1_000", "'1_000' is not an amount: write digits and a point, such as 1250.00"),
        ("\uff11\uff12", "'\uff11\uff12' is not an amount: write digits and a point, such as 1250.00"),
    ],
)
def test_anything_else_is_refused_with_how_to_mend_it(given: object, problem: str) -> None:
    with pytest.raises(ValueError, match=re.escape(problem)) as caught:
        parse_amount(given)
    assert str(caught.value) == problem


def test_an_amount_is_text_in_json_and_exact_in_python() -> None:
    order = Order.model_validate({"amount": "1234567.8"})
    assert order.amount == Decimal("1234567.80")
    assert order.model_dump_json() == '{"amount":"1234567.80"}'
    assert Order.model_validate_json(order.model_dump_json()) == order


def test_a_refused_amount_is_a_validation_error_of_its_model() -> None:
    with pytest.raises(ValidationError, match="more than two decimals"):
        Order.model_validate({"amount": "0.001"})


def test_cents_add_up() -> None:
    assert parse_amount("0.1") + parse_amount("0.2") == Decimal("0.30")
    assert sum((parse_amount("0.10") for _ in range(1000)), Decimal(0)) == 100


@pytest.mark.parametrize(
    ("amount", "text"), [("1250", "1,250.00"), ("0.1", "0.10"), ("1234567.89", "1,234,567.89")]
)
def test_an_amount_is_shown_with_separators(amount: str, text: str) -> None:
    assert display(Decimal(amount)) == text

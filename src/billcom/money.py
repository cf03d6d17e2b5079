"""Amounts of money: exact decimals, never floats, at most two decimals."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Annotated

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema

CENT = Decimal("0.01")
MAX_AMOUNT = Decimal("999999999.99")
"""Bound of this project, not of BILL's: an amount above it is taken for a slip of the keyboard."""

_AMOUNT = re.compile(r"-?[0-9]+(\.[0-9]+)?")
_SCHEMA = {"type": "string", "pattern": r"^\d{1,9}(\.\d{1,2})?$"}


def parse_amount(value: object) -> Decimal:
    """Return `value` as dollars and cents, above zero.

    Accepts Decimal, int and text such as `1250` or `1250.00`. Raises ValueError naming the value and the
    fix for anything else: a float (it can't hold cents exactly), three decimals, thousands separators,
    zero or less.
    """
    if isinstance(value, bool) or not isinstance(value, Decimal | int | str):
        raise ValueError(f"{value!r} is not an exact amount: give text such as '1250.00'")
    # Decimal itself reads 1_000, 1e3 and digits of other scripts.
    if isinstance(value, str) and not _AMOUNT.fullmatch(value.strip()):
        raise ValueError(f"{value!r} is not an amount: write digits and a point, such as 1250.00")
    amount = Decimal(value.strip() if isinstance(value, str) else value)
    if not amount.is_finite():
        raise ValueError(f"{value!r} is not an amount: write digits and a point, such as 1250.00")
    if amount <= 0:
        raise ValueError(f"{value} is not above zero: give what is to be paid or charged")
    # Before the cents: to round what has more digits than the decimal context raises no ValueError.
    if amount > MAX_AMOUNT:
        raise ValueError(f"{value} is above {MAX_AMOUNT}: check the decimal point")
    if amount != amount.quantize(CENT):
        raise ValueError(f"{value} has more than two decimals: round it to cents")
    return amount.quantize(CENT)


Amount = Annotated[
    Decimal,
    BeforeValidator(parse_amount),
    PlainSerializer(str, return_type=str, when_used="json"),
    WithJsonSchema(_SCHEMA),
]
"""A positive amount as people and forms give it: text in JSON, `Decimal` with two decimals in Python."""


def plain(amount: Decimal | None) -> str:
    """Return `amount` for a record that is compared: `1250.00`, empty for None."""
    return "" if amount is None else str(amount.quantize(CENT))


def display(amount: Decimal) -> str:
    """Return `amount` for people: `1,250.00`."""
    return f"{amount:,.2f}"

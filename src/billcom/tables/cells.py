"""From what a cell holds to the value its column means: never guessed, or refused with what to write instead."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime, time
from decimal import Decimal
from functools import lru_cache
from typing import Annotated, Any

from pydantic import TypeAdapter, ValidationError
from stdnum.us import rtn  # pyright: ignore[reportMissingTypeStubs]

from billcom.money import parse_amount
from billcom.normalization import check_visible, remove_ignorable
from billcom.tables.columns import Column, Kind
from billcom.tables.values import Unreadable, Value, shown

SPREADSHEET_DIGITS = 15
"""Digits of a number that a spreadsheet keeps. Source: Excel's specifications and limits."""

MAX_QUANTITY = 1_000_000
MAX_LINE = 9_999
YEARS = range(2000, 2100)
"""Bound of this project: a business date outside is a slip (a spreadsheet makes 1926 of a typed 26)."""

_AS_TEXT = "format the column as text, then type it again"
_ISO_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_THREE_NUMBERS = re.compile(r"(\d{1,4})[./-](\d{1,2})[./-](\d{1,4})", re.ASCII)
_SCIENTIFIC = re.compile(r"\d([.,]\d+)?E\+\d{2,}", re.ASCII | re.IGNORECASE)
_GROUPED = re.compile(r"\d{1,3}(,\d{3})+(\.\d{1,2})?", re.ASCII)
_GROUPED_BY_POINTS = re.compile(r"\d{1,3}(\.\d{3})+,\d{1,2}|\d+,\d{1,2}", re.ASCII)
_QUANTITY = re.compile(r"\d{1,7}(\.\d{1,4})?", re.ASCII)
_WHOLE = re.compile(r"[1-9]\d{0,3}", re.ASCII)


def read_cell(column: Column, value: Value) -> Any:
    """Return what a filled-in cell means for its column; raise ValueError with what to do instead."""
    if isinstance(value, Unreadable):
        raise ValueError(value.fix)
    meant = _READERS[column.kind](value)
    if column.kind is Kind.CHOICE:
        if meant.casefold() not in column.choices:
            raise ValueError(f"write one of: {', '.join(column.choices)}")
        return meant.casefold()
    if not column.rule:
        return meant
    try:
        return _adapter(*column.rule).validate_python(meant)
    except ValidationError as error:
        message = str(error.errors(include_url=False)[0]["msg"]).removeprefix("Value error, ")
        # The problem names the value already, or must not.
        raise ValueError(message.removeprefix(f"{meant!r} ")) from None


@lru_cache(maxsize=64)
def _adapter(model: type[Any], field: str) -> TypeAdapter[Any]:
    rule = model.model_fields[field]
    checked: Any = Annotated[rule.annotation, None, *rule.metadata]  # pyright: ignore
    return TypeAdapter(checked)


def _text(value: Value) -> str:
    """Return text on one line; raise ValueError for a character that nobody sees.

    A number without decimals is its digits: nobody typed anything else.
    """
    if isinstance(value, str):
        return check_visible(" ".join(value.split()))
    if isinstance(value, int) and not isinstance(value, bool):
        return _digits(value)
    if isinstance(value, float) and value.is_integer():
        return _digits(int(value))
    if isinstance(value, int | float):
        raise ValueError(f"is a {'yes or no' if isinstance(value, bool) else 'number'}, not text: {_AS_TEXT}")
    raise ValueError(f"the spreadsheet has made a date of it: {_AS_TEXT}")


def _description(value: Value) -> str:
    """Return text for people to read, without characters that nobody sees."""
    return _text(remove_ignorable(value) if isinstance(value, str) else value)


def _digits(value: int) -> str:
    text = str(value)
    if value < 0:
        raise ValueError(f"is a number below zero: {_AS_TEXT}")
    if len(text) > SPREADSHEET_DIGITS:
        raise ValueError(
            f"a spreadsheet keeps {SPREADSHEET_DIGITS} digits of a number, the rest is lost: {_AS_TEXT}"
        )
    return text


def _name(value: Value) -> str:
    text = _text(value)
    if text.startswith("="):
        raise ValueError("begins like a formula: write the text without the equals sign")
    return text


def _number(value: Value) -> str:
    text = _name(value)
    if isinstance(value, str) and _SCIENTIFIC.fullmatch(text):
        raise ValueError(f"a spreadsheet has shortened the number, its digits are lost: {_AS_TEXT}")
    if text.startswith("'"):
        raise ValueError("begins with an apostrophe, which a spreadsheet doesn't show: delete it")
    return text


def _routing_number(value: Value) -> str:
    """Return nine digits. Of a number cell a lost leading zero is put back where the check digit proves it."""
    text = _number(value)
    if len(text) == 8 and text.isdigit():
        if not isinstance(value, str) and rtn.is_valid(f"0{text}"):
            return f"0{text}"
        raise ValueError(f"has eight digits, perhaps without its leading zero: {_AS_TEXT}, all nine digits")
    return text


def _account_number(value: Value) -> str:
    if not isinstance(value, str):
        raise ValueError(f"is a number, so leading zeros may be lost: {_AS_TEXT}")
    return _number(value)


def _amount(value: Value) -> Decimal:
    if isinstance(value, str):
        text = "".join(value.split())
        bare = text.removeprefix("USD").removesuffix("USD").removeprefix("$")
        if text[:1] in ("(", "-"):
            raise ValueError("is not above zero: credits are no part of a run, take the row out")
        if _GROUPED.fullmatch(bare):
            raise ValueError(
                f"write digits and a point, nothing else: {bare.replace(',', '')}, if that is meant"
            )
        if _GROUPED_BY_POINTS.fullmatch(bare):
            wanted = bare.replace(".", "").replace(",", ".")
            raise ValueError(f"write digits and a point, nothing else: {wanted}, if that is meant")
        if bare != value:
            raise ValueError("write digits and a point, nothing else, such as 1250.00")
        amount: Decimal | str = value
    else:
        amount = _decimal(value)
    try:
        return parse_amount(amount)
    except ValueError as error:
        raise ValueError(str(error).removeprefix(f"{amount!r} ").removeprefix(f"{amount} ")) from None


def _decimal(value: Value) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError("is not a number: format the column as a number, then type it again")
    # What a person typed, or a formula came to, to the digits the spreadsheet itself shows: 12.1 is 12.1.
    return Decimal(f"{value:.{SPREADSHEET_DIGITS}g}")


def _quantity(value: Value) -> Decimal:
    if not isinstance(value, str):
        value = f"{_decimal(value):f}"
    if not _QUANTITY.fullmatch(value) or not 0 < Decimal(value) <= MAX_QUANTITY:
        raise ValueError(
            f"write a number above 0, up to {MAX_QUANTITY}, with four decimals at most, such as 1.5"
        )
    return Decimal(value)


def _line(value: Value) -> int:
    if not isinstance(value, str):
        value = f"{_decimal(value):f}"
    if not _WHOLE.fullmatch(value):
        raise ValueError(f"write the line's number: 1, 2, 3 … up to {MAX_LINE}")
    return int(value)


def _date(value: Value) -> date:
    if isinstance(value, datetime):
        if value.time() != time():
            raise ValueError(f"has a time of day: write the date alone, {value.date()}")
        day = value.date()
    elif isinstance(value, date):
        day = value
    elif isinstance(value, str) and _ISO_DATE.fullmatch(value):
        try:
            day = date.fromisoformat(value)
        except ValueError:
            raise ValueError("this day does not exist: write one such as 2026-12-31") from None
    elif isinstance(value, str):
        raise ValueError(f"write it as {_iso(value) or '2026-12-31'}")
    else:
        raise ValueError("is a number, not a date: write it as 2026-12-31")
    if day.year not in YEARS:
        raise ValueError(f"lies outside {YEARS[0]} to {YEARS[-1]}: check the year")
    return day


def _iso(text: str) -> str:
    """Return how to write a date of another order, with each day it can be; empty where that can't be told."""
    found = _THREE_NUMBERS.fullmatch(text)
    if not found:
        return ""
    first, second, third = map(int, found.groups())
    orders = [(first, second, third)] if first > 31 else [(third, first, second), (third, second, first)]
    days: list[str] = []
    for year, month, day in orders:
        try:
            days.append(date(year + 2000 if year < 100 else year, month, day).isoformat())
        except ValueError:
            continue
    return " or ".join(dict.fromkeys(days))


def _yes_no(value: Value) -> bool:
    word = shown(value).casefold()
    if word in ("yes", "no", "true", "false") and isinstance(value, str | bool):
        return word in ("yes", "true")
    raise ValueError("write yes or no")


_READERS: dict[Kind, Callable[[Value], Any]] = {
    Kind.NAME: _name,
    Kind.TEXT: _description,
    Kind.NUMBER: _number,
    Kind.ROUTING_NUMBER: _routing_number,
    Kind.ACCOUNT_NUMBER: _account_number,
    Kind.AMOUNT: _amount,
    Kind.QUANTITY: _quantity,
    Kind.LINE: _line,
    Kind.DATE: _date,
    Kind.CHOICE: _name,
    Kind.YES_NO: _yes_no,
}

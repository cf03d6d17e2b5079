"""Bills that look like one another: the same vendor, nearly the same amount, date and number."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from rapidfuzz.distance import OSA

from billcom.models.bill import Bill
from billcom.money import display
from billcom.normalization import same_text

NEAR_AMOUNT = Decimal("0.01")
"""Share by which two amounts may differ."""

NEAR_DAYS = timedelta(days=7)
_NEAR_LETTERS = 1
_SHORTEST_PART = 4


@dataclass(frozen=True)
class Known:
    """A bill there is already: at BILL, or further up in the same sheet. `name` says which for a person."""

    number: str
    invoice_date: date | None
    amount: Decimal | None
    name: str


def find_near(number: str, invoice_date: date, amount: Decimal, others: Iterable[Known]) -> Known | None:
    """Return the first of a vendor's bills that may be this one under a slightly different number."""
    for other in others:
        if other.invoice_date is None or other.amount is None or same_text(other.number, number):
            continue  # the same number is no near one: it is compared in full elsewhere
        if abs(other.amount - amount) > amount * NEAR_AMOUNT:
            continue
        if abs(other.invoice_date - invoice_date) <= NEAR_DAYS and is_similar(number, other.number):
            return other
    return None


def known_bill(bill: Bill) -> Known:
    """Return a bill of BILL's."""
    state = ", archived" if bill.archived else ""
    name = f"bill {bill.id} at BILL{state}"
    return Known(bill.invoice.invoice_number or "", bill.invoice.invoice_date, bill.amount, name)


def looks_like(near: Known) -> str:
    """Return why a line is held, and what to do."""
    amount = display(near.amount or Decimal(0))
    return (
        f"looks like {near.name}: {near.number}, {near.invoice_date}, USD {amount}; if it is another, say why under "
        "Override reason"
    )


def is_similar(one: str, other: str) -> bool:
    """Return whether two invoice numbers may be one: but for signs, leading zeros, a slip, or a part left out."""
    first, second = _letters(one), _letters(other)
    if not first or not second:
        return False
    shorter, longer = sorted((first, second), key=len)
    is_part = len(shorter) >= _SHORTEST_PART and (longer.startswith(shorter) or longer.endswith(shorter))
    return is_part or OSA.distance(first, second, score_cutoff=_NEAR_LETTERS) <= _NEAR_LETTERS


def _letters(number: str) -> str:
    return "".join(letter for letter in number.casefold() if letter.isalnum()).lstrip("0")

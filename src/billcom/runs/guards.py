"""Caps on what a run may move: for one payment, for a vendor and day, for a day. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from billcom.lookup.rows import plain
from billcom.money import display
from billcom.runs.books import PaymentBooks
from billcom.runs.lines import RunLine, Status


def held_by_caps(lines: Sequence[RunLine], party_ids: Sequence[str], books: PaymentBooks) -> list[RunLine]:
    """Return the lines in their order, those held that would go over a cap on top of what is claimed today.

    The journal checks the same caps again when it claims.
    """
    taken = dict(books.taken)
    total = sum(taken.values(), Decimal(0))
    checked: list[RunLine] = []
    for line, party_id in zip(lines, party_ids, strict=True):
        if line.status is not Status.PLANNED:
            checked.append(line)
            continue
        party = party_id or plain(line.party)
        of_party = taken.get(party, Decimal(0)) + line.amount
        reason = (
            _over(books.caps.amount, line.amount, "BILL_MAX_AMOUNT", "one payment")
            or _over(books.caps.vendor_total, of_party, "BILL_MAX_VENDOR_TOTAL", "a vendor today")
            or _over(books.caps.total, total + line.amount, "BILL_MAX_TOTAL", "all payments today")
        )
        if reason:
            checked.append(replace(line, status=Status.HELD, reason=reason))
        else:
            taken[party] = of_party
            total += line.amount
            checked.append(line)
    return checked


def _over(cap: Decimal | None, amount: Decimal, name: str, what: str) -> str:
    if cap is None or amount <= cap:
        return ""
    asked = f"USD {display(amount)} for {what}"
    return f"{asked} is more than {name} {display(cap)}: check it; if it is right, raise the cap"

"""What lines of a run may not come to together: more than a cap, more than their bill. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from billcom.money import display
from billcom.normalization import normalize_text
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
        party = party_id or normalize_text(line.party)
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


def once_each_bill(lines: Sequence[RunLine]) -> list[RunLine]:
    """Return the lines in their order, those refused that pay a bill under the label of a line before them."""
    first: dict[tuple[str, ...], RunLine] = {}
    checked: list[RunLine] = []
    for line in lines:
        if line.status is Status.PLANNED:
            party = line.party_id or normalize_text(line.party)
            new = (party, normalize_text(line.number), str(line.invoice_date))
            bill = (line.document_id,) if line.document_id else new
            before = first.setdefault((*bill, normalize_text(line.label)), line)
            if before is not line:
                reason = (
                    f"{before.place} pays the same bill: take one of the two out; to pay it twice on purpose, give "
                    "each a Label of its own"
                )
                line = replace(line, status=Status.CONFLICT, reason=reason)
        checked.append(line)
    return checked


def within_bills(lines: Sequence[RunLine], still_open: Sequence[Decimal | None]) -> list[RunLine]:
    """Return the lines in their order, those refused that come with others to more than is open of their bill.

    `still_open`: dollars open of each line's bill, None for a line that is no part of one. BILL may take too much.
    """
    taken: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    checked: list[RunLine] = []
    for line, most in zip(lines, still_open, strict=True):
        bill = normalize_text(line.party), normalize_text(line.number)
        asked = taken[bill] + line.amount
        if most is None or line.status is not Status.PLANNED:
            checked.append(line)
        elif asked > most:
            reason = (
                f"with the parts before it is {display(asked)} of {display(most)} open: correct Pay amount"
            )
            checked.append(replace(line, status=Status.CONFLICT, reason=reason))
        else:
            taken[bill] = asked
            checked.append(line)
    return checked


def _over(cap: Decimal | None, amount: Decimal, name: str, what: str) -> str:
    if cap is None or amount <= cap:
        return ""
    asked = f"USD {display(amount)} for {what}"
    return f"{asked} is more than {name} {display(cap)}: check it; if it is right, raise the cap"

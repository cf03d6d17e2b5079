"""Owns a run of one line of every status, and small builders of lines and runs."""

from datetime import date
from decimal import Decimal
from typing import Any

from billcom.runs.lines import Run, RunKind, RunLine, Status


def line(**changes: Any) -> RunLine:
    values: dict[str, Any] = {
        "place": "June row 2",
        "party": "Happy Music Supplies",
        "number": "INV-1001",
        "invoice_date": date(2026, 6, 1),
        "due_date": date(2026, 7, 1),
        "amount": Decimal("1250.10"),
        "day": date(2026, 6, 30),
        "asked_day": date(2026, 6, 30),
        "account": "2333",
    }
    return RunLine(**(values | changes))


def run(*lines: RunLine, **changes: Any) -> Run:
    values: dict[str, Any] = {
        "kind": RunKind.PAYMENT,
        "name": "June vendors",
        "source": "june.xlsx",
        "funding_account_id": "bac01AAFKXQ",
    }
    return Run(lines=lines, **(values | changes))


def result(**changes: Any) -> Run:
    """Return a run of ten lines: one of every status but planned, two of them paid; USD 1,111.11 in all."""
    paid = {"status": Status.DONE, "record_id": "stpUWRA27QDY1QSOYSTJ", "record_status": "SCHEDULED"}
    return run(
        line(amount=Decimal("1000.00"), party_is="new", document_is="found", **paid),
        line(place="June row 3", party="Cedar Press", amount=Decimal("100.00"), day=date(2026, 7, 2), **paid),
        line(place="June row 4", status=Status.BEFORE, amount=Decimal("4.00"), day=None),
        line(place="June row 5", status=Status.WAITING, amount=Decimal("3.00"), day=None),
        line(place="June row 6", status=Status.SKIPPED, amount=Decimal("2.00"), day=None, reason="Paid."),
        line(place="June row 7", status=Status.HELD, amount=Decimal("1.00"), day=None, reason="New account."),
        line(place="June row 8", status=Status.CONFLICT, amount=Decimal("0.50"), day=None, reason="Differs."),
        line(place="June row 9", status=Status.FAILED, amount=Decimal("0.30"), day=None, reason="Refused."),
        line(place="June row 10", status=Status.FAILED, amount=Decimal("0.20"), day=None, reason="Not sent."),
        line(place="June row 11", status=Status.OPEN, amount=Decimal("0.11"), day=None, reason="No answer."),
        **changes,
    )

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from billcom.runs.lines import Group, RunKind, Status, Total
from billcom.runs.totals import (
    TotalsError,
    cash_by_day,
    cash_by_party,
    check_totals,
    total_out,
    totals_by_group,
    totals_by_status,
)
from tests.billcom.runs.build import line, result, run

OTHER = line(party="Cedar Press", number="77", amount=Decimal("20.00"))


def test_a_fingerprint_is_sixteen_hexadecimal_digits_that_stay_as_they_are() -> None:
    # Worked out apart, with sha256sum: an approval given before an update of this program must still hold after it.
    assert run(line()).fingerprint == "3b8446a824771dbe"


@pytest.mark.parametrize(
    "changes",
    [
        {"amount": Decimal("1250.11")},
        {"account": "2334"},
        {"label": "second half"},
        {"asked_day": date(2026, 7, 1)},
        {"asked_day": None},
        {"override": "confirmed by phone"},
        {"party": "Happy Music Supply"},
        {"number": "INV-1002"},
        {"invoice_date": date(2026, 6, 2)},
        {"status": Status.HELD},
    ],
)
def test_a_fingerprint_changes_with_what_would_move(changes: dict[str, Any]) -> None:
    assert run(line(**changes), OTHER).fingerprint != run(line(), OTHER).fingerprint


def test_a_fingerprint_changes_with_the_funding_account_and_the_kind_of_run() -> None:
    prints = {
        run(line()).fingerprint,
        run(line(), funding_account_id="bac02").fingerprint,
        run(line(), kind=RunKind.COLLECTION).fingerprint,
        run(line(), line()).fingerprint,
        run().fingerprint,
    }
    assert len(prints) == 5


def test_a_fingerprint_knows_no_order_no_name_and_no_source() -> None:
    asked = run(line(), OTHER).fingerprint
    assert run(OTHER, line()).fingerprint == asked
    assert (
        run(line(), OTHER, name="July", source="other.csv", dry_run=True, notes=("x",)).fingerprint == asked
    )


@pytest.mark.parametrize("status", [Status.DONE, Status.BEFORE, Status.FAILED, Status.OPEN])
def test_a_fingerprint_stays_when_what_was_planned_is_done_or_fails(status: Status) -> None:
    after = line(
        status=status,
        reason="it went so",
        day=date(2026, 7, 3),
        due_date=date(2026, 7, 4),
        party_is="new",
        document_is="new",
        party_id="009",
        document_id="00n",
        record_id="stp",
        record_status="SCHEDULED",
        place="June row 9",
    )
    assert run(after, OTHER).fingerprint == run(line(), OTHER).fingerprint


@pytest.mark.parametrize("status", [Status.WAITING, Status.SKIPPED, Status.HELD, Status.CONFLICT])
def test_a_fingerprint_leaves_out_what_is_not_to_be_done(status: Status) -> None:
    assert run(line(status=status), OTHER).fingerprint == run(OTHER).fingerprint


def test_totals_by_group_and_status() -> None:
    whole = result()
    assert whole.total == Total(10, Decimal("1111.11"))
    assert whole.total_of_group(Group.PAID) == Total(2, Decimal("1100.00"))
    assert whole.total_of_group(Group.SKIPPED) == Total(3, Decimal("9.00"))
    assert whole.total_of_group(Group.FAILED) == Total(5, Decimal("2.11"))
    assert whole.total_of(Status.FAILED, Status.OPEN) == Total(3, Decimal("0.61"))
    assert [one.place for one in whole.failed] == [f"June row {number}" for number in range(7, 12)]
    assert list(totals_by_status(whole)) == [status for status in Status if status is not Status.PLANNED]
    assert totals_by_group(whole)[Group.FAILED] == {
        Status.HELD: Total(1, Decimal("1.00")),
        Status.CONFLICT: Total(1, Decimal("0.50")),
        Status.FAILED: Total(2, Decimal("0.50")),
        Status.OPEN: Total(1, Decimal("0.11")),
    }


def test_a_run_of_no_lines_comes_to_nothing() -> None:
    assert run().total == total_out(run()) == Total(0, Decimal("0.00"))
    assert totals_by_group(run()) == {Group.PAID: {}, Group.SKIPPED: {}, Group.FAILED: {}}
    assert (cash_by_day(run()), cash_by_party(run())) == ({}, {})


def test_what_comes_out_is_what_went_in() -> None:
    check_totals(Total(10, Decimal("1111.11")), result())


@pytest.mark.parametrize("asked", [Total(11, Decimal("1111.11")), Total(10, Decimal("1111.12"))])
def test_a_line_or_a_cent_that_got_lost_is_an_error(asked: Total) -> None:
    with pytest.raises(TotalsError, match=r"came in, 10 lines of USD 1,111\.11 stand in the run.*compare"):
        check_totals(asked, result())


def test_a_line_that_is_replaced_by_another_amount_is_an_error() -> None:
    whole = result()
    lines = (replace(whole.lines[0], amount=Decimal("1000.01")), *whole.lines[1:])
    with pytest.raises(TotalsError):
        check_totals(whole.total, replace(whole, lines=lines))


def test_cash_by_day_counts_what_is_done_or_planned_and_puts_no_day_last() -> None:
    late, early, none = date(2026, 7, 2), date(2026, 6, 30), None
    whole = run(
        line(day=none, amount=Decimal("5.00"), status=Status.DONE),
        line(day=late, amount=Decimal("1.00")),
        line(day=early, amount=Decimal("2.00"), status=Status.DONE),
        line(day=early, amount=Decimal("0.50")),
        line(day=early, amount=Decimal("9.00"), status=Status.OPEN),
    )
    assert list(cash_by_day(whole).items()) == [
        (early, Decimal("2.50")),
        (late, Decimal("1.00")),
        (none, Decimal("5.00")),
    ]


def test_cash_by_party_names_the_ten_largest_and_adds_up_the_others() -> None:
    lines = [line(party=f"Vendor {n:02}", amount=Decimal(n)) for n in range(1, 14)]
    cash = cash_by_party(run(*lines, line(party="Vendor 13", amount=Decimal("0.50"))))
    assert list(cash) == [f"Vendor {n:02}" for n in range(13, 3, -1)] + ["3 others"]
    assert cash["Vendor 13"] == Decimal("13.50") and cash["3 others"] == Decimal("6.00")

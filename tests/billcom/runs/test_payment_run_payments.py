"""Which bills of a payment run are to be paid, were paid before, wait, or are paid in parts."""

from datetime import date
from decimal import Decimal

import pytest

from billcom.intent import Kind
from billcom.journal import State
from billcom.runs.books import Caps
from billcom.runs.lines import Status
from billcom.runs.rows import BillLineRow
from tests.billcom.runs.planning import (
    BILL,
    MUSIC,
    TUESDAY,
    bill,
    entry,
    line,
    paid,
    payment,
    planned,
    row,
    said,
)

CONFLICT, SKIPPED, WAITING = "conflict", "skipped", "waiting for approval in BILL"


# What was paid, and what waits


def test_a_payment_of_an_earlier_run_is_done_before_and_one_of_this_run_is_done() -> None:
    before = {"bills": (bill(payment_status="SCHEDULED"),), "payments": {"stp01PAYMENT": payment()}}
    of_another = line(row(), payment_rows=paid("May"), **before)
    assert (of_another.status, of_another.record_id, of_another.record_status) == (
        Status.BEFORE,
        "stp01PAYMENT",
        "SCHEDULED",
    )
    assert of_another.day == TUESDAY
    assert line(row(), payment_rows=paid(), **before, run_name="").status is Status.BEFORE
    assert line(row(), payment_rows=paid("June"), **before).status is Status.DONE


@pytest.mark.parametrize("day", [date(2026, 11, 20), date(2026, 11, 29)])
def test_what_is_paid_is_not_held_by_a_process_date_that_has_passed(day: date) -> None:
    before = {"bills": (bill(),), "payments": {"stp01PAYMENT": payment()}, "payment_rows": paid("May")}
    assert line(row(process_date=day), **before).status is Status.BEFORE


@pytest.mark.parametrize(
    ("made", "reason"),
    [
        (
            payment(status="CANCELLED", single_status="CANCELED"),
            "payment stp01PAYMENT of bill 00n01BILL is CANCELLED (CANCELED): to pay the bill once more, run again with "
            "a label of its own",
        ),
        (
            payment(single_status="FUNDING_FAILED_ACTION_NEEDED"),
            "payment stp01PAYMENT of bill 00n01BILL is SCHEDULED (FUNDING_FAILED_ACTION_NEEDED): BILL waits for "
            "somebody to act on it; do that in BILL first",
        ),
        (
            payment("1200.00"),
            "payment stp01PAYMENT pays 1,200.00 of bill 00n01BILL, which asks for 1,250.00: look at both in BILL; to "
            "pay the bill once more, run again with a label of its own",
        ),
    ],
)
def test_a_payment_that_is_not_as_it_should_be_is_a_conflict(made: object, reason: str) -> None:
    known = {"bills": (bill(),), "payments": {"stp01PAYMENT": made}, "payment_rows": paid("June")}
    assert said(row(), **known) == (CONFLICT, reason)


def test_a_payment_that_is_gone_from_bill_is_a_conflict() -> None:
    status, why = said(row(), bills=(bill(),), payment_rows=paid("June"))
    assert (status, why[:67]) == (
        CONFLICT,
        "the journal has payment 00n01BILL as stp01PAYMENT, and BILL has no ",
    )


def test_a_payment_nobody_knows_of_is_looked_for_first() -> None:
    rows = {BILL: {"": entry(Kind.PAYMENT, BILL, State.UNKNOWN)}}
    found = line(row(), bills=(bill(),), payment_rows=rows)
    assert (found.status, found.reason) == (
        Status.PLANNED,
        "sent before, and nobody knows whether BILL acted: looked for first",
    )


def test_a_payment_nobody_knows_of_under_another_label_is_a_conflict() -> None:
    rows = {BILL: {"first half": entry(Kind.PAYMENT, BILL, State.SENDING, label="first half")}}
    assert said(row(label="second half", pay_amount=Decimal(100)), bills=(bill(),), payment_rows=rows) == (
        CONFLICT,
        "payment 00n01BILL, label first half was sent and nobody knows yet whether BILL acted: run resolve_unknowns "
        "first",
    )


@pytest.mark.parametrize("approval", ["ASSIGNED", "APPROVING"])
def test_a_bill_whose_approvers_have_not_decided_waits(approval: str) -> None:
    approvers = [
        {"userId": "00601", "status": "APPROVED"},
        {"userId": "00602", "status": "WAITING"},
        {"userId": "00603", "status": "WAITING"},
    ]
    undecided = bill(approval_status=approval, approvers=approvers)
    assert said(row(), bills=(undecided,)) == (
        WAITING,
        "its approvers decide first: user 00602, user 00603",
    )


def test_a_bill_that_was_denied_is_a_conflict() -> None:
    status, why = said(row(), bills=(bill(approval_status="DENIED"),))
    assert (status, why[:58]) == (CONFLICT, "bill INV-1001 (00n01BILL) is DENIED in BILL's approval pol")


def test_an_approved_bill_is_paid() -> None:
    assert line(row(), bills=(bill(approval_status="APPROVED"),)).status is Status.PLANNED


def test_a_bill_that_was_paid_some_other_way_is_skipped() -> None:
    paid_by_hand = bill(due_amount=Decimal(0), payment_status="PAID")
    scheduled = bill(scheduled_amount=Decimal("1250.00"), payment_status="SCHEDULED")
    assert said(row(), bills=(paid_by_hand,)) == (
        SKIPPED,
        "nothing is open at BILL (PAID): it was paid some other way",
    )
    assert said(row(), bills=(scheduled,))[0] == SKIPPED


def test_a_bill_of_which_a_part_was_paid_by_hand_is_a_conflict() -> None:
    status, why = said(row(), bills=(bill(due_amount=Decimal(1000), payment_status="PARTIALLY_PAID"),))
    assert status == CONFLICT
    assert "has 1,000.00 of 1,250.00 open (PARTIALLY_PAID): something else pays it" in why


# Parts


def test_a_part_is_paid_under_its_label_of_what_is_open() -> None:
    (item,) = planned(
        row(label="first half", pay_amount=Decimal("625.00")),
        bills=(bill(due_amount=Decimal(700), payment_status="PARTIALLY_PAID"),),
    )
    assert (item.line.status, item.line.amount, item.is_part) == (
        Status.PLANNED,
        Decimal("625.00"),
        True,
    )


def test_a_part_that_is_more_than_is_open_is_a_conflict() -> None:
    held = bill(due_amount=Decimal(600), payment_status="PARTIALLY_PAID")
    assert said(row(label="second half", pay_amount=Decimal("625.00")), bills=(held,)) == (
        CONFLICT,
        "bill INV-1001 (00n01BILL) has 600.00 open, less than 625.00: look at its payments in BILL",
    )


@pytest.mark.parametrize("bills", [(), (bill(),)])
def test_parts_that_come_to_more_than_their_bill_are_a_conflict(bills: tuple[object, ...]) -> None:
    parts = [row(label=label, pay_amount=Decimal("700.00")) for label in ("first", "second")]
    lines = [item.line for item in planned(*parts, bills=bills)]
    assert [part.status for part in lines] == [Status.PLANNED, Status.CONFLICT]
    assert lines[1].reason == "with the parts before it is 1,400.00 of 1,250.00 open: correct Pay amount"


def test_a_label_makes_a_second_payment_of_a_bill_that_is_known_to_be_paid() -> None:
    known = {
        "bills": (bill(due_amount=Decimal(625), payment_status="PARTIALLY_PAID"),),
        "payments": {"stp01PAYMENT": payment("625.00")},
        "payment_rows": paid("May", "first half"),
    }
    parts = [row(label=label, pay_amount=Decimal(625)) for label in ("first half", "second half")]
    lines = [item.line for item in planned(*parts, **known)]
    assert [part.status for part in lines] == [Status.BEFORE, Status.PLANNED]


def test_a_part_whose_amount_was_edited_after_it_was_paid_is_a_conflict() -> None:
    known = {
        "bills": (bill(due_amount=Decimal(625), payment_status="PARTIALLY_PAID"),),
        "payments": {"stp01PAYMENT": payment("625.00")},
        "payment_rows": paid("May", "first half"),
    }
    status, why = said(row(label="first half", pay_amount=Decimal(600)), **known)
    assert status == CONFLICT
    assert "pays 625.00 of bill 00n01BILL, of which this payment is 600.00" in why


# Days, GL accounts and caps: of what is to be paid alone


def test_without_a_process_date_funds_leave_on_the_next_banking_day() -> None:
    assert (line(row()).day, line(row()).asked_day) == (TUESDAY, None)
    asked = line(row(process_date=date(2026, 12, 1)))
    assert (asked.day, asked.asked_day) == (date(2026, 12, 1), date(2026, 12, 1))


@pytest.mark.parametrize(
    ("day", "reason"),
    [
        (
            date(2026, 11, 29),
            "process date 2026-11-29 is a Sunday, not a US banking day: the next one is 2026-11-30",
        ),
        (
            date(2026, 11, 26),
            "process date 2026-11-26 is a Thursday, not a US banking day: the next one is 2026-11-27",
        ),
        (
            date(2026, 11, 20),
            "process date 2026-11-20 is not after today (2026-11-23): the first possible day is 20",
        ),
    ],
)
def test_a_process_date_on_which_no_funds_leave_is_a_conflict(day: date, reason: str) -> None:
    status, why = said(row(process_date=day))
    assert status == CONFLICT
    assert why.startswith(reason)
    assert why.endswith(": correct Process date")


def test_a_gl_account_is_written_by_its_number_or_name_as_at_bill() -> None:
    accounts = {"5010": "0ca01", "instruments": "0ca01"}
    for written in ("5010", "Instruments", "INSTRUMENTS"):
        lines = (BillLineRow(amount=Decimal("1250.00"), gl_account=written),)
        assert line(row(lines=lines), gl_accounts=accounts).status is Status.PLANNED
    lines = (
        BillLineRow(amount=Decimal("1000.00"), gl_account="5010"),
        BillLineRow(amount=Decimal("250.00"), gl_account="501"),
    )
    assert said(row(lines=lines), gl_accounts=accounts) == (
        CONFLICT,
        "GL account '501' is not in BILL's chart of accounts: write its number or name as there",
    )


def test_a_line_over_a_cap_is_held_and_leaves_room_for_the_next() -> None:
    rows = [row(invoice_number="A"), row("750.00", invoice_number="BB"), row("1.00", invoice_number="CCC")]
    lines = [item.line for item in planned(*rows, caps=Caps(total=Decimal(1300)), taken={MUSIC: Decimal(40)})]
    assert [found.status.value for found in lines] == ["planned", "held", "planned"]


def test_a_payment_that_may_have_been_sent_counts_once_against_a_cap() -> None:
    rows = {BILL: {"": entry(Kind.PAYMENT, BILL, State.UNKNOWN)}}
    claimed = {"bills": (bill(),), "payment_rows": rows, "taken": {MUSIC: Decimal(1250)}}
    other = row("50.00", invoice_number="X-7")
    lines = [item.line for item in planned(row(), other, **claimed, caps=Caps(total=Decimal(1300)))]
    assert [found.status.value for found in lines] == ["planned", "planned"]

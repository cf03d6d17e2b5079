"""What a row of a sheet comes to: a bill to be paid, or why it isn't."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from billcom.intent import Kind
from billcom.journal import State
from billcom.runs.books import Caps
from billcom.runs.lines import Run, RunKind, Status
from billcom.runs.payment_run import PlannedPayment, plan_bills
from billcom.runs.rows import BillLineRow
from tests.billcom.runs.planning import (
    ADDRESS,
    BILL,
    BILL_SUBJECT,
    MUSIC,
    TUESDAY,
    account,
    bill,
    books,
    due,
    entry,
    line,
    new_row,
    paid,
    payment,
    planned,
    row,
    said,
    vendor,
)

CONFLICT, HELD, SKIPPED, WAITING = "conflict", "held", "skipped", "waiting for approval in BILL"


def fingerprint(lines: list[PlannedPayment]) -> str:
    return Run(RunKind.PAYMENT, "June", "", tuple(item.line for item in lines), "bac01").fingerprint


# Vendors


def test_a_vendor_that_is_not_at_bill_is_made_with_its_bill() -> None:
    (item,) = planned(new_row(), vendors=())
    made = item.line
    assert (made.status, made.party_is, made.document_is) == (Status.PLANNED, "new", "new")
    assert (made.place, made.amount, made.account) == ("June row 2", Decimal("1250.00"), "0010/…2333")
    assert (item.vendor, item.bill, item.gives_account, item.is_part) == (None, None, False, False)


@pytest.mark.parametrize(
    ("changes", "missing"),
    [
        ({"address": None}, "address"),
        ({"bank_account": None}, "bank account"),
        ({"address": None, "bank_account": None}, "address and bank account"),
    ],
)
def test_a_new_vendor_needs_address_and_bank_account(changes: dict[str, Any], missing: str) -> None:
    assert said(new_row(**changes), vendors=()) == (
        CONFLICT,
        "vendor 'Happy Music' is not at BILL: write its name as BILL has it, or fill in its " + missing,
    )


def test_what_a_row_further_up_tells_of_a_new_vendor_is_not_taken_from_it() -> None:
    # The sheet's reader gives every row of a vendor what one of them tells.
    lines = planned(new_row(), row(invoice_number="INV-1002"), vendors=())
    assert [item.line.status for item in lines] == [Status.PLANNED, Status.CONFLICT]


def test_a_vendor_at_bill_is_found_and_needs_nothing_told() -> None:
    (item,) = planned(row())
    found = item.line
    assert (found.status, found.party_is, found.party_id) == (Status.PLANNED, "found", MUSIC)
    assert (found.account, item.gives_account) == ("0010/…2333", False)


def test_a_vendor_that_this_very_run_made_before_it_was_stopped_is_new() -> None:
    rows = {"happy music": {"": entry(Kind.VENDOR, "happy music", record_id=MUSIC, run="June")}}
    assert line(row(), vendor_rows=rows).party_is == "new"
    assert line(row(), vendor_rows=rows, run_name="July").party_is == "found"


def test_of_two_vendors_of_one_name_the_one_the_journal_made_is_meant() -> None:
    twin = vendor(id="00902TWIN")
    status, reason = said(row(), vendors=(vendor(), twin))
    assert (status, reason) == (
        CONFLICT,
        "several vendors are named 'Happy Music' at BILL (00901MUSIC, 00902TWIN): archive the wrong ones, rename one, "
        "or say which it is",
    )
    rows = {"happy music": {"": entry(Kind.VENDOR, "happy music", record_id="00902TWIN")}}
    assert line(row(), vendors=(vendor(), twin), vendor_rows=rows).party_id == "00902TWIN"


def test_a_vendor_being_made_is_made_anew_where_the_sheet_can() -> None:
    rows = {"happy music": {"": entry(Kind.VENDOR, "happy music", State.UNKNOWN)}}
    assert line(new_row(), vendor_rows=rows).party_is == "new"
    assert line(row(), vendor_rows=rows).party_is == "found"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"archived": True}, "vendor 'Happy Music' is archived at BILL (00901MUSIC): restore it there"),
        ({"name": "HAPPY MUSIC"}, "'Happy Music' is not at BILL, but 'HAPPY MUSIC' is (00901MUSIC)"),
        ({"bill_currency": "CAD"}, "is kept in CAD at BILL: only USD is handled here"),
        ({"email": "old@music.example"}, "email 'old@music.example' at BILL, the request says 'pay@music"),
        ({"account_number": "C-1"}, "has account_number 'C-1' at BILL, the request says 'C-4711'"),
    ],
)
def test_a_vendor_that_bill_holds_otherwise_is_a_conflict(changes: dict[str, Any], reason: str) -> None:
    told = row(email="pay@music.example", account_number="C-4711")
    status, why = said(told, vendors=(vendor(**changes),))
    assert status == CONFLICT
    assert reason in why


# Bank accounts


def test_a_vendor_without_a_bank_account_would_be_paid_by_cheque() -> None:
    found = line(row(), vendors=(vendor(""),))
    assert (found.status, found.party_is, found.party_id) == (Status.CONFLICT, "found", MUSIC)
    assert found.reason == (
        "vendor 'Happy Music' (00901MUSIC) has no bank account at BILL, so that it would be paid by cheque: fill in "
        "its bank account"
    )


def test_a_vendor_without_a_bank_account_is_given_the_sheets() -> None:
    (item,) = planned(row(bank_account=account()), vendors=(vendor(""),))
    assert (item.line.status, item.line.account, item.gives_account) == (Status.PLANNED, "0010/…2333", True)


def test_a_bank_account_that_is_another_at_bill_is_a_conflict() -> None:
    assert said(row(bank_account=account("888889999"))) == (
        CONFLICT,
        "vendor 'Happy Music' has bank account 0010/…2333 at BILL, the sheet says 0010/…9999: ask the vendor over a "
        "known telephone number, then correct the sheet, or replace the account in BILL",
    )


@pytest.mark.parametrize("vendors", [(), (vendor(""),)])
def test_two_bank_accounts_for_one_new_vendor_are_a_conflict(vendors: tuple[object, ...]) -> None:
    other = new_row(invoice_number="INV-2", bank_account=account("888889999"))
    assert said(new_row(), other, vendors=vendors) == (
        CONFLICT,
        "vendor 'Happy Music' has bank account 0010/…2333 further up in the sheet and 0010/…9999 here: correct one of "
        "the two",
    )


def test_a_bank_account_changed_since_the_last_payment_holds_until_a_person_gives_a_reason() -> None:
    changed = {"paid_accounts": {MUSIC: "0010/…9999"}}
    held = line(row(), **changed)
    assert (held.status, held.party_is, held.party_id) == (Status.HELD, "found", MUSIC)
    assert held.reason == (
        "vendor 'Happy Music' has bank account 0010/…2333 now, the last payment went to 0010/…9999: ask the vendor "
        "over a known telephone number, then give a reason under Override reason"
    )
    assert line(row(override="Ann called them"), **changed).status is Status.PLANNED
    assert line(row(), paid_accounts={MUSIC: "0010/…2333"}).status is Status.PLANNED


def test_a_bank_account_given_anew_after_it_was_removed_at_bill_holds() -> None:
    given = row(bank_account=account("888889999"))
    assert said(given, vendors=(vendor(""),), paid_accounts={MUSIC: "0010/…2333"})[0] == HELD


# Bills


def test_a_bill_at_bill_is_found_and_paid() -> None:
    (item,) = planned(row(), bills=(bill(),))
    found = item.line
    assert (found.status, found.document_is, found.document_id) == (Status.PLANNED, "found", BILL)
    assert item.bill is not None and not item.is_part


def test_a_bill_that_this_very_run_made_before_it_was_stopped_is_new() -> None:
    rows = {BILL_SUBJECT: {"": entry(Kind.BILL, BILL_SUBJECT, record_id=BILL, run="June")}}
    assert line(row(), bills=(bill(),), bill_rows=rows).document_is == "new"
    assert line(row(), bills=(bill(),), bill_rows=rows, run_name="July").document_is == "found"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        (
            {"amount": Decimal("1260.00")},
            "bill INV-1001 is at BILL (00n01BILL) with amount 1,260.00 and date 2026-11-20, the request says 1,250.00 "
            "and 2026-11-20: correct the request, or the bill at BILL",
        ),
        (
            {"invoice": {"invoiceNumber": "INV-1001", "invoiceDate": "2026-11-19"}},
            "bill INV-1001 is at BILL (00n01BILL) with amount 1,250.00 and date 2026-11-19, the request says 1,250.00 "
            "and 2026-11-20: correct the request, or the bill at BILL",
        ),
        (
            {"invoice": {"invoiceNumber": "inv-1001", "invoiceDate": "2026-11-20"}},
            "bill INV-1001 is not at BILL, but 'inv-1001' of the same vendor is (00n01BILL): write the number as BILL "
            "has it",
        ),
        ({"archived": True}, "bill INV-1001 is archived at BILL (00n01BILL): restore it, or renumber"),
    ],
)
def test_a_bill_that_bill_holds_otherwise_is_a_conflict(changes: dict[str, Any], reason: str) -> None:
    assert said(row(), bills=(bill(**changes),)) == (CONFLICT, reason)


def test_a_bill_that_stands_twice_is_a_conflict_unless_the_journal_knows_which() -> None:
    twice = (bill(), bill(id="00n02TWIN"))
    status, why = said(row(), bills=twice)
    assert (status, why[:55]) == (CONFLICT, "bill INV-1001 stands twice at BILL (00n01BILL, 00n02TWI")
    rows = {BILL_SUBJECT: {"": entry(Kind.BILL, BILL_SUBJECT, record_id="00n02TWIN")}}
    assert line(row(), bills=twice, bill_rows=rows).document_id == "00n02TWIN"


def test_a_bill_that_a_person_said_is_another_is_passed_over() -> None:
    rows = {BILL_SUBJECT: {"": entry(Kind.BILL, BILL_SUBJECT, State.RELEASED, **{"past others": "yes"})}}
    assert line(row(), bills=(bill("1260.00"),), bill_rows=rows).document_is == "new"


def test_a_bill_being_made_is_looked_for_when_it_is_made_again() -> None:
    rows = {BILL_SUBJECT: {"": entry(Kind.BILL, BILL_SUBJECT, State.UNKNOWN)}}
    (item,) = planned(row(), bills=(bill("1260.00"),), bill_rows=rows)
    assert (item.line.status, item.line.document_is, item.bill) == (Status.PLANNED, "new", None)


def test_a_new_bill_that_looks_like_another_holds_until_a_person_gives_a_reason() -> None:
    alike = bill(invoice={"invoiceNumber": "INV1001", "invoiceDate": "2026-11-21"})
    assert said(row(), bills=(alike,)) == (
        HELD,
        "looks like bill 00n01BILL at BILL: INV1001, 2026-11-21, USD 1,250.00; if it is another, say why under "
        "Override reason",
    )
    assert line(row(override="second delivery"), bills=(alike,)).status is Status.PLANNED


def test_a_new_bill_that_looks_like_one_further_up_in_the_sheet_holds() -> None:
    slip = row(rows=(3,), invoice_number="INV-1OO1")
    twin = row(rows=(3,), invoice_number="INV-01001", invoice_date=date(2026, 11, 21))
    assert line(row(), slip).status is Status.PLANNED  # two letters differ
    assert said(row(), twin) == (
        HELD,
        "looks like June row 2: INV-1001, 2026-11-20, USD 1,250.00; if it is another, say why under Override reason",
    )


def test_a_bill_found_at_bill_is_no_duplicate_of_another() -> None:
    alike = bill(id="00n02", invoice={"invoiceNumber": "INV1001", "invoiceDate": "2026-11-21"})
    assert line(row(), bills=(bill(), alike)).status is Status.PLANNED


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


# Bills of BILL's own


def test_a_bill_of_bills_own_is_paid_what_is_open() -> None:
    found = due(bill())
    assert (found.place, found.party, found.number) == ("BILL", "Happy Music", "INV-1001")
    assert (found.status, found.amount, found.day, found.account) == (
        Status.PLANNED,
        Decimal("1250.00"),
        TUESDAY,
        "0010/…2333",
    )
    assert (found.party_is, found.document_is, found.document_id) == ("found", "found", BILL)


def test_a_bill_of_bills_own_waits_is_skipped_or_done_as_a_sheets_is() -> None:
    assert due(bill(approval_status="ASSIGNED")).status is Status.WAITING
    assert due(bill(due_amount=Decimal(0), payment_status="PAID")).status is Status.SKIPPED
    before = due(bill(), payment_rows=paid("May"), payments={"stp01PAYMENT": payment()})
    assert before.status is Status.BEFORE


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"vendors": ()}, "vendor 00901MUSIC is not at BILL any more: look at the bill there"),
        ({"vendors": (vendor(archived=True),)}, "vendor 'Happy Music' is archived at BILL (00901MUSIC)"),
        ({"vendors": (vendor(bill_currency="CAD"),)}, "is kept in CAD at BILL: only USD is handled here"),
        ({"vendors": (vendor(""),)}, "has no bank account at BILL, so that it would be paid by cheque"),
    ],
)
def test_a_bill_of_bills_own_whose_vendor_cant_be_paid_is_a_conflict(
    changes: dict[str, Any], reason: str
) -> None:
    found = due(bill(), **changes)
    assert found.status is Status.CONFLICT
    assert reason in found.reason


def test_a_bill_of_bills_own_that_a_guard_holds_is_paid_with_a_reason() -> None:
    changed = {"paid_accounts": {MUSIC: "0010/…9999"}}
    assert due(bill(), **changed).status is Status.HELD
    meant = due(bill(), {BILL: "Ann called them"}, **changed)
    assert (meant.status, meant.override) == (Status.PLANNED, "Ann called them")


# Fingerprints


def test_the_fingerprint_stays_when_rows_are_reordered_renamed_or_already_paid() -> None:
    first, second = row(), row("10.00", invoice_number="X-7", rows=(3,))
    asked = fingerprint(planned(first, second))
    moved = [given.model_copy(update={"sheet": "July"}) for given in (second, first)]
    assert fingerprint(planned(*moved)) == asked
    known = {"bills": (bill(),), "payments": {"stp01PAYMENT": payment()}, "payment_rows": paid("June")}
    assert fingerprint(planned(first, second, **known)) == asked


def test_the_fingerprint_stays_once_its_new_vendor_is_at_bill() -> None:
    assert fingerprint(planned(new_row(), vendors=())) == fingerprint(planned(new_row()))


@pytest.mark.parametrize(
    "changes",
    [
        {"lines": (BillLineRow(amount=Decimal("1250.01")),)},
        {"invoice_number": "INV-1002"},
        {"invoice_date": date(2026, 11, 19)},
        {"process_date": date(2026, 12, 1)},
        {"pay_amount": Decimal("100.00")},
        {"label": "once more"},
        {"override": "Ann called them"},
        {"vendor": "Other Music", "address": ADDRESS, "bank_account": account()},
    ],
)
def test_the_fingerprint_changes_with_what_is_paid(changes: dict[str, Any]) -> None:
    changed = planned(row(**changes))
    assert changed[0].line.status is Status.PLANNED
    assert fingerprint(changed) != fingerprint(planned(row()))


def test_the_fingerprint_changes_with_the_account_the_money_goes_to() -> None:
    assert fingerprint(planned(row(), vendors=(vendor("*****9999"),))) != fingerprint(planned(row()))


def test_the_fingerprint_changes_when_a_row_is_added_or_held() -> None:
    other = row("10.00", invoice_number="X-7")
    asked = fingerprint(planned(row(), other))
    assert fingerprint(planned(row())) != asked
    assert fingerprint(planned(row(), other, caps=Caps(amount=Decimal(100)))) != asked


def test_the_fingerprint_of_bills_own_changes_with_their_amounts() -> None:
    one, other = (fingerprint(plan_bills([made], books(bills=(made,)))) for made in (bill(), bill("1250.01")))
    assert one != other

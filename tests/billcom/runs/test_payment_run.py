"""What a row of a sheet comes to: a vendor and a bill, made or found, or why they aren't."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from billcom.intent import Kind
from billcom.journal import State
from billcom.runs.lines import Status
from tests.billcom.runs.planning import (
    BILL,
    BILL_SUBJECT,
    MUSIC,
    account,
    bill,
    entry,
    line,
    new_row,
    planned,
    row,
    said,
    vendor,
)

CONFLICT, HELD = "conflict", "held"


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


def test_a_vendor_being_made_is_made_anew_where_the_sheet_can() -> None:
    rows = {"happy music": {"": entry(Kind.VENDOR, "happy music", State.UNKNOWN)}}
    assert line(new_row(), vendor_rows=rows).party_is == "new"
    assert line(row(), vendor_rows=rows).party_is == "found"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"archived": True}, "vendor 'Happy Music' is archived at BILL (00901MUSIC): restore it there"),
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

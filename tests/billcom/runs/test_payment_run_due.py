"""What bills of BILL's own come to, and the fingerprint of all that a run pays."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from billcom.runs.books import Caps
from billcom.runs.lines import Run, RunKind, Status
from billcom.runs.payment_run import PlannedPayment, plan_bills
from billcom.runs.rows import BillLineRow
from tests.billcom.runs.planning import (
    ADDRESS,
    BILL,
    MUSIC,
    TUESDAY,
    account,
    bill,
    books,
    due,
    new_row,
    paid,
    payment,
    planned,
    row,
    vendor,
)


def fingerprint(lines: list[PlannedPayment]) -> str:
    return Run(RunKind.PAYMENT, "June", "", tuple(item.line for item in lines), "bac01").fingerprint


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

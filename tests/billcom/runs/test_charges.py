"""Planning charges: what was charged before, what is looked for first, what something else pays, and caps."""

from datetime import date
from decimal import Decimal

import pytest

from billcom.intent import Kind
from billcom.journal import State
from billcom.models.received_payment import ReceivedPayment
from billcom.runs.books import Caps
from tests.billcom.runs.collecting import charge, charged, costing, invoice, known, line, lines, planned, row


def test_a_charge_needs_the_signed_authorization() -> None:
    only = line(charged(authorization_on_file=False))
    assert only.status == "conflict"
    assert only.reason.startswith("a charge needs the customer's signed authorization")


def test_an_invoice_that_was_charged_is_done_before() -> None:
    rows = known(Kind.CHARGE, "00e1", State.DONE, "0rp1", run="october")
    only = line(charged(), invoices=(invoice(),), charge_rows=rows, charges={"0rp1": charge()})
    assert (only.status, only.record_id, only.record_status) == ("done before", "0rp1", "SCHEDULED")
    assert (only.day, only.account) == (date(2026, 12, 1), "0021/…7654")


def test_what_this_very_run_has_charged_is_done() -> None:
    rows = known(Kind.CHARGE, "00e1", State.DONE, "0rp1", run="november")
    only = line(charged(), invoices=(invoice(),), charge_rows=rows, charges={"0rp1": charge()})
    assert (only.status, only.record_id) == ("done", "0rp1")


@pytest.mark.parametrize(
    ("found", "why"),
    [
        ({"0rp1": charge(status="VOID")}, "charge 0rp1 of invoice 00e1 is VOID"),
        ({"0rp1": charge(invoice_payments=[])}, "charge 0rp1 of invoice 00e1 pays no invoice by now"),
        ({}, "the journal has charge 00e1 as 0rp1, and BILL has no such charge"),
    ],
)
def test_a_charge_that_does_not_stand_is_a_conflict(found: dict[str, ReceivedPayment], why: str) -> None:
    rows = known(Kind.CHARGE, "00e1", State.DONE, "0rp1")
    only = line(charged(), invoices=(invoice(),), charge_rows=rows, charges=found)
    assert (only.status, only.reason.split(":")[0]) == ("conflict", why)


def test_a_charge_that_may_have_been_sent_is_looked_for_first_whatever_its_day() -> None:
    rows = known(Kind.CHARGE, "00e1", State.UNKNOWN)
    scheduled = invoice(scheduled_amount=Decimal("385.00"), status="SCHEDULED")
    item = planned(
        charged(payment_date=date(2026, 11, 20)),
        invoices=(scheduled,),
        charge_rows=rows,
        caps=Caps(amount=Decimal(1)),
    )
    assert (item.line.status, item.is_open) == ("planned", True)
    assert item.line.reason == "sent before, and nobody knows whether BILL acted: looked for first"


def test_while_a_charge_under_another_label_is_open_nothing_is_charged() -> None:
    rows = known(Kind.CHARGE, "00e1", State.SENDING, label="first")
    only = line(charged(), invoices=(invoice(),), charge_rows=rows)
    assert (only.status, "run resolve_unknowns first" in only.reason) == ("conflict", True)


def test_an_invoice_that_something_else_pays_is_skipped() -> None:
    paid = invoice(due_amount=Decimal("0.00"), status="PAID_IN_FULL")
    only = line(charged(), invoices=(paid,))
    assert (only.status, only.reason) == (
        "skipped",
        "nothing is open at BILL (PAID_IN_FULL): it was paid some other way",
    )


def test_an_invoice_that_something_else_pays_in_part_is_a_conflict() -> None:
    part = invoice(due_amount=Decimal("300.00"), status="PARTIAL_PAYMENT")
    only = line(charged(), invoices=(part,))
    assert (only.status, "has 300.00 of 385.00 open (PARTIAL_PAYMENT)" in only.reason) == ("conflict", True)


def test_one_invoice_is_charged_once_in_a_sheet_whatever_the_labels() -> None:
    first, second = lines(charged(), charged(rows=(3,), label="again"))
    assert (first.status, second.status) == ("planned", "conflict")
    assert second.reason.startswith("dues row 2 charges the same invoice")


# Caps


def test_caps_are_for_charges_alone_and_count_what_is_claimed_today() -> None:
    three = lines(
        row(),
        charged(rows=(3,), invoice_number="B-7", lines=costing("60.00")),
        charged(rows=(4,), invoice_number="C-8", lines=costing("50.00")),
        caps=Caps(amount=Decimal("100.00"), total=Decimal("150.00")),
        taken={"0cu9": Decimal("45.00")},
    )
    assert [given.status for given in three] == ["planned", "planned", "held"]
    assert "is more than BILL_MAX_TOTAL 150.00" in three[2].reason


def test_a_charge_over_the_cap_is_held_and_an_invoice_only_sent_is_not() -> None:
    caps = Caps(amount=Decimal("384.99"))
    assert (line(charged(), caps=caps).status, line(row(), caps=caps).status) == ("held", "planned")

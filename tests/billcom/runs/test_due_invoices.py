"""Planning charges of BILL's own invoices that are due: who may be charged, on what, and when."""

from datetime import date
from decimal import Decimal

import pytest

from billcom.intent import Kind
from billcom.journal import State
from billcom.models.customer import Customer
from tests.billcom.runs.collecting import account, charge, customer, due, invoice, known


def test_an_invoice_that_is_due_is_charged_in_full_on_the_one_bank_account() -> None:
    only = due(invoice(due_date=date(2026, 11, 20)))
    assert (only.status, only.amount, only.day) == ("planned", Decimal("385.00"), date(2026, 11, 24))
    assert (only.place, only.party, only.account) == ("BILL", "Cedar Grove School", "0021/…7654")


@pytest.mark.parametrize(
    ("day", "drawn"),
    [
        (date(2026, 11, 24), date(2026, 11, 24)),
        (date(2026, 11, 25), date(2026, 11, 25)),
        (date(2026, 11, 28), date(2026, 11, 30)),
    ],
)
def test_nobody_is_charged_before_the_due_date(day: date, drawn: date) -> None:
    assert due(invoice(due_date=day)).day == drawn


def test_a_customer_of_whom_no_authorization_is_known_is_skipped() -> None:
    only = due(invoice(), charged_accounts={})
    assert only.status == "skipped"
    assert only.reason.startswith("the customer has not authorized charges, as far as is known here")


def test_what_bill_says_of_the_authorization_goes_first() -> None:
    yes, no = ((customer(authorizedToCharge=value),) for value in (True, False))
    assert due(invoice(), customers=yes, charged_accounts={}).status == "planned"
    assert due(invoice(), customers=no).status == "skipped"


def test_a_due_invoice_of_a_customer_without_a_bank_account_is_skipped() -> None:
    only = due(invoice(), bank_accounts={})
    assert (only.status, "no bank account at BILL" in only.reason) == ("skipped", True)


def test_a_due_invoice_of_a_customer_with_several_bank_accounts_is_held_naming_them() -> None:
    two = {"0cu1": (account(), account(id="cba2", account_number="*****1222"))}
    only = due(invoice(), "all the same", bank_accounts=two)
    assert (only.status, "(cba1 0021/…7654, cba2 0021/…1222)" in only.reason) == ("held", True)


def test_another_account_than_the_last_charge_was_drawn_on_is_held_until_a_reason_is_given() -> None:
    only = due(invoice(), charged_accounts={"0cu1": "cba0"})
    assert (only.status, "the last charge was drawn on cba0" in only.reason) == ("held", True)
    assert due(invoice(), "new form signed", charged_accounts={"0cu1": "cba0"}).status == "planned"


def test_a_due_invoice_that_is_partly_paid_is_skipped_with_what_is_open() -> None:
    only = due(invoice(due_amount=Decimal("300.00"), status="PARTIAL_PAYMENT"))
    assert (only.status, only.amount) == ("skipped", Decimal("300.00"))
    assert only.reason.startswith("USD 300.00 of 385.00 is open")


def test_a_due_invoice_that_is_charged_already_was_done_before_or_paid_some_other_way() -> None:
    scheduled = invoice(scheduled_amount=Decimal("385.00"), status="SCHEDULED")
    rows = known(Kind.CHARGE, "00e1", State.DONE, "0rp1")
    ours = due(scheduled, charge_rows=rows, charges={"0rp1": charge()})
    assert (ours.status, ours.record_id, ours.amount) == ("done before", "0rp1", Decimal("385.00"))
    assert due(scheduled).status == "skipped"


@pytest.mark.parametrize("held", [(), (customer(archived=True),), (customer(invoiceCurrency="CAD"),)])
def test_a_due_invoice_of_a_customer_that_cannot_be_charged_is_a_conflict(held: tuple[Customer, ...]) -> None:
    assert due(invoice(), customers=held).status == "conflict"

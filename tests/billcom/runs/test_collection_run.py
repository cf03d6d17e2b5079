"""Planning a collection run: which customers, invoices and bank accounts are found, made or held, and why."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from billcom.intent import Kind
from billcom.journal import State
from billcom.models.bank_account import BankAccount
from billcom.runs.collection_run import NOT_EMAILED
from billcom.runs.lines import Run, RunKind
from billcom.runs.rows import CollectionRow
from tests.billcom.runs.collecting import (
    ACCOUNT,
    NEW,
    OTHER_ACCOUNT,
    account,
    charged,
    costing,
    customer,
    invoice,
    known,
    line,
    lines,
    planned,
    row,
)

# What is asked for


def test_a_new_invoice_to_be_sent_has_no_day_no_account_and_its_amount() -> None:
    only = line(row(payment_date=None))
    assert (only.status, only.day, only.asked_day, only.account) == ("planned", None, None, "")
    assert (only.amount, only.party_id, only.party_is) == (Decimal("385.00"), "0cu1", "found")
    assert (only.document_is, only.document_id) == ("new", "")


def test_a_charge_is_drawn_on_the_next_banking_day_from_the_account_bill_has() -> None:
    item = planned(charged())
    assert (item.line.status, item.line.day, item.line.asked_day) == ("planned", date(2026, 11, 24), None)
    assert item.line.account == "0021/…7654"
    assert item.bank_account is not None and item.bank_account.id == "cba1"


def test_a_charge_is_drawn_on_the_day_that_is_asked_for() -> None:
    only = line(charged(payment_date=date(2026, 12, 15)))
    assert (only.status, only.day, only.asked_day) == ("planned", date(2026, 12, 15), date(2026, 12, 15))


@pytest.mark.parametrize(
    ("day", "why"),
    [
        (date(2026, 11, 23), "is not after today (2026-11-23): the first possible day is 2026-11-24"),
        (date(2026, 11, 26), "is a Thursday, not a US banking day: the next one is 2026-11-27"),
    ],
)
def test_a_day_on_which_no_funds_are_drawn_is_a_conflict(day: date, why: str) -> None:
    only = line(charged(payment_date=day))
    assert (only.status, only.reason) == ("conflict", f"payment date {day} {why}: correct Payment date")


def test_the_plan_of_a_charge_and_of_an_invoice_only_sent_have_different_fingerprints() -> None:
    plans = [Run(RunKind.COLLECTION, "november", "x", (line(given),)) for given in (row(), charged())]
    assert plans[0].fingerprint != plans[1].fingerprint


# Customers


def test_a_new_customer_with_email_and_address_is_made() -> None:
    only = line(charged(**NEW, bank_account=ACCOUNT), customers=())
    assert (only.status, only.party_is, only.party_id, only.account) == ("planned", "new", "", "0021/…7654")


@pytest.mark.parametrize(
    ("left_out", "missing"),
    [("email", "e-mail"), ("billing_address", "billing address")],
)
def test_a_new_customer_lacking_email_or_address_is_a_conflict(left_out: str, missing: str) -> None:
    only = line(row(**{name: value for name, value in NEW.items() if name != left_out}), customers=())
    assert only.status == "conflict"
    assert only.reason == (
        f"customer 'Cedar Grove School' is not at BILL: write its name as BILL has it, or fill in its {missing}"
    )


def test_a_new_customer_to_be_charged_needs_a_bank_account() -> None:
    only = line(charged(**NEW), customers=())
    assert only.status == "conflict"
    assert only.reason.endswith("is new, to be charged: fill in its bank account")


def test_an_archived_customer_is_a_conflict() -> None:
    only = line(row(), customers=(customer(archived=True),))
    assert (only.status, "is archived at BILL (0cu1)" in only.reason) == ("conflict", True)


def test_two_customers_of_one_name_are_a_conflict_that_names_both() -> None:
    only = line(row(), customers=(customer(), customer(id="0cu2")))
    assert (only.status, only.reason) == (
        "conflict",
        "several customers are named 'Cedar Grove School' at BILL (0cu1 'Cedar Grove School', E-mail "
        "office@cedar.example, 0cu2 'Cedar Grove School', E-mail office@cedar.example): say which one is meant, fill "
        "in BILL customer ID, or E-mail as BILL has it; or, in BILL, rename or archive the wrong one",
    )
    rows = known(Kind.CUSTOMER, "cedar grove school", State.DONE, "0cu2")
    only = line(row(), customers=(customer(), customer(id="0cu2")), customer_rows=rows)
    assert (only.status, only.reason[:18]) == ("conflict", "several customers ")


def test_of_two_customers_of_one_name_email_or_id_decides() -> None:
    twins = (customer(), customer(id="0cu2", email="two@cedar.example"))
    assert line(row(email="two@cedar.example"), customers=twins).party_id == "0cu2"
    assert line(row(customer_id="0cu2"), customers=twins).party_id == "0cu2"


def test_renamed_customer_whose_name_another_has_is_a_conflict_that_names_both() -> None:
    rows = known(Kind.CUSTOMER, "cedar grove school", State.DONE, "0cu1")
    closed = customer(name="Cedar Grove School (closed)")
    only = line(row(), customers=(closed, customer(id="0cu2")), customer_rows=rows)
    assert (only.status, only.reason.partition(": ")[0]) == (
        "conflict",
        "customer 'Cedar Grove School' was 0cu1 until now, which is named 'Cedar Grove School (closed)' at BILL; the "
        "name belongs to 'Cedar Grove School' (0cu2) there",
    )
    only = line(row(**NEW), customers=(closed,), customer_rows=rows)
    assert (only.status, "and no other customer has the name" in only.reason) == ("conflict", True)


def test_another_email_than_bills_is_a_conflict() -> None:
    only = line(row(email="somebody@else.example"))
    assert (only.status, only.reason.split(":")[0]) == (
        "conflict",
        "customer 'Cedar Grove School' (0cu1) has email 'office@cedar.example' at BILL, the request says "
        "'somebody@else.example'",
    )


def test_a_customer_that_is_being_made_is_made_anew_which_looks_first() -> None:
    rows = known(Kind.CUSTOMER, "cedar grove school", State.SENDING)
    only = line(row(**NEW), customers=(), customer_rows=rows)
    assert (only.status, only.party_is) == ("planned", "new")


def test_an_invoice_to_be_emailed_needs_an_address_to_go_to() -> None:
    only = line(row(send_email=True), customers=(customer(email=None),))
    assert (only.status, only.reason.rpartition(": ")[2]) == ("conflict", "fill in E-mail")


# Invoices


def test_an_invoice_only_sent_that_is_there_was_done_before() -> None:
    only = line(row(), invoices=(invoice(),))
    assert (only.status, only.document_id, only.record_id, only.day) == ("done before", "00e1", "", None)
    assert only.reason == ""


def test_an_invoice_made_by_this_very_run_is_done() -> None:
    rows = known(Kind.INVOICE, "ar-2001", State.DONE, "00e1", run="november")
    only = line(row(), invoices=(invoice(),), invoice_rows=rows)
    assert (only.status, only.document_is) == ("done", "new")


def test_an_invoice_that_is_there_is_not_emailed_and_says_so() -> None:
    assert line(row(send_email=True), invoices=(invoice(),)).reason == NOT_EMAILED
    assert line(charged(send_email=True), invoices=(invoice(),)).reason == NOT_EMAILED


@pytest.mark.parametrize(
    ("held", "why"),
    [
        ({"total_amount": Decimal("380.00")}, "is at BILL (00e1) with 380.00, the sheet says 385.00"),
        ({"invoice_date": date(2026, 11, 2)}, "is at BILL (00e1) of 2026-11-02, the sheet says 2026-11-20"),
        ({"customer_id": "0cu2"}, "is at BILL (00e1) for customer 0cu2"),
        ({"archived": True}, "is archived at BILL (00e1)"),
    ],
)
@pytest.mark.parametrize("given", [row(), charged()])
def test_an_invoice_that_differs_at_bill_is_a_conflict(
    given: CollectionRow, held: dict[str, Any], why: str
) -> None:
    only = line(given, invoices=(invoice(**held),))
    assert (only.status, only.reason.split(":")[0]) == ("conflict", f"invoice AR-2001 {why}")


def test_a_number_of_another_customer_is_a_conflict_for_a_new_customer_too() -> None:
    only = line(row(**NEW), customers=(), invoices=(invoice(),))
    assert (only.status, "for customer 0cu1" in only.reason) == ("conflict", True)


def test_an_invoice_number_that_stands_twice_is_a_conflict() -> None:
    only = line(charged(), invoices=(invoice(), invoice(id="00e2")))
    assert (only.status, only.reason[:44]) == ("conflict", "invoice AR-2001 stands twice at BILL (00e1, ")


def test_an_invoice_that_was_lost_on_the_way_is_made_anew_which_looks_first() -> None:
    rows = known(Kind.INVOICE, "ar-2001", State.UNKNOWN)
    only = line(charged(), invoices=(invoice(),), invoice_rows=rows)
    assert (only.status, only.document_is) == ("planned", "new")


# Near duplicates


NEAR = "looks like invoice 00e1 at BILL: AR-2001, 2026-11-20, USD 385.00"


@pytest.mark.parametrize("given", [row, charged])
def test_a_new_invoice_that_looks_like_one_at_bill_is_held(given: Any) -> None:
    only = line(given(invoice_number="AR-2001A", lines=costing("386.00")), invoices=(invoice(),))
    assert (only.status, only.reason.split(";")[0]) == ("held", NEAR)


def test_a_new_invoice_that_looks_like_one_above_it_is_held() -> None:
    first, second = lines(row(), row(rows=(3,), invoice_number="AR2001"))
    assert (first.status, second.status) == ("planned", "held")
    assert second.reason.startswith("looks like dues row 2: AR-2001, 2026-11-20, USD 385.00")


@pytest.mark.parametrize(
    "other",
    [
        {"override": "a second class"},
        {"lines": costing("389.00")},
        {"invoice_date": date(2026, 11, 28)},
        {"invoice_number": "AR-2999"},
    ],
)
def test_an_invoice_that_is_another_one_is_not_held(other: dict[str, Any]) -> None:
    given = row(**({"invoice_number": "AR-2001A"} | other))
    assert line(given, invoices=(invoice(),)).status == "planned"


# Bank accounts


def test_the_account_of_the_sheet_is_added_where_bill_has_another() -> None:
    item = planned(charged(bank_account=OTHER_ACCOUNT))
    assert (item.line.status, item.line.account, item.bank_account) == ("planned", "0021/…1222", None)


def test_no_bank_account_at_bill_nor_in_the_sheet_is_a_conflict() -> None:
    only = line(charged(), bank_accounts={"0cu1": (account(archived=True),)})
    assert only.status == "conflict"
    assert only.reason.endswith("has no bank account at BILL: fill in its bank account")


def test_several_bank_accounts_are_held_and_named_unless_the_sheet_says_which() -> None:
    two = {"0cu1": (account(), account(id="cba2", account_number="*****1222"))}
    only = line(charged(override="either"), bank_accounts=two)
    assert only.status == "held"
    assert "several bank accounts at BILL (cba1 0021/…7654, cba2 0021/…1222)" in only.reason
    item = planned(charged(bank_account=OTHER_ACCOUNT), bank_accounts=two)
    assert item.bank_account is not None and item.bank_account.id == "cba2"


def test_two_accounts_for_one_customer_in_the_sheet_are_a_conflict() -> None:
    first, second = lines(
        charged(bank_account=ACCOUNT), charged(rows=(9,), invoice_number="B-9", bank_account=OTHER_ACCOUNT)
    )
    assert (first.status, second.status) == ("planned", "conflict")
    assert "0021/…7654 further up in the sheet and 0021/…1222 here" in second.reason


@pytest.mark.parametrize(
    ("held", "why"),
    [
        (
            (account(), account(id="cba2")),
            "has two alike bank accounts at BILL (cba1 0021/…7654, cba2 0021/…7654)",
        ),
        (
            (account(), account(id="cba2", account_number=None)),
            "has a bank account whose number BILL doesn't show (cba2)",
        ),
    ],
)
def test_an_account_of_the_sheet_that_cannot_be_told_from_bills_is_a_conflict(
    held: tuple[BankAccount, ...], why: str
) -> None:
    only = line(charged(bank_account=ACCOUNT), bank_accounts={"0cu1": held})
    assert (only.status, why in only.reason) == ("conflict", True)


def test_an_account_can_only_be_added_to_a_customer_with_a_billing_address() -> None:
    only = line(charged(bank_account=ACCOUNT), customers=(customer(billing_address=None),), bank_accounts={})
    assert (only.status, "has no billing address at BILL" in only.reason) == ("conflict", True)


def test_without_the_bank_account_feature_only_charges_are_conflicts() -> None:
    first, second = lines(row(), charged(invoice_number="B-9"), no_bank_accounts="not switched on")
    assert (first.status, second.status, second.reason) == ("planned", "conflict", "not switched on")

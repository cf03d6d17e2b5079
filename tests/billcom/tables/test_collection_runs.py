"""The sheet of a collection run: invoices, their lines, and what a charge needs."""

from decimal import Decimal

import pytest

from tests.billcom.tables.sheets import ADDRESS, BANK, INVOICE, collect, collect_problem

CHARGED = {**INVOICE, "Charge": "yes", "Authorization on file": "yes"}
MORE = {"Customer": INVOICE["Customer"], "Invoice number": INVOICE["Invoice number"]}


def test_a_row_is_an_invoice() -> None:
    row = {**CHARGED, **ADDRESS, **BANK, "E-mail": "a@example.com", "Quantity": "4", "Description": "Lessons"}
    (invoice,) = collect(
        {**row, "Send e-mail": "YES", "Payment date": "2026-12-15", "Override reason": "agreed"}
    )
    assert (invoice.place, invoice.customer, invoice.email) == (
        "dues.csv row 2",
        "Cedar Grove School",
        "a@example.com",
    )
    assert invoice.billing_address and invoice.billing_address.city == "San Jose"
    assert invoice.bank_account and invoice.bank_account.name_on_account == "Happy Music Supplies"
    assert [line.model_dump(mode="json") for line in invoice.lines] == [
        {"description": "Lessons", "quantity": "4", "price": "96.25"}
    ]
    assert invoice.amount == Decimal("385.00")
    assert (invoice.send_email, invoice.charge, invoice.authorization_on_file) == (True, True, True)
    assert invoice.payment_date and invoice.payment_date.isoformat() == "2026-12-15"
    assert invoice.override == "agreed"


def test_an_invoice_is_neither_sent_nor_charged_unless_it_says_so() -> None:
    (invoice,) = collect(INVOICE)
    assert (invoice.send_email, invoice.charge, invoice.authorization_on_file) == (False, False, False)


def test_numbered_rows_are_lines_of_one_invoice() -> None:
    second = {**MORE, "Line": "2", "Price": "12.40", "Quantity": "1.5"}
    (invoice,) = collect({**CHARGED, "Line": "1"}, second)
    assert (invoice.place, invoice.amount, invoice.charge) == ("dues.csv rows 2-3", Decimal("114.85"), True)


def test_the_same_invoice_twice_is_a_problem() -> None:
    assert collect_problem(INVOICE, {**INVOICE, "Price": "1.00"})[:2] == (3, "Invoice number")


def test_the_same_invoice_with_another_label_is_another_charge() -> None:
    assert [row.label for row in collect(CHARGED, {**CHARGED, "Label": "again"})] == ["", "again"]
    assert collect_problem(CHARGED, {**CHARGED, "Label": "again", "Price": "1.00"})[1] == "Price"
    assert collect_problem(CHARGED, {**CHARGED, "Label": "again", "Quantity": "2"})[1] == "Price"


def test_our_own_number_is_used_for_one_customer() -> None:
    assert collect_problem(INVOICE, {**INVOICE, "Customer": "Harbor Dance Company"}) == (
        3,
        "Invoice number",
        "AR-2001",
        "row 2 has this number for another customer: give one of them its own",
    )


@pytest.mark.parametrize(("held", "shown"), [("", ""), ("no", "no")])
def test_a_charge_needs_an_authorization(held: str, shown: str) -> None:
    assert collect_problem({**INVOICE, "Charge": "yes", "Authorization on file": held}) == (
        2,
        "Authorization on file",
        shown,
        "a charge needs the customer's signed authorization: write yes if you hold it, or no under Charge",
    )


def test_a_payment_date_needs_a_charge() -> None:
    fix = "only a charge has a payment date: empty it, or write yes under Charge"
    assert collect_problem({**INVOICE, "Payment date": "2026-12-15"}) == (
        2,
        "Payment date",
        "2026-12-15",
        fix,
    )


@pytest.mark.parametrize("word", ["maybe", "1", "x", "y"])
def test_yes_and_no_are_the_only_answers(word: str) -> None:
    assert collect_problem({**INVOICE, "Charge": word}) == (2, "Charge", word, "write yes or no")


@pytest.mark.parametrize("text", ["0", "-1", "1.00001", "1,5", "1000001", "four"])
def test_a_quantity_is_a_plain_number_above_zero(text: str) -> None:
    found = collect_problem({**INVOICE, "Quantity": text})
    assert found[1:3] == ("Quantity", text)
    assert found[3].startswith("write a number above 0, up to 1000000, with four decimals at most")


def test_an_invoice_comes_to_a_cent_at_least() -> None:
    found = collect_problem({**INVOICE, "Price": "0.01", "Quantity": "0.1"})
    assert found == (
        2,
        "Price",
        "0.01",
        "the invoice comes to 0.00: it has to be between 0.01 and 999999999.99",
    )


def test_an_invoice_number_of_our_own_may_be_longer() -> None:
    assert len(collect({**INVOICE, "Invoice number": "A" * 100})[0].invoice_number) == 100
    assert collect_problem({**INVOICE, "Invoice number": "A" * 101})[1] == "Invoice number"

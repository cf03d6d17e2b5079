"""Invoicing a customer and charging the invoice, chapter by chapter, once."""

from __future__ import annotations

import asyncio
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from billcom.errors import ConflictError, NotPermittedError, UnsettledError
from billcom.results import ArResult
from flows.ar import ar_workflow
from tests.organization import Organization
from tests.samples import account, charge, customer, invoice, run

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("prefect")]


async def collect(**changes: Any) -> ArResult:
    """Run the workflow with the samples."""
    given = {"customer": customer(), "bank_account": account(), "invoice": invoice(), "charge": charge()}
    return await run(ar_workflow, given | changes)


async def test_makes_the_customer_with_billing_address(organization: Organization) -> None:
    result = await collect()
    (made,) = organization.records("customers")
    assert (made["id"], made["name"]) == (result.customer_id, "Cedar Grove School")
    assert made["billingAddress"]["city"] == "San Jose"


async def test_adds_the_customers_bank_account(organization: Organization) -> None:
    result = await collect()
    (made,) = organization.records(f"customers/{result.customer_id}/bank-accounts")
    assert made["id"] == result.bank_account_id
    assert made["accountNumber"].endswith("2333")


async def test_makes_the_invoice_with_our_number_and_lines(organization: Organization) -> None:
    result = await collect()
    (made,) = organization.records("invoices")
    assert (made["id"], made["invoiceNumber"]) == (result.invoice_id, "AR-2001")
    assert [(line["quantity"], line["price"]) for line in made["invoiceLineItems"]] == [(4, 85.0), (1, 45.0)]
    assert made["totalAmount"] == 385.0
    assert (made["invoiceDate"], made["dueDate"]) == ("2026-11-23", "2026-12-07")


async def test_emails_the_invoice_and_makes_a_payment_link_when_asked(organization: Organization) -> None:
    result = await collect(invoice=invoice(send_email=True, payment_link=True))
    mails = organization.control("GET", "/mail")["mail"]
    assert [to for mail in mails for to in mail["to"]] == ["office@cedar.example"]
    assert result.emailed
    assert result.payment_link.startswith("http")


async def test_an_invoice_is_neither_emailed_nor_linked_unless_asked(organization: Organization) -> None:
    result = await collect()
    assert organization.control("GET", "/mail")["mail"] == []
    assert (result.emailed, result.payment_link) == (False, "")


async def test_states_the_charge_authorization_before_it_charges(organization: Organization) -> None:
    result = await collect()
    assert organization.writes()[-2:] == [
        f"POST /v3/customers/{result.customer_id}/charge-authorization",
        "POST /v3/receivable-payments",
    ]


async def test_charges_the_invoice_in_full_on_the_next_banking_day(organization: Organization) -> None:
    result = await collect()
    (made,) = organization.records("receivable-payments")
    assert (made["id"], made["amount"]) == (result.received_payment_id, 385.0)
    assert made["invoicePayments"][0]["invoiceId"] == result.invoice_id
    assert made["fundingAccount"]["id"] == result.bank_account_id
    assert made["paymentDate"] == "2026-11-24"
    assert made["description"].endswith(" AR-2001")
    assert (result.amount, result.payment_date) == (Decimal("385.00"), date(2026, 11, 24))
    assert result.received_payment_status == "SCHEDULED"
    assert result.made == ("customer", "bank account", "invoice", "charge")


async def test_without_a_charge_no_bank_account_is_touched(organization: Organization) -> None:
    result = await collect(charge=charge(charge=False, authorization_on_file=False))
    assert organization.writes() == ["POST /v3/customers", "POST /v3/invoices"]
    assert (result.received_payment_id, result.invoice_status) == ("", "OPEN")


async def test_twice_with_the_same_input_makes_sends_and_charges_nothing_again(
    organization: Organization,
) -> None:
    organization.rule(preset="permissive", list_delay_ms=0)
    given = {"invoice": invoice(send_email=True)}
    first = await collect(**given)
    before = organization.writes()
    second = await collect(**given)
    assert organization.writes() == before
    ids = ("customer_id", "bank_account_id", "invoice_id", "received_payment_id")
    assert [getattr(second, name) for name in ids] == [getattr(first, name) for name in ids]
    assert second.made == ()
    assert len(organization.control("GET", "/mail")["mail"]) == 1


async def test_a_dry_run_writes_nothing(organization: Organization) -> None:
    result = await collect(dry_run=True)
    assert organization.writes() == []
    assert [step.noun for step in result.steps] == ["customer", "bank account", "invoice", "charge"]
    assert {step.deed.value for step in result.steps} == {"to be made"}


@pytest.mark.parametrize("path", ["/v3/customers", "/v3/invoices", "/v3/receivable-payments"])
async def test_a_lost_answer_makes_nothing_twice(organization: Organization, path: str) -> None:
    organization.rule(preset="permissive", list_delay_ms=0)
    organization.fault("POST", path, "act_then_drop")
    await collect()
    assert organization.writes().count(f"POST {path}") == 1
    made = [len(organization.records(n)) for n in ("customers", "invoices", "receivable-payments")]
    assert made == [1, 1, 1]


async def test_a_charge_with_no_answer_that_is_not_to_be_found_stays_unknown(
    organization: Organization,
) -> None:
    organization.fault("POST", "/v3/receivable-payments", "refuse")
    with pytest.raises(UnsettledError, match=r"it may still act\. Nothing was sent again") as caught:
        await collect()
    assert [made.split(" 0")[0].split(" cba")[0] for made in caught.value.made] == [
        "customer",
        "bank account",
        "invoice",
    ]
    assert organization.writes().count("POST /v3/receivable-payments") == 1


async def test_an_invoice_that_was_paid_meanwhile_is_not_charged(organization: Organization) -> None:
    sent = await collect(charge=charge(charge=False))
    paid = {
        "customerId": sent.customer_id,
        "paymentDate": "2026-11-23",
        "paymentType": "CHECK",
        "amount": 385.0,
        "invoices": [{"id": sent.invoice_id, "amount": 385.0}],
    }
    organization.record("POST", "invoices/record-payment", paid)
    with pytest.raises(ConflictError, match=r"has 0\.00 of 385\.00 open .*something else pays it"):
        await collect()
    assert "POST /v3/receivable-payments" not in organization.writes()


async def test_without_the_bank_account_feature_nothing_is_made_where_that_can_be_known(
    organization: Organization,
) -> None:
    organization.record("POST", "customers", {"name": "Somebody else", "email": "else@example.com"})
    organization.rule(customer_bank_feature="off")
    before = organization.writes()
    with pytest.raises(NotPermittedError, match="switched on by BILL on request"):
        await collect()
    assert organization.writes() == before


async def test_without_the_bank_account_feature_a_first_customer_is_named_as_made(
    organization: Organization,
) -> None:
    organization.rule(customer_bank_feature="off")
    with pytest.raises(NotPermittedError) as caught:
        await collect()
    (made,) = organization.records("customers")
    assert caught.value.made == (f"customer {made['id']}",)
    assert f"Made at BILL before it stopped: customer {made['id']}" in str(caught.value)
    # Once BILL has switched it on, the same input goes on from there.
    organization.rule(customer_bank_feature="on")
    result = await collect()
    assert result.customer_id == made["id"]
    assert result.made == ("bank account", "invoice", "charge")


async def test_two_runs_at_once_charge_once(organization: Organization) -> None:
    results = await asyncio.gather(collect(), collect())
    assert len({result.received_payment_id for result in results}) == 1
    made = [len(organization.records(n)) for n in ("customers", "invoices", "receivable-payments")]
    assert made == [1, 1, 1]


async def test_a_bank_account_archived_after_the_charge_is_not_added_back(organization: Organization) -> None:
    first = await collect()
    path = f"customers/{first.customer_id}/bank-accounts"
    organization.record("POST", f"{path}/{first.bank_account_id}/archive")
    before = organization.writes()
    second = await collect()
    assert organization.writes() == before
    assert second.received_payment_id == first.received_payment_id


async def test_an_invoice_that_was_there_is_not_emailed_and_the_result_says_so(
    organization: Organization,
) -> None:
    await collect(charge=charge(charge=False))
    result = await collect(invoice=invoice(send_email=True, payment_link=True))
    assert (result.emailed, result.not_emailed) == (False, True)
    assert result.payment_link.startswith("http")
    assert organization.control("GET", "/mail")["mail"] == []

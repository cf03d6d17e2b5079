"""Charging BILL's own invoices that are due: to whom that may be charged, once, and not before."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from tests.flows.collecting import (
    CHARGED,
    charge_due,
    folders_below,
    send,
    statuses,
    with_customer,
    with_invoice,
)
from tests.organization import Organization

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("prefect")]


@pytest.fixture(autouse=True)
def input_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return folders_below(tmp_path, monkeypatch)


async def test_due_invoices_are_charged_to_customers_that_were_charged_before_and_to_no_others(
    organization: Organization, input_folder: Path
) -> None:
    customer_id = (await send(input_folder, CHARGED)).lines[0].party_id
    due = with_invoice(organization, customer_id, "D-1")
    with_invoice(organization, customer_id, "D-2", due="2026-11-24")
    stranger = with_customer(organization, "Harbor Dance Company", "123456789")
    organization.record("POST", f"customers/{stranger}/charge-authorization", {"authorizedToCharge": True})
    with_invoice(organization, stranger, "D-3")
    before = organization.writes()
    run = await charge_due()
    assert sorted(statuses(run)) == [("D-1", "done"), ("D-3", "skipped")]
    reasons = {line.number: line.reason for line in run.lines}
    assert reasons["D-3"].startswith("the customer has not authorized charges, as far as is known here")
    assert organization.writes()[len(before) :] == ["POST /v3/receivable-payments"]
    (charge,) = [c for c in organization.records("receivable-payments") if c["amount"] == 50.0]
    assert charge["invoicePayments"][0]["invoiceId"] == due
    assert charge["paymentDate"] == "2026-11-24"


async def test_a_customer_that_took_its_authorization_back_is_refused_by_bill(
    organization: Organization, input_folder: Path
) -> None:
    customer_id = (await send(input_folder, CHARGED)).lines[0].party_id
    organization.record(
        "POST", f"customers/{customer_id}/charge-authorization", {"authorizedToCharge": False}
    )
    with_invoice(organization, customer_id, "D-1")
    run = await charge_due()
    assert statuses(run) == [("D-1", "failed")]
    assert "The customer has not authorized charges." in run.lines[0].reason
    assert len(organization.records("receivable-payments")) == 1


async def test_due_invoices_of_a_customer_with_several_accounts_are_held(
    organization: Organization, input_folder: Path
) -> None:
    customer_id = (await send(input_folder, CHARGED)).lines[0].party_id
    account = {"nameOnAccount": "Cedar", "routingNumber": "021000021", "accountNumber": "123456789"}
    path = f"customers/{customer_id}/bank-accounts"
    organization.record("POST", path, account | {"type": "CHECKING", "ownerType": "BUSINESS"})
    with_invoice(organization, customer_id, "D-1")
    before = organization.writes()
    run = await charge_due()
    assert statuses(run) == [("D-1", "held")]
    assert "several bank accounts at BILL (cba" in run.lines[0].reason
    assert organization.writes() == before


async def test_due_invoices_are_charged_once_and_not_before_they_are_due(
    organization: Organization, input_folder: Path
) -> None:
    customer_id = (await send(input_folder, CHARGED)).lines[0].party_id
    with_invoice(organization, customer_id, "D-1")
    with_invoice(organization, customer_id, "D-2", due="2026-11-28")
    plan = await charge_due(due_within_days=7, dry_run=True)
    assert [(line.number, str(line.day), line.amount) for line in plan.lines] == [
        ("D-1", "2026-11-24", Decimal("50.00")),
        ("D-2", "2026-11-30", Decimal("50.00")),
    ]
    first = await charge_due(due_within_days=7)
    before = organization.writes()
    again = await charge_due(due_within_days=7)
    another = await charge_due(due_within_days=7, name="by hand")
    assert organization.writes() == before
    assert statuses(first) == statuses(again) == [("D-1", "done"), ("D-2", "done")]
    assert statuses(another) == [("D-1", "done before"), ("D-2", "done before")]

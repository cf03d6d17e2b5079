"""What only a person can decide: asked in the run's form, believed after it was checked, void once it moved on."""

from __future__ import annotations

import asyncio
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from billcom.errors import CaseError, UnsettledError
from billcom.inputs import CasePolicy, CodeSource
from billcom.intent import Verdict
from billcom.models.payment import FundingAccountReference, NewPayment
from billcom.results import ApResult
from billcom.settings import Settings
from flows import cases
from flows.ap import ap_workflow
from flows.ar import ar_workflow
from tasks.session import connect
from tests.organization import Organization
from tests.pauses import answer, paused_run, question, seen
from tests.samples import account, bill, charge, customer, invoice, run, vendor

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("prefect")]


@pytest.fixture(autouse=True)
def quick_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    """A waiting run notices its answer at once."""
    monkeypatch.setattr(cases, "POLL_SECONDS", 0.05)


async def pay(number: str, on_case: CasePolicy = CasePolicy.ASK, **changes: Any) -> ApResult:
    """Run the workflow with the samples."""
    given = {"vendor": vendor(), "bank_account": account(), "bill": bill(invoice_number=number, **changes)}
    return await run(ap_workflow, given | {"code_from": CodeSource.LOCAL_PHONE, "on_case": on_case})


def paid(organization: Organization) -> list[str]:
    """Return the ids of the payments that stand."""
    return [row["id"] for row in organization.records("payments") if row["status"] != "CANCELLED"]


async def test_a_payment_that_did_not_happen_is_sent_once_a_person_says_so(
    organization: Organization,
) -> None:
    organization.fault("POST", "/v3/payments", "refuse")
    running = asyncio.ensure_future(pay("CASE-1"))
    paused = await paused_run("CASE-1")
    said = await question(paused)
    assert "payment 00n" in said and "amount 1250.00" in said and "process date 2026-11-24" in said
    assert "BILL shows none" in said
    assert paid(organization) == []
    await answer(paused, verdict=Verdict.SEND.value)
    assert [(await running).payment_id] == paid(organization)


async def test_a_payment_that_came_while_the_person_thought_is_adopted_not_sent(
    organization: Organization,
) -> None:
    organization.fault("POST", "/v3/payments", "act_late", seconds=600)
    running = asyncio.ensure_future(pay("CASE-2"))
    paused = await paused_run("CASE-2")
    organization.control("PUT", "/clock", {"advance_seconds": 601})
    await answer(paused, verdict=Verdict.SEND.value)
    assert [(await running).payment_id] == paid(organization)


async def test_an_id_that_a_person_gives_is_read_and_must_be_the_payment(organization: Organization) -> None:
    other = await pay("CASE-3-OTHER")
    organization.fault("POST", "/v3/payments", "act_late", seconds=600)
    running = asyncio.ensure_future(pay("CASE-3"))
    paused = await paused_run("CASE-3")
    await answer(paused, verdict=Verdict.HAPPENED.value, record_id=other.payment_id)
    again = await paused_run("CASE-3", after=seen(paused))
    assert "The last answer was not taken" in await question(again)
    organization.control("PUT", "/clock", {"advance_seconds": 601})
    (late,) = set(paid(organization)) - {other.payment_id}
    await answer(again, verdict=Verdict.HAPPENED.value, record_id=late)
    assert (await running).payment_id == late
    assert len(paid(organization)) == 2


async def test_a_case_that_is_left_stops_the_run_and_stays_open(organization: Organization) -> None:
    organization.fault("POST", "/v3/payments", "refuse")
    running = asyncio.ensure_future(pay("CASE-4"))
    await answer(await paused_run("CASE-4"), verdict=Verdict.LEAVE.value)
    with pytest.raises(UnsettledError, match="it may still act"):
        await running
    with pytest.raises(UnsettledError, match="it may still act"):
        await pay("CASE-4", CasePolicy.STOP)
    assert organization.writes().count("POST /v3/payments") == 1


async def test_of_several_vendors_of_one_name_a_person_picks_one_for_good(organization: Organization) -> None:
    organization.rule(preset="permissive", list_delay_ms=0)
    body = {"name": "Happy Music", "address": {"line1": "1 Main Street", "city": "San Jose", "country": "US"}}
    body["address"] |= {"stateOrProvince": "CA", "zipOrPostalCode": "95002"}  # type: ignore[operator]
    _, meant = (organization.record("POST", "vendors", body)["id"] for _ in range(2))
    running = asyncio.ensure_future(pay("CASE-5"))
    paused = await paused_run("CASE-5")
    assert "several vendors are named 'Happy Music'" in await question(paused)
    await answer(paused, verdict=Verdict.HAPPENED.value, record_id=meant)
    assert (await running).vendor_id == meant
    assert (await pay("CASE-5B", CasePolicy.STOP)).vendor_id == meant
    assert len(organization.records("vendors")) == 2


async def test_last_years_number_is_another_bill_once_a_person_says_so(organization: Organization) -> None:
    old = await pay("CASE-6", invoice_date="2025-11-20", due_date="2025-12-20", amount="99.00")
    with pytest.raises(CaseError, match=r"CASE-6 is at BILL .* 99\.00 and date 2025-11-20"):
        await pay("CASE-6", CasePolicy.STOP)
    running = asyncio.ensure_future(pay("CASE-6"))
    await answer(await paused_run("CASE-6"), verdict=Verdict.SEND.value)
    new = await running
    assert new.bill_id != old.bill_id
    assert len(paid(organization)) == 2


async def test_a_charge_is_never_sent_again_by_itself(
    organization: Organization, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BILL_RESEND_AFTER_MINUTES", "15")
    organization.fault("POST", "/v3/receivable-payments", "refuse")
    given = {"customer": customer(), "bank_account": account(), "invoice": invoice(), "charge": charge()}
    for _ in range(2):
        with pytest.raises(UnsettledError, match=r"charge 00e.*amount 385\.00.* was sent without"):
            await run(ar_workflow, given)
        monkeypatch.setenv("BILL_NOW", "2026-11-23T20:00:00+00:00")
    assert organization.writes().count("POST /v3/receivable-payments") == 1


async def test_a_bill_that_turns_out_overpaid_is_shown_to_a_person_at_once(
    organization: Organization,
) -> None:
    organization.rule(preset="permissive", list_delay_ms=0)
    # The answer takes a moment, in which somebody pays the same bill by hand.
    organization.fault("POST", "/v3/payments", "delay", seconds=3)
    running = asyncio.ensure_future(pay("CASE-7"))
    while not (mine := organization.records("payments")):
        await asyncio.sleep(0.05)
    async with await connect(Settings.load()) as somebody:
        twin = await somebody.payments.create(
            NewPayment(
                vendor_id=mine[0]["vendorId"],
                bill_id=mine[0]["billId"],
                amount=Decimal("1250.00"),
                funding_account=FundingAccountReference(id=mine[0]["fundingAccount"]["id"]),
                process_date=date(2026, 11, 25),
            )
        )
    paused = await paused_run("CASE-7")
    assert "is overpaid by 1,250.00" in await question(paused)
    organization.record("POST", f"payments/{twin.id}/cancel")
    await answer(paused, verdict=Verdict.SEND.value)
    assert (await running).payment_id == mine[0]["id"]

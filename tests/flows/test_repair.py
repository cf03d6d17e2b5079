"""Open writes looked for again: adopted, left with their reason, or sent by the next run of their workflow."""

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
from billcom.results import ApResult, RepairResult
from billcom.settings import Settings
from flows import cases
from flows.ap import ap_workflow
from flows.repair import resolve_unknowns
from tasks.session import connect
from tests.organization import Organization
from tests.pauses import answer, paused_run
from tests.samples import account, bill, run, vendor

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("prefect")]


async def pay() -> ApResult:
    """Run the workflow with the samples."""
    given = {"vendor": vendor(), "bank_account": account(), "bill": bill()}
    return await run(ap_workflow, given | {"code_from": CodeSource.LOCAL_PHONE})


async def repair(**changes: Any) -> RepairResult:
    """Run the repair; what a person decides stops it."""
    return await run(resolve_unknowns, changes)


async def test_with_nothing_open_it_completes(organization: Organization) -> None:
    await pay()
    assert (await repair()).resolutions == ()


async def test_what_bill_did_late_is_found_and_adopted(organization: Organization) -> None:
    organization.fault("POST", "/v3/payments", "act_late", seconds=600)
    with pytest.raises(UnsettledError):
        await pay()
    organization.control("PUT", "/clock", {"advance_seconds": 601})
    (resolution,) = (await repair()).resolutions
    (payment,) = organization.records("payments")
    assert (resolution.record_id, resolution.outcome, resolution.amount) == (
        payment["id"],
        "is at BILL",
        "1250.00",
    )
    assert (await pay()).payment_id == payment["id"]


async def test_a_payment_that_is_not_at_bill_is_left_open_and_fails_the_run(
    organization: Organization,
) -> None:
    organization.fault("POST", "/v3/payments", "refuse")
    with pytest.raises(UnsettledError):
        await pay()
    with pytest.raises(CaseError, match=r"payment 00n.* it may still act"):
        await repair()
    assert organization.records("payments") == []


async def test_what_a_person_says_did_not_happen_is_sent_by_the_next_run(
    organization: Organization, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cases, "POLL_SECONDS", 0.05)
    organization.fault("POST", "/v3/payments", "refuse")
    with pytest.raises(UnsettledError):
        await pay()
    running = asyncio.ensure_future(repair(on_case=CasePolicy.ASK))
    await answer(await paused_run("resolve unknown writes"), verdict=Verdict.SEND.value)
    (resolution,) = (await running).resolutions
    assert resolution.outcome == "is not at BILL: the next run of its workflow sends it"
    assert organization.records("payments") == []
    assert (await pay()).payment_id == organization.records("payments")[0]["id"]


async def test_a_bill_that_turns_out_overpaid_is_reported_before_its_process_date(
    organization: Organization,
) -> None:
    organization.rule(overpayment="accept")
    first = await pay()
    async with await connect(Settings.load()) as somebody:
        await somebody.payments.create(
            NewPayment(
                vendor_id=first.vendor_id,
                bill_id=first.bill_id,
                amount=Decimal("1250.00"),
                funding_account=FundingAccountReference(id=first.funding_account_id),
                process_date=date(2026, 11, 25),
            )
        )
    with pytest.raises(CaseError, match=r"is overpaid by 1,250\.00"):
        await repair()


async def test_a_vendor_that_bill_made_after_it_was_given_up_is_reported(organization: Organization) -> None:
    organization.fault("POST", "/v3/vendors", "act_late", seconds=600)
    first = await pay()
    organization.control("PUT", "/clock", {"advance_seconds": 601})
    assert len(organization.records("vendors")) == 2
    with pytest.raises(CaseError, match="several vendors are named"):
        await repair()
    with pytest.raises(CaseError, match="several vendors are named"):
        await pay()
    twin = next(row["id"] for row in organization.records("vendors") if row["id"] != first.vendor_id)
    organization.record("POST", f"vendors/{twin}/archive")
    assert (await repair()).resolutions == ()
    assert (await pay()).payment_id == first.payment_id

"""Open writes looked for again: adopted, left with their reason, or sent by the next run of their workflow."""

from __future__ import annotations

import asyncio
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from billcom.errors import CaseError, LinesFailedError, UnsettledError
from billcom.inputs import CasePolicy, CodeSource
from billcom.intent import Verdict
from billcom.models.payment import FundingAccountReference, NewPayment
from billcom.results import ApResult, RepairResult
from billcom.runs.lines import Run, Status
from billcom.settings import Settings
from flows import cases
from flows.ap import ap_workflow
from flows.payment_runs import pay_bills
from flows.repair import resolve_unknowns
from tasks.session import connect
from tests.faults.sheets import Payee, bills_of, write_sheet
from tests.organization import Organization
from tests.pauses import answer, paused_run, question, seen
from tests.samples import account, bill, run, vendor

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("prefect")]


async def pay() -> ApResult:
    """Run the workflow with the samples."""
    given = {"vendor": vendor(), "bank_account": account(), "bill": bill()}
    return await run(ap_workflow, given | {"code_from": CodeSource.LOCAL_PHONE})


async def repair(**changes: Any) -> RepairResult:
    """Run the repair; what a person decides stops it."""
    return await run(resolve_unknowns, changes)


@pytest.fixture
def sheet(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    """A sheet of six bills of three new vendors, USD 733.50 together, in the input folder."""
    write_sheet(tmp_path / "run.csv", bills_of([Payee(number) for number in (1, 2, 3)], 2))
    monkeypatch.setenv("BILL_INPUT_DIR", str(tmp_path))
    monkeypatch.setenv("BILL_OUTPUT_DIR", str(tmp_path / "output"))
    monkeypatch.setattr(cases, "POLL_SECONDS", 0.05)
    return "run.csv"


async def pay_sheet(sheet: str) -> Run:
    """Pay all bills of a sheet together."""
    return await pay_bills(sheet, dry_run=False, code_from=CodeSource.LOCAL_PHONE)


async def lose_payments(organization: Organization, sheet: str) -> None:
    """Pay a sheet so that the payments, sent together, are open and not at BILL."""
    organization.fault("POST", "/v3/payments/bulk", "refuse")
    with pytest.raises(LinesFailedError) as failed:
        await pay_sheet(sheet)
    assert {line.status for line in failed.value.run.lines} == {Status.OPEN}


def pay_by_hand(organization: Organization, *bills: dict[str, Any]) -> list[str]:
    """Pay bills as somebody does in BILL's own pages; return the payments' ids."""
    accounts = organization.records("funding-accounts/banks")
    funding = {"type": "BANK_ACCOUNT", "id": next(a["id"] for a in accounts if a["status"] == "VERIFIED")}
    challenge = organization.record("POST", "mfa/challenge", {})["challengeId"]
    device = {"device": "a browser"}
    code = {"challengeId": challenge, "token": organization.last_code(), "rememberMe": True}
    remembered = organization.record("POST", "mfa/challenge/validate", code | device)["rememberMeId"]
    organization.record("POST", "mfa/step-up", {"rememberMeId": remembered} | device)
    return [
        organization.record(
            "POST",
            "payments",
            {
                "vendorId": bill["vendorId"],
                "billId": bill["id"],
                "amount": bill["amount"],
                "fundingAccount": funding,
                "processDate": "2026-11-24",
                "processingOptions": {},
            },
        )["id"]
        for bill in bills
    ]


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


async def test_of_payments_sent_together_a_person_is_asked_once_and_all_are_sent_by_the_next_run(
    organization: Organization, sheet: str
) -> None:
    await lose_payments(organization, sheet)
    running = asyncio.ensure_future(repair(on_case=CasePolicy.ASK))
    paused = await paused_run("resolve unknown writes")
    asked = await question(paused)
    assert "in one request with 5 others, 6 payments of USD 733.50 together" in asked
    await answer(paused, verdict=Verdict.SEND.value)
    result = await running
    assert [r.outcome for r in result.resolutions] == [
        "is not at BILL: the next run of its workflow sends it"
    ] * 6
    assert organization.records("payments") == []
    paid = await pay_sheet(sheet)
    assert {line.record_id for line in paid.lines} == {row["id"] for row in organization.records("payments")}
    assert len(organization.records("payments")) == 6


async def test_payments_sent_together_that_nobody_decides_about_are_all_left_open(
    organization: Organization, sheet: str
) -> None:
    await lose_payments(organization, sheet)
    reads = len(organization.requests("GET"))
    with pytest.raises(CaseError, match=r"6 payments of USD 733\.50 together") as left:
        await repair()
    assert len(organization.requests("GET")) - reads < 12  # one look is for all of them
    assert str(left.value).count("went out in one request with payment 00n") == 5
    with pytest.raises(LinesFailedError) as failed:
        await pay_sheet(sheet)
    assert {line.status for line in failed.value.run.lines} == {Status.OPEN}
    assert organization.records("payments") == []


async def test_of_payments_sent_together_one_that_happened_is_taken_and_the_rest_are_looked_for(
    organization: Organization, sheet: str
) -> None:
    organization.fault("POST", "/v3/payments/bulk", "act_late", seconds=600)
    with pytest.raises(LinesFailedError):
        await pay_sheet(sheet)
    running = asyncio.ensure_future(repair(on_case=CasePolicy.ASK))
    paused = await paused_run("resolve unknown writes")
    bill_id = (await question(paused)).partition("payment ")[2][:20]
    organization.control("PUT", "/clock", {"advance_seconds": 601})
    payments = {row["billId"] if "billId" in row else row["billPayments"][0]["billId"]: row["id"]
                for row in organization.records("payments")}  # fmt: skip
    await answer(paused, verdict=Verdict.HAPPENED.value, record_id=payments[bill_id])
    result = await running
    assert {r.record_id for r in result.resolutions} == set(payments.values())
    assert {r.outcome for r in result.resolutions} == {"is at BILL"}


async def test_of_payments_sent_together_only_those_that_are_not_found_are_asked_about_again(
    organization: Organization, sheet: str
) -> None:
    await lose_payments(organization, sheet)
    running = asyncio.ensure_future(repair(on_case=CasePolicy.ASK))
    first = await paused_run("resolve unknown writes")
    bill_id = (await question(first)).partition("payment ")[2][:20]
    mine = next(row for row in organization.records("bills") if row["id"] == bill_id)
    (payment_id,) = pay_by_hand(organization, mine)
    await answer(first, verdict=Verdict.HAPPENED.value, record_id=payment_id)
    second = await paused_run("resolve unknown writes", seen(first))
    assert "in one request with 4 others" in await question(second)
    await answer(second, verdict=Verdict.SEND.value)
    outcomes = [r.outcome for r in (await running).resolutions]
    assert outcomes == ["is at BILL", *["is not at BILL: the next run of its workflow sends it"] * 5]
    await pay_sheet(sheet)
    assert len(organization.records("payments")) == 6


async def test_of_payments_sent_together_what_is_at_bill_by_then_is_not_sent_whatever_a_person_says(
    organization: Organization, sheet: str
) -> None:
    organization.fault("POST", "/v3/payments/bulk", "act_late", seconds=600)
    with pytest.raises(LinesFailedError):
        await pay_sheet(sheet)
    running = asyncio.ensure_future(repair(on_case=CasePolicy.ASK))
    paused = await paused_run("resolve unknown writes")
    organization.control("PUT", "/clock", {"advance_seconds": 601})
    await answer(paused, verdict=Verdict.SEND.value)
    assert [r.outcome for r in (await running).resolutions] == ["is at BILL"] * 6
    await pay_sheet(sheet)
    assert len(organization.records("payments")) == 6

"""What a sheet's payments meet on their way: parts, changed bank accounts, approvers in BILL, stops and lost trust."""

from __future__ import annotations

import asyncio
from decimal import Decimal

import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import VariableCreate

from billcom import BillClient
from billcom.errors import LinesFailedError
from billcom.inputs import CodeSource
from billcom.models.bill_approval import ApprovalAction, BillAction, NewApprovalPolicy, NewApprovalRule
from billcom.runs.lines import Run
from billcom.settings import Settings
from flows import trust
from tasks.money import STOP_VARIABLE
from tests.flows.payment_sheets import (
    TOGETHER,
    bank_by_hand,
    bill_by_hand,
    counts,
    paid_amounts,
    pay,
    pay_by_hand,
    pay_failing,
    put,
    reasons,
    row,
    statuses,
    three,
    vendor_by_hand,
)
from tests.organization import Organization
from tests.pauses import answer, paused_run

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("prefect")]

ALONE = "POST /v3/payments"


async def test_parts_of_a_bill_are_paid_under_their_labels(organization: Organization) -> None:
    first = row(amount="1000.00", Pay_amount="400.00", Label="first")
    second = row(amount="1000.00", Pay_amount="600.00", Label="second")
    assert statuses(await pay(put(first))) == ["done"]
    assert statuses(await pay(put(first, second))) == ["done", "done"]
    assert statuses(await pay(put(first, second, name="again.csv"), name="again")) == ["done before"] * 2
    assert organization.writes() == [*TOGETHER[:2], ALONE, ALONE]
    assert paid_amounts(organization) == [Decimal(400), Decimal(600)]
    (bill,) = organization.records("bills")
    assert (bill["amount"], bill["paymentStatus"]) == (1000.0, "SCHEDULED")


async def test_spellings_of_one_label_are_one_payment(organization: Organization) -> None:
    for label in ("First Half", "first half", " FIRST  HALF", "\uff26irst Half"):
        await pay(put(row(amount="1000.00", Pay_amount="400.00", Label=label)), name=label)
    assert paid_amounts(organization) == [Decimal(400)]


@pytest.mark.parametrize("number", ["inv\u20131001", "INV-\uff11\uff10\uff10\uff11", "Inv-1001"])
async def test_bill_whose_number_is_spelled_otherwise_is_paid_once(
    organization: Organization, number: str
) -> None:
    assert statuses(await pay(put(row()))) == ["done"]
    assert statuses(await pay(put(row(number), name="again.csv"))) == ["done before"]
    assert counts(organization) == [1, 1, 1]


async def test_parts_of_one_sheet_are_all_paid_and_never_more_than_the_bill(
    organization: Organization,
) -> None:
    organization.rule(overpayment="accept")
    parts = [row(amount="1000.00", Pay_amount="400.00", Label=label) for label in ("a", "b", "c")]
    put(*parts)
    run = await pay_failing()
    assert statuses(run) == ["done", "done", "conflict"]
    assert reasons(run)[2] == "with the parts before it is 1,200.00 of 1,000.00 open: correct Pay amount"
    assert paid_amounts(organization) == [Decimal(400), Decimal(400)]


async def test_a_bill_of_several_lines_arrives_with_their_gl_accounts(organization: Organization) -> None:
    account = {"name": "Instruments", "account": {"number": "5010", "type": "EXPENSE"}}
    account_id = organization.record("POST", "classifications/chart-of-accounts", account)["id"]
    lines = [
        row(amount="90.00", Line="1", Description="Violin", GL_account="5010"),
        row(amount="7.50", Line="2", Description="Strings", GL_account="instruments"),
        row(amount="2.50", Line="3"),
    ]
    run = await pay(put(*lines, row("X-7", "1.00")))
    assert [(line.place, line.amount) for line in run.lines] == [
        ("june.csv rows 2-4", Decimal("100.00")),
        ("june.csv row 5", Decimal("1.00")),
    ]
    detail = organization.record("GET", f"bills/{run.lines[0].document_id}")
    assert [
        (line["amount"], line.get("description"), line.get("classifications", {}).get("chartOfAccountId"))
        for line in detail["billLineItems"]
    ] == [(90.0, "Violin", account_id), (7.5, "Strings", account_id), (2.5, None, None)]
    assert paid_amounts(organization) == [Decimal(1), Decimal(100)]


async def test_an_unknown_gl_account_is_a_conflict_and_nothing_of_it_is_made(
    organization: Organization,
) -> None:
    put(row(GL_account="501"))
    run = await pay_failing()
    assert (statuses(run), organization.writes()) == (["conflict"], [])
    assert reasons(run)[0].startswith("GL account '501' is not in BILL's chart of accounts")


async def test_a_vendor_without_a_bank_account_is_given_one_before_it_is_paid(
    organization: Organization,
) -> None:
    vendor_id = vendor_by_hand(organization, number="")
    before = organization.writes()
    assert statuses(await pay(put(row(), row("X-7", "1.00")))) == ["done", "done"]
    path = f"POST /v3/vendors/{vendor_id}/bank-account"
    assert organization.writes() == [*before, path, *TOGETHER[1:]]


async def test_a_bank_account_changed_by_hand_after_the_last_payment_is_held(
    organization: Organization,
) -> None:
    vendor_id = (await pay(put(row()))).lines[0].party_id
    organization.record("DELETE", f"vendors/{vendor_id}/bank-account")
    organization.record("POST", f"vendors/{vendor_id}/bank-account", bank_by_hand("888889999"))
    before = organization.writes()
    put({**row("X-7", "1.00"), "Account number": "888889999"})
    held = await pay_failing()
    assert (statuses(held), organization.writes()) == (["held"], before)
    assert "has bank account 0010/…9999 now, the last payment went to 0010/…2333" in reasons(held)[0]
    put({**row("X-7", "1.00", Override_reason="Ann called them"), "Account number": "888889999"})
    assert statuses(await pay()) == ["done"]


async def test_a_bill_that_needs_approvers_in_bill_waits_and_is_paid_by_a_later_run(
    organization: Organization,
) -> None:
    body = {"role": "APPROVER", "organization_id": organization.credentials["organization_id"]}
    credentials = organization.control("POST", "/users", body)
    user_id = credentials.pop("user_id")
    rule = NewApprovalRule(key="BILL_AMOUNT", op="gte", values=["250"])
    policy = NewApprovalPolicy(policy_name="Large", rules=[rule], approvers=[user_id])
    async with BillClient(Settings.load()) as client:
        await client.bill_approvals.create_policy(policy)
    run = await pay(put(*three()))
    assert statuses(run) == ["done", "done", "waiting for approval in BILL"]
    assert reasons(run)[2] == "its approvers in BILL decide first"
    assert paid_amounts(organization) == [Decimal(100), Decimal(200)]
    assert counts(organization) == [2, 3, 2]
    before = organization.writes()
    assert statuses(await pay()) == ["done", "done", "waiting for approval in BILL"]
    assert organization.writes() == before
    async with BillClient(Settings.load(**credentials)) as approver:
        (pending,) = await approver.bill_approvals.list_pending()
        action = BillAction(bill_id=pending.bill_id, action=ApprovalAction.APPROVE, comment="Fine")
        await approver.bill_approvals.act([action])
    assert statuses(await pay()) == ["done"] * 3
    assert paid_amounts(organization) == [Decimal(100), Decimal(200), Decimal(300)]


async def test_a_bill_paid_in_bills_own_pages_is_skipped(organization: Organization) -> None:
    first = await pay(put(row()))
    bill_id = bill_by_hand(organization, first.lines[0].party_id, "X-7", 7.0)
    await pay_by_hand(bill_id, first.funding_account_id)
    run = await pay(put(row(), row("X-7", "7.00")))
    assert statuses(run) == ["done", "skipped"]
    assert reasons(run)[1] == "nothing is open at BILL (SCHEDULED): it was paid some other way"
    assert paid_amounts(organization) == [Decimal(7), Decimal(100)]


async def test_the_stop_switch_halts_every_payment(organization: Organization) -> None:
    async with get_client() as prefect:
        await prefect.create_variable(VariableCreate(name=STOP_VARIABLE, value="on, says Ada"))
    try:
        put(*three())
        run = await pay_failing()
        assert statuses(run) == ["failed"] * 3
        assert "bill_stop says 'on, says Ada'. Nothing was sent" in reasons(run)[0]
        assert organization.writes() == TOGETHER[:2]
    finally:
        async with get_client() as prefect:
            await prefect.delete_variable_by_name(STOP_VARIABLE)
    assert statuses(await pay()) == ["done"] * 3
    assert organization.writes() == TOGETHER


async def test_trust_that_is_lost_between_payments_is_regained_and_nothing_is_paid_twice(
    organization: Organization,
) -> None:
    organization.fault("POST", "/v3/payments/bulk", "distrust")
    rows = [*three(), row("LATER", "7.00", Process_date="2026-12-01")]
    assert statuses(await pay(put(*rows))) == ["done"] * 4
    assert paid_amounts(organization) == [Decimal(7), Decimal(100), Decimal(200), Decimal(300)]


async def test_a_session_without_trust_asks_for_the_code_once_before_anything_is_made(
    organization: Organization, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trust, "POLL_SECONDS", 0.05)
    put(*three(), name="untrusted.csv")
    running = asyncio.ensure_future(pay("untrusted.csv", code_from=CodeSource.PERSON))
    paused = await paused_run("untrusted.csv")
    assert organization.writes() == []
    await answer(paused, code=organization.last_code())
    assert statuses(await running) == ["done"] * 3
    assert len(organization.requests("POST", "/v3/mfa/challenge")) == 1


async def test_a_lost_answer_to_a_bulk_payment_pays_nothing_twice(organization: Organization) -> None:
    organization.rule(preset="permissive", list_delay_ms=0)
    organization.fault("POST", "/v3/payments/bulk", "act_then_drop")
    assert statuses(await pay(put(*three()))) == ["done"] * 3
    assert paid_amounts(organization) == [Decimal(100), Decimal(200), Decimal(300)]
    assert organization.writes() == TOGETHER


async def test_payments_nobody_knows_of_are_open_and_looked_for_by_the_next_run(
    organization: Organization,
) -> None:
    organization.fault("POST", "/v3/payments/bulk", "act_late", seconds=600)
    put(*three())
    run = await pay_failing()
    assert statuses(run) == ["open"] * 3
    assert "it may still act" in reasons(run)[0]
    organization.control("PUT", "/clock", {"advance_seconds": 601})
    assert statuses(await pay()) == ["done"] * 3
    assert paid_amounts(organization) == [Decimal(100), Decimal(200), Decimal(300)]


async def test_two_runs_of_one_sheet_at_once_pay_each_bill_once(organization: Organization) -> None:
    put(*three())
    runs = await asyncio.gather(pay(), pay(name="beside"), return_exceptions=True)
    assert paid_amounts(organization) == [Decimal(100), Decimal(200), Decimal(300)]
    assert counts(organization) == [2, 3, 3]
    assert {type(run) for run in runs} <= {Run, LinesFailedError}
    assert set(statuses(await pay(name="afterwards"))) == {"done before"}

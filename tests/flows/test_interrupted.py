"""What a cancelled or crashed run leaves: a report from the journal, made by a hook that never raises or sends."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from prefect import Flow
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import StateType
from prefect.states import Cancelled, Cancelling, Crashed, Pending, Running, Scheduled

from billcom.inputs import CodeSource
from billcom.money import display
from flows.ap import ap_workflow
from flows.ar import ar_workflow
from flows.collection_runs import charge_due_invoices, send_invoices
from flows.organizations import FleetFlow, run_for_organizations
from flows.payment_runs import pay_bills, pay_due_bills
from tasks.cancelled import started_by
from tests.flows.deployed import deployed_run, go_on, read_run
from tests.flows.payment_sheets import artifact, counts, outputs, paid_amounts, put, three
from tests.organization import Organization

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("prefect")]

LOCAL_PHONE = CodeSource.LOCAL_PHONE.value
PAYING = [ap_workflow, ar_workflow, pay_bills, pay_due_bills, send_invoices, charge_due_invoices]


async def interrupted(run_id: UUID, flow: Flow[..., Any] = pay_bills, *, crashed: bool = False) -> None:
    """Do what a runner does once it has ended the process of a cancelled or crashed run."""
    hooks = flow.on_crashed_hooks if crashed else flow.on_cancellation_hooks
    state = Crashed() if crashed else Cancelling()
    run = await read_run(run_id)
    run.labels = {}  # a runner's copy of the run is older than the plan
    for hook in hooks:
        await hook(flow=flow, flow_run=run, state=state)  # pyright: ignore[reportGeneralTypeIssues]


@pytest.fixture
async def half_paid(organization: Organization, monkeypatch: pytest.MonkeyPatch) -> UUID:
    """Run a sheet of three bills, USD 600.00, of which no more than USD 350.00 may go out: the plan holds the rest."""
    put(*(line | {"Memo": f"memo {n}"} for n, line in enumerate(three())))
    monkeypatch.setenv("BILL_MAX_TOTAL", "350.00")
    run_id = await deployed_run(source="june.csv", dry_run=False, code_from=LOCAL_PHONE)
    state = await go_on(run_id)
    assert state.type is StateType.FAILED
    return run_id


@pytest.mark.parametrize("flow", PAYING, ids=lambda flow: flow.name)
def test_flow_that_moves_money_reports_when_it_is_cancelled_or_crashes(flow: Flow[..., Any]) -> None:
    assert len(flow.on_cancellation_hooks) == len(flow.on_crashed_hooks) == 1


@pytest.mark.parametrize(("crashed", "word"), [(False, "cancelled"), (True, "crashed")])
async def test_report_says_what_was_paid_what_was_not_and_what_to_do(
    organization: Organization, half_paid: UUID, *, crashed: bool, word: str
) -> None:
    amounts = paid_amounts(organization)
    paid = sum(amounts, Decimal("0.00"))
    before = len(organization.requests())
    await interrupted(half_paid, crashed=crashed)
    assert len(organization.requests()) == before, "a hook asks BILL for nothing"
    left = await artifact("payment-run", half_paid)
    assert left.description == (
        f"{word}: {len(amounts)} of {len(amounts)} paid, USD {display(paid)}; 0 not paid, USD 0.00"
    )
    assert "What to do next: " in str(left.data) and "pays nothing twice" in str(left.data)
    assert "111222333" not in str(left.data)


async def test_report_names_payments_of_which_nobody_knows(organization: Organization) -> None:
    put(*three())
    organization.fault("POST", "/v3/payments/bulk", "html_500", times=9)
    run_id = await deployed_run(source="june.csv", dry_run=False, code_from=LOCAL_PHONE)
    await go_on(run_id)
    await interrupted(run_id)
    left = await artifact("payment-run", run_id)
    assert left.description == "cancelled: 0 of 3 paid, USD 0.00; 0 not paid, USD 0.00; 3 unknown, USD 600.00"
    assert "first looks at BILL for what is unknown" in str(left.data)
    assert str(left.data).count("nobody knows yet") == 3


async def test_report_of_a_run_that_was_cancelled_before_it_paid_says_that_nothing_was_sent(
    organization: Organization,
) -> None:
    put(*three())
    run_id = await deployed_run(source="june.csv", dry_run=True)
    await go_on(run_id)
    await interrupted(run_id)
    left = await artifact("payment-run", run_id)
    assert left.description == "cancelled: no payment was sent"
    assert organization.writes() == []


async def test_journal_that_can_not_be_read_is_reported_and_nothing_is_raised(
    half_paid: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BILL_JOURNAL_URL", "postgresql+asyncpg://nobody:secret@127.0.0.1:1/none")
    await interrupted(half_paid)
    left = await artifact("payment-run", half_paid)
    assert left.description == "cancelled: the journal could not be read"
    assert "secret" not in str(left.data)


async def test_run_set_to_cancelled_pays_nothing_though_its_process_goes_on(
    organization: Organization,
) -> None:
    put(*three())
    organization.fault("POST", "/v3/bills/bulk", "delay", seconds=3)
    run_id = await deployed_run(source="june.csv", dry_run=False, code_from=LOCAL_PHONE)
    going = asyncio.create_task(go_on(run_id))
    async with asyncio.timeout(60), get_client() as prefect:
        while not organization.requests("POST", "/v3/bills/bulk"):
            await asyncio.sleep(0.05)
        await prefect.set_flow_run_state(run_id, Cancelled(), force=True)
    await asyncio.gather(going, return_exceptions=True)
    assert counts(organization) == [2, 3, 0]
    assert "this run was cancelled: nothing was sent" in str((await artifact("payment-run", run_id)).data)


async def child_of(parent: UUID, **parameters: Any) -> UUID:
    """Start a run as a run for many organizations does."""
    deployment: Any = await (await pay_due_bills.ato_deployment("test")).aapply()
    async with get_client() as prefect:
        made = await prefect.create_flow_run_from_deployment(
            deployment, parameters=parameters, tags=[started_by(parent)]
        )
    return made.id


async def cancelled_parent() -> UUID:
    """Return a run for many organizations that was cancelled while it waited to start again: no hook ran."""
    parent = await deployed_run(run_for_organizations, flow=FleetFlow.PAY_DUE_BILLS.value)
    async with get_client() as prefect:
        for state in (Pending(), Running(), Crashed(), Scheduled(name="AwaitingRetry")):
            await prefect.set_flow_run_state(parent, state, force=True)
        await prefect.set_flow_run_state(parent, Cancelling())
    assert (await read_run(parent)).state_type is StateType.CANCELLED
    return parent


async def test_run_does_nothing_when_the_run_that_started_it_was_cancelled(
    organization: Organization,
) -> None:
    child = await child_of(await cancelled_parent(), dry_run=False, code_from=LOCAL_PHONE)
    state = await go_on(child, pay_due_bills)
    assert (state.type, "was cancelled" in str(state.message)) == (StateType.CANCELLED, True)
    assert organization.requests() == []


async def test_cancelled_run_that_a_person_starts_again_goes_on_without_the_run_that_started_it(
    organization: Organization,
) -> None:
    child = await child_of(await cancelled_parent(), dry_run=True)
    await go_on(child, pay_due_bills)
    async with get_client() as prefect:
        await prefect.set_flow_run_state(child, Scheduled(name="AwaitingRetry"))
    assert (await go_on(child, pay_due_bills)).type is StateType.COMPLETED
    assert organization.writes() == []


async def test_report_counts_what_the_run_paid_before_it_was_started_again(
    half_paid: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("BILL_MAX_TOTAL")
    async with get_client() as prefect:
        await prefect.set_flow_run_state(half_paid, Scheduled(name="AwaitingRetry"))
    assert (await go_on(half_paid)).type is StateType.COMPLETED
    await interrupted(half_paid)
    left = await artifact("payment-run", half_paid)
    assert left.description == "cancelled: 3 of 3 paid, USD 600.00; 0 not paid, USD 0.00"
    assert len(outputs("result")) == 2

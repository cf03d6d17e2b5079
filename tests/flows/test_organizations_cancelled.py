"""A run for many organizations that is cancelled: the runs it started are cancelled too, and no others."""

from __future__ import annotations

import asyncio
from uuid import UUID

import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.states import Cancelled, Cancelling, Completed, Pending, Running, Scheduled, Suspended

from flows import organization_runs
from flows.organizations import FleetFlow, run_for_organizations
from tests.flows.deployed import deployed_run, go_on, read_run
from tests.flows.payment_sheets import artifact
from tests.flows.test_organizations import all_runs_of, blocks, deployed, impatient, runs_of, started_runs

__all__ = ["blocks", "deployed", "impatient"]  # fixtures

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("prefect"), pytest.mark.service]


async def ended(run_id: UUID) -> None:
    """End a run's process as its runner does, once it is to be cancelled."""
    async with asyncio.timeout(60), get_client() as prefect:
        while (await read_run(run_id)).state_type is not StateType.CANCELLING:
            await asyncio.sleep(0.05)
        await prefect.set_flow_run_state(run_id, Cancelled())


async def cancel(parent: UUID, running: UUID) -> None:
    """Do what a runner does with a cancelled run whose process has ended: run the hook."""
    (hook,) = run_for_organizations.on_cancellation_hooks
    run = await read_run(parent)
    given = {"flow": run_for_organizations, "flow_run": run, "state": Cancelling()}
    await asyncio.gather(hook(**given), ended(running))  # pyright: ignore[reportCallIssue, reportArgumentType]
    async with get_client() as prefect:
        await prefect.set_flow_run_state(parent, Cancelled(), force=True)


async def started(names: list[str]) -> tuple[UUID, dict[str, FlowRun]]:
    """Start the runs of some organizations, and end the process of the run that started them."""
    parent = await deployed_run(
        run_for_organizations, flow=FleetFlow.PAY_DUE_BILLS.value, organizations=names
    )
    going = asyncio.create_task(go_on(parent, run_for_organizations))
    runs = await started_runs(names)
    going.cancel()
    await asyncio.gather(going, return_exceptions=True)
    return parent, runs


async def bring(run: FlowRun, *states: object) -> None:
    async with get_client() as prefect:
        for state in states:
            await prefect.set_flow_run_state(run.id, state, force=True)  # pyright: ignore[reportArgumentType]


async def test_cancelled_run_cancels_what_it_started_and_nothing_else(
    blocks: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(organization_runs, "POLL_SECONDS", 0.05)
    parent, runs = await started(blocks)
    _, others = await started(blocks)
    done, running, late = (runs[name] for name in blocks)
    await bring(done, Pending(), Running(), Completed(message="12 paid"))
    await bring(running, Pending(), Running())
    await bring(late, Scheduled(name="Late"))
    await cancel(parent, running.id)
    found = {run.id: run.state_type for run in await all_runs_of(blocks)}
    assert [found[run.id] for run in (done, running, late)] == [
        StateType.COMPLETED,
        StateType.CANCELLED,
        StateType.CANCELLED,
    ]
    assert {found[run.id] for run in others.values()} == {StateType.SCHEDULED}
    summary = await artifact("organizations", parent)
    assert summary.description == (
        "pay-due-bills for 3 organizations was cancelled: 1 done, 2 not. Retry this run to go on: it starts again "
        "those that are not done"
    )
    assert all(name in str(summary.data) for name in blocks)


async def test_run_that_waits_for_approval_is_cancelled_too(
    blocks: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(organization_runs, "POLL_SECONDS", 0.05)
    parent, runs = await started(blocks)
    running, waiting, _ = (runs[name] for name in blocks)
    await bring(running, Pending(), Running())
    await bring(waiting, Pending(), Running(), Suspended(timeout_seconds=3600))
    await cancel(parent, running.id)
    assert (await read_run(waiting.id)).state_type is StateType.CANCELLED


async def test_cancelled_run_that_is_retried_starts_again_only_what_was_not_done(
    blocks: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(organization_runs, "POLL_SECONDS", 0.05)
    parent, before = await started(blocks)
    done, running, dying = (before[name] for name in blocks)
    await bring(done, Pending(), Running(), Completed())
    await bring(running, Pending(), Running())
    await cancel(parent, running.id)
    await bring(dying, Cancelling())  # its process takes its time
    async with get_client() as prefect:
        await prefect.set_flow_run_state(parent, Scheduled(name="AwaitingRetry"))

    async def play() -> None:
        async with asyncio.timeout(60):
            while len(await all_runs_of(blocks)) < len(blocks) + 2:
                await asyncio.sleep(0.05)
        for run in await all_runs_of(blocks):
            if run.id not in {run.id for run in before.values()}:
                await bring(run, Pending(), Running(), Completed())

    state, _ = await asyncio.gather(go_on(parent, run_for_organizations), play())
    assert state.type is StateType.COMPLETED, state.message
    assert len(await runs_of([blocks[0]])) == 1
    assert len(await all_runs_of(blocks)) == len(blocks) + 2

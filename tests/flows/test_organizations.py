"""One run for many organizations: a run each, spread over the workers, one summary, and no neighbour's trouble."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import FlowRun, State, StateType
from prefect.states import Completed, Crashed, Failed, Paused, Pending, Running, Scheduled, Suspended

from billcom.errors import InputError, LinesFailedError
from flows import organizations
from flows.organization_runs import all_credentials
from flows.organizations import FleetFlow, run_for_organizations
from flows.payment_runs import pay_due_bills
from tasks.blocks import BillCredentials
from tests.flows.deployed import deployed_run, go_on
from tests.flows.payment_sheets import artifact
from tests.organization import Organization

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("prefect", "deployed")]

DEPLOYMENT = "pay-due-bills/per-organization-local"


@pytest.fixture
async def deployed() -> None:
    """The deployment that organizations' runs are of."""
    deployment = await pay_due_bills.ato_deployment("per-organization-local")
    await deployment.aapply()


@pytest.fixture
async def blocks(organization: Organization) -> AsyncIterator[list[str]]:
    """Three credentials blocks, of one organization."""
    names = [f"org-{uuid4().hex[:8]}" for _ in range(3)]
    for name in names:
        block = {"base_url": organization.base_url, **organization.credentials}
        await BillCredentials.model_validate(block).asave(name)
    yield names
    for name in names:
        await BillCredentials.adelete(name)


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look at the runs more often."""
    monkeypatch.setattr(organizations, "POLL_SECONDS", 0.05)


async def all_runs_of(names: list[str]) -> list[FlowRun]:
    """Return every run that was started for these organizations."""
    async with get_client() as prefect:
        runs = await prefect.read_flow_runs(limit=200)
    return [run for run in runs if run.parameters.get("credentials") in names]


async def runs_of(names: list[str]) -> dict[str, FlowRun]:
    """Return the runs that were started for these organizations, by block."""
    return {run.parameters["credentials"]: run for run in await all_runs_of(names)}


async def started_runs(names: list[str]) -> dict[str, FlowRun]:
    """Return the runs of these organizations, once each has one."""
    async with asyncio.timeout(30):
        while len(found := await runs_of(names)) < len(names):
            await asyncio.sleep(0.05)
    return found


async def play(names: list[str], states: dict[str, list[State[Any]]]) -> None:
    """Do what workers do, once all runs are there: bring each through states."""
    found = await started_runs(names)
    async with get_client() as prefect:
        for name, run in found.items():
            for state in (Pending(), Running(), *states[name]):
                await prefect.set_flow_run_state(run.id, state, force=True)


async def run_all(
    names: list[str], started: list[str], states: dict[str, list[State[Any]]], **more: Any
) -> Any:
    """Run for the organizations while a worker plays; raise what the run raises."""
    run: Any = run_for_organizations(FleetFlow.PAY_DUE_BILLS, names, **more)
    async with asyncio.timeout(60):
        result, _ = await asyncio.gather(run, play(started, states), return_exceptions=True)
    if isinstance(result, BaseException):
        raise result
    return result


async def test_each_organization_has_a_run_with_its_own_credentials_and_there_is_one_summary(
    blocks: list[str],
) -> None:
    done = {name: [Completed(message=f"USD 1.00 for {name}")] for name in blocks}
    await run_all(blocks, blocks, done, parameters={"due_within_days": 3, "dry_run": False})
    runs = await runs_of(blocks)
    assert {name: run.parameters for name, run in runs.items()} == {
        name: {"due_within_days": 3, "dry_run": False, "credentials": name} for name in blocks
    }
    assert all(name in run.tags for name, run in runs.items())
    summary = await artifact("organizations")
    assert summary.description == "pay-due-bills for 3 organizations: 3 done, 0 need you"
    assert all(f"USD 1.00 for {name}" in str(summary.data) for name in blocks)


async def test_one_without_credentials_or_one_that_fails_holds_up_no_other(blocks: list[str]) -> None:
    first, second, third = blocks
    states = {
        first: [Completed()],
        second: [Failed(message="no account can pay")],
        third: [Crashed(), Scheduled(name="AwaitingRetry"), Pending(), Running(), Completed()],
    }
    with pytest.raises(LinesFailedError) as caught:
        await run_all([first, "no-such-block", second, third], blocks, states)
    said = str(caught.value)
    assert said.startswith(
        "pay-due-bills for 4 organizations: 2 done, 2 need you. The first: no-such-block: "
    )
    assert "there is no BILL credentials block of this name" in said
    data = str((await artifact("organizations")).data)
    assert "| no-such-block | **Not started** |" in data
    assert "no account can pay" in data
    assert len(await runs_of(blocks)) == 3


@pytest.mark.parametrize("waiting", [Suspended(timeout_seconds=3600), Paused(timeout_seconds=600)])
async def test_a_run_that_waits_for_a_person_is_reported_and_not_waited_for(
    blocks: list[str], waiting: State[Any]
) -> None:
    states: dict[str, list[State[Any]]] = {name: [Completed()] for name in blocks}
    states[blocks[1]] = [waiting]
    with pytest.raises(LinesFailedError, match="2 done, 1 need you"):
        await run_all(blocks, blocks, states)


async def test_started_again_after_it_died_it_goes_on_with_the_runs_it_had_started(
    blocks: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    same = uuid4()
    monkeypatch.setattr(organizations, "_own_id", lambda: same)
    first = asyncio.create_task(run_for_organizations(FleetFlow.PAY_DUE_BILLS, blocks))
    before = await started_runs(blocks)
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)
    await run_all(blocks, blocks, {name: [Completed()] for name in blocks})
    assert {run.id for run in (await runs_of(blocks)).values()} == {run.id for run in before.values()}


async def test_retried_it_starts_again_only_those_that_failed(blocks: list[str]) -> None:
    done, failed, _ = blocks
    states = {name: [Failed() if name == failed else Completed()] for name in blocks}
    run_id = await deployed_run(
        run_for_organizations, flow=FleetFlow.PAY_DUE_BILLS.value, organizations=blocks
    )
    state, _ = await asyncio.gather(go_on(run_id, run_for_organizations), play(blocks, states))
    assert state.type is StateType.FAILED
    before = {run.id for run in await all_runs_of(blocks)}
    async with get_client() as prefect:
        await prefect.set_flow_run_state(run_id, Scheduled(name="AwaitingRetry"))

    async def mend() -> None:
        async with asyncio.timeout(30):
            while not (new := [run for run in await all_runs_of(blocks) if run.id not in before]):
                await asyncio.sleep(0.05)
        assert [run.parameters["credentials"] for run in new] == [failed]
        async with get_client() as prefect:
            for state in (Pending(), Running(), Completed()):
                await prefect.set_flow_run_state(new[0].id, state, force=True)

    state, _ = await asyncio.gather(go_on(run_id, run_for_organizations), mend())
    assert state.type is StateType.COMPLETED, state.message
    assert len(await all_runs_of(blocks)) == len(blocks) + 1
    assert len(await all_runs_of([done])) == 1


async def test_without_names_every_credentials_block_is_meant(blocks: list[str]) -> None:
    assert set(blocks) <= set(await all_credentials())


@pytest.mark.parametrize(
    ("parameters", "says"),
    [
        ({"credentials": "mine"}, "name the blocks under organizations"),
        ({"due_within_days": -3}, "give what pay-due-bills takes"),
        ({"due_in": 3}, "due_in"),
    ],
)
async def test_parameters_that_the_flow_does_not_take_start_nothing(
    blocks: list[str], parameters: dict[str, Any], says: str
) -> None:
    with pytest.raises(InputError) as caught:
        await run_for_organizations(FleetFlow.PAY_DUE_BILLS, blocks, parameters)
    assert says in str(caught.value)
    assert await runs_of(blocks) == {}


async def test_a_flow_that_is_not_registered_says_how_to(blocks: list[str]) -> None:
    with pytest.raises(LinesFailedError, match="register it with make deploy"):
        await run_for_organizations(FleetFlow.CHARGE_DUE_INVOICES, blocks[:1])

"""How a run starts: given up after it has crashed again and again, postponed from a bank holiday."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import Any
from uuid import UUID, uuid4

import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import DeploymentFilter, DeploymentFilterId
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.settings import PREFECT_SERVER_DATABASE_CONNECTION_URL
from prefect.states import Crashed, Pending, Running, Scheduled

from billcom.errors import GaveUpError
from flows.payment_runs import pay_due_bills
from flows.start import BANKING_DAYS, MAX_CRASHES
from tests.flows.deployed import go_on, read_run
from tests.organization import Organization

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("prefect")]

THANKSGIVING = "2026-11-26T15:00:00+00:00"


async def scheduled_run(*tags: str, by_schedule: bool = True, deployment: str = "") -> FlowRun:
    """Return a run of a new deployment, or of the one of this name, as its schedule makes one."""
    name = deployment or uuid4().hex
    deployed = await pay_due_bills.ato_deployment(name, tags=list(tags), parameters={"dry_run": True})
    deployment_id: Any = await deployed.aapply()
    async with get_client() as prefect:
        made = await prefect.create_flow_run_from_deployment(deployment_id, tags=list(tags))
        if by_schedule:
            mark_scheduled(made.id)
    return await read_run(made.id)


def mark_scheduled(run_id: UUID) -> None:
    """Make a run one of the scheduler's, in Prefect's database: nothing in its API does."""
    address = str(PREFECT_SERVER_DATABASE_CONNECTION_URL.value())
    with closing(sqlite3.connect(address.partition("///")[2], timeout=30)) as database, database:
        done = database.execute("UPDATE flow_run SET auto_scheduled = 1 WHERE id = ?", (str(run_id),))
        assert done.rowcount == 1


async def runs_of(run: FlowRun) -> list[FlowRun]:
    """Return all runs of a run's deployment but itself."""
    assert run.deployment_id is not None
    mine = DeploymentFilter(id=DeploymentFilterId(any_=[run.deployment_id]))
    async with get_client() as prefect:
        return [each for each in await prefect.read_flow_runs(deployment_filter=mine) if each.id != run.id]


@pytest.fixture
def holiday(organization: Organization, monkeypatch: pytest.MonkeyPatch) -> Organization:
    """The organization on Thanksgiving, at 10:00 in New York."""
    monkeypatch.setenv("BILL_NOW", THANKSGIVING)
    return organization


async def crash(run_id: UUID, times: int) -> None:
    """Let a run be started and crash, so many times."""
    async with get_client() as prefect:
        for _ in range(times):
            for state in (Pending(), Running(), Crashed(), Scheduled(name="AwaitingRetry")):
                await prefect.set_flow_run_state(run_id, state, force=True)


async def test_what_is_scheduled_on_a_bank_holiday_runs_on_the_next_banking_day(
    holiday: Organization,
) -> None:
    run = await scheduled_run(BANKING_DAYS)
    state = await go_on(run.id, pay_due_bills)
    assert (state.type, state.name) == (StateType.COMPLETED, "Postponed")
    assert state.message == "2026-11-26 is no banking day: it runs on Friday, 2026-11-27"
    (next_run,) = await runs_of(run)
    assert next_run.parameters == {"dry_run": True}
    assert next_run.auto_scheduled is False
    assert run.expected_start_time is not None and next_run.expected_start_time is not None
    # A day later by the clock of the run, which is Thanksgiving's; at the same time of day, whatever day this is.
    later = next_run.expected_start_time - run.expected_start_time
    assert abs(later.total_seconds() - 24 * 3600) < 60
    assert holiday.requests() == []


async def test_a_day_that_has_a_run_of_its_own_gets_no_second(holiday: Organization) -> None:
    name = uuid4().hex
    first, second = [await scheduled_run(BANKING_DAYS, deployment=name) for _ in range(2)]
    assert first.deployment_id == second.deployment_id
    assert (await go_on(first.id, pay_due_bills)).name == "Postponed"
    assert (await go_on(second.id, pay_due_bills)).name == "Postponed"
    assert len(await runs_of(first)) == 2


@pytest.mark.parametrize(("tags", "by_schedule"), [((BANKING_DAYS,), False), ((), True)])
async def test_a_person_or_another_deployment_runs_on_a_holiday_too(
    holiday: Organization, tags: tuple[str, ...], by_schedule: bool
) -> None:
    run = await scheduled_run(*tags, by_schedule=by_schedule)
    state = await go_on(run.id, pay_due_bills)
    assert (state.type, state.name) == (StateType.COMPLETED, "Completed")
    assert holiday.sign_ins() == 1


async def test_a_run_on_a_banking_day_is_not_postponed(organization: Organization) -> None:
    run = await scheduled_run(BANKING_DAYS)
    assert (await go_on(run.id, pay_due_bills)).name == "Completed"


async def test_a_run_that_has_crashed_often_enough_is_given_up(organization: Organization) -> None:
    run = await scheduled_run()
    await crash(run.id, MAX_CRASHES)
    state: Any = await go_on(run.id, pay_due_bills)
    assert state.type is StateType.FAILED
    with pytest.raises(GaveUpError, match="crashed 5 times"):
        await state.aresult()
    assert organization.requests() == []


async def test_a_run_that_was_given_up_goes_on_when_a_person_retries_it(organization: Organization) -> None:
    run = await scheduled_run()
    await crash(run.id, MAX_CRASHES)
    await go_on(run.id, pay_due_bills)
    async with get_client() as prefect:
        await prefect.set_flow_run_state(run.id, Scheduled(name="AwaitingRetry"))
    assert (await go_on(run.id, pay_due_bills)).type is StateType.COMPLETED


async def test_a_run_that_has_crashed_less_often_goes_on(organization: Organization) -> None:
    run = await scheduled_run()
    await crash(run.id, MAX_CRASHES - 1)
    assert (await go_on(run.id, pay_due_bills)).type is StateType.COMPLETED

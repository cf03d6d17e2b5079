"""How a run starts: under a name that fits, and postponed from a bank holiday."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import Any
from uuid import UUID, uuid4

import anyio.to_thread
import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import DeploymentFilter, DeploymentFilterId
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.exceptions import PrefectHTTPStatusError
from prefect.settings import PREFECT_SERVER_DATABASE_CONNECTION_URL

from flows.collection_runs import send_invoices
from flows.payment_runs import pay_bills, pay_due_bills
from flows.start import BANKING_DAYS, MAX_RUN_NAME
from tests.flows import beside
from tests.flows.deployed import deployed_run, go_on, read_run
from tests.flows.payment_sheets import put, row
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


async def test_long_run_name_is_cut(organization: Organization) -> None:
    run_id = await deployed_run(pay_bills, source=put(row(), name=f"{'x' * 240}.csv"))
    await go_on(run_id, pay_bills)
    run = await read_run(run_id)
    assert run.name == f"pay bills of {'x' * 186}…"
    assert len(run.name) == MAX_RUN_NAME


@pytest.mark.parametrize("paying", [pay_bills, send_invoices])
async def test_source_of_6000_letters_is_refused_before_a_run_begins(paying: Any) -> None:
    deployed = await paying.ato_deployment(uuid4().hex)
    deployment_id: Any = await deployed.aapply()
    async with get_client() as prefect:
        with pytest.raises(PrefectHTTPStatusError, match="409") as caught:
            await prefect.create_flow_run_from_deployment(deployment_id, parameters={"source": "x" * 6000})
    assert "is too long" in caught.value.response.text


async def test_command_line_refuses_a_long_source_without_a_traceback(organization: Organization) -> None:
    script = "import sys; from flows.__main__ import app; sys.exit(app(['pay_bills', 'x' * 6000]))"
    process = beside.start(script)
    said, _ = await anyio.to_thread.run_sync(process.communicate)
    assert process.returncode == 2, said
    assert "source: String should have at most 255 characters" in said
    assert "Traceback" not in said

"""Recovery of runs: what a sweep starts again, what it ends, and what it never touches."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from prefect import flow
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import State, StateType
from prefect.settings import PREFECT_SERVER_DATABASE_CONNECTION_URL
from prefect.states import AwaitingRetry, Completed, Crashed, Paused, Pending, Running, Suspended

from deployments.automations import TAG
from deployments.recovery import MAX_CRASHES, OLDEST, PATIENCE, Recovery, change_state
from tests.flows.deployed import read_run

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("prefect")]


class Clock:
    """A monotonic clock that stands still until it is moved on."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


@flow(retries=0)
async def does_nothing() -> None:
    """Stand for any flow."""


async def new_run(*states: State[Any], tags: tuple[str, ...] = (TAG,)) -> UUID:
    """Return a run of a new deployment that has gone through these states."""
    deployment: Any = await does_nothing.ato_deployment(uuid4().hex, tags=list(tags))
    deployment_id: Any = await deployment.aapply()
    async with get_client() as prefect:
        run = await prefect.create_flow_run_from_deployment(deployment_id, tags=list(tags))
    await go_through(run.id, *states)
    return run.id


async def go_through(run_id: UUID, *states: State[Any]) -> None:
    async with get_client() as prefect:
        for state in states:
            await prefect.set_flow_run_state(run_id, state, force=True)


async def crash(run_id: UUID, times: int) -> None:
    """Let a run be started and crash, so many times."""
    for _ in range(times):
        await go_through(run_id, Pending(), Running(), Crashed(message="killed"))


async def history(run_id: UUID) -> list[str | None]:
    """Return the names of the run's states, the oldest first."""
    async with get_client() as prefect:
        states = await prefect.read_flow_run_states(run_id)
    return [state.name for state in sorted(states, key=lambda state: state.timestamp)]


async def sweep_twice(after: timedelta) -> None:
    """Sweep, and once more after some time."""
    clock = Clock()
    recovery = Recovery(clock)
    await recovery.sweep()
    clock.seconds += after.total_seconds()
    await recovery.sweep()


async def state_of(run_id: UUID) -> State[Any]:
    state = (await read_run(run_id)).state
    assert state is not None
    return state


async def test_crashed_run_is_started_again_after_its_patience() -> None:
    run_id = await new_run(Pending(), Running(), Crashed())
    await sweep_twice(PATIENCE[StateType.CRASHED] - timedelta(seconds=1))
    assert (await state_of(run_id)).name == "Crashed"
    await sweep_twice(PATIENCE[StateType.CRASHED])
    state = await state_of(run_id)
    assert (state.type, state.name) == (StateType.SCHEDULED, "AwaitingRetry")
    assert state.message == "started again: it had crashed (1 of 5 times)"


async def test_run_that_crashed_five_times_is_failed_with_reason_and_remedy() -> None:
    run_id = await new_run()
    await crash(run_id, MAX_CRASHES)
    await sweep_twice(PATIENCE[StateType.CRASHED])
    state = await state_of(run_id)
    assert (state.type, state.message) == (
        StateType.FAILED,
        "this run has crashed 5 times and is not started again. The last crash: killed. What it has done stands at "
        "BILL and in the journal. Look at the worker's log and memory, then press Retry: it goes on from there",
    )


async def test_run_that_crashed_four_times_is_started_again() -> None:
    run_id = await new_run()
    await crash(run_id, MAX_CRASHES - 1)
    await sweep_twice(PATIENCE[StateType.CRASHED])
    assert (await state_of(run_id)).name == "AwaitingRetry"


async def test_crashes_count_anew_after_a_person_retried_the_run() -> None:
    run_id = await new_run()
    await crash(run_id, MAX_CRASHES)
    await sweep_twice(PATIENCE[StateType.CRASHED])
    await go_through(run_id, AwaitingRetry())
    await crash(run_id, 1)
    await sweep_twice(PATIENCE[StateType.CRASHED])
    assert (await state_of(run_id)).name == "AwaitingRetry"


@pytest.mark.parametrize("name", ["Pending", "Submitting", "InfrastructurePending"])
async def test_run_that_its_worker_never_began_is_crashed_and_then_started_again(name: str) -> None:
    run_id = await new_run(Pending(name=name))
    clock = Clock()
    recovery = Recovery(clock)
    await recovery.sweep()
    clock.seconds += PATIENCE[StateType.PENDING].total_seconds() - 1
    await recovery.sweep()
    assert (await state_of(run_id)).name == name
    clock.seconds += 1
    await recovery.sweep()
    assert (await state_of(run_id)).message == "a worker took it and did not begin it within 180 seconds"
    await recovery.sweep()
    clock.seconds += PATIENCE[StateType.CRASHED].total_seconds()
    await recovery.sweep()
    assert (await state_of(run_id)).name == "AwaitingRetry"


@pytest.mark.parametrize(
    "state",
    [
        Paused(timeout_seconds=300, pause_key="k"),
        Suspended(timeout_seconds=300, pause_key="k"),
        Completed(),
        State(type=StateType.CANCELLING),
    ],
    ids=lambda state: str(state.name),
)
async def test_run_in_another_state_is_never_touched(state: State[Any]) -> None:
    run_id = await new_run(Pending(), Running(), state)
    before = await history(run_id)
    await sweep_twice(timedelta(hours=1))
    assert await history(run_id) == before


async def test_running_run_is_left_alone_while_the_server_stores_no_events() -> None:
    """The server of these tests stores none: that no heartbeat is found says nothing about the run."""
    run_id = await new_run(Pending(), Running())
    clock = Clock()
    recovery = Recovery(clock)
    for _ in range(4):
        await recovery.sweep()
        clock.seconds += 3600
    assert (await state_of(run_id)).name == "Running"


async def test_run_that_left_the_state_it_was_seen_in_is_not_changed() -> None:
    run_id = await new_run(Pending(), Running())
    seen = await read_run(run_id)
    await go_through(run_id, Suspended(timeout_seconds=300, pause_key="k"))
    async with get_client() as prefect:
        await change_state(prefect, seen, Crashed())
    assert await history(run_id) == ["Scheduled", "Pending", "Running", "Suspended"]


async def test_of_several_sweeps_one_starts_a_run_again() -> None:
    run_id = await new_run(Pending(), Running(), Crashed())
    clock = Clock()
    recoveries = [Recovery(clock) for _ in range(4)]
    for recovery in recoveries:
        await recovery.sweep()
    clock.seconds += PATIENCE[StateType.CRASHED].total_seconds()
    for recovery in recoveries:
        await recovery.sweep()
    assert (await history(run_id)).count("AwaitingRetry") == 1


async def test_sweeps_at_the_same_time_leave_one_scheduled_run() -> None:
    run_id = await new_run(Pending(), Running(), Crashed())
    await asyncio.gather(*(sweep_twice(PATIENCE[StateType.CRASHED]) for _ in range(4)))
    assert (await state_of(run_id)).name == "AwaitingRetry"


async def test_run_of_somebody_else_is_left_alone() -> None:
    run_id = await new_run(Pending(), Running(), Crashed(), tags=("other",))
    await sweep_twice(timedelta(hours=1))
    assert (await state_of(run_id)).name == "Crashed"


async def test_run_of_long_ago_is_left_to_a_person() -> None:
    run_id = await new_run(Pending(), Running(), Crashed())
    _was_to_start(run_id, datetime.now(UTC) - OLDEST - timedelta(hours=1))
    await sweep_twice(timedelta(hours=1))
    assert (await state_of(run_id)).name == "Crashed"


def _was_to_start(run_id: UUID, at: datetime) -> None:
    """Change when a run was to start, in Prefect's database: nothing in its API does."""
    address = str(PREFECT_SERVER_DATABASE_CONNECTION_URL.value())
    with closing(sqlite3.connect(address.partition("///")[2], timeout=30)) as database, database:
        done = database.execute(
            "UPDATE flow_run SET expected_start_time = ? WHERE id = ?",
            (at.strftime("%Y-%m-%d %H:%M:%S.%f"), str(run_id)),
        )
        assert done.rowcount == 1

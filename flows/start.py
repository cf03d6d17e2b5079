"""How every run starts: not for ever again, not on a bank holiday, and with the settings it names."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any
from uuid import UUID

from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import (
    DeploymentFilter,
    DeploymentFilterId,
    FlowRunFilter,
    FlowRunFilterNextScheduledStartTime,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.context import FlowRunContext
from prefect.deployments import arun_deployment
from prefect.states import Cancelled, Completed

from billcom.calendar import is_banking_day, next_banking_day
from billcom.errors import GaveUpError
from billcom.settings import Settings
from tasks.cancelled import why_cancelled
from tasks.session import load_settings

MAX_CRASHES = 5
"""How often a run is started again after it crashed, before a person has to look."""

BANKING_DAYS = "banking-days"
"""Deployments with this tag leave bank holidays out: what is scheduled then runs on the next banking day."""


async def start(credentials: str = "") -> Settings:
    """Return the settings of a run of one organization; its flow calls it first.

    Raises what `check_crashes` raises, SettingsError naming what is missing or contradicts.
    """
    await check_crashes()
    return await load_settings(credentials)


async def check_crashes() -> None:
    """Raise GaveUpError when this run has crashed `MAX_CRASHES` times since it last ended by itself."""
    run = _run()
    if run is None or run.run_count <= MAX_CRASHES:
        return
    async with get_client() as prefect:
        states = await prefect.read_flow_run_states(run.id)
    crashes = 0
    for state in sorted(states, key=lambda state: state.timestamp):
        ended = state.type in (StateType.FAILED, StateType.COMPLETED, StateType.CANCELLED)
        crashes = 0 if ended else crashes + (state.type is StateType.CRASHED)
    if crashes >= MAX_CRASHES:
        raise GaveUpError(
            f"this run has crashed {crashes} times, and was not started once more. What it has done stands at BILL and "
            "in the journal. Look at the worker's log and memory; then retry it: it goes on from there"
        )


async def postponed(settings: Settings) -> Any:
    """Return the state to end with when this run was cancelled, or scheduled on a bank holiday; None when it may go on.

    Bank holidays count for deployments with the tag `banking-days`, and never for a run that a person started. A run
    at the same time of the next banking day is made in its place, unless the deployment has one that day.
    """
    if why := await why_cancelled():
        return Cancelled(message=f"{why}: nothing was done")
    run = _run()
    today = settings.clock.today()
    if run is None or not run.auto_scheduled or BANKING_DAYS not in run.tags or is_banking_day(today):
        return None
    day = next_banking_day(today)
    zone, ahead = settings.clock.time_zone, settings.clock.offset
    midnight = datetime.combine(day, time(), zone) - ahead
    if not await _is_there_a_run(run, midnight, midnight + timedelta(days=1)):
        due = ((run.expected_start_time or datetime.now(UTC)) + ahead).astimezone(zone)
        await arun_deployment(
            _deployment_of(run),
            parameters=run.parameters,
            scheduled_time=datetime.combine(day, due.time(), zone) - ahead,
            idempotency_key=f"{run.id}-{day}",
            timeout=0,
            as_subflow=False,
        )
    return Completed(name="Postponed", message=f"{today} is no banking day: it runs on {day:%A}, {day}")


async def _is_there_a_run(run: FlowRun, after: datetime, before: datetime) -> bool:
    """Return whether the deployment has a run scheduled between two instants."""
    async with get_client() as prefect:
        found = await prefect.read_flow_runs(
            deployment_filter=DeploymentFilter(id=DeploymentFilterId(any_=[_deployment_of(run)])),
            flow_run_filter=FlowRunFilter(
                state=FlowRunFilterState(type=FlowRunFilterStateType(any_=[StateType.SCHEDULED])),
                next_scheduled_start_time=FlowRunFilterNextScheduledStartTime.model_validate(
                    {"after_": after, "before_": before}
                ),
            ),
        )
    return bool(found)


def _deployment_of(run: FlowRun) -> UUID:
    assert run.deployment_id is not None  # noqa: S101 (only a deployment's runs are scheduled)
    return run.deployment_id


def _run() -> FlowRun | None:
    context = FlowRunContext.get()
    return context.flow_run if context else None

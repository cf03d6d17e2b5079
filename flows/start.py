"""How every run starts: its name, its settings, and no start on a bank holiday."""

from __future__ import annotations

from collections.abc import Callable
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
from billcom.settings import Settings
from tasks.cancelled import why_cancelled
from tasks.session import load_settings

BANKING_DAYS = "banking-days"
"""Deployments with this tag leave bank holidays out: what is scheduled then runs on the next banking day."""

MAX_RUN_NAME = 200
"""Letters of a run's name. PostgreSQL refuses a long one, as Prefect indexes names, and the run would crash."""


def run_name(template: str) -> Callable[[], str]:
    """Return what Prefect names a run by: the template filled with the run's parameters, cut to `MAX_RUN_NAME`."""

    def name() -> str:
        context = FlowRunContext.get()
        assert context is not None  # noqa: S101 (Prefect asks for the name in the run's context)
        filled = template.format(**(context.parameters or {}))
        return filled if len(filled) <= MAX_RUN_NAME else f"{filled[: MAX_RUN_NAME - 1]}…"

    return name


async def start(credentials: str = "") -> Settings:
    """Return the settings of a run of one organization; its flow calls it first.

    Raises SettingsError naming what is missing or contradicts.
    """
    return await load_settings(credentials)


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

"""The runs that Prefect's server plans for the schedules of this project: they show whether its scheduler works."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.filters import (
    DeploymentFilter,
    DeploymentFilterTags,
    FlowRunFilter,
    FlowRunFilterCreatedBy,
    FlowRunFilterExpectedStartTime,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import DeploymentSchedule, StateType
from prefect.client.schemas.responses import DeploymentResponse
from prefect.client.schemas.sorting import FlowRunSort
from pydantic import BaseModel

from billcom.settings import Environment
from deployments import schedules
from deployments.automations import TAG

PAGE = 200
MARGIN_SECONDS = 30
"""What a busy server takes for one round of its scheduler."""


class Scheduler(BaseModel):
    """Settings of the scheduler of Prefect's server; Prefect's own defaults where the server does not tell them."""

    loop_seconds: float = 60
    max_scheduled_time: timedelta = timedelta(days=100)

    @property
    def wait_seconds(self) -> float:
        """Return the time after which every schedule has its runs: two rounds, the first may be under way."""
        return 2 * self.loop_seconds + MARGIN_SECONDS


@dataclass(frozen=True)
class Plan:
    """One schedule of one registered deployment: how many runs are planned, and the time of the next one."""

    deployment: str
    schedule: str
    runs: int
    next_run: datetime | None
    paused: bool
    beyond_horizon: bool
    """Whether its next run is further away than the server plans ahead."""

    @property
    def is_missing(self) -> bool:
        """Return whether the server should have planned a run, and has not."""
        return not (self.runs or self.paused or self.beyond_horizon)

    def __str__(self) -> str:
        if self.paused:
            return f"{self.schedule}: paused, no run is planned"
        if self.next_run is None:
            return f"{self.schedule}: no run left"
        when = f"{self.next_run:%Y-%m-%d %H:%M %Z}"
        if self.beyond_horizon:
            return f"{self.schedule}: next run on {when}, planned by the server when it is nearer"
        return f"{self.schedule}: {self.runs} runs planned, the next on {when}"


async def registered(client: PrefectClient, environment: Environment) -> dict[str, DeploymentResponse]:
    """Return the deployments on the server that carry the tags of this project and environment, by `flow/name`."""
    tags = DeploymentFilter(tags=DeploymentFilterTags(all_=[TAG, environment.value]))
    found: list[DeploymentResponse] = []
    while not len(found) % PAGE:
        page = await client.read_deployments(deployment_filter=tags, limit=PAGE, offset=len(found))
        if not page:
            break
        found += page
    of_them = await client.read_flows(deployment_filter=tags, limit=PAGE)
    flows = {flow.id: flow.name for flow in of_them}
    suffix = f"-{environment.value}"
    return {f"{flows[each.flow_id]}/{each.name}": each for each in found if each.name.endswith(suffix)}


async def plans(
    client: PrefectClient, environment: Environment, names: Sequence[str] | None = None
) -> list[Plan]:
    """Return the plan of every schedule of the registered deployments; of those named `flow/name`, when given."""
    scheduler = await read_scheduler(client)
    deployments = await registered(client, environment)
    return [
        await _plan(client, name, deployment, schedule, scheduler)
        for name, deployment in sorted(deployments.items())
        if names is None or name in names
        for schedule in deployment.schedules
    ]


async def wait_for_plans(
    client: PrefectClient, environment: Environment, names: Sequence[str]
) -> tuple[list[Plan], float]:
    """Return the plans once no schedule lacks its runs, or after the scheduler's time; also that time in seconds."""
    seconds = (await read_scheduler(client)).wait_seconds
    deadline = time.monotonic() + seconds
    while True:
        found = await plans(client, environment, names)
        if time.monotonic() > deadline or not any(plan.is_missing for plan in found):
            return found, seconds
        await asyncio.sleep(1)


async def read_scheduler(client: PrefectClient) -> Scheduler:
    """Return the settings of the server's scheduler."""
    answer = await client.request("GET", "/admin/settings")  # pyright: ignore[reportArgumentType] (a route it has)
    said: dict[str, Any] = answer.json()
    return Scheduler.model_validate(said.get("server", {}).get("services", {}).get("scheduler", {}))


async def _plan(
    client: PrefectClient,
    name: str,
    deployment: DeploymentResponse,
    schedule: DeploymentSchedule,
    scheduler: Scheduler,
) -> Plan:
    now = datetime.now(UTC)
    runs = await client.read_flow_runs(
        flow_run_filter=FlowRunFilter(
            created_by=FlowRunFilterCreatedBy(id_=[schedule.id]),
            state=FlowRunFilterState(type=FlowRunFilterStateType(any_=[StateType.SCHEDULED])),
            expected_start_time=FlowRunFilterExpectedStartTime.model_validate({"after_": now}),
        ),
        sort=FlowRunSort.EXPECTED_START_TIME_ASC,
        limit=PAGE,
    )
    next_run = await schedules.next_run(schedule.schedule, now)
    return Plan(
        deployment=name,
        schedule=schedule.slug or "schedule without slug",
        runs=len(runs),
        next_run=next_run,
        paused=deployment.paused or not schedule.active,
        beyond_horizon=next_run is None or next_run > now + scheduler.max_scheduled_time,
    )

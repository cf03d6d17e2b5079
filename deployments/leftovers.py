"""What an earlier `make deploy` registered and `prefect.yaml` declares no more: removed, and nothing of anybody else's.

Of this project are, on the server: the deployments with the tags `billcom` and the environment's and its name as their
last word; those of their schedules that have a slug, as every schedule of `prefect.yaml` has; the automations whose
names begin with `billcom: `.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterDeploymentId,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import TERMINAL_STATES, StateType
from prefect.client.schemas.responses import DeploymentResponse

PREFIX = "billcom: "
BY_HAND = "by-hand-"
"""Begins the slug of a schedule that a person made in the UI."""


async def protect_schedules(client: PrefectClient, deployments: Collection[DeploymentResponse]) -> None:
    """Give the schedules that a person made a slug: beside one that has none Prefect makes all schedules anew."""
    for deployment in deployments:
        for schedule in deployment.schedules:
            if not schedule.slug:
                slug = f"{BY_HAND}{schedule.id}"
                await client.update_deployment_schedule(deployment.id, schedule.id, slug=slug)


async def remove(
    client: PrefectClient,
    registered: Mapping[str, DeploymentResponse],
    declared: Mapping[str, Mapping[str, Any]],
) -> list[str]:
    """Remove the schedules and deployments that are declared no more; return what was done, one line for each.

    `registered` and `declared` are by `flow/name`. A deployment whose runs have not all ended is paused instead: a run
    that waits for a person could not go on without it.
    """
    lines: list[str] = []
    for name, deployment in sorted(registered.items()):
        if name in declared:
            lines += await _remove_schedules(client, name, deployment, declared[name])
        elif unfinished := await _unfinished(client, deployment):
            if not deployment.paused:
                await client.pause_deployment(deployment.id)
            lines.append(
                f"{name}: declared no more, and {unfinished} of its runs have not ended: paused. Once they have ended, "
                f"run make deploy again, or prefect deployment delete '{name}'"
            )
        else:
            await client.delete_deployment(deployment.id)
            lines.append(f"{name}: declared no more: removed")
    return lines


async def remove_automations(declared: Collection[str]) -> list[str]:
    """Remove the automations of this project that are declared no more; return what was done, one line for each."""
    lines: list[str] = []
    async with get_client() as client:
        for automation in await client.read_automations():
            if automation.name.startswith(PREFIX) and automation.name not in declared:
                await client.delete_automation(automation.id)
                lines.append(f"automation {automation.name!r}: declared no more: removed")
    return lines


async def _remove_schedules(
    client: PrefectClient, name: str, deployment: DeploymentResponse, declared: Mapping[str, Any]
) -> list[str]:
    kept = {schedule["slug"] for schedule in declared.get("schedules", [])}
    gone = [
        s for s in deployment.schedules if s.slug and s.slug not in kept and not s.slug.startswith(BY_HAND)
    ]
    for schedule in gone:
        await client.delete_deployment_schedule(deployment.id, schedule.id)
    return [f"{name}, schedule {schedule.slug}: declared no more: removed" for schedule in gone]


async def _unfinished(client: PrefectClient, deployment: DeploymentResponse) -> int:
    """Return how many runs have not ended, without those its schedules have planned."""
    unfinished = FlowRunFilter(
        deployment_id=FlowRunFilterDeploymentId(any_=[deployment.id]),
        state=FlowRunFilterState(
            type=FlowRunFilterStateType(any_=[s for s in StateType if s not in TERMINAL_STATES])
        ),
    )
    runs = await client.read_flow_runs(flow_run_filter=unfinished)
    return sum(not (run.auto_scheduled and run.state_name in {"Scheduled", "Late"}) for run in runs)

"""Runs of a deployment, gone through in this process as a worker does: each time until it ends or is suspended."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from prefect import Flow
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import FlowRun, State
from prefect.exceptions import Pause
from prefect.flow_engine import run_flow_async
from prefect.states import Pending

from flows.payment_runs import pay_bills


async def deployed_run(flow: Flow[..., Any] = pay_bills, /, **parameters: Any) -> UUID:
    """Press Run at a deployment of a flow; return the run's id. Nothing has run yet."""
    deployment = await flow.ato_deployment("test")
    deployment_id: Any = await deployment.aapply()
    async with get_client() as prefect:
        made = await prefect.create_flow_run_from_deployment(deployment_id, parameters=parameters)
    return made.id


async def go_on(run_id: UUID, flow: Flow[..., Any] = pay_bills) -> State[Any]:
    """Do what a worker does with a run that is scheduled, or was answered; return the state it comes to."""
    async with get_client() as prefect:
        await prefect.set_flow_run_state(run_id, Pending())
    run = await read_run(run_id)
    try:
        state: Any = await run_flow_async(
            flow, flow_run=run, parameters=flow.validate_parameters(run.parameters), return_type="state"
        )
    except Pause as pause:
        state = pause.state
    return state


async def read_run(run_id: UUID) -> FlowRun:
    """Return a run as Prefect has it now."""
    async with get_client() as prefect:
        return await prefect.read_flow_run(run_id)


async def typed(run_id: UUID) -> list[str]:
    """Return what Prefect keeps of a run's forms and of what was typed into them."""
    async with get_client() as prefect:
        kept = await prefect.filter_flow_run_input(run_id, "", limit=200, exclude_keys=set())
    return [item.value for item in kept if item.key.endswith("-response")]

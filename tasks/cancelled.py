"""Whether somebody has cancelled this run, or the run for many organizations that started it."""

from __future__ import annotations

from contextlib import suppress
from uuid import UUID

from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.exceptions import ObjectNotFound
from prefect.runtime import flow_run

_STARTED_BY = "started-by-"


def started_by(run_id: UUID) -> str:
    """Return the tag of the runs that another run has started."""
    return f"{_STARTED_BY}{run_id}"


async def why_cancelled() -> str:
    """Return why this run must send nothing more, empty while it may.

    Prefect ends the process of a cancelled run only where its runner is alive, and only for the state Cancelling. A
    run that a person starts again after it was cancelled no longer depends on the run that started it.
    """
    if not flow_run.id:
        return ""
    async with get_client() as prefect:
        run = await prefect.read_flow_run(UUID(flow_run.id))
        if _is_cancelled(run):
            return "this run was cancelled"
        parent = await _parent_of(prefect, run)
        if parent is None or not _is_cancelled(parent):
            return ""
        states = await prefect.read_flow_run_states(run.id)
    if any(state.type is StateType.CANCELLED for state in states):
        return ""
    return f"the run {parent.name!r} ({parent.id}), which started this one, was cancelled"


async def _parent_of(prefect: PrefectClient, run: FlowRun) -> FlowRun | None:
    for tag in run.tags:
        if tag.startswith(_STARTED_BY):
            with suppress(ValueError, ObjectNotFound):
                return await prefect.read_flow_run(UUID(tag.removeprefix(_STARTED_BY)))
    return None


def _is_cancelled(run: FlowRun) -> bool:
    return run.state is not None and run.state.type in (StateType.CANCELLING, StateType.CANCELLED)

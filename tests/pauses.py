"""A paused run as its form sees it: waited for, and answered as the UI does."""

from __future__ import annotations

from contextlib import suppress
from typing import Any
from uuid import UUID

import anyio
from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.client.schemas.sorting import FlowRunSort
from prefect.exceptions import PrefectHTTPStatusError

DEADLINE_SECONDS = 30


async def paused_run(name: str, after: frozenset[UUID] = frozenset()) -> FlowRun:
    """Wait for a run whose name holds `name` to pause anew; return it."""
    with anyio.fail_after(DEADLINE_SECONDS):
        async with get_client() as client:
            while True:
                for run in await client.read_flow_runs(sort=FlowRunSort.START_TIME_DESC, limit=20):
                    state = run.state
                    if state is None or state.type is not StateType.PAUSED:
                        continue
                    if name in run.name and state.id not in after and await _asks(client, run):
                        return run
                await anyio.sleep(0.05)


async def _asks(client: PrefectClient, run: FlowRun) -> bool:
    """Return whether the form is there: a run is paused a moment before it is."""
    with suppress(PrefectHTTPStatusError):
        return bool(await client.read_flow_run_input(run.id, _description_key(run)))
    return False


def _description_key(run: FlowRun) -> str:
    assert run.state is not None
    keyset = run.state.state_details.run_input_keyset
    assert keyset is not None
    return keyset["description"]


async def question(run: FlowRun) -> str:
    """Return what the form of a paused run says."""
    async with get_client() as client:
        return await client.read_flow_run_input(run.id, _description_key(run))


async def answer(run: FlowRun, **fields: Any) -> Any:
    """Answer the form."""
    async with get_client() as client:
        return await client.resume_flow_run(run.id, run_input=fields)


def seen(*runs: FlowRun) -> frozenset[UUID]:
    """Return what `paused_run` takes for pauses that were there before."""
    return frozenset(run.state.id for run in runs if run.state is not None)

"""Recovery of runs: a run whose process is gone is started again, a run that keeps crashing is ended.

Every worker sweeps, and so does `make up`. A sweep looks at the states that Prefect's server has stored: it also finds
what crashed while the server was away. Starting a run again is safe: no write is repeated that BILL has done.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterDeploymentId,
    FlowRunFilterExpectedStartTime,
    FlowRunFilterId,
    FlowRunFilterState,
    FlowRunFilterStateType,
    FlowRunFilterTags,
)
from prefect.client.schemas.objects import FlowRun, State, StateType
from prefect.events.filters import (
    EventFilter,
    EventIDFilter,
    EventNameFilter,
    EventOccurredFilter,
    EventResourceFilter,
)
from prefect.events.schemas.events import Event, Resource
from prefect.states import AwaitingRetry, Crashed, Failed, to_state_create

from deployments.automations import TAG

MAX_CRASHES = 5
"""How often a run crashes before a person has to look."""

HEARTBEAT_SECONDS = 30
"""How often a run says that it is alive, as workers tell it to; Prefect takes no less."""

SWEEP_SECONDS = 15.0

PATIENCE = {
    StateType.RUNNING: timedelta(seconds=3 * HEARTBEAT_SECONDS),
    # A worker makes a run's process within seconds; Kubernetes may take longer to fetch an image.
    StateType.PENDING: timedelta(minutes=3),
    StateType.CRASHED: timedelta(seconds=30),
}
"""How long a run may show no change in a state before it is recovered. Paused and suspended runs are never touched."""

OLDEST = timedelta(days=7)
"""Runs that were to start longer ago are left to a person."""

_HEARTBEAT = "prefect.flow-run.heartbeat"
_PROBE = "billcom.recovery.probe"
_ENDED = (StateType.FAILED, StateType.COMPLETED, StateType.CANCELLED)
_PAGE = 200
_CLOCK_SKEW = timedelta(days=1)

_log = logging.getLogger("prefect.billcom.recovery")


@dataclass(frozen=True)
class _Sighting:
    """A run's state and newest heartbeat as a sweep saw them, and since when (monotonic seconds) they are the same."""

    state_id: UUID | None
    heartbeat_id: UUID | None
    since: float

    def is_same(self, other: _Sighting) -> bool:
        """Return whether nothing has changed between two sightings."""
        return (self.state_id, self.heartbeat_id) == (other.state_id, other.heartbeat_id)


class Recovery:
    """Sweeps over the runs of one Prefect server; it remembers since when each run shows no sign of life."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._sightings: dict[UUID, _Sighting] = {}
        self._probe: UUID | None = None

    async def sweep(self) -> None:
        """Recover each run that has shown no change for its `PATIENCE`.

        When the server can't be reached, raises what Prefect's client raises, and every run's patience starts anew.
        """
        sightings, self._sightings = self._sightings, {}
        probe, self._probe = self._probe, None
        async with get_client() as prefect:
            runs = await _find_runs(prefect)
            is_silence_known = probe is not None and bool(await _newest_event(prefect, id=[probe]))
            seen: dict[UUID, _Sighting] = {}
            for run in runs:
                now = await self._look_at(prefect, run)
                before = sightings.get(run.id)
                is_running = run.state_type is StateType.RUNNING
                if before is None or not now.is_same(before) or (is_running and not is_silence_known):
                    before = now
                seen[run.id] = before
                if self._is_overdue(run, before):
                    await _recover(prefect, run)
            if any(run.state_type is StateType.RUNNING for run in runs):
                self._probe = await _send_probe(prefect)
        self._sightings = seen

    async def _look_at(self, prefect: PrefectClient, run: FlowRun) -> _Sighting:
        heartbeat = None
        if run.state_type is StateType.RUNNING:
            heartbeat = await _newest_event(prefect, name=_HEARTBEAT, resource=f"prefect.flow-run.{run.id}")
        return _Sighting(run.state_id, heartbeat, self._monotonic())

    def _is_overdue(self, run: FlowRun, sighting: _Sighting) -> bool:
        assert run.state_type is not None  # noqa: S101 (runs are found by their state)
        return self._monotonic() - sighting.since >= PATIENCE[run.state_type].total_seconds()


async def recover_for_ever() -> None:
    """Sweep every `SWEEP_SECONDS`, whatever becomes of one sweep."""
    recovery = Recovery()
    while True:
        try:
            await recovery.sweep()
        except Exception as error:  # noqa: BLE001 (the next sweep tries again)
            _log.warning("recovery: a sweep failed (%s: %s)", type(error).__name__, error)
        await asyncio.sleep(SWEEP_SECONDS)


def recover_in_background() -> None:
    """Sweep in a thread of its own for as long as this process lives."""
    threading.Thread(target=lambda: asyncio.run(recover_for_ever()), name="recovery", daemon=True).start()


def crashes_in(states: Iterable[State[Any]]) -> int:
    """Return how often a run with this history has crashed since it last ended by itself."""
    crashes = 0
    for state in sorted(states, key=lambda state: state.timestamp):
        crashes = 0 if state.type in _ENDED else crashes + (state.type is StateType.CRASHED)
    return crashes


async def _find_runs(prefect: PrefectClient) -> list[FlowRun]:
    """Return this project's runs that are running, about to, or crashed."""
    wanted = FlowRunFilter(
        tags=FlowRunFilterTags(all_=[TAG]),
        deployment_id=FlowRunFilterDeploymentId.model_validate({"is_null_": False}),
        state=FlowRunFilterState(type=FlowRunFilterStateType(any_=list(PATIENCE))),
        expected_start_time=FlowRunFilterExpectedStartTime.model_validate(
            {"after_": datetime.now(UTC) - OLDEST}
        ),
    )
    found: list[FlowRun] = []
    while page := await prefect.read_flow_runs(flow_run_filter=wanted, limit=_PAGE, offset=len(found)):
        found += page
    return found


async def _newest_event(
    prefect: PrefectClient, *, id: list[UUID] | None = None, name: str = _PROBE, resource: str = ""
) -> UUID | None:
    """Return the id of the newest event that matches and that the server has stored."""
    now = datetime.now(UTC)
    wanted = EventFilter(
        id=EventIDFilter(id=id or []),
        event=EventNameFilter(name=[name]),
        resource=EventResourceFilter(id=[resource]) if resource else None,
        # Other machines' clocks date the events.
        occurred=EventOccurredFilter.model_validate({"since": now - _CLOCK_SKEW, "until": now + _CLOCK_SKEW}),
    )
    events = (await prefect.read_events(wanted, limit=1)).events
    return events[0].id if events else None


async def _send_probe(prefect: PrefectClient) -> UUID:
    """Send an event that takes the way of heartbeats; return its id.

    Silence means something only where events arrive: a server may store none, or be behind.
    """
    probe = Event(event=_PROBE, resource=Resource({"prefect.resource.id": "billcom.recovery"}))
    answer = await _post(prefect, "/events", [probe.model_dump(mode="json")])
    answer.raise_for_status()
    return probe.id


async def _recover(prefect: PrefectClient, run: FlowRun) -> None:
    """Change the state of a run that has shown no change for too long."""
    seconds = f"{PATIENCE[run.state_type].total_seconds():.0f} seconds" if run.state_type else ""
    if run.state_type is StateType.RUNNING:
        state = Crashed(message=f"no sign of life for {seconds}: its process or its machine is gone")
    elif run.state_type is StateType.PENDING:
        state = Crashed(message=f"a worker took it and did not begin it within {seconds}")
    else:
        state = await _after_crash(prefect, run)
    await change_state(prefect, run, state)


async def _after_crash(prefect: PrefectClient, run: FlowRun) -> State[Any]:
    """Return the state that follows a crash: started again, or Failed once it has crashed `MAX_CRASHES` times."""
    crashes = crashes_in(await prefect.read_flow_run_states(run.id))
    if crashes < MAX_CRASHES:
        return AwaitingRetry(message=f"started again: it had crashed ({crashes} of {MAX_CRASHES} times)")
    said = (run.state.message if run.state else None) or "without a message"
    return Failed(
        message=f"this run has crashed {crashes} times and is not started again. The last crash: {said.rstrip('.')}. "
        "What it has done stands at BILL and in the journal. Look at the worker's log and memory, then press Retry: "
        "it goes on from there"
    )


async def change_state(prefect: PrefectClient, run: FlowRun, state: State[Any]) -> None:
    """Change the run's state, unless the run has left the state it was seen in.

    The server looks the state up as it changes it: a run that was suspended meanwhile stays suspended, and of several
    sweeps only the first starts a run again.
    """
    assert run.state_type is not None  # noqa: S101 (runs are found by their state)
    seen = FlowRunFilter(
        id=FlowRunFilterId(any_=[run.id]),
        state=FlowRunFilterState(type=FlowRunFilterStateType(any_=[run.state_type])),
    )
    body = {
        "flow_runs": seen.model_dump(mode="json"),
        "state": to_state_create(state).model_dump(mode="json"),
        "force": False,
    }
    answer = await _post(prefect, "/flow_runs/bulk_set_state", body)
    for result in answer.raise_for_status().json()["results"]:
        _log.warning("recovery: %s: %s: %s (%s)", run.name, state.name, state.message, result["status"])


async def _post(prefect: PrefectClient, path: Any, body: Any) -> Any:
    """Call a route that Prefect's client has no method for."""
    return await prefect.request("POST", path, json=body)

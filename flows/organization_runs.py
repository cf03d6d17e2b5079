"""The runs that a run for many organizations has started: what they have come to, their summary, and their end."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from prefect import Flow
from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterTags
from prefect.client.schemas.objects import FlowRun, State, StateType
from prefect.client.schemas.sorting import FlowRunSort
from prefect.logging import get_logger
from prefect.states import Cancelling
from prefect.utilities.urls import url_for

from flows.interrupted import last_report, leave_artifact
from flows.reports import escaped
from tasks.blocks import BillCredentials
from tasks.cancelled import started_by

ARTIFACT = "organizations"
POLL_SECONDS = 2.0
PAGE = 200
CRASHED_FOR = timedelta(minutes=10)
"""How long a crashed run may take to be started again, before it counts as ended."""
CANCEL_SECONDS = 60.0
"""How long the runs of a cancelled run may take to end, before its summary is made without waiting for more."""

_CANCELLED = "the run for many organizations that started it was cancelled"


@dataclass
class OrganizationRun:
    """What one organization's run has come to; `problem` says why there is none."""

    credentials: str
    run: FlowRun | None = None
    problem: str = ""
    report: str = ""
    """What its last artifact says in a line: read where a run was cancelled."""

    @property
    def outcome(self) -> str:
        """The state in one word, as Prefect calls it."""
        state = self.run.state if self.run else None
        return (state.name or state.type.value) if state else "Not started"

    @property
    def is_done(self) -> bool:
        """Whether it ended as it should."""
        state = self.run.state if self.run else None
        return state is not None and state.type is StateType.COMPLETED

    @property
    def says(self) -> str:
        """What it says of itself, in a line."""
        state = self.run.state if self.run else None
        waits = "waits for a person: open its run" if state and state.type is StateType.PAUSED else ""
        return self.problem or self.report or (state.message if state else "") or waits

    @property
    def has_ended(self) -> bool:
        """Whether nothing more comes of it: nobody waits here for a person, who may take days."""
        state = self.run.state if self.run else None
        if self.problem or state is None:
            return True
        if state.type is StateType.CRASHED:
            return datetime.now(UTC) - state.timestamp > CRASHED_FOR
        return state.is_final() or state.type is StateType.PAUSED

    @property
    def is_cancelling(self) -> bool:
        """Whether it was cancelled, and its process is being ended."""
        state = self.run.state if self.run else None
        return state is not None and state.is_cancelling()

    @property
    def has_failed(self) -> bool:
        """Whether it ended, but not as it should."""
        state = self.run.state if self.run else None
        return state is not None and state.is_final() and self.has_ended and not self.is_done


async def all_credentials() -> list[str]:
    """Return the names of all BILL credentials blocks."""
    async with get_client() as prefect:
        documents = await prefect.read_block_documents_by_type(str(BillCredentials.get_block_type_slug()))
    return sorted(document.name for document in documents if document.name)


async def cancel_runs(flow: Flow[..., Any], flow_run: FlowRun, state: State) -> None:
    """Cancel the runs that a cancelled run has started; leave the summary of what they had done. Raise nothing.

    The hook of `run_for_organizations`. It runs in the runner's process, after that of the run has ended. Where no
    hook runs, each of the runs finds out by itself that this one was cancelled (`tasks.cancelled`).
    """
    try:
        async with get_client() as prefect:
            runs = await _cancelled(prefect, flow_run.id)
            await _report_cancelled(prefect, flow_run, runs)
    except Exception as error:  # noqa: BLE001 (a hook that raises helps nobody)
        get_logger("billcom").warning(
            "the runs that %s started could not all be cancelled: %s: %s",
            flow_run.id,
            type(error).__name__,
            error,
        )


async def _cancelled(prefect: PrefectClient, run_id: UUID) -> list[FlowRun]:
    """Cancel the runs that a run has started; return them once all have ended, or `CANCEL_SECONDS` later."""
    deadline = time.monotonic() + CANCEL_SECONDS
    while True:
        runs = await _runs_started_by(prefect, run_id)
        open_ones = [run for run in runs if run.state is None or not run.state.is_final()]
        if not open_ones or time.monotonic() > deadline:
            return runs
        # What pays now comes first.
        for run in sorted(open_ones, key=lambda run: run.state is None or not run.state.is_running()):
            if run.state is None or not run.state.is_cancelling():
                await prefect.set_flow_run_state(run.id, Cancelling(message=_CANCELLED))
        await asyncio.sleep(POLL_SECONDS)


async def _runs_started_by(prefect: PrefectClient, run_id: UUID) -> list[FlowRun]:
    mine = FlowRunFilter(tags=FlowRunFilterTags(all_=[started_by(run_id)]))
    found: list[FlowRun] = []
    while True:
        page = await prefect.read_flow_runs(
            flow_run_filter=mine, sort=FlowRunSort.ID_DESC, limit=PAGE, offset=len(found)
        )
        found += page
        if len(page) < PAGE:
            return found


async def _report_cancelled(prefect: PrefectClient, flow_run: FlowRun, runs: Sequence[FlowRun]) -> None:
    """Leave the summary of a cancelled run: for each organization its latest run, and what that had done."""
    latest = {
        run.parameters.get("credentials", ""): run for run in sorted(runs, key=lambda run: str(run.created))
    }
    names = flow_run.parameters.get("organizations") or await all_credentials()
    items = [
        OrganizationRun(
            name, run, "" if run else "not started", await last_report(prefect, run) if run else ""
        )
        for name in dict.fromkeys([*names, *latest])
        for run in [latest.get(name)]
    ]
    done = sum(item.is_done for item in items)
    summary = (
        f"{flow_run.parameters.get('flow')} for {len(items)} organizations was cancelled: {done} done, "
        f"{len(items) - done} not. Retry this run to go on: it starts again those that are not done"
    )
    await leave_artifact(prefect, flow_run, ARTIFACT, summary_table(summary, items), summary)


def summary_table(title: str, runs: Sequence[OrganizationRun]) -> str:
    """Return the summary: what those need that need a person, then all."""
    ordered = sorted(runs, key=lambda item: item.is_done)
    left = [
        f"- **{escaped(item.credentials)}**: {escaped(item.says)}" for item in ordered if not item.is_done
    ]
    said = [escaped(item.says) if item.is_done else "" for item in ordered]
    rows = [
        f"| {escaped(item.credentials)} | {_link(item)} | {_seconds(item.run)} | {says} |"
        for item, says in zip(ordered, said, strict=True)
    ]
    head = ["| Organization | Run | Seconds | |", "|---|---|---|---|"]
    return "\n".join([f"# {escaped(title)}", "", *left, "", *head, *rows])


def _link(item: OrganizationRun) -> str:
    outcome = item.outcome if item.is_done else f"**{item.outcome}**"
    address = url_for(item.run) if item.run else None
    return f"[{outcome}]({address})" if address else outcome


def _seconds(run: FlowRun | None) -> str:
    return f"{run.total_run_time.total_seconds():.1f}" if run else ""

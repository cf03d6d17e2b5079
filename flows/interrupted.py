"""The hook that reports a cancelled or crashed run: an artifact made from the journal, often by another process."""

from __future__ import annotations

import asyncio
from datetime import datetime
from decimal import Decimal
from typing import Any

from prefect import Flow
from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.actions import ArtifactCreate, ArtifactUpdate
from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterFlowRunId, ArtifactFilterType
from prefect.client.schemas.objects import FlowRun, State
from prefect.flows import FlowStateHook
from prefect.logging import get_logger
from prefect.runtime import flow_run as current_run

from billcom.errors import BillError
from billcom.intent import Kind
from billcom.journal import Journal
from billcom.runs.interrupted import InterruptedRun, MoneyPlan, interrupted_report, interrupted_summary
from billcom.runs.lines import Run, RunKind, Status, Total
from billcom.settings import Settings
from tasks.session import load_settings

HOOK_SECONDS = 20
"""Less than the 30 seconds after which a runner kills a process that it has asked to end."""

_COUNT, _AMOUNT, _AT = "billcom.plan.count", "billcom.plan.amount", "billcom.plan.at"
_KINDS = frozenset(Kind)


async def note_plan(run: Run, settings: Settings) -> None:
    """Note with Prefect how much the run is about to pay or charge, for the report of a run that is interrupted."""
    if not current_run.id:
        return
    total = Total.of(line for line in run.lines if line.status is Status.PLANNED and line.moves_money)
    labels: dict[str, Any] = {
        _COUNT: total.count,
        _AMOUNT: str(total.amount),
        _AT: settings.clock.now().isoformat(),
    }
    async with get_client() as prefect:
        await prefect.update_flow_run_labels(current_run.id, labels)


def report_interrupted(kind: RunKind, key: str) -> FlowStateHook[..., Any]:
    """Return the hook of a flow that pays or charges: it reports a cancelled or crashed run under an artifact's key.

    It needs the run's id and parameters alone, so that any process can run it. It reads the journal and never signs
    in to BILL. It raises nothing: where the journal can't be read, the artifact says so.
    """

    async def report(flow: Flow[..., Any], flow_run: FlowRun, state: State) -> None:
        try:
            async with asyncio.timeout(HOOK_SECONDS), get_client() as prefect:
                run = await prefect.read_flow_run(flow_run.id)
                await _report(prefect, run, kind, key, crashed=state.is_crashed())
        except Exception as error:  # noqa: BLE001 (a hook that raises helps nobody)
            get_logger("billcom").warning(
                "the report of run %s could not be made: %s: %s", flow_run.id, type(error).__name__, error
            )

    return report


async def leave_artifact(prefect: PrefectClient, run: FlowRun, key: str, report: str, summary: str) -> None:
    """Leave markdown as an artifact of a run from outside the run."""
    made = ArtifactCreate(key=key, type="markdown", description=summary, data=report, flow_run_id=run.id)
    await prefect.create_artifact(made)


async def last_report(prefect: PrefectClient, run: FlowRun) -> str:
    """Return what the last report that a run has left says in a line, empty when there is none."""
    reports = await prefect.read_artifacts(
        artifact_filter=ArtifactFilter(
            flow_run_id=ArtifactFilterFlowRunId(any_=[run.id]), type=ArtifactFilterType(any_=["markdown"])
        )
    )
    return max(reports, key=lambda made: str(made.created)).description or "" if reports else ""


async def _report(prefect: PrefectClient, run: FlowRun, kind: RunKind, key: str, *, crashed: bool) -> None:
    try:
        journal = Journal(await load_settings(run.parameters.get("credentials") or ""))
        rows = await journal.standing(run=str(run.id))
        head = str(await journal.head())
    except BillError as error:
        summary = f"{'crashed' if crashed else 'cancelled'}: the journal could not be read"
        report = f"# {summary}\n\n{error}\n\nWhat the run has done stands at BILL: run the same again to have it read."
        await leave_artifact(prefect, run, key, report, summary)
        return
    entries = tuple(row for row in rows if row.identity.kind in _KINDS)
    interrupted = InterruptedRun(kind, run.name, crashed, entries, _plan_of(run))
    await leave_artifact(
        prefect, run, key, interrupted_report(interrupted, head), interrupted_summary(interrupted)
    )
    await _correct_progress(prefect, run, interrupted)


def _plan_of(run: FlowRun) -> MoneyPlan | None:
    labels = run.labels
    if _AT not in labels:
        return None
    total = Total(int(labels[_COUNT]), Decimal(str(labels[_AMOUNT])))
    return MoneyPlan(total, datetime.fromisoformat(str(labels[_AT])))


async def _correct_progress(prefect: PrefectClient, run: FlowRun, interrupted: InterruptedRun) -> None:
    """Bring the run's latest progress bar, which may be behind by a second and more, to what is done."""
    if interrupted.left is None:
        return
    done, unknown, left = interrupted.done.count, interrupted.unknown.count, interrupted.left.count
    bars = await prefect.read_artifacts(
        artifact_filter=ArtifactFilter(
            flow_run_id=ArtifactFilterFlowRunId(any_=[run.id]), type=ArtifactFilterType(any_=["progress"])
        )
    )
    for bar in sorted(bars, key=lambda bar: str(bar.created))[-1:]:
        share = 100.0 * done / max(done + unknown + left, 1)
        await prefect.update_artifact(bar.id, ArtifactUpdate(data=share))

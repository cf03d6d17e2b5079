"""One kind of run for many BILL organizations: a run of its own for each, spread over the workers, and one summary."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from itertools import count
from typing import Any
from uuid import UUID

from prefect import Flow, flow
from prefect.artifacts import acreate_markdown_artifact
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterId
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.context import FlowRunContext
from prefect.deployments import arun_deployment
from prefect.exceptions import ObjectNotFound, PrefectHTTPStatusError
from prefect.logging import get_run_logger
from prefect.states import Completed, Failed
from prefect.utilities.urls import url_for

from billcom.errors import BillError, InputError, LinesFailedError, Problem, SettingsError
from billcom.settings import Settings
from flows.check_trust import check_trust
from flows.collection_runs import charge_due_invoices
from flows.payment_runs import pay_due_bills
from flows.repair import resolve_unknowns
from flows.reports import escaped
from flows.start import postponed, run_name
from tasks.blocks import BillCredentials
from tasks.session import load_settings

ARTIFACT = "organizations"
CADENCE = "per-organization"
POLL_SECONDS = 2.0
CRASHED_FOR = timedelta(minutes=10)
"""How long a crashed run may take to be started again, before it counts as ended."""

_PAGE = 200


class FleetFlow(StrEnum):
    """What can be run for many organizations at once."""

    PAY_DUE_BILLS = "pay-due-bills"
    CHARGE_DUE_INVOICES = "charge-due-invoices"
    RESOLVE_UNKNOWNS = "resolve-unknowns"
    CHECK_TRUST = "check-trust"


_FLOWS: dict[FleetFlow, Flow[..., Any]] = {
    FleetFlow.PAY_DUE_BILLS: pay_due_bills,
    FleetFlow.CHARGE_DUE_INVOICES: charge_due_invoices,
    FleetFlow.RESOLVE_UNKNOWNS: resolve_unknowns,
    FleetFlow.CHECK_TRUST: check_trust,
}


@dataclass
class OrganizationRun:
    """What one organization's run has come to; `problem` says why there is none."""

    credentials: str
    run: FlowRun | None = None
    problem: str = ""

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
        return self.problem or (state.message if state else "") or waits

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
    def has_failed(self) -> bool:
        """Whether it ended, but not as it should."""
        state = self.run.state if self.run else None
        return state is not None and state.is_final() and self.has_ended and not self.is_done


@flow(flow_run_name=run_name("{flow} for many organizations"), retries=0)
async def run_for_organizations(
    flow: FleetFlow,
    organizations: Sequence[str] = (),
    parameters: dict[str, Any] = {},  # noqa: B006 (never changed)
) -> Any:
    """Run a flow once for each of many BILL organizations, as many at once as the workers take; report all in one.

    Each organization has a run of its own, signed in with its own credentials block; one that can't be started, or
    fails, holds up no other. Started again, after it died or by *Retry*, it goes on with the runs it has started, and
    starts another for each that failed. Ends Failed, with LinesFailedError, when a run of an organization did. Raises
    InputError for parameters the flow does not take.

    Args:
        flow: What to run. Each is a dry run, or asks nobody, unless `parameters` say otherwise.
        organizations: Names of BILL credentials blocks. Empty: all there are.
        parameters: What all of the runs are given, as JSON, such as {"dry_run": false, "due_within_days": 3}.
    """
    try:
        _check_parameters(flow, parameters)
        names = list(dict.fromkeys(organizations)) or await _all_credentials()
        found = await _settings_of(names)
        for settings in found.values():
            if isinstance(settings, Settings) and (state := await postponed(settings)):
                return state
        runs = [await _started(flow, name, settings, parameters) for name, settings in found.items()]
        await _wait(runs)
        return await _report(flow, runs)
    except BillError as error:
        return Failed(message=f"{type(error).__name__}: {error}", data=error)


def _check_parameters(flow: FleetFlow, parameters: dict[str, Any]) -> None:
    """Raise InputError for a name the flow does not take: Prefect would find it out in each run."""
    taken = set(_FLOWS[flow].parameters.properties) - {"credentials"}
    problems = [
        Problem("parameters", name, f"{flow.value} takes {', '.join(sorted(taken))}")
        for name in parameters
        if name not in taken and name != "credentials"
    ]
    if "credentials" in parameters:
        problems.append(
            Problem("parameters", "credentials", "name the blocks under organizations: each run gets its own")
        )
    if problems:
        raise InputError(problems)


async def _all_credentials() -> list[str]:
    async with get_client() as prefect:
        documents = await prefect.read_block_documents_by_type(str(BillCredentials.get_block_type_slug()))
    return sorted(document.name for document in documents if document.name)


async def _settings_of(names: Sequence[str]) -> dict[str, Settings | SettingsError]:
    """Return the settings of each credentials block, or why there are none. Raises InputError without any name."""
    if not names:
        raise InputError(
            [
                Problem(
                    "organizations", "", "there is no BILL credentials block: make one for each organization"
                )
            ]
        )
    found: dict[str, Settings | SettingsError] = {}
    for name in names:
        try:
            found[name] = await load_settings(name)
        except SettingsError as error:
            found[name] = error
    return found


async def _started(
    flow: FleetFlow, name: str, settings: Settings | SettingsError, parameters: dict[str, Any]
) -> OrganizationRun:
    """Start the run of one organization, or find the one that was started and has not failed.

    A problem is this organization's alone.
    """
    if isinstance(settings, SettingsError):
        return OrganizationRun(name, problem=str(settings))
    deployment = f"{flow.value}/{CADENCE}-{settings.environment.value}"
    started = OrganizationRun(name)
    try:
        for number in count():
            started.run = await arun_deployment(
                deployment,
                parameters={**parameters, "credentials": name},
                tags=[name],
                idempotency_key=f"{_own_id()}-{name}-{number}",
                timeout=0,
                as_subflow=False,
            )
            if not started.has_failed:
                break
    except ObjectNotFound:
        return OrganizationRun(
            name, problem=f"there is no deployment {deployment}: register it with make deploy"
        )
    except PrefectHTTPStatusError as error:
        if error.response.status_code != 409:
            raise
        said = str(error.response.json().get("detail", ""))
        raise InputError(
            [Problem("parameters", said, f"give what {flow.value} takes, as its form shows")]
        ) from None
    return started


async def _wait(runs: Sequence[OrganizationRun]) -> None:
    """Return once every run has ended, or waits for a person for longer than anybody would watch."""
    get_run_logger().info("%s runs started", sum(item.run is not None for item in runs))
    async with get_client() as prefect:
        while open_ones := {item.run.id: item for item in runs if item.run and not item.has_ended}:
            ids = list(open_ones)
            for start in range(0, len(ids), _PAGE):
                wanted = FlowRunFilter(id=FlowRunFilterId(any_=ids[start : start + _PAGE]))
                for run in await prefect.read_flow_runs(flow_run_filter=wanted, limit=_PAGE):
                    open_ones[run.id].run = run
            await asyncio.sleep(POLL_SECONDS)


async def _report(flow: FleetFlow, runs: Sequence[OrganizationRun]) -> Any:
    """Leave the summary; return the state to end in."""
    left = [item for item in runs if not item.is_done]
    summary = (
        f"{flow.value} for {len(runs)} organizations: {len(runs) - len(left)} done, {len(left)} need you"
    )
    await acreate_markdown_artifact(_table(summary, runs), key=ARTIFACT, description=summary)
    if not left:
        return Completed(message=summary)
    first = left[0]
    error = LinesFailedError(
        f"{summary}. The first: {first.credentials}: {first.outcome}. {first.says.rstrip('.')}. Mend what the summary "
        "says, then retry this run, or run the same again: what is done is not done twice"
    )
    return Failed(message=str(error), data=error)


def _table(title: str, runs: Sequence[OrganizationRun]) -> str:
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


def _own_id() -> UUID:
    context = FlowRunContext.get()
    assert context is not None and context.flow_run is not None  # noqa: S101 (a flow always runs in one)
    return context.flow_run.id

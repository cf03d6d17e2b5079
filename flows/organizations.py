"""One kind of run for many BILL organizations: a run of its own for each, spread over the workers, and one summary."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from enum import StrEnum
from itertools import count
from typing import Any
from uuid import UUID

from prefect import Flow, flow
from prefect.artifacts import acreate_markdown_artifact
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterId
from prefect.context import FlowRunContext
from prefect.deployments import arun_deployment
from prefect.exceptions import ObjectNotFound, PrefectHTTPStatusError
from prefect.logging import get_run_logger
from prefect.states import Completed, Failed

from billcom.errors import BillError, InputError, LinesFailedError, Problem, SettingsError
from billcom.settings import Settings
from flows.check_trust import check_trust
from flows.collection_runs import charge_due_invoices
from flows.organization_runs import (
    ARTIFACT,
    PAGE,
    POLL_SECONDS,
    OrganizationRun,
    all_credentials,
    cancel_runs,
    summary_table,
)
from flows.payment_runs import pay_due_bills
from flows.repair import resolve_unknowns
from flows.start import postponed, run_name
from tasks.cancelled import started_by
from tasks.session import load_settings

CADENCE = "per-organization"


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


@flow(flow_run_name=run_name("{flow} for many organizations"), retries=0, on_cancellation=[cancel_runs])
async def run_for_organizations(
    flow: FleetFlow,
    organizations: Sequence[str] = (),
    parameters: dict[str, Any] = {},  # noqa: B006 (never changed)
) -> Any:
    """Run a flow once for each of many BILL organizations, as many at once as the workers take; report all in one.

    Each organization has a run of its own, signed in with its own credentials block; one that can't be started, or
    fails, holds up no other. Started again, after it died or by *Retry*, it goes on with the runs it has started, and
    starts another for each that failed or was cancelled. When this run is cancelled, so are the runs it has started.
    Ends Failed, with LinesFailedError, when a run of an organization did. Raises InputError for parameters the flow
    does not take.

    Args:
        flow: What to run. Each is a dry run, or asks nobody, unless `parameters` say otherwise.
        organizations: Names of BILL credentials blocks. Empty: all there are.
        parameters: What all of the runs are given, as JSON, such as {"dry_run": false, "due_within_days": 3}.
    """
    try:
        _check_parameters(flow, parameters)
        names = list(dict.fromkeys(organizations)) or await all_credentials()
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
                tags=[name, started_by(_own_id())],
                idempotency_key=f"{_own_id()}-{name}-{number}",
                timeout=0,
                as_subflow=False,
            )
            if not (started.has_failed or started.is_cancelling):
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
            for start in range(0, len(ids), PAGE):
                wanted = FlowRunFilter(id=FlowRunFilterId(any_=ids[start : start + PAGE]))
                for run in await prefect.read_flow_runs(flow_run_filter=wanted, limit=PAGE):
                    open_ones[run.id].run = run
            await asyncio.sleep(POLL_SECONDS)


async def _report(flow: FleetFlow, runs: Sequence[OrganizationRun]) -> Any:
    """Leave the summary; return the state to end in."""
    left = [item for item in runs if not item.is_done]
    summary = (
        f"{flow.value} for {len(runs)} organizations: {len(runs) - len(left)} done, {len(left)} need you"
    )
    await acreate_markdown_artifact(summary_table(summary, runs), key=ARTIFACT, description=summary)
    if not left:
        return Completed(message=summary)
    first = left[0]
    error = LinesFailedError(
        f"{summary}. The first: {first.credentials}: {first.outcome}. {first.says.rstrip('.')}. Mend what the summary "
        "says, then retry this run, or run the same again: what is done is not done twice"
    )
    return Failed(message=str(error), data=error)


def _own_id() -> UUID:
    context = FlowRunContext.get()
    assert context is not None and context.flow_run is not None  # noqa: S101 (a flow always runs in one)
    return context.flow_run.id

"""A run that waits for a person outlasts Prefect's renewal of a concurrency lease, which a pause gives up."""

from __future__ import annotations

import asyncio
import time
from typing import Any
from uuid import UUID

import anyio
import pytest
from prefect import flow
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import StateType
from prefect.deployments.runner import RunnerDeployment

from billcom.settings import Environment
from deployments import registry
from flows import trust
from flows.pause import ask
from flows.payment_runs import pay_bills
from tasks.mfa import MfaCode
from tests.flows.deployed import go_on, read_run
from tests.flows.payment_sheets import paid_amounts, put, row
from tests.organization import Organization
from tests.pauses import answer, paused_run

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("prefect")]

RENEWED_EACH_SECONDS = 0.5
PAUSE_SECONDS = 8
"""Prefect gives up a lease after three refusals, with waits of at most 1.3 and 2.6 seconds between them."""


@pytest.fixture(autouse=True)
def short_lease(monkeypatch: pytest.MonkeyPatch) -> None:
    """Prefect renews a lease, of 300 seconds whatever its settings say, twice a second instead of each 225 seconds."""
    monkeypatch.setattr("prefect.concurrency._leases._RENEWAL_FRACTION", RENEWED_EACH_SECONDS / 300)
    monkeypatch.setattr(trust, "POLL_SECONDS", 0.2)


async def declared_deployment(**changes: Any) -> RunnerDeployment:
    """Return pay-bills/on-demand as `prefect.yaml` declares it, with changes."""
    served = await registry.served(Environment.LOCAL, {})
    (found,) = [d for d in served if (d.flow_name, d.name) == ("pay-bills", "on-demand-local")]
    return found.model_copy(update=changes)


async def started(deployment: RunnerDeployment, **parameters: Any) -> UUID:
    """Register the deployment and press Run; return the run's id."""
    deployment_id: Any = await deployment.aapply()
    async with get_client() as prefect:
        return (await prefect.create_flow_run_from_deployment(deployment_id, parameters=parameters)).id


async def test_declared_run_survives_a_pause_longer_than_the_lease(organization: Organization) -> None:
    source = put(row(), name="long-pause.csv")
    run_id = await started(await declared_deployment(), source=source, dry_run=False)
    running = asyncio.create_task(go_on(run_id, pay_bills))
    paused = await paused_run("long-pause.csv")
    since = time.monotonic()
    while time.monotonic() - since < PAUSE_SECONDS:
        assert not running.done(), running.result()
        await anyio.sleep(0.2)
    await answer(paused, code=organization.last_code())
    state = await running
    assert state.type is StateType.COMPLETED, state
    assert [str(amount) for amount in paid_amounts(organization)] == ["100.0"]


@flow(flow_run_name="limited and waiting", retries=0)
async def waits_for_person() -> None:
    """Wait as flows wait for a code; nothing is open when Prefect ends it."""
    await ask(MfaCode, "limited", within_seconds=60, poll_seconds=0.2)


async def test_limited_run_is_ended_while_it_pauses() -> None:
    """When this fails, Prefect keeps the lease of a paused run, and deployments may have limits again."""
    deployment: Any = await waits_for_person.ato_deployment("limited", concurrency_limit=1)
    run_id = await started(deployment)
    with anyio.fail_after(50):
        await asyncio.gather(go_on(run_id, waits_for_person), return_exceptions=True)
    assert (await read_run(run_id)).state_type is StateType.CRASHED


async def test_registering_takes_an_earlier_limit_off(organization: Organization) -> None:
    limited = await (await declared_deployment(concurrency_limit=1)).aapply()
    again = await (await declared_deployment()).aapply()
    async with get_client() as prefect:
        found = await prefect.read_deployment(again)
    assert (again, found.global_concurrency_limit) == (limited, None)

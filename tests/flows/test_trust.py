"""MFA: who is asked for the texted code, how often, and what is left of it."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID

import anyio
import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.client.schemas.sorting import FlowRunSort

from billcom.errors import ConflictError, SettingsError
from billcom.inputs import CodeSource
from billcom.local import texted_code
from billcom.results import ApResult
from billcom.settings import Environment, Settings
from flows import trust
from flows.ap import ap_workflow
from tasks.session import connect
from tests.organization import Organization
from tests.samples import account, bill, vendor

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("prefect")]

DEADLINE_SECONDS = 30


@pytest.fixture(autouse=True)
def quick_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    """A waiting run notices its answer at once."""
    monkeypatch.setattr(trust, "POLL_SECONDS", 0.05)


async def pay(number: str = "INV-1001", code_from: CodeSource = CodeSource.PERSON) -> ApResult:
    """Run the workflow with the samples."""
    return await ap_workflow(vendor(), account(), bill(invoice_number=number), code_from=code_from)


async def paused_run(number: str, after: frozenset[UUID] = frozenset()) -> tuple[FlowRun, str]:
    """Wait for the run of this bill to pause; return it and the key of its pause."""
    with anyio.fail_after(DEADLINE_SECONDS):
        async with get_client() as client:
            while True:
                for run in await client.read_flow_runs(sort=FlowRunSort.START_TIME_DESC, limit=20):
                    state = run.state
                    if state is None or state.type is not StateType.PAUSED:
                        continue
                    if number in run.name and state.id not in after:
                        keyset = state.state_details.run_input_keyset
                        assert keyset is not None
                        return run, keyset["response"]
                await anyio.sleep(0.05)


async def answer(run: FlowRun, code: str) -> Any:
    """Answer the form as the UI does."""
    async with get_client() as client:
        return await client.resume_flow_run(run.id, run_input={"code": code})


async def stored(run: FlowRun, key: str) -> str:
    """Return what Prefect keeps of an answer."""
    async with get_client() as client:
        return await client.read_flow_run_input(run.id, key)


async def test_a_person_types_the_code_into_the_paused_run(organization: Organization) -> None:
    running = asyncio.ensure_future(pay("INV-PAUSE"))
    run, _ = await paused_run("INV-PAUSE")
    assert organization.writes() == []
    await answer(run, organization.last_code())
    result = await running
    assert result.payment_status == "SCHEDULED"
    assert len(organization.records("payments")) == 1


async def test_the_typed_code_is_deleted_from_prefect(organization: Organization) -> None:
    running = asyncio.ensure_future(pay("INV-DELETE"))
    run, key = await paused_run("INV-DELETE")
    await answer(run, organization.last_code())
    await running
    with pytest.raises(Exception, match="404"):
        await stored(run, key)


async def test_a_code_that_is_no_six_digits_leaves_the_run_paused(organization: Organization) -> None:
    running = asyncio.ensure_future(pay("INV-SHAPE"))
    run, _ = await paused_run("INV-SHAPE")
    refused = await answer(run, "12")
    assert refused.status.value == "REJECT"
    await answer(run, organization.last_code())
    assert (await running).payment_status == "SCHEDULED"


async def test_a_wrong_code_asks_again_with_a_new_text(organization: Organization) -> None:
    running = asyncio.ensure_future(pay("INV-WRONG"))
    run, _ = await paused_run("INV-WRONG")
    assert run.state is not None
    wrong = "000000" if organization.last_code() != "000000" else "111111"
    await answer(run, wrong)
    again, _ = await paused_run("INV-WRONG", after=frozenset({run.state.id}))
    await answer(again, organization.last_code())
    assert (await running).payment_status == "SCHEDULED"
    assert len(organization.requests("POST", "/v3/mfa/challenge")) == 2


async def test_after_three_wrong_codes_the_run_fails_and_nothing_was_paid(
    organization: Organization,
) -> None:
    running = asyncio.ensure_future(pay("INV-THREE"))
    seen: frozenset[UUID] = frozenset()
    for _ in range(3):
        run, _ = await paused_run("INV-THREE", after=seen)
        assert run.state is not None
        seen |= {run.state.id}
        await answer(run, "000000" if organization.last_code() != "000000" else "111111")
    with pytest.raises(ConflictError, match="accepted none of 3 codes; nothing was paid"):
        await running
    assert organization.writes() == []


async def test_the_remembered_device_spares_the_next_run_the_code(organization: Organization) -> None:
    await pay("INV-1001", CodeSource.LOCAL_PHONE)
    await pay("INV-1002", CodeSource.PERSON)
    assert len(organization.requests("POST", "/v3/mfa/challenge")) == 1
    assert len(organization.records("payments")) == 2


async def test_a_sign_in_with_the_remembered_device_is_trusted_at_once(organization: Organization) -> None:
    await pay("INV-1001", CodeSource.LOCAL_PHONE)
    organization.control("PUT", "/clock", {"advance_seconds": 36 * 60})
    async with await connect(Settings.load()) as client:
        stale = await client.sessions.current()
        renewed = await client.sessions.renewed(stale)
    assert (stale.trusted, renewed.trusted) == (False, True)


async def test_only_the_local_environment_shows_its_text_messages(organization: Organization) -> None:
    async with await connect(Settings.load()) as client:
        client.settings = client.settings.model_copy(update={"environment": Environment.SANDBOX})
        with pytest.raises(SettingsError, match="is of the local BILL alone"):
            await texted_code(client, "any")

"""MFA: who is asked for the texted code, how often, and what is left of it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import anyio
import pytest
from prefect import flow
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.client.schemas.sorting import FlowRunSort

from billcom.client import BillClient
from billcom.errors import BillError, ConflictError, SettingsError, UntrustedSessionError
from billcom.inputs import CodeSource
from billcom.local import texted_code
from billcom.results import ApResult
from billcom.settings import Environment, Settings
from flows import trust
from flows.ap import ap_workflow
from tasks.session import connect
from tests.flows import beside
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


async def paused_runs(name: str) -> list[FlowRun]:
    """Return the runs that are paused now and have this in their name."""
    async with get_client() as client:
        runs = await client.read_flow_runs(sort=FlowRunSort.START_TIME_DESC, limit=20)
    return [run for run in runs if name in run.name and run.state and run.state.type is StateType.PAUSED]


async def paused_run(number: str, after: frozenset[UUID] = frozenset()) -> tuple[FlowRun, str]:
    """Wait for the run of this bill to pause; return it and the key of its pause."""
    with anyio.fail_after(DEADLINE_SECONDS):
        while True:
            for run in await paused_runs(number):
                state = run.state
                if state is not None and state.id not in after:
                    keyset = state.state_details.run_input_keyset
                    assert keyset is not None
                    return run, keyset["response"]
            await anyio.sleep(0.05)


async def answer(run: FlowRun, code: str) -> Any:
    """Answer the form as the UI does."""
    async with get_client() as client:
        return await client.resume_flow_run(run.id, run_input={"code": code})


def wrong_code(organization: Organization) -> str:
    """Return six digits that were not texted."""
    return "000000" if organization.last_code() != "000000" else "111111"


async def wait_for_waiting(caplog: pytest.LogCaptureFixture, runs: int) -> None:
    """Return once that many runs wait for the one that asks."""
    with anyio.fail_after(DEADLINE_SECONDS):
        while sum("is asking for the code: waiting" in message for message in caplog.messages) < runs:
            await anyio.sleep(0.02)


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
    await answer(run, wrong_code(organization))
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
        await answer(run, wrong_code(organization))
    with pytest.raises(ConflictError, match="accepted none of 3 codes; nothing was paid"):
        await running
    assert organization.writes() == []


async def test_beyond_five_texts_a_minute_the_run_fails_and_says_so(organization: Organization) -> None:
    organization.rule(text_budget=1)
    running = asyncio.ensure_future(pay("INV-BUDGET"))
    run, _ = await paused_run("INV-BUDGET")
    await answer(run, wrong_code(organization))
    with pytest.raises(
        ConflictError, match=r"^MFA: BILL texted no code \(422 BDC_9011 .*: 1\); .* wait a minute"
    ):
        await running
    assert organization.writes() == []


async def test_a_run_nobody_answers_fails_and_the_next_one_asks_again(
    organization: Organization, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trust, "ANSWER_SECONDS", 1)
    with pytest.raises(BillError, match="nobody typed the texted code"):
        await pay("INV-NOBODY")
    assert organization.writes() == []
    monkeypatch.setattr(trust, "ANSWER_SECONDS", 60)
    running = asyncio.ensure_future(pay("INV-NOBODY"))
    run, _ = await paused_run("INV-NOBODY")
    await answer(run, organization.last_code())
    assert (await running).payment_status == "SCHEDULED"


async def test_runs_that_need_the_code_at_once_share_one_text_and_one_pause(
    organization: Organization, caplog: pytest.LogCaptureFixture
) -> None:
    running = [asyncio.ensure_future(pay(f"INV-AT-ONCE-{number}")) for number in (1, 2, 3)]
    run, _ = await paused_run("INV-AT-ONCE")
    await wait_for_waiting(caplog, 2)
    assert [paused.id for paused in await paused_runs("INV-AT-ONCE")] == [run.id]
    assert organization.writes() == []
    await answer(run, organization.last_code())
    results = await asyncio.gather(*running)
    assert [result.payment_status for result in results] == ["SCHEDULED"] * 3
    assert len(organization.requests("POST", "/v3/mfa/challenge")) == 1
    assert len(organization.records("payments")) == 3


async def test_a_waiting_run_takes_over_when_the_one_who_asks_gives_up(
    organization: Organization, caplog: pytest.LogCaptureFixture
) -> None:
    running = [asyncio.ensure_future(pay(f"INV-TAKE-{number}")) for number in (1, 2)]
    first, _ = await paused_run("INV-TAKE")
    await wait_for_waiting(caplog, 1)
    gives_up = running[int(first.name.partition("INV-TAKE-")[2][0]) - 1]
    gives_up.cancel()
    with pytest.raises(asyncio.CancelledError):
        await gives_up
    assert first.state is not None
    second, _ = await paused_run("INV-TAKE", after=frozenset({first.state.id}))
    assert second.id != first.id
    await answer(second, organization.last_code())
    (other,) = [task for task in running if task is not gives_up]
    assert (await other).payment_status == "SCHEDULED"
    assert len(organization.requests("POST", "/v3/mfa/challenge")) == 2
    assert len(organization.records("payments")) == 1


@pytest.mark.slow
async def test_a_waiting_run_takes_over_when_the_process_of_the_one_who_asks_is_killed(
    organization: Organization, caplog: pytest.LogCaptureFixture
) -> None:
    with beside.start(beside.PAY) as asking:
        try:
            await paused_run("INV-KILLED")
            waiting = asyncio.ensure_future(pay("INV-ALIVE"))
            await wait_for_waiting(caplog, 1)
        finally:
            asking.kill()
    run, _ = await paused_run("INV-ALIVE")
    await answer(run, organization.last_code())
    assert (await waiting).payment_status == "SCHEDULED"
    assert len(organization.requests("POST", "/v3/mfa/challenge")) == 2
    assert len(organization.records("payments")) == 1


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


@flow
async def call_trusted(client: BillClient, call: Callable[[], Awaitable[str]]) -> str:
    """Make a call as the workflows do."""
    return await trust.trusted(client, CodeSource.PERSON, call)


async def test_a_session_made_untrusted_between_two_calls_is_stepped_up_again(
    organization: Organization,
) -> None:
    await pay("INV-BEFORE", CodeSource.LOCAL_PHONE)
    async with await connect(Settings.load()) as client:
        organization.fault("GET", "/v3/funding-accounts/permissions", "error", code="BDC_1361", status=403)

        async def call() -> str:
            return str((await client.funding_accounts.permissions()).user.pay_online)

        steps = len(organization.requests("POST", "/v3/mfa/step-up"))
        assert await call_trusted(client, call) == "True"
    assert len(organization.requests("POST", "/v3/mfa/step-up")) == steps + 1
    assert len(organization.requests("GET", "/v3/funding-accounts/permissions")) == 3  # one is of the payment
    assert len(organization.requests("POST", "/v3/mfa/challenge")) == 1
    assert organization.sign_ins() == 1


async def test_a_call_that_stays_untrusted_is_repeated_once_and_fails(organization: Organization) -> None:
    await pay("INV-BEFORE", CodeSource.LOCAL_PHONE)
    calls: list[int] = []
    async with await connect(Settings.load()) as client:
        organization.fault(
            "GET", "/v3/funding-accounts/permissions", "error", code="BDC_1361", status=403, times=99
        )

        async def call() -> str:
            calls.append(1)
            return str((await client.funding_accounts.permissions()).user.pay_online)

        with pytest.raises(UntrustedSessionError, match=r"403 BDC_1361 .* Pass MFA"):
            await call_trusted(client, call)
    assert len(calls) == 2
    assert organization.sign_ins() == 1


async def test_only_the_local_environment_shows_its_text_messages(organization: Organization) -> None:
    async with await connect(Settings.load()) as client:
        client.settings = client.settings.model_copy(update={"environment": Environment.SANDBOX})
        with pytest.raises(SettingsError, match="is of the local BILL alone"):
            await texted_code(client, "any")

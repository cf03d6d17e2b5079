"""One session for all runs: signed in once, encrypted at rest."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import anyio
import anyio.to_thread
import pytest
from prefect.settings import get_current_settings

from billcom.inputs import CodeSource
from billcom.settings import Settings
from flows.ap import ap_workflow
from tasks.session import connect
from tests.flows import beside
from tests.organization import Organization
from tests.samples import account, bill, vendor

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("prefect")]

DEADLINE_SECONDS = 60


async def test_ten_runs_sign_in_once(organization: Organization) -> None:
    for number in range(10):
        await ap_workflow(
            vendor(),
            account(),
            bill(invoice_number=f"INV-{number}"),
            dry_run=True,
            code_from=CodeSource.PERSON,
        )
    assert organization.sign_ins() == 1


async def test_clients_that_connect_at_once_sign_in_once(organization: Organization) -> None:
    settings = Settings.load()
    clients = await asyncio.gather(*(connect(settings) for _ in range(5)))
    sessions = {(await client.sessions.current()).session_id.get_secret_value() for client in clients}
    for client in clients:
        await client.__aexit__(None, None, None)
    assert len(sessions) == 1
    assert organization.sign_ins() == 1


async def test_an_expired_session_is_replaced_for_all_by_one_sign_in(organization: Organization) -> None:
    settings = Settings.load()
    clients = await asyncio.gather(*(connect(settings) for _ in range(3)))
    expired = [await client.sessions.current() for client in clients]
    organization.control("PUT", "/clock", {"advance_seconds": 36 * 60})
    renewed = await asyncio.gather(
        *(client.sessions.renewed(session) for client, session in zip(clients, expired, strict=True))
    )
    for client in clients:
        await client.__aexit__(None, None, None)
    assert len({session.session_id.get_secret_value() for session in renewed}) == 1
    assert organization.sign_ins() == 2


@pytest.mark.slow
async def test_three_processes_of_five_runs_each_sign_in_once(organization: Organization) -> None:
    processes = [beside.start(beside.DRY_RUNS) for _ in range(3)]
    said = [await anyio.to_thread.run_sync(process.communicate) for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0], said
    assert len(organization.requests("GET", "/v3/funding-accounts/permissions")) == 15
    assert organization.sign_ins() == 1


async def test_a_killed_sign_in_delays_the_next_by_two_seconds_at_most(organization: Organization) -> None:
    organization.fault("POST", "/v3/login", "delay", seconds=20)
    with beside.start(beside.SIGN_IN) as holder:
        try:
            with anyio.fail_after(DEADLINE_SECONDS):
                while not organization.sign_ins() and holder.poll() is None:
                    await anyio.sleep(0.02)
            waiting = asyncio.ensure_future(connect(Settings.load()))
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(asyncio.shield(waiting), 0.5)  # it does hold the lock
            assert organization.sign_ins() == 1
        finally:
            holder.kill()
        killed = time.monotonic()
        async with await waiting as client:
            took = time.monotonic() - killed
            assert (await client.sessions.current()).session_id.get_secret_value()
    assert took < 2
    assert organization.sign_ins() == 2


async def test_a_session_that_ends_in_the_middle_of_a_run_costs_one_sign_in(
    organization: Organization,
) -> None:
    organization.fault("GET", "/v3/funding-accounts/permissions", "error", code="BDC_1109", status=401)
    result = await ap_workflow(vendor(), account(), bill(), code_from=CodeSource.LOCAL_PHONE)
    assert result.payment_status == "SCHEDULED"
    assert organization.sign_ins() == 2
    assert len(organization.requests("POST", "/v3/mfa/challenge")) == 1
    assert len(organization.requests("POST", "/v3/bills")) == len(organization.records("payments")) == 1


@pytest.mark.parametrize("path", ["/v3/vendors", "/v3/bills", "/v3/payments"])
async def test_a_session_that_ends_at_a_write_costs_one_sign_in_and_nothing_else(
    organization: Organization, path: str
) -> None:
    organization.fault("POST", path, "error", code="BDC_1109", status=401)
    result = await ap_workflow(vendor(), account(), bill(), code_from=CodeSource.LOCAL_PHONE)
    assert result.payment_status == "SCHEDULED"
    assert organization.sign_ins() == 2
    assert len(organization.requests("POST", "/v3/mfa/challenge")) == 1
    assert [len(organization.records(noun)) for noun in ("vendors", "bills", "payments")] == [1, 1, 1]


async def test_no_file_holds_the_session_in_clear(organization: Organization, tmp_path: Path) -> None:
    async with await connect(Settings.load()) as client:
        session_id = (await client.sessions.current()).session_id.get_secret_value().encode()
    home = get_current_settings().home
    files = [path for root in (home, tmp_path) for path in root.rglob("*") if path.is_file()]
    assert any(path.name == "session.key" for path in files)
    assert [path for path in files if session_id in path.read_bytes()] == []

"""One session for all runs: signed in once, encrypted at rest."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from prefect.settings import get_current_settings

from billcom.inputs import CodeSource
from billcom.settings import Settings
from flows.ap import ap_workflow
from tasks.session import connect
from tests.organization import Organization
from tests.samples import account, bill, vendor

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("prefect")]


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


async def test_no_file_holds_the_session_in_clear(organization: Organization, tmp_path: Path) -> None:
    async with await connect(Settings.load()) as client:
        session_id = (await client.sessions.current()).session_id.get_secret_value().encode()
    home = get_current_settings().home
    files = [path for root in (home, tmp_path) for path in root.rglob("*") if path.is_file()]
    assert any(path.name == "session.key" for path in files)
    assert [path for path in files if session_id in path.read_bytes()] == []

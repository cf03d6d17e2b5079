"""Everything is run with known secrets; none of them is in anything that is kept."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from prefect.settings import get_current_settings

from billcom.errors import UnsettledError
from billcom.inputs import CodeSource
from billcom.settings import Settings
from flows import trust
from flows.ap import ap_workflow
from flows.ar import ar_workflow
from flows.repair import resolve_unknowns
from tasks.session import connect
from tests.organization import Organization
from tests.pauses import answer, paused_run
from tests.samples import account, bill, charge, customer, invoice, run, vendor

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("prefect")]

VENDOR_ROUTING, VENDOR_ACCOUNT = "322271627", "90817263544"
CUSTOMER_ROUTING, CUSTOMER_ACCOUNT = "021000021", "55443322119"


def kept(root: Path) -> Iterator[tuple[Path, bytes]]:
    """Yield every file that is kept: Prefect's database and results, the state directory, what tests log."""
    url = get_current_settings().server.database.connection_url
    assert url is not None
    database = Path(url.get_secret_value().split("///")[1])
    assert database.is_file()
    for folder in (get_current_settings().home, database.parent, root):
        yield from ((path, path.read_bytes()) for path in folder.rglob("*") if path.is_file())


async def run_everything(organization: Organization) -> str:
    """Run each flow, one of them to its unsettled end, one with a code typed by hand; return that code."""
    payee = account(routing_number=VENDOR_ROUTING, account_number=VENDOR_ACCOUNT)
    payer = account(routing_number=CUSTOMER_ROUTING, account_number=CUSTOMER_ACCOUNT)
    given = {"vendor": vendor(), "bank_account": payee, "bill": bill(invoice_number="SECRETS")}
    running = asyncio.ensure_future(run(ap_workflow, given | {"code_from": CodeSource.PERSON}))
    paused = await paused_run("SECRETS")
    code = organization.last_code()
    await answer(paused, code=code)
    await running
    collected = {"customer": customer(), "bank_account": payer, "invoice": invoice(), "charge": charge()}
    organization.fault("POST", "/v3/receivable-payments", "refuse")
    with pytest.raises(UnsettledError):
        await run(ar_workflow, collected)
    with pytest.raises(Exception, match="may still act"):
        await run(resolve_unknowns, {})
    return code


async def test_no_secret_is_in_anything_that_is_kept(
    organization: Organization,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    caplog.set_level(logging.DEBUG)
    monkeypatch.setattr(trust, "POLL_SECONDS", 0.05)
    code = await run_everything(organization)
    secrets = {
        "vendor's account": VENDOR_ACCOUNT,
        "vendor's routing number": VENDOR_ROUTING,
        "customer's account": CUSTOMER_ACCOUNT,
        "customer's routing number": CUSTOMER_ROUTING,
        "password": organization.credentials["password"],
        "developer key": organization.credentials["dev_key"],
    }
    async with await connect(Settings.load()) as client:
        secrets["session id"] = (await client.sessions.current()).session_id.get_secret_value()
        (device,) = (await client.devices.known()).devices
        secrets["remembered device"] = device.remember_me_id.get_secret_value()
    files = list(kept(tmp_path))
    assert {path.name for path, _ in files} >= {"journal.db", "session.key"}
    for name, secret in secrets.items():
        assert [path for path, content in files if secret.encode() in content] == [], name
        assert secret not in caplog.text, name
    # Six digits are found by chance in any hundred timestamps: a code stands by itself. Prefect deletes the
    # typed one; what SQLite's write-ahead log keeps of it until it is overwritten is not ours to clear.
    alone = re.compile(rb"(?<![0-9a-f.])" + code.encode() + rb"(?![0-9a-f])")
    assert [path for path, content in files if path.suffix != ".db-wal" and alone.search(content)] == []
    assert f" {code}" not in caplog.text

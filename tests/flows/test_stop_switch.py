"""Both stop switches, the journal's and Prefect's variable, on every path on which money moves."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import VariableCreate
from prefect.settings import PREFECT_API_URL, get_current_settings, temporary_settings
from prefect.types.entrypoint import EntrypointType

from billcom.errors import LinesFailedError, StoppedError
from billcom.inputs import CodeSource
from billcom.settings import Settings
from billcom.stop_switch import StopSwitch
from flows.ap import ap_workflow
from flows.ar import ar_workflow
from flows.payment_runs import pay_bills
from tasks.money import STOP_VARIABLE, check_not_stopped
from tests import samples
from tests.deployments.up import ROOT, free_port
from tests.flows.collecting import CHARGED, charge_due, folders_below, send, with_invoice
from tests.flows.payment_sheets import (
    bill_by_hand,
    paid_amounts,
    pay,
    pay_due,
    put,
    row,
    three,
    vendor_by_hand,
)
from tests.modes import loose
from tests.organization import Organization

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("prefect", "folders")]

SHEET = "june.csv"
MONEY = ("/v3/payments", "/v3/receivable-payments")
DEADLINE_SECONDS = 180


@pytest.fixture
def folders(organization: Organization, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folders_below(tmp_path, monkeypatch)


@asynccontextmanager
async def variable(value: Any) -> AsyncIterator[None]:
    """Have a Prefect variable `bill_stop` of this value."""
    async with get_client() as prefect:
        await prefect.create_variable(VariableCreate(name=STOP_VARIABLE, value=value))
    try:
        yield
    finally:
        async with get_client() as prefect:
            await prefect.delete_variable_by_name(STOP_VARIABLE)


@asynccontextmanager
async def journal_stop(reason: str) -> AsyncIterator[None]:
    """Have the journal's switch on."""
    switch = StopSwitch(Settings.load())
    await switch.stop(reason, "Ada")
    try:
        yield
    finally:
        await switch.resume("", "Ada")


def money(organization: Organization) -> list[str]:
    """Return the requests that moved money."""
    return [request for request in organization.writes() if request.split(" ")[1].startswith(MONEY)]


async def nothing(_organization: Organization) -> None: ...


async def three_bills(_organization: Organization) -> None:
    put(*three())


async def a_part_payment(_organization: Organization) -> None:
    put(row(amount="1000.00", Pay_amount="400.00", Label="first"))


async def a_due_bill(organization: Organization) -> None:
    bill_by_hand(organization, vendor_by_hand(organization))


async def a_due_invoice(organization: Organization) -> None:
    """Have an invoice of a customer that was charged before."""
    customer_id = (await send(Path("input"), CHARGED)).lines[0].party_id
    with_invoice(organization, customer_id, "D-1")


async def pay_a_bill() -> Any:
    given: dict[str, Any] = {
        "vendor": samples.vendor(),
        "bank_account": samples.account(),
        "bill": samples.bill(),
        "payment": samples.payment(),
        "code_from": CodeSource.LOCAL_PHONE,
    }
    return await samples.run(ap_workflow, given)


async def charge_an_invoice() -> Any:
    given: dict[str, Any] = {
        "customer": samples.customer(),
        "bank_account": samples.account(),
        "invoice": samples.invoice(),
        "charge": samples.charge(),
    }
    return await samples.run(ar_workflow, given)


async def send_a_sheet() -> Any:
    return await send(Path("input"), CHARGED)


PATHS: Mapping[str, tuple[Callable[[Organization], Awaitable[None]], Callable[[], Awaitable[Any]]]] = {
    "ap_workflow": (nothing, pay_a_bill),
    "ar_workflow": (nothing, charge_an_invoice),
    "pay_bills": (three_bills, pay),
    "pay_bills, a part": (a_part_payment, pay),
    "pay_due_bills": (a_due_bill, pay_due),
    "send_invoices": (nothing, send_a_sheet),
    "charge_due_invoices": (a_due_invoice, charge_due),
}
STOPS: Mapping[str, tuple[Callable[[str], Any], str]] = {
    "journal": (
        journal_stop,
        r"all money is stopped by Ada since 2\d{3}-\d\d-\d\d \d\d:\d\d UTC: fraud. Nothing was sent. To go on: "
        "billcom resume, then run again",
    ),
    "variable": (
        variable,
        r"all money is stopped since 2\d{3}-\d\d-\d\d \d\d:\d\d UTC: the Prefect variable bill_stop says 'fraud'. "
        "Nothing was sent. To go on: delete the variable, then run again",
    ),
}


async def told(run: Awaitable[Any]) -> str:
    """Return what a run says that does not move its money."""
    try:
        done = await run
    except LinesFailedError as error:
        done = error.run
    except StoppedError as error:
        return str(error)
    return "\n".join(line.reason for line in done.lines)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("stop", STOPS)
async def test_stopped_path_sends_no_money_and_goes_on_after_resume(
    path: str, stop: str, organization: Organization
) -> None:
    prepare, run = PATHS[path]
    is_on, says = STOPS[stop]
    await prepare(organization)
    before = money(organization)
    async with is_on("fraud"):
        assert re.search(says, await told(run()))
        assert money(organization) == before
    await run()
    assert len(money(organization)) == len(before) + 1


@pytest.mark.parametrize("value", ["no", "No payments", "0", "off", "false", "none", "", False, 0, [], {}])
async def test_any_value_of_the_variable_stops(value: Any) -> None:
    async with variable(value):
        with pytest.raises(StoppedError, match="the Prefect variable bill_stop says"):
            await check_not_stopped()
    await check_not_stopped()


async def test_prefect_that_can_not_be_asked_stops() -> None:
    with (
        temporary_settings({PREFECT_API_URL: f"http://127.0.0.1:{free_port()}/api"}),
        pytest.raises(StoppedError) as caught,
    ):
        await check_not_stopped()
    assert str(caught.value) == (
        "Prefect's server could not be asked for the variable bill_stop, which stops all money (ConnectError): nothing "
        "was sent. Look at PREFECT_API_URL and the server's log, then run again"
    )


def environment(**more: str) -> dict[str, str]:
    """Return the environment of a process of its own: this organization, and no Prefect server but those of `more`."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
    return kept | {"PYTHONPATH": str(ROOT), "DO_NOT_TRACK": "1"} | more


def this_server() -> dict[str, str]:
    """Return what makes a process use the tests' Prefect server."""
    settings = get_current_settings()
    return {"PREFECT_API_URL": str(settings.api.url), "PREFECT_HOME": str(settings.home)}


def own_server(folder: Path) -> dict[str, str]:
    """Return what makes a process start a Prefect of its own, as on a machine without PREFECT_API_URL."""
    started = {"PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "120"}
    return {"PREFECT_HOME": str(folder / "prefect"), "PREFECT_SERVER_ANALYTICS_ENABLED": "false"} | started


def started(*command: str, **more: str) -> subprocess.Popen[str]:
    """Start a Python module."""
    return subprocess.Popen(
        [sys.executable, "-m", *command],
        env=environment(**more),
        umask=0o022,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def ended(process: subprocess.Popen[str]) -> tuple[int, str]:
    """Wait for a process; return its exit status and what it printed."""
    printed = process.communicate(timeout=DEADLINE_SECONDS)[0]
    return process.returncode, printed


def billcom(*arguments: str) -> str:
    """Run the `billcom` command; return what it printed."""
    command = [sys.executable, "-c", "from billcom.cli import main; main()", *arguments]
    return subprocess.run(
        command, env=environment(), capture_output=True, text=True, timeout=DEADLINE_SECONDS, check=True
    ).stdout


@pytest.mark.slow
async def test_stop_halts_the_command_line_without_a_prefect_server(
    organization: Organization, tmp_path: Path
) -> None:
    put(*three())
    billcom("stop", "fraud at the bank", "--by", "Ada")
    (tmp_path / "prefect").mkdir(0o755)
    status, printed = ended(started("flows", "pay_bills", SHEET, "--go", **own_server(tmp_path)))
    assert (status, money(organization)) == (1, [])
    assert loose(tmp_path / "prefect") == [] == loose(tmp_path / "state")
    assert "all money is stopped by Ada since" in printed and "billcom resume" in printed
    billcom("resume")
    status, _ = ended(started("flows", "pay_bills", SHEET, "--go", **own_server(tmp_path)))
    assert (status, money(organization)) == (0, ["POST /v3/payments/bulk"])


@pytest.mark.slow
async def test_stop_halts_a_run_of_a_deployment_in_its_own_process(organization: Organization) -> None:
    put(*three())
    run_id = await run_of_a_deployment()
    billcom("stop", "fraud at the bank", "--by", "Ada")
    ended(started("prefect", "flow-run", "execute", str(run_id), **this_server()))
    async with get_client() as prefect:
        run = await prefect.read_flow_run(run_id)
    assert run.state is not None and run.state.is_failed()
    assert money(organization) == []
    assert "all money is stopped by Ada since" in str(run.state.message)


async def run_of_a_deployment() -> UUID:
    """Press Run at a deployment of `pay_bills`, with what its form holds; return the run's id."""
    deployment = await pay_bills.ato_deployment("stop", entrypoint_type=EntrypointType.MODULE_PATH)
    deployment_id: Any = await deployment.aapply()
    form = {"source": SHEET, "dry_run": False, "code_from": CodeSource.LOCAL_PHONE.value}
    async with get_client() as prefect:
        return (await prefect.create_flow_run_from_deployment(deployment_id, parameters=form)).id


@pytest.mark.slow
@pytest.mark.parametrize("path", ["/v3/payments/bulk", "/v3/payments"], ids=["bulk", "parts"])
async def test_stop_halts_a_run_that_is_under_way_at_its_next_request(
    organization: Organization, path: str
) -> None:
    """BILL takes three requests at once: those are answered late, and the stop comes before the fourth."""
    part: dict[str, Any] = {"Pay_amount": "1.00", "Label": "first"} if path == "/v3/payments" else {}
    days = [f"2026-12-{day:02}" for day in range(1, 9) if day not in (5, 6)]
    put(*[row(f"INV-{day}", f"{n}00.00", Process_date=day, **part) for n, day in enumerate(days, 1)])
    organization.fault("POST", path, "delay", seconds=10, times=3)
    process = started("flows", "pay_bills", SHEET, "--go", **this_server())
    wait_for_a_request(organization, path, process)
    async with journal_stop("fraud"):
        status, printed = ended(process)
        sent = money(organization)
        assert (status, 0 < len(sent) <= 3) == (1, True)
        assert "all money is stopped by Ada since" in printed
    status, printed = ended(started("flows", "pay_bills", SHEET, "--go", **this_server()))
    assert (status, len(money(organization))) == (0, len(days)), printed
    assert len(paid_amounts(organization)) == len(days)


def wait_for_a_request(organization: Organization, path: str, process: subprocess.Popen[str]) -> None:
    """Wait until a request has come in."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not organization.requests("POST", path):
        assert process.poll() is None, ended(process)
        assert time.monotonic() < deadline
        time.sleep(0.05)

"""`make up`: a local BILL, a Prefect server with its UI, and the flows served to its forms. Ctrl-C ends all."""

from __future__ import annotations

import argparse
import asyncio
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from deployments import alone

if __name__ == "__main__":
    alone.leave_others_out()  # before Prefect, which reads its settings when it is imported

from prefect.client.orchestration import get_client
from prefect.runner import Runner
from prefect.settings import PREFECT_API_URL, get_current_settings, temporary_settings

from billcom.emulator import LocalBill
from billcom.errors import BillError
from billcom.settings import Environment, check_names
from deployments import leftovers, planned
from deployments.recovery import HEARTBEAT_SECONDS, recover_for_ever
from deployments.registry import declared, full_name, register_block_types, register_samples, served
from deployments.watch import ServerLog, watch

BILL_PORT = 8118
UI_PORT = 4200
STARTUP_SECONDS = 120
SAMPLES = Path(__file__).parents[1] / "samples"


def main() -> int:
    """Run everything until Ctrl-C or SIGTERM; return the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m deployments.local", description=__doc__, parents=[alone.OPTIONS]
    )
    parser.add_argument("--bill-port", type=int, default=BILL_PORT)
    parser.add_argument("--ui-port", type=int, default=UI_PORT)
    options = parser.parse_args()
    return run(options.bill_port, options.ui_port)


def run(bill_port: int, ui_port: int) -> int:
    """Run everything on these ports until Ctrl-C or SIGTERM; return the exit status."""
    # Also where the shell that started it in the background has Ctrl-C ignored; SIGTERM ends it the same way.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, _as_interrupt)
    if taken := [port for port in (bill_port, ui_port) if not _is_free(port)]:
        print(
            f"make up: port {taken[0]} is in use: stop what listens there, then run it again", file=sys.stderr
        )
        return 1
    ui = f"http://127.0.0.1:{ui_port}"
    try:
        check_names()
        with (
            LocalBill(port=bill_port) as bill,
            _prefect_server(ui_port),
            temporary_settings({PREFECT_API_URL: f"{ui}/api"}),
        ):
            asyncio.run(_serve(bill, ui))
    except KeyboardInterrupt:
        pass
    except (RuntimeError, BillError) as error:
        print(f"make up: {error}", file=sys.stderr)
        return 1
    return 0


async def _serve(bill: LocalBill, ui: str) -> None:
    os.environ |= _environment(bill)
    _forget_writes(Path(os.environ["BILL_STATE_DIR"]))
    _bring_samples(Path(os.environ["BILL_INPUT_DIR"]))
    await _wait_for_server()
    await register_block_types()
    forms = await register_samples()
    runner = Runner()
    for deployment in await served(Environment.LOCAL, forms):
        await runner.aadd_deployment(deployment)
    await _remove_leftovers()
    print(_banner(bill, ui), flush=True)
    beside = [
        asyncio.create_task(watch(_say, Environment.LOCAL, ServerLog(_server_log()))),
        asyncio.create_task(recover_for_ever()),
    ]
    try:
        await runner.start()
    finally:
        for task in beside:
            task.cancel()


async def _remove_leftovers() -> None:
    """Remove what an earlier version served and nothing serves any more."""
    async with get_client() as client:
        registered = await planned.registered(client, Environment.LOCAL)
        wanted = {full_name(deployment): deployment for deployment in declared(Environment.LOCAL)}
        for line in await leftovers.remove(client, registered, wanted):
            _say(line)


def _say(line: str) -> None:
    print(f"make up: {line}", file=sys.stderr, flush=True)


def _server_log() -> Path:
    return get_current_settings().home / "server.log"


def _environment(bill: LocalBill) -> dict[str, str]:
    """Return the environment of the flows: the local BILL and a journal of their own, whatever else is set."""
    return {f"BILL_{name.upper()}": value for name, value in bill.credentials.items()} | {
        "BILL_ENVIRONMENT": "local",
        "BILL_ALLOW_PRODUCTION": "false",
        "BILL_DEVICE": "",
        "BILL_REMEMBER_ME_ID": "",
        "PREFECT_FLOWS_HEARTBEAT_FREQUENCY": str(HEARTBEAT_SECONDS),
        "BILL_JOURNAL_URL": "",
        "BILL_SINGLE_MACHINE": "false",
        "BILL_SEVERAL_MACHINES": "false",
        "BILL_SESSION_KEY": "",
        "BILL_STATE_DIR": str(get_current_settings().home / "billcom"),
        "BILL_INPUT_DIR": str(get_current_settings().home.parent / "input"),
        "BILL_OUTPUT_DIR": str(get_current_settings().home.parent / "output"),
    }


def _bring_samples(folder: Path) -> None:
    """Put the sample sheets where the flows look for sheets, but for those that are there."""
    folder.mkdir(parents=True, exist_ok=True)
    for sample in SAMPLES.iterdir():
        if not (folder / sample.name).exists():
            shutil.copyfile(sample, folder / sample.name)  # without its mode


def _forget_writes(state: Path) -> None:
    """Start the journal anew: this local BILL remembers nothing of what an earlier one was sent."""
    for path in [*state.glob("journal.db*"), *state.glob("witness/*")]:
        path.unlink()


def _banner(bill: LocalBill, ui: str) -> str:
    credentials = bill.credentials
    phone = bill.base_url.replace("/connect", "/_local/phone")
    return f"""
  Prefect UI    {ui}/deployments    choose ap-workflow or ar-workflow, Run, Custom run
  Local BILL    {bill.base_url}
  MFA codes     {phone}    the run pauses for one the first time: Resume, then type it
  Sheets        in {os.environ["BILL_INPUT_DIR"]}
  Workbooks     in {os.environ["BILL_OUTPUT_DIR"]}
  Credentials   {credentials["username"]} / {credentials["password"]}, organization {credentials["organization_id"]},
                developer key {credentials["dev_key"]}

  Ctrl-C stops all of it.
"""


@contextmanager
def _prefect_server(port: int) -> Iterator[None]:
    home = get_current_settings().home
    home.mkdir(parents=True, exist_ok=True)
    settings = {
        # The second UI hides Resume in a menu and asks an analytics host for its settings.
        "PREFECT_SERVER_UI_V2_ENABLED": "false",
        "PREFECT_SERVER_UI_API_URL": f"http://127.0.0.1:{port}/api",
    }
    command = [
        sys.executable,
        "-m",
        "prefect",
        "server",
        "start",
        "--host",
        "127.0.0.1",
        "--port",
        str(port),
    ]
    with _server_log().open("w") as output:
        # A session of its own: Ctrl-C reaches it from here, after the flows have stopped.
        server = subprocess.Popen(
            command, env=os.environ | settings, stdout=output, stderr=output, start_new_session=True
        )
        try:
            yield
        finally:
            server.terminate()
            try:
                server.wait(timeout=15)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()


async def _wait_for_server() -> None:
    for _ in range(STARTUP_SECONDS):
        async with get_client(sync_client=False) as client:
            if await client.api_healthcheck() is None:
                return
        await asyncio.sleep(1)
    raise RuntimeError(f"the Prefect server did not start within {STARTUP_SECONDS} s: see {_server_log()}")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


def _as_interrupt(_signal: int, _frame: object) -> None:
    signal.raise_signal(signal.SIGINT)


if __name__ == "__main__":
    sys.exit(main())

"""What all cases share: a permissive local BILL, a Prefect server, a folder, and a warm process to fork from."""

from __future__ import annotations

import json
import multiprocessing
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from multiprocessing.context import ForkServerContext
from pathlib import Path
from typing import Any

import httpx

from tests.organization import MONDAY, Organization

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 120
# Nothing of what a person has set for BILL or Prefect gets into a case.
_FOREIGN = ("BILL_", "PREFECT_")
_PREFECT = {
    "DO_NOT_TRACK": "1",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_LOGGING_TO_API_ENABLED": "false",
    "PREFECT_LOGGING_LEVEL": "CRITICAL",
    "PREFECT_SERVER_UI_ENABLED": "false",
    "PREFECT_CLI_PROMPT": "false",
}


@dataclass(frozen=True)
class House:
    """The servers and the folder of one proof."""

    bill_url: str
    prefect_url: str
    folder: Path
    processes: ForkServerContext

    def organization(self) -> Organization:
        """Return a new organization at the local BILL."""
        root = self.bill_url.removesuffix("/connect")
        answer = httpx.post(f"{root}/_local/organizations", timeout=30).raise_for_status()
        return Organization(self.bill_url, answer.json())

    def now(self, ahead_seconds: int = 0) -> str:
        """Return the local BILL's time, or that of a clock that is ahead of it."""
        root = self.bill_url.removesuffix("/connect")
        now = httpx.get(f"{root}/_local/clock", timeout=30).raise_for_status().json()["now"]
        return (datetime.fromisoformat(now) + timedelta(seconds=ahead_seconds)).isoformat()


@contextmanager
def open_house(preload: Sequence[str] = (), *, prefect: bool = True, **rules: Any) -> Iterator[House]:
    """Start everything; stop it again after, and remove its folder.

    `preload` names the modules that children find imported. `rules` are set on top of the permissive ones.
    """
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="faults-")))
        for name in [name for name in os.environ if name.startswith(_FOREIGN)]:
            del os.environ[name]
        os.environ |= {**_PREFECT, "PREFECT_HOME": str(folder / "prefect")}
        # Nothing here speaks TLS, and loading every certificate authority takes each process a fifth of a second.
        os.environ["SSL_CERT_DIR"] = str(folder)
        os.environ["PREFECT_PROFILES_PATH"] = str(folder / "prefect" / "profiles.toml")
        bill_url = stack.enter_context(_local_bill(rules))
        prefect_url = stack.enter_context(_prefect_server(folder)) if prefect else ""
        os.environ["PREFECT_API_URL"] = prefect_url
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(list(preload))
        yield House(bill_url, prefect_url, folder, context)


@contextmanager
def _local_bill(rules: dict[str, Any]) -> Iterator[str]:
    command = [sys.executable, "-m", "billcom.emulator", "--port", "0", "--clock", MONDAY, "--permissive"]
    command += [part for name, value in rules.items() for part in ("--rule", f"{name}={value}")]
    with _running(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield json.loads(process.stdout.readline())["base_url"]


@contextmanager
def _prefect_server(folder: Path) -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    url = f"http://127.0.0.1:{port}/api"
    # Without its services, which record task runs and look for late ones, SQLite is seldom busy.
    command = [sys.executable, "-m", "prefect", "server", "start", "--no-services"]
    command += ["--host", "127.0.0.1", "--port", str(port)]
    with (
        (folder / "prefect-server.log").open("w") as log,
        _running(command, stdout=log, stderr=log) as process,
    ):
        deadline = time.monotonic() + START_SECONDS
        while True:
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"Prefect's server did not start: {Path(log.name).read_text()[-2000:]}")
            try:
                httpx.get(f"{url}/health", timeout=5).raise_for_status()
                break
            except httpx.HTTPError:
                time.sleep(0.2)
        yield url


@contextmanager
def _running(command: list[str], **given: Any) -> Iterator[subprocess.Popen[Any]]:
    """Run a program of ours until the end, and never longer."""
    process = subprocess.Popen(command, cwd=ROOT, **given)
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

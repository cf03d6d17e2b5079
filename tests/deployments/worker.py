"""A Prefect server, a local BILL and a worker on ports of their own, started as `make deploy` and `make worker` do."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from billcom.emulator import LocalBill
from tests.deployments.up import ROOT, free_port
from tests.organization import MONDAY, Organization

DEADLINE_SECONDS = 480
"""For a machine that does much besides."""


def until(happened: Callable[[], Any], what: str, seconds: float = DEADLINE_SECONDS) -> Any:
    """Return the first true value; fail when none comes in time."""
    deadline = time.monotonic() + seconds
    while not (value := happened()):
        assert time.monotonic() < deadline, f"waited {seconds:.0f} s for: {what}"
        time.sleep(0.1)
    return value


class Machine:
    """One machine with everything on it. `folder` is new: Prefect's files, the journal and the sheets are in it."""

    def __init__(self, folder: Path, bill: LocalBill, organization: Organization) -> None:
        self.folder, self.bill, self.organization = folder, bill, organization
        self.input = folder / "input"
        self.input.mkdir()
        self.port = free_port()
        api = f"http://127.0.0.1:{self.port}/api"
        kept = {name: v for name, v in os.environ.items() if not name.startswith(("BILL_", "PREFECT_"))}
        self.environment = {
            **kept,
            **organization.environment(folder),
            "BILL_INPUT_DIR": str(self.input),
            "BILL_OUTPUT_DIR": str(folder / "output"),
            "BILL_SETTLE_SECONDS": "4",
            "PREFECT_HOME": str(folder / "prefect"),
            "PREFECT_PROFILES_PATH": str(folder / "prefect" / "profiles.toml"),
            "PREFECT_API_URL": api,
            "PREFECT_WORKER_QUERY_SECONDS": "1",
            "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
            "PREFECT_CLI_PROMPT": "false",
            "DO_NOT_TRACK": "1",
        }
        self.api = httpx.Client(base_url=api, timeout=60)

    def command(self, *words: str) -> str:
        """Run a command to its end; return what it printed."""
        done = subprocess.run(
            [sys.executable, "-m", *words], cwd=ROOT, env=self.environment, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    @contextmanager
    def process(self, name: str, *words: str) -> Iterator[subprocess.Popen[bytes]]:
        """Start a command; end it on leaving."""
        with (self.folder / f"{name}.log").open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", *words], cwd=ROOT, env=self.environment, stdout=log, stderr=log
            )
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(60)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def start(self, deployment: str, **parameters: Any) -> str:
        """Run a deployment, `flow/deployment`; return the run's id."""
        found = self.api.get(f"/deployments/name/{deployment}").raise_for_status().json()["id"]
        made = self.api.post(f"/deployments/{found}/create_flow_run", json={"parameters": parameters})
        return made.raise_for_status().json()["id"]

    def run(self, run_id: str) -> dict[str, Any]:
        """Return a run as Prefect has it now."""
        return self.api.get(f"/flow_runs/{run_id}").raise_for_status().json()

    def ended(self, run_id: str, *states: str) -> dict[str, Any]:
        """Return a run once it is in one of these states, of all that are final unless named."""
        wanted = states or ("COMPLETED", "FAILED", "CRASHED", "CANCELLED")
        until(lambda: self.run(run_id)["state_type"] in wanted, f"run {run_id} is {wanted}")
        return self.run(run_id)

    def artifacts(self, run_id: str, kind: str = "markdown") -> list[dict[str, Any]]:
        """Return a run's artifacts of a type, the oldest first."""
        asked = {"artifacts": {"flow_run_id": {"any_": [run_id]}, "type": {"any_": [kind]}}, "limit": 200}
        found = self.api.post("/artifacts/filter", json=asked).raise_for_status().json()
        return sorted(found, key=lambda made: made["created"])

    def paid(self, organization: Organization | None = None) -> int:
        """Return how many payments BILL has."""
        return len((organization or self.organization).records("payments"))


@contextmanager
def machine(folder: Path, **rules: Any) -> Iterator[Machine]:
    """Start everything, register the deployments, and start the worker."""
    with (
        LocalBill(clock=MONDAY, rules=rules) as bill,
        Organization.new(bill) as organization,
    ):
        made = Machine(folder, bill, organization)
        server = ["prefect", "server", "start", "--host", "127.0.0.1", "--port", str(made.port)]
        with made.process("server", *server), made.api:
            until(lambda: _answers(made.api), "the server answers")
            made.command("deployments.deploy")
            with made.process("worker", "deployments.worker", "--limit", "6"):
                yield made


def _answers(api: httpx.Client) -> bool:
    try:
        return api.get("/health").status_code == 200
    except httpx.HTTPError:
        return False

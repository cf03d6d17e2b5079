"""`make up`, as a person uses it: started, a workflow run from its form's defaults, stopped by Ctrl-C."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.deployments.up import ROOT, Up, free_port, listens

pytestmark = pytest.mark.slow

DEADLINE_SECONDS = 180


@pytest.fixture
def up(tmp_path: Path) -> Iterator[Up]:
    """Everything running; stopped if the test did not stop it."""
    with Up(tmp_path) as up:
        yield up


def finished(api: httpx.Client, run_id: str) -> dict[str, Any]:
    """Wait for a run to end and return it."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while time.monotonic() < deadline:
        run = api.get(f"/flow_runs/{run_id}").raise_for_status().json()
        if run["state_type"] in ("COMPLETED", "FAILED", "CRASHED", "CANCELLED"):
            return run
        time.sleep(0.2)
    raise AssertionError("the run did not end")


def stops(up: Up, by: signal.Signals) -> None:
    """Check that a signal ends everything, without a traceback, and that nothing listens any more."""
    printed = up.stop(by)
    assert up.process.returncode == 0
    assert "Traceback" not in printed
    assert not listens(up.bill_port) and not listens(up.ui_port)


def test_runs_from_its_form_and_stops_by_ctrl_c(up: Up) -> None:
    assert re.findall(r"http://\S+", up.banner()) == [
        f"http://127.0.0.1:{up.ui_port}/deployments",
        f"http://127.0.0.1:{up.bill_port}/connect",
        f"http://127.0.0.1:{up.bill_port}/_local/phone",
    ]
    with httpx.Client(base_url=f"{up.ui}/api", timeout=30) as api:
        form = api.get("/deployments/name/ap-workflow/on-demand-local").raise_for_status().json()
        code_from = form["parameter_openapi_schema"]["definitions"]["CodeSource"]["enum"][1]
        answer = api.post(
            f"/deployments/{form['id']}/create_flow_run",
            json={"parameters": form["parameters"] | {"code_from": code_from}},
        )
        run = finished(api, answer.raise_for_status().json()["id"])
        assert (run["state_name"], run["name"]) == ("Completed", "pay INV-1001 of Happy Music Supplies")
        assert "111222333" not in str(run["parameters"])
    stops(up, signal.SIGINT)


def test_stops_by_sigterm(up: Up) -> None:
    up.banner()
    stops(up, signal.SIGTERM)


def test_a_port_in_use_is_named(tmp_path: Path) -> None:
    port = free_port()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", port))
        taken.listen()
        answer = subprocess.run(
            [sys.executable, "-m", "deployments.local", "--bill-port", str(port), "--folder", str(tmp_path)],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
    assert answer.returncode == 1
    assert answer.stderr == f"make up: port {port} is in use: stop what listens there, then run it again\n"

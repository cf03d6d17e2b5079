"""`make up`, as a person uses it: started, a workflow run from its form's defaults, stopped by Ctrl-C."""

from __future__ import annotations

import os
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

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
DEADLINE_SECONDS = 180


def free_port() -> int:
    """Return a port nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def ports() -> tuple[int, int]:
    """Ports of the local BILL and of Prefect's UI."""
    return free_port(), free_port()


@pytest.fixture
def up(ports: tuple[int, int], tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """Everything running; killed if the test did not stop it."""
    bill_port, ui_port = map(str, ports)
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("BILL_", "PREFECT_"))}
    own = {
        "PREFECT_HOME": str(tmp_path / "prefect"),
        "DO_NOT_TRACK": "1",
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "deployments.local", "--bill-port", bill_port, "--ui-port", ui_port],
        cwd=ROOT,
        env=kept | own,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    yield process
    if process.poll() is None:
        process.kill()
    process.communicate()


def banner(process: subprocess.Popen[str]) -> str:
    """Read what it prints until it is ready."""
    assert process.stdout is not None
    lines: list[str] = []
    for line in process.stdout:
        lines.append(line)
        if "Ctrl-C" in line:
            return "".join(lines)
    raise AssertionError("".join(lines))


def finished(api: httpx.Client, run_id: str) -> dict[str, Any]:
    """Wait for a run to end and return it."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while time.monotonic() < deadline:
        run = api.get(f"/flow_runs/{run_id}").raise_for_status().json()
        if run["state_type"] in ("COMPLETED", "FAILED", "CRASHED", "CANCELLED"):
            return run
        time.sleep(0.2)
    raise AssertionError("the run did not end")


def stops(up: subprocess.Popen[str], ports: tuple[int, int], by: signal.Signals) -> None:
    """Check that a signal ends everything, without a traceback, and that nothing listens any more."""
    up.send_signal(by)
    rest, _ = up.communicate(timeout=30)
    assert up.returncode == 0
    assert "Traceback" not in rest
    for port in ports:
        with socket.socket() as probe:
            assert probe.connect_ex(("127.0.0.1", port)) != 0


def test_runs_from_its_form_and_stops_by_ctrl_c(up: subprocess.Popen[str], ports: tuple[int, int]) -> None:
    said = banner(up)
    ui = f"http://127.0.0.1:{ports[1]}"
    assert re.findall(r"http://\S+", said) == [
        f"{ui}/deployments",
        f"http://127.0.0.1:{ports[0]}/connect",
        f"http://127.0.0.1:{ports[0]}/_local/phone",
    ]
    with httpx.Client(base_url=f"{ui}/api", timeout=30) as api:
        form = api.get("/deployments/name/ap-workflow/on-demand-local").raise_for_status().json()
        code_from = form["parameter_openapi_schema"]["definitions"]["CodeSource"]["enum"][1]
        answer = api.post(
            f"/deployments/{form['id']}/create_flow_run",
            json={"parameters": form["parameters"] | {"code_from": code_from}},
        )
        run = finished(api, answer.raise_for_status().json()["id"])
        assert (run["state_name"], run["name"]) == ("Completed", "pay INV-1001 of Happy Music Supplies")
        assert "111222333" not in str(run["parameters"])
    stops(up, ports, signal.SIGINT)


def test_stops_by_sigterm(up: subprocess.Popen[str], ports: tuple[int, int]) -> None:
    banner(up)
    stops(up, ports, signal.SIGTERM)


def test_a_port_in_use_is_named(ports: tuple[int, int]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", ports[0]))
        taken.listen()
        answer = subprocess.run(
            [sys.executable, "-m", "deployments.local", "--bill-port", str(ports[0])],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
    assert answer.returncode == 1
    assert (
        answer.stderr == f"make up: port {ports[0]} is in use: stop what listens there, then run it again\n"
    )

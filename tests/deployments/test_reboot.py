"""The machine goes down in the middle of a payment run: Prefect's server, the worker and the run die together."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest

from billcom.inputs import CodeSource
from tests.billcom.tables.sheets import as_csv
from tests.cluster.fleet import Fleet, local_bill
from tests.cluster.house import end
from tests.deployments.up import ROOT, free_port
from tests.flows.payment_sheets import PIANO, VENDOR, row

pytestmark = pytest.mark.service

BILLS = 300
DEADLINE_SECONDS = 900


class Machine:
    """Prefect's server and a worker with one organization of a local BILL, as on one machine; killed on leaving."""

    def __init__(self, folder: Path, fleet: Fleet) -> None:
        port = free_port()
        made = fleet.control("POST", "/organizations", {"count": 1})["organizations"][0]
        fleet.sign_ins["one"] = made
        self.folder = folder
        self.address = f"http://127.0.0.1:{port}/api"
        self._server = ["prefect", "server", "start", "--host", "127.0.0.1", "--port", str(port)]
        kept = {n: v for n, v in os.environ.items() if not n.startswith(("BILL_", "BILLCOM_", "PREFECT_"))}
        self._environment = kept | {
            "DO_NOT_TRACK": "1",
            "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
            "PREFECT_HOME": str(folder / "prefect"),
            "PREFECT_API_URL": self.address,
            "PREFECT_WORKER_QUERY_SECONDS": "2",
            "BILL_ENVIRONMENT": "local",
            "BILL_BASE_URL": fleet.base_url,
            **{
                f"BILL_{name.upper()}": made[name]
                for name in ("username", "password", "organization_id", "dev_key")
            },
            **{f"BILL_{name.upper()}_DIR": str(folder / name) for name in ("state", "input", "output")},
        }
        self._parts: list[subprocess.Popen[bytes]] = []
        (folder / "prefect").mkdir()

    def __enter__(self) -> Machine:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def start(self) -> None:
        """Start the server, register the deployments, and start a worker."""
        self._part("server", *self._server)
        until(self._is_healthy, "the server answers")
        subprocess.run(
            [sys.executable, "-m", "deployments.deploy"],
            cwd=ROOT,
            env=self._environment,
            check=True,
            capture_output=True,
        )
        self._part("worker", "deployments.worker")

    def kill(self) -> None:
        """Kill all of it at once, as a power failure does."""
        for part in self._parts:
            end(part)
        self._parts.clear()

    def press_run(self, deployment: str, **parameters: Any) -> str:
        """Start a run of a deployment; return its id."""
        found = self.get(f"/deployments/name/{deployment}")["id"]
        answer = httpx.post(
            f"{self.address}/deployments/{found}/create_flow_run", json={"parameters": parameters}, timeout=60
        )
        return answer.raise_for_status().json()["id"]

    def get(self, path: str) -> Any:
        """Read from Prefect's API."""
        return httpx.get(f"{self.address}{path}", timeout=60).raise_for_status().json()

    def _part(self, name: str, *words: str) -> None:
        with (self.folder / f"{name}.log").open("ab") as log:
            self._parts.append(
                subprocess.Popen(
                    [sys.executable, "-m", *words],
                    cwd=ROOT,
                    env=self._environment,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                )
            )

    def _is_healthy(self) -> bool:
        try:
            return httpx.get(f"{self.address}/health", timeout=5).status_code == 200
        except httpx.HTTPError:
            return False


def until(condition: Callable[[], bool], what: str) -> None:
    """Return once something is so. Raises AssertionError when it is not within the time."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, f"not within {DEADLINE_SECONDS} s: {what}"
        time.sleep(0.2)


@pytest.fixture
def fleet(tmp_path: Path) -> Iterator[Fleet]:
    """A local BILL that is slow to pay, so that the run is struck in the middle."""
    with local_bill("--state", str(tmp_path / "bill.json"), "--rule", "latency_ms=200") as fleet:
        yield fleet


def test_run_goes_on_after_a_reboot_and_pays_each_bill_once(fleet: Fleet, tmp_path: Path) -> None:
    rows = [row(f"INV-{n}", f"{n + 1}.00", VENDOR if n % 2 else PIANO) for n in range(BILLS)]
    with ExitStack() as stack:
        machine = stack.enter_context(Machine(tmp_path, fleet))
        (tmp_path / "input").mkdir()
        (tmp_path / "input" / "sheet.csv").write_bytes(as_csv(*rows))
        machine.start()
        run_id = machine.press_run(
            "pay-bills/on-demand-local",
            source="sheet.csv",
            dry_run=False,
            code_from=CodeSource.LOCAL_PHONE.value,
        )
        until(lambda: fleet.requests_that_paid() > 0, "payments go out")
        machine.kill()
        killed, paid_before = time.monotonic(), sum(fleet.paid("one").values())
        machine.start()
        started = time.monotonic()

        def has_ended() -> bool:
            return machine.get(f"/flow_runs/{run_id}")["state_type"] in ("COMPLETED", "FAILED", "CANCELLED")

        until(has_ended, "the run has ended")
        seconds, run = time.monotonic(), machine.get(f"/flow_runs/{run_id}")
        states = machine.get(f"/flow_run_states/?flow_run_id={run_id}")
    print(
        json.dumps(
            {
                "paid_before_the_kill": paid_before,
                "seconds_from_the_kill": round(seconds - killed, 1),
                "seconds_from_the_worker's_start": round(seconds - started, 1),
                "states": [f"{s['timestamp']} {s['name']} {s['message']}" for s in states],
            },
            indent=1,
        )
    )
    assert 0 < paid_before < BILLS
    assert run["state_type"] == "COMPLETED", run["state"]["message"]
    assert run["run_count"] == 2
    assert Counter(Counter(fleet.paid("one")).values()) == {1: BILLS}

"""`make deploy` and `make worker`: registered once and again, and one clear line for whatever is in the way."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from uuid import UUID

import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import StateType
from prefect.settings import PREFECT_API_URL

from billcom.errors import SettingsError
from billcom.settings import Environment
from deployments import automations, deploy, recovery, registry, worker
from deployments.registry import ROOT
from tests.deployments.up import free_port
from tests.organization import Organization
from tests.schedules.service import service

pytestmark = [pytest.mark.anyio, pytest.mark.service]

SECRET = "json://user:very-secret@127.0.0.1:9/"


class OldServer(BaseHTTPRequestHandler):
    """A Prefect server of another version."""

    def do_GET(self) -> None:
        """Answer that all is well, and which version this is."""
        body = b'"2.0.0"' if self.path.endswith("/version") else b"true"
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@pytest.fixture
def old_server() -> Iterator[str]:
    """The address of a server of another version."""
    with HTTPServer(("127.0.0.1", 0), OldServer) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/api"
        server.shutdown()
        thread.join()


def ran(module: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a module as its make target does, in a bare environment."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    bare = {"PREFECT_HOME": str(folder / "prefect"), "DO_NOT_TRACK": "1", "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        [sys.executable, "-m", f"deployments.{module}"],
        cwd=folder,
        env=kept | bare | {"BILL_STATE_DIR": str(folder / "state")} | environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_everything_is_registered_and_again(organization: Organization, tmp_path: Path) -> None:
    with service(tmp_path, **organization.environment(tmp_path)) as running:
        for _ in range(2):
            done = running.deploy(BILL_NOTIFY_URL=SECRET)
            assert (done.returncode, done.stderr) == (0, "")
            assert done.stdout.startswith("16 deployments for local, work pool bill (process):\n")
            assert done.stdout.count(": 3 runs planned, the next on ") == 4
            assert "very-secret" not in done.stdout
        with running.api() as api:
            mine = api.post("/deployments/filter", json={}).raise_for_status().json()
            known = {a["name"] for a in api.post("/automations/filter", json={}).raise_for_status().json()}
    assert len(mine) == 16
    assert {(d["work_pool_name"], d["paused"]) for d in mine} == {(worker.POOL, False)}
    assert {str(d["pull_steps"]) for d in mine} == {"[{'billcom.checkout.enter': {}}]"}
    wanted = automations.notification(UUID(int=0))
    assert known == {automation.name for automation in wanted}


async def test_registered_forms_are_those_that_make_up_serves(
    prefect: None, organization: Organization, tmp_path: Path
) -> None:
    server = {"PREFECT_API_URL": str(PREFECT_API_URL.value())}
    assert ran("deploy", tmp_path, **server, **organization.environment(tmp_path)).returncode == 0
    served = await registry.served(Environment.LOCAL, await registry.register_samples())
    async with get_client() as client:
        for form in served:
            registered = await client.read_deployment_by_name(f"{form.flow_name}/{form.name}")
            assert registered.parameters == form.parameters
            assert registered.parameter_openapi_schema == form._parameter_openapi_schema.model_dump()
            assert registered.enforce_parameter_schema == form.enforce_parameter_schema is True


@pytest.mark.parametrize("module", ["deploy", "worker"])
def test_a_server_of_another_version_is_named_and_nothing_is_registered(
    module: str, old_server: str, tmp_path: Path
) -> None:
    done = ran(module, tmp_path, PREFECT_API_URL=old_server)
    assert done.returncode == 1
    assert "is 2.0.0, Prefect here " in done.stderr and "nothing was done" in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("module", ["deploy", "worker"])
def test_a_server_that_is_not_there_is_named(module: str, tmp_path: Path) -> None:
    address = f"http://127.0.0.1:{free_port()}/api"
    done = ran(module, tmp_path, PREFECT_API_URL=address)
    assert done.returncode == 1
    assert f"PREFECT_API_URL {address}: no Prefect server answers there" in done.stderr
    assert "Traceback" not in done.stderr


def test_without_a_server_it_says_what_to_set(tmp_path: Path) -> None:
    done = ran("deploy", tmp_path)
    assert (done.returncode, done.stderr) == (
        1,
        "make deploy: PREFECT_API_URL is not set: say which Prefect server, such as http://127.0.0.1:4200/api\n",
    )


@pytest.mark.parametrize(
    ("environment", "says"),
    [
        ({"BILL_ENVIRONMENT": "test"}, "BILL_ENVIRONMENT: use one of local, sandbox, production"),
        ({"BILL_NOTIFY_URL": "very-secret"}, "BILL_NOTIFY_URL is no address Apprise knows"),
        (
            {"BILL_NOTIFY_ULR": "very-secret"},
            "BILL_NOTIFY_ULR is not a setting: did you mean BILL_NOTIFY_URL?",
        ),
    ],
)
def test_a_setting_it_can_not_use_is_named_and_not_shown(
    environment: dict[str, str], says: str, tmp_path: Path
) -> None:
    done = ran("deploy", tmp_path, **environment)
    assert done.returncode == 1
    assert says in done.stderr and "very-secret" not in done.stderr
    assert "Traceback" not in done.stderr


async def test_a_schedule_in_the_past_registers_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    past = tmp_path / "prefect.yaml"
    past.write_text(
        registry.FILE.read_text(encoding="utf-8").replace("cron: 0 9 * * 1-5", "rrule: FREQ=DAILY;COUNT=1"),
        encoding="utf-8",
    )
    monkeypatch.setattr(registry, "FILE", past)
    with pytest.raises(SettingsError) as caught:
        await deploy.check_schedules(Environment.LOCAL)
    assert str(caught.value) == (
        "prefect.yaml, weekdays-local of flows/payment_runs.py:pay_due_bills: schedule every-weekday: all its times "
        "are past: correct rrule, or remove it; nothing was registered"
    )


@pytest.mark.parametrize(
    ("environment", "says"),
    [
        (
            {
                "BILL_SEVERAL_MACHINES": "true",
                "BILL_JOURNAL_URL": "postgresql+asyncpg://billcom@127.0.0.1:9/billcom",
            },
            "BILL_SESSION_KEY is missing",
        ),
        ({"BILL_SEVERAL_MACHINES": "true"}, "BILL_JOURNAL_URL names no PostgreSQL"),
        (
            {"BILL_JOURNAL_URL": "postgresql+asyncpg://billcom@127.0.0.1:9/billcom"},
            "the journal (BILL_JOURNAL_URL)",
        ),
        ({"BILL_MAX_AMUONT": "1"}, "BILL_MAX_AMUONT is not a setting: did you mean BILL_MAX_AMOUNT?"),
    ],
)
def test_a_worker_whose_settings_are_not_safe_does_not_start(
    environment: dict[str, str], says: str, tmp_path: Path
) -> None:
    done = ran("worker", tmp_path, **environment)
    assert done.returncode == 1
    assert says in done.stderr
    assert "Traceback" not in done.stderr


async def test_a_worker_without_a_work_pool_says_who_makes_it(
    prefect: None, monkeypatch: pytest.MonkeyPatch, organization: Organization
) -> None:
    monkeypatch.setattr(worker, "POOL", "none")
    with pytest.raises(SettingsError, match="there is no work pool 'none' at http"):
        await worker.check()


def test_a_run_says_it_is_alive_as_often_as_recovery_expects() -> None:
    environment = worker.environment()
    assert environment["PREFECT_FLOWS_HEARTBEAT_FREQUENCY"] == "30"
    assert environment["BILLCOM_HOME"] == str(ROOT)
    assert recovery.PATIENCE[StateType.RUNNING].total_seconds() == 90

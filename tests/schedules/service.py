"""A Prefect server of its own, on SQLite or PostgreSQL, with all deployments registered, and a worker for them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx

from deployments.registry import ROOT
from tests.cluster.databases import free_port, postgres, until
from tests.cluster.house import end

SERVER_SECONDS = 300
EVERY_MINUTE = "* * * * *"
_KEPT = ("PATH", "HOME", "LANG", "TMPDIR", "TZ")
_ERROR = re.compile(r"\| (?:ERROR|CRITICAL) +\| (.*)")
_REASON = re.compile(r"^(?:\w+\.)*\w*(?:Error|Exception)\b.*")
_VARIES = re.compile(r"\[[^\]]*\]|'[^']*'|\b[0-9a-f-]{36}\b|\d+")


class Service:
    """The server, and what is started beside it; all of it is killed on leaving."""

    def __init__(self, folder: Path, environment: Mapping[str, str], stack: ExitStack) -> None:
        port = free_port()
        self.folder = folder
        self.address = f"http://127.0.0.1:{port}/api"
        self.environment = {name: os.environ[name] for name in _KEPT if name in os.environ} | {
            "PREFECT_HOME": str(folder / "prefect"),
            "PREFECT_API_URL": self.address,
            "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
            "PREFECT_WORKER_QUERY_SECONDS": "2",
            "DO_NOT_TRACK": "1",
            **environment,
        }
        self.environment["PYTHONPATH"] = os.pathsep.join([str(ROOT), environment.get("PYTHONPATH", "")])
        self._stack = stack
        self._part("server", "prefect", "server", "start", "--host", "127.0.0.1", "--port", str(port))
        until(self._is_healthy, "Prefect's server answers", SERVER_SECONDS)

    def deploy(self, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run `make deploy`."""
        return subprocess.run(
            [sys.executable, "-m", "deployments.deploy"],
            cwd=self.folder,
            env=self.environment | environment,
            capture_output=True,
            text=True,
            check=False,
        )

    def worker(self, limit: int = 4) -> None:
        """Start a worker, as `make worker` does."""
        self._part("worker", "deployments.worker", "--limit", str(limit))

    def api(self) -> httpx.Client:
        """Return a client of the server's API."""
        return httpx.Client(base_url=self.address, timeout=60)

    def log(self, name: str = "server") -> str:
        """Return what the server, or the worker, has printed."""
        return (self.folder / f"{name}.log").read_text(encoding="utf-8", errors="replace")

    def errors(self) -> Counter[str]:
        """Return the error lines of the server's log with their exceptions, without what differs each time."""
        found: list[str] = []
        has_reason = True
        for line in self.log().splitlines():
            if error := _ERROR.search(line):
                found.append(error[1])
                has_reason = False
            elif not has_reason and _REASON.match(line):
                found[-1] += f" ({line[:100]})"
                has_reason = True
        return Counter(_VARIES.sub("…", each) for each in found)

    def _part(self, name: str, *words: str) -> None:
        with (self.folder / f"{name}.log").open("wb") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", *words],
                cwd=self.folder,
                env=self.environment,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._stack.callback(end, process)

    def _is_healthy(self) -> bool:
        try:
            return httpx.get(f"{self.address}/health", timeout=5).status_code == 200
        except httpx.HTTPError:
            return False


@contextmanager
def service(folder: Path, database: str = "sqlite", **environment: str) -> Iterator[Service]:
    """A running server on `sqlite` or `postgresql`; PostgreSQL skips the test where it is not installed."""
    with ExitStack() as stack:
        if database == "postgresql":
            url = stack.enter_context(postgres()).url("prefect")
            environment |= {"PREFECT_SERVER_DATABASE_CONNECTION_URL": url}
        yield Service(folder, environment, stack)


def schedules(api: httpx.Client) -> dict[str, dict[str, Any]]:
    """Return every schedule on the server, its deployment's id added, by the deployment's `flow/name` and the slug."""
    flows = {flow["id"]: flow["name"] for flow in _all(api, "/flows/filter", {})}
    return {
        f"{flows[deployment['flow_id']]}/{deployment['name']}, {schedule['slug']}": schedule
        | {"deployment_id": deployment["id"]}
        for deployment in _all(api, "/deployments/filter", {})
        for schedule in deployment["schedules"]
    }


def start_every_minute(api: httpx.Client, schedule: dict[str, Any]) -> None:
    """Have a schedule start a run every minute."""
    changed = {"schedule": {"cron": EVERY_MINUTE, "timezone": "UTC"}, "active": True}
    path = f"/deployments/{schedule['deployment_id']}/schedules/{schedule['id']}"
    api.patch(path, json=changed).raise_for_status()


def runs_of(api: httpx.Client, schedule: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the runs that the server has planned for a schedule, the earliest first."""
    body = {
        "flow_runs": {"created_by": {"id_": [schedule["id"]]}},
        "sort": "EXPECTED_START_TIME_ASC",
    }
    return _all(api, "/flow_runs/filter", body)


def _all(api: httpx.Client, path: str, body: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    while page := api.post(path, json=body | {"offset": len(found), "limit": 200}).raise_for_status().json():
        found += page
    return found

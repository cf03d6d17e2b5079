"""The service of `deployments/compose.yaml` without Docker: the same commands, the same environment file."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import httpx
import yaml

from deployments import secrets
from deployments.registry import ROOT
from tests.cluster.balancer import balancer
from tests.cluster.databases import Postgres, free_port, postgres, redis, until

DEPLOYMENTS = ROOT / "deployments"
SERVER_SECONDS = 120


def environment_file(text: str) -> dict[str, str]:
    """Return the variables of an environment file."""
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return dict(line.split("=", 1) for line in lines)


def commands() -> dict[str, list[str]]:
    """Return what each part of the service runs, by its name in the compose file."""
    parts = yaml.safe_load((DEPLOYMENTS / "compose.yaml").read_text(encoding="utf-8"))["services"]
    return {name: part["command"] for name, part in parts.items()}


class House:
    """PostgreSQL, Redis, two API servers behind a balancer, the services: all but the workers, which tests add."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self.folder = folder
        self._stack = stack
        made = environment_file(secrets.content())
        self.postgres: Postgres = stack.enter_context(postgres(made["PGPASSWORD"]))
        redis_port = stack.enter_context(redis(folder / "redis"))
        self.server_ports = [free_port(), free_port()]
        api = stack.enter_context(balancer(self.server_ports))
        self.ui = f"http://127.0.0.1:{api}"
        self.environment = _bare() | _located(
            environment_file((DEPLOYMENTS / "service.env").read_text(encoding="utf-8")) | made,
            {"postgres:5432": f"127.0.0.1:{self.postgres.port}", "redis:6379": f"127.0.0.1:{redis_port}"},
        )
        self.environment |= {
            "PREFECT_SERVER_DATABASE_HOST": "127.0.0.1",
            "PREFECT_SERVER_DATABASE_PORT": str(self.postgres.port),
            "PREFECT_REDIS_MESSAGING_HOST": "127.0.0.1",
            "PREFECT_REDIS_MESSAGING_PORT": str(redis_port),
            "PREFECT_API_URL": f"{self.ui}/api",
            "PREFECT_UI_URL": self.ui,
            "PREFECT_SERVER_UI_API_URL": f"{self.ui}/api",
        }
        self.servers: list[subprocess.Popen[bytes]] = []

    def start(self) -> None:
        """Bring everything up, in the order of the compose file, and register the deployments."""
        self.once("migrate")
        for (
            port
        ) in self.server_ports:  # the first alone: two at once race for the block types of a new database
            place = {"0.0.0.0": "127.0.0.1", "4200": str(port)}
            self.servers.append(self.part("server", f"server-{port}", changed=place))
            until(lambda port=port: _is_healthy(port), "the API server answers", SERVER_SECONDS)
        self.part("services", "services")
        self.once("deploy")

    def once(self, name: str) -> str:
        """Run a part that ends; return what it printed."""
        done = subprocess.run(
            _here(commands()[name]),
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{name}: {done.stdout}{done.stderr}"
        return done.stdout

    def part(
        self,
        name: str,
        log: str,
        *words: str,
        changed: dict[str, str] | None = None,
        environment: dict[str, str] | None = None,
    ) -> subprocess.Popen[bytes]:
        """Start a part that stays, as a leader of its own session, with more words; it is killed at the end."""
        command = [(changed or {}).get(word, word) for word in _here([*commands()[name], *words])]
        with (self.folder / f"{log}.log").open("wb") as output:
            process = subprocess.Popen(
                command,
                cwd=ROOT,
                env=self.environment | (environment or {}),
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._stack.callback(end, process)
        return process

    def worker(self, name: str, limit: int, environment: dict[str, str]) -> subprocess.Popen[bytes]:
        """Start a worker as on a machine of its own: its own state directory, its own results."""
        machine = self.folder / name
        machine.mkdir()  # Prefect makes no folder's parents
        own = {
            "BILL_STATE_DIR": str(machine / "state"),
            "BILL_OUTPUT_DIR": str(machine / "output"),
            "PREFECT_HOME": str(machine / "prefect"),
            "PREFECT_WORKER_QUERY_SECONDS": "2",
        }
        return self.part("worker", name, "--name", name, "--limit", str(limit), environment=own | environment)

    def api(self) -> httpx.Client:
        """Return a client of Prefect's API."""
        user, _, password = self.environment["PREFECT_API_AUTH_STRING"].partition(":")
        return httpx.Client(
            base_url=f"{self.ui}/api",
            auth=(user, password),
            timeout=30,
            transport=httpx.HTTPTransport(retries=5),
        )


def end(process: subprocess.Popen[bytes]) -> None:
    """Kill a process and all it has started, and wait for it."""
    kill_whole(process.pid)
    process.wait()


def kill_whole(pid: int, how: signal.Signals = signal.SIGKILL) -> int:
    """Send a signal to a process and all it has started; return how many got it."""
    killed = 0
    for each in reversed(family(pid)):
        try:
            os.kill(each, how)
            killed += 1
        except ProcessLookupError:
            continue
    return killed


def runs_of(pid: int) -> set[str]:
    """Return the ids of the flow runs that a process and all it has started are for."""
    found: set[str] = set()
    for each in family(pid):
        with suppress(OSError):
            words = (Path("/proc") / str(each) / "environ").read_text(errors="replace").split("\0")
            found |= {word.partition("=")[2] for word in words if word.startswith("PREFECT__FLOW_RUN_ID=")}
    return found


def family(pid: int) -> list[int]:
    """Return a process and everything that descends from it, parents first."""
    parents: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            parents.setdefault(int(fields[1]), []).append(int(entry.name))
    found = [pid]
    for each in found:
        found += parents.get(each, [])
    return found


@contextmanager
def house(folder: Path, notify_url: str = "") -> Iterator[House]:
    """The whole service, up and registered; notifications go to an address."""
    with ExitStack() as stack:
        made = House(folder, stack)
        made.environment["BILL_NOTIFY_URL"] = notify_url
        made.start()
        yield made


def _bare() -> dict[str, str]:
    kept = ("PATH", "HOME", "LANG", "TMPDIR", "TZ")
    return {name: os.environ[name] for name in kept if name in os.environ}


def _located(values: dict[str, str], places: dict[str, str]) -> dict[str, str]:
    """Return variables with the hosts of the compose file in the places where they are here."""
    found = dict(values)
    for name, value in values.items():
        for host, place in places.items():
            value = value.replace(host, place)
        found[name] = value
    return found


def _here(command: list[str]) -> list[str]:
    """Return a command of the image as this machine runs it: by the interpreter of these tests."""
    program, *words = command
    return [sys.executable, *words] if program == "python" else [sys.executable, "-m", program, *words]


def _is_healthy(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/api/health", timeout=2).status_code == 200
    except httpx.HTTPError:
        return False

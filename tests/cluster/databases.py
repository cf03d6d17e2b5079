"""A PostgreSQL and a Redis of the tests' own, on free ports of this machine, from the system's packages."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

DEADLINE_SECONDS = 60
_POSTGRES_HOMES = "/usr/lib/postgresql"


def free_port() -> int:
    """Return a port nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def until(condition: Callable[[], bool], what: str, seconds: float = DEADLINE_SECONDS) -> None:
    """Return once something is so. Raises AssertionError when it is not within the time."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds:g} s: {what}"
        time.sleep(0.1)


def is_listening(port: int) -> bool:
    """Return whether something listens on a port of this machine."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


class Postgres:
    """A PostgreSQL server with user and database `billcom`, and a second database `prefect`."""

    def __init__(self, password: str) -> None:
        self.port = free_port()
        self.password = password
        self.folder = Path(
            tempfile.mkdtemp(prefix="billcom-postgres-")
        )  # not pytest's, which root alone may enter
        self._data = self.folder / "data"
        self._log = self.folder / "postgres.log"

    def make(self) -> None:
        """Make its files."""
        secret = self.folder / "password"
        secret.write_text(self.password)
        if os.geteuid() == 0:
            # PostgreSQL refuses to run as root.
            for path in (self.folder, secret):
                shutil.chown(path, "postgres", "postgres")
        self._run(
            "initdb", "--username=billcom", f"--pwfile={secret}", "--auth=scram-sha-256", "--encoding=UTF8"
        )

    def start(self) -> None:
        """Serve; return once it answers."""
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c max_connections=200"
        self._run("pg_ctl", "--wait", f"--log={self._log}", f"--options={options}", "start")

    def stop(self, how: str = "immediate") -> None:
        """Stop at once, as a power failure does; `how` may be smart or fast."""
        self._run("pg_ctl", "--wait", f"--mode={how}", "stop")

    def is_running(self) -> bool:
        """Return whether it serves."""
        return is_listening(self.port)

    def sql(self, statement: str, database: str = "postgres") -> str:
        """Run a statement; return what it prints."""
        command = [
            program("psql"), "--no-psqlrc", "--tuples-only", "--no-align", "--host=127.0.0.1", f"--port={self.port}",
            "--username=billcom", f"--dbname={database}", f"--command={statement}",
        ]  # fmt: skip
        done = subprocess.run(
            command,
            env=os.environ | {"PGPASSWORD": self.password},
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout.strip()

    def url(self, database: str = "billcom") -> str:
        """Return the address of a journal there, its password included."""
        return f"postgresql+asyncpg://billcom:{self.password}@127.0.0.1:{self.port}/{database}"

    def _run(self, name: str, *words: str) -> None:
        command = [program(name), f"--pgdata={self._data}", *words]
        if os.geteuid() == 0:
            command = ["runuser", "-u", "postgres", "--", *command]
        done = subprocess.run(
            command,
            cwd=self.folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{name}: {done.stderr}"


def program(name: str) -> str:
    """Return where a program of PostgreSQL is; skip the test where there is none."""
    newest = sorted(Path(_POSTGRES_HOMES).glob(f"*/bin/{name}"), reverse=True)
    found = str(newest[0]) if newest else shutil.which(name)
    if found is None:
        pytest.skip(
            f"{name} of PostgreSQL is not on this machine: make test-cluster installs it on Debian and Ubuntu"
        )
    return found


@contextmanager
def postgres(password: str = "local") -> Iterator[Postgres]:
    """A PostgreSQL server that runs meanwhile."""
    program("initdb")
    server = Postgres(password)
    server.make()
    server.start()
    try:
        server.sql("CREATE DATABASE billcom OWNER billcom")
        server.sql("CREATE DATABASE prefect OWNER billcom")
        yield server
    finally:
        with suppress(AssertionError):  # a test may have stopped it
            server.stop()
        shutil.rmtree(server.folder)


@contextmanager
def redis(folder: Path) -> Iterator[int]:
    """A Redis that runs meanwhile; gives its port."""
    found = shutil.which("redis-server")
    if found is None:
        pytest.skip("redis-server is not on this machine: make test-cluster installs it on Debian and Ubuntu")
    folder.mkdir(parents=True)
    port = free_port()
    command = [
        found,
        "--port",
        str(port),
        "--bind",
        "127.0.0.1",
        "--dir",
        str(folder),
        "--save",
        "",
        "--appendonly",
        "no",
    ]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        until(lambda: is_listening(port), "Redis listens")
        yield port
    finally:
        server.terminate()
        server.wait()

"""Watch the services of Prefect's server: one line for each that fails, with what to do.

`python -m deployments.watch ENVIRONMENT PID` watches through the API until PID, which started it, has ended.
"""

from __future__ import annotations

import asyncio
import os
import re
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import httpx
from prefect.client.orchestration import get_client
from prefect.exceptions import PrefectException

from billcom.settings import Environment
from deployments import planned

LOOK_SECONDS = 20
REMEDY = (
    "Prefect's server needs the versions of requirements.lock: install them (make demo does), start it again"
)

_FAILURE = re.compile(r"\| ERROR +\| (docket\.\S+|prefect\.server\.(?:services|events|utilities)\S*) - (.*)")
_SERVICE = re.compile(r"\b(\w+)\(")
_REASON = re.compile(r"^(?:\w+\.)*\w*(?:Error|Exception)\b.*")
_TRANSIENT = "database is locked"
"""Of SQLite under load: Prefect tries again."""


class ServerLog:
    """The log of a Prefect server that this process has started, read as it grows."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._offset = 0
        self._service = ""
        self._named: set[str] = set()

    def failures(self) -> Iterator[str]:
        """Yield a line for each service that has failed since the last call, and had not before."""
        for line in self._new_lines():
            if found := _FAILURE.search(line):
                call = _SERVICE.search(found[2])
                self._service = call[1] if call else found[1].removeprefix("prefect.server.")
            elif self._service and (reason := _REASON.match(line)):
                service, self._service = self._service, ""
                if service not in self._named and _TRANSIENT not in reason[0]:
                    self._named.add(service)
                    yield f"Prefect's service {service} fails ({reason[0][:200]}). {REMEDY}. Its log: {self._path}"

    def _new_lines(self) -> list[str]:
        with self._path.open("rb") as file:
            file.seek(self._offset)
            whole, _, _ = file.read().rpartition(b"\n")
        self._offset += len(whole) + 1 if whole else 0
        return whole.decode(errors="replace").splitlines()


class Scheduler:
    """What the API shows of the scheduler: schedules for which the server should have planned runs, and has not."""

    def __init__(self, environment: Environment) -> None:
        self._environment = environment
        self._missing_since: dict[str, float] = {}
        self._named: set[str] = set()

    async def failures(self) -> list[str]:
        """Return a line when schedules lack runs for longer than the scheduler takes, once for each of them."""
        async with get_client() as client:
            found = await planned.plans(client, self._environment)
            patience = (await planned.read_scheduler(client)).wait_seconds
        missing = {f"{plan.deployment} ({plan.schedule})" for plan in found if plan.is_missing}
        now = time.monotonic()
        self._missing_since = {name: self._missing_since.get(name, now) for name in missing}
        self._named &= missing
        late = {name for name, since in self._missing_since.items() if now - since > patience} - self._named
        self._named |= late
        if not late:
            return []
        names = ", ".join(sorted(late))
        return [
            f"Prefect's service schedule_deployments plans no run for {names}: it does not run, or fails. {REMEDY}"
        ]


async def watch(
    say: Callable[[str], None],
    environment: Environment,
    log: ServerLog | None = None,
    goes_on: Callable[[], bool] = lambda: True,
) -> None:
    """Say each failure once, as long as it goes on. A server that does not answer is not spoken of: its users do."""
    scheduler = Scheduler(environment)
    while goes_on():
        for line in log.failures() if log else ():
            say(line)
        with suppress(httpx.HTTPError, PrefectException):
            for line in await scheduler.failures():
                say(line)
        await asyncio.sleep(LOOK_SECONDS)


def main() -> int:
    """Watch beside the worker that has started this process, until the worker has ended."""
    environment, worker = Environment(sys.argv[1]), int(sys.argv[2])
    with suppress(KeyboardInterrupt):
        asyncio.run(watch(_say, environment, goes_on=lambda: os.getppid() == worker))
    return 0


def _say(line: str) -> None:
    print(f"make worker: {line}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())

"""Runs in processes of their own: started, watched, killed, stopped, ended."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.faults.house import House
from tests.faults.worker import Job, main

RUN_SECONDS = 120.0
GRACE_SECONDS = 30.0
"""Between SIGTERM and SIGKILL, as Prefect's runner has it."""

_POLL_SECONDS = 0.05


class HarnessError(Exception):
    """The proof itself went wrong: a fault did not strike, or a process did what none may."""


class NotStruckError(HarnessError):
    """A fault came too late to strike, on a machine too busy: the case may be played again."""


def wait_for(what: str, happened: Callable[[], Any], seconds: float = RUN_SECONDS) -> Any:
    """Return the first true value of `happened`; raise HarnessError when none comes in time."""
    deadline = time.monotonic() + seconds
    while not (value := happened()):
        if time.monotonic() > deadline:
            raise HarnessError(f"waited {seconds:.0f} s for {what}")
        time.sleep(_POLL_SECONDS)
    return value


@dataclass(frozen=True)
class Outcome:
    """What came of one run. `exit` is the process's exit code: minus the signal that ended it."""

    exit: int
    error: str = ""
    kinds: tuple[str, ...] = ()
    text: str = ""
    result: dict[str, Any] | None = None
    needs_person: bool = False

    @property
    def completed(self) -> bool:
        """Whether the workflow came to its end."""
        return self.result is not None

    def __str__(self) -> str:
        """Return it in one line."""
        if self.completed:
            return "completed"
        return f"{self.error}: {self.text}" if self.error else f"ended by signal or crash ({self.exit})"


class Running:
    """A run in its process."""

    def __init__(self, house: House, job: Job) -> None:
        self.job = job
        self._process = house.processes.Process(target=main, args=(job,), daemon=True)
        self._process.start()

    @property
    def pid(self) -> int:
        """The process."""
        assert self._process.pid is not None
        return self._process.pid

    @property
    def is_alive(self) -> bool:
        """Whether it still runs, or is stopped."""
        return self._process.is_alive()

    @property
    def is_stopped(self) -> bool:
        """Whether a signal has stopped it."""
        state = subprocess.run(["ps", "-o", "state=", "-p", str(self.pid)], capture_output=True, text=True)
        return state.stdout.strip().startswith("T")

    def send(self, number: int) -> None:
        """Send a signal."""
        os.kill(self.pid, number)

    def end(self) -> None:
        """Ask it to end as Prefect's runner does, then make it."""
        self.send(signal.SIGTERM)
        self._process.join(GRACE_SECONDS)
        if self.is_alive:
            self.send(signal.SIGKILL)

    def kill(self) -> None:
        """End it for certain, stopped or not; one that has ended is left alone."""
        self._process.kill()

    def kill_group(self) -> None:
        """Kill it and all it has started, as a worker's host does that goes down."""
        leads = os.getpgid(self.pid) == self.pid  # not yet, in its first instant: then it has started nothing
        (os.killpg if leads else os.kill)(self.pid, signal.SIGKILL)

    def wait(self) -> Outcome:
        """Return what came of it; a process that does not end is killed, and an error of the proof."""
        self._process.join(RUN_SECONDS)
        if self.is_alive:
            self.send(signal.SIGUSR1)
            time.sleep(1)
            self._process.kill()
            raise HarnessError(f"run {self.job.name} did not end in {RUN_SECONDS:.0f} s: {self.log()}")
        code = self._process.exitcode
        assert code is not None
        if not self.job.outcome_path.exists():
            return Outcome(code)
        left = json.loads(self.job.outcome_path.read_text())
        kinds, needs_person = tuple(left.get("kinds", ())), left.get("needs_person", False)
        return Outcome(code, left["error"], kinds, left.get("text", ""), left.get("result"), needs_person)

    def log(self) -> str:
        """Return the end of what it printed."""
        path = self.job.folder / f"{self.job.name}.log"
        return path.read_text()[-6000:] if path.exists() else ""

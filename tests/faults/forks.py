"""Processes forked from this one, which has no threads: cheap enough to kill thousands of them."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
import traceback
from collections.abc import Awaitable, Callable
from pathlib import Path

from billcom.errors import BillError

DONE, STOPPED, BROKEN = 0, 10, 20
"""How a fork ends: its work is done, an error of ours stopped it, or it broke."""

CHILD_SECONDS = 60.0
_POLL_SECONDS = 0.002


class Fork:
    """One process at work."""

    def __init__(self, work: Callable[[], Awaitable[object]], log: Path, environment: dict[str, str]) -> None:
        self.log = log
        self._status: int | None = None
        self._started = time.monotonic()
        self.pid = os.fork()
        if self.pid == 0:
            _work(work, log, environment)

    def kill_after(self, seconds: float) -> None:
        """Kill it so long after its start, unless it has ended by then."""
        while time.monotonic() < self._started + seconds and not self._has_ended():
            time.sleep(_POLL_SECONDS)
        if not self._has_ended():
            os.kill(self.pid, signal.SIGKILL)

    def wait(self) -> int:
        """Return how it ended: one of the codes above, or minus the signal."""
        while not self._has_ended():
            if time.monotonic() > self._started + CHILD_SECONDS:
                os.kill(self.pid, signal.SIGKILL)
                raise AssertionError(f"a process did not end in {CHILD_SECONDS:.0f} s: {self.said()}")
            time.sleep(_POLL_SECONDS)
        assert self._status is not None
        return os.waitstatus_to_exitcode(self._status)

    def said(self) -> str:
        """Return the end of what it wrote."""
        return self.log.read_text()[-3000:] if self.log.exists() else ""

    def _has_ended(self) -> bool:
        if self._status is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            self._status = status if pid else None
        return self._status is not None


def _work(work: Callable[[], Awaitable[object]], log: Path, environment: dict[str, str]) -> None:
    """Do the work in this new process, and never return."""
    code = BROKEN
    try:
        descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.dup2(descriptor, 1)
        os.dup2(descriptor, 2)
        os.environ.update(environment)

        async def run() -> None:
            await work()

        asyncio.run(run())
        code = DONE
    except BillError as error:
        print(f"{os.getpid()} {type(error).__name__}: {error}", file=sys.stderr, flush=True)
        code = STOPPED
    except BaseException:  # noqa: BLE001  a fork must not go on as its parent would
        traceback.print_exc()
        sys.stderr.flush()
    finally:
        os._exit(code)

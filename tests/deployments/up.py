"""All that `make up` starts, on ports of its own: started, read from, stopped. Knows nothing of the tests it serves."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from threading import Event, Thread
from types import TracebackType
from typing import Self

ROOT = Path(__file__).parents[2]
READY_SECONDS = 180
STOP_SECONDS = 60


def free_port() -> int:
    """Return a port nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def listens(port: int) -> bool:
    """Return whether something answers on a port."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


class Up:
    """The process behind `make up`, its ports, and what it has printed; stopped on leaving.

    Prefect, the journal and the sheets lie in `folder`. It is started in `current`. `environment` comes on top of the
    caller's, of which nothing of Prefect or BILL is handed on.
    """

    def __init__(self, folder: Path, current: Path = ROOT, **environment: str) -> None:
        self.bill_port, self.ui_port = free_port(), free_port()
        self.home = folder / "prefect"
        self._current = current
        self._environment = environment
        self._printed: list[str] = []
        self._ready = Event()

    @property
    def ui(self) -> str:
        """Address of Prefect's UI."""
        return f"http://127.0.0.1:{self.ui_port}"

    def __enter__(self) -> Self:
        options = ["--bill-port", str(self.bill_port), "--ui-port", str(self.ui_port)]
        options += ["--folder", str(self.home.parent)]
        kept = {
            name: value for name, value in os.environ.items() if not name.startswith(("BILL_", "PREFECT_"))
        }
        self.process = subprocess.Popen(
            [sys.executable, "-m", "deployments.local", *options],
            cwd=self._current,
            env=kept | {"PYTHONPATH": str(ROOT)} | self._environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        # Read all the time: a full pipe would stop the flows.
        self._reader = Thread(target=self._read, daemon=True)
        self._reader.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if self.process.poll() is None:
                self.stop(signal.SIGTERM)
        finally:
            self.process.kill()
            self.process.wait()
            self._reader.join()
            assert self.process.stdout is not None
            self.process.stdout.close()

    def banner(self) -> str:
        """Wait until everything runs; return what was printed until then."""
        assert self._ready.wait(READY_SECONDS), "".join(self._printed)
        banner = "".join(self._printed)
        assert "Ctrl-C" in banner, banner
        return banner

    def printed(self) -> str:
        """Return what was printed so far."""
        return "".join(self._printed)

    def stop(self, by: signal.Signals) -> str:
        """Send a signal and wait for the end; return everything that was printed."""
        self.process.send_signal(by)
        self.process.wait(STOP_SECONDS)
        self._reader.join(STOP_SECONDS)
        return "".join(self._printed)

    def wait(self) -> str:
        """Wait for the end of one that could not start; return everything that was printed."""
        self.process.wait(READY_SECONDS)
        self._reader.join(STOP_SECONDS)
        return "".join(self._printed)

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._printed.append(line)
            if "Ctrl-C" in line:
                self._ready.set()
        self._ready.set()

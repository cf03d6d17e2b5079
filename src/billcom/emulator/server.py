"""Owns running the local BILL: in a thread of another program, or in the foreground."""

import asyncio
import json
import signal
import sys
import threading
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from socket import socket
from types import FrameType, TracebackType
from typing import Self

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from billcom.emulator.app import BASE_PATH, WEBHOOK_BASE_PATH, App
from billcom.emulator.calendar import bank_holidays
from billcom.emulator.clock import Clock, parse_instant
from billcom.emulator.rules import Value
from billcom.emulator.state import StateFile
from billcom.emulator.world import DEV_KEY, ORGANIZATION_ID, PASSWORD, USERNAME, World

HOST = "127.0.0.1"
PORT = 8118
SHUTDOWN_SECONDS = 1
SAVE_SECONDS = 1.0


class LocalBill:
    """A local BILL served from a thread of this process; `port` 0 takes a free one.

    `clock` is where its time starts (ISO 8601 text or an aware datetime), `mfa_token` fixes every MFA code;
    `rules` and `permissive` set the switches. Also a context manager, started inside and stopped after.
    """

    def __init__(
        self,
        host: str = HOST,
        port: int = 0,
        clock: datetime | str | None = None,
        mfa_token: str | None = None,
        rules: Mapping[str, Value] | None = None,
        *,
        permissive: bool = False,
        state: Path | str | None = None,
    ) -> None:
        start = parse_instant(clock) if isinstance(clock, str) else clock
        self.world = World(Clock(start), mfa_token, rules, permissive=permissive)
        self._server = Server(App(self.world), host, port, state=_opened(state, self.world, start))
        self._thread: threading.Thread | None = None

    @property
    def base_url(self) -> str:
        """Where BILL's API is: `http://…/connect`. Only once started."""
        return self._server.origin + BASE_PATH

    @property
    def local_url(self) -> str:
        """Where the control API is: `http://…/_local`. Only once started."""
        return f"{self._server.origin}/_local"

    @property
    def credentials(self) -> dict[str, str]:
        """Addresses and the demo organization's credentials, as `serve` prints them. Only once started."""
        return self._server.credentials

    def start(self) -> Self:
        """Serve from a thread; return once it answers. Raise OSError when the port can't be had."""
        self._thread = threading.Thread(target=self._server.run_quietly, name="local-bill", daemon=True)
        self._thread.start()
        self._server.wait_until_ready()
        return self

    def stop(self) -> None:
        """Stop serving; return once the port is free."""
        self._server.should_exit = True
        if self._thread is not None:
            self._thread.join()

    def __enter__(self) -> Self:
        """Start."""
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop."""
        self.stop()


def serve(
    host: str = HOST,
    port: int = PORT,
    clock: datetime | str | None = None,
    mfa_token: str | None = None,
    rules: Mapping[str, Value] | None = None,
    permissive: bool = False,
    state: Path | str | None = None,
) -> int:
    """Serve in the foreground until SIGINT or SIGTERM; return the exit status: 0, or 1 when it can't start.

    Prints one JSON line with addresses and credentials when ready. State is kept in memory, and in the file `state`
    where one is named.
    """
    try:
        start = parse_instant(clock) if isinstance(clock, str) else clock
        world = World(Clock(start), mfa_token, rules, permissive=permissive)
        file = _opened(state, world, start)
    except ValueError as error:
        print(f"local BILL: {error}", file=sys.stderr)
        return 1
    server = Server(App(world), host, port, announce=True, state=file)
    server.run_quietly()
    if server.bound:
        return 0
    print(f"local BILL: cannot listen on {host}:{port}; is the port in use? Try --port 0", file=sys.stderr)
    return 1


def _opened(state: Path | str | None, world: World, start: datetime | None) -> StateFile | None:
    """Return the state file, its world restored, None without one; a `start` goes before the clock that was saved."""
    if state is None:
        return None
    file = StateFile(Path(state))
    file.load(world, keep_clock=start is not None)
    return file


class Server(uvicorn.Server):
    """Uvicorn that tells when it is ready, leaves quietly on a signal, and lets the application hang up.

    With a `state` file, what has changed is in it within `SAVE_SECONDS`, and all of it at a clean end: a SIGKILL
    forgets no more than that.
    """

    def __init__(
        self, app: App, host: str, port: int, *, announce: bool = False, state: StateFile | None = None
    ) -> None:
        config = uvicorn.Config(
            app,
            host=host,
            port=port,
            http=_HangUpProtocol,
            ws="none",
            lifespan="off",
            log_config=None,
            log_level="critical",
            access_log=False,
            timeout_graceful_shutdown=SHUTDOWN_SECONDS,
        )
        super().__init__(config)
        self._announce = announce
        self._app = app
        self._state = state
        self._saving: asyncio.TimerHandle | None = None
        if state is not None:
            app.changed = self._save_soon
        self._settled = threading.Event()
        self.bound = False

    @property
    def origin(self) -> str:
        """The scheme, host and port that were bound."""
        return f"http://{self.config.host}:{self.servers[0].sockets[0].getsockname()[1]}"

    @property
    def credentials(self) -> dict[str, str]:
        """The addresses and the demo organization's credentials."""
        return {
            "base_url": self.origin + BASE_PATH,
            "webhook_base_url": self.origin + WEBHOOK_BASE_PATH,
            "username": USERNAME,
            "password": PASSWORD,
            "organization_id": ORGANIZATION_ID,
            "dev_key": DEV_KEY,
        }

    def run_quietly(self) -> None:
        """Run until told to stop; a port that can't be had leaves `bound` false."""
        try:
            self.run()
        except SystemExit:
            pass
        finally:
            self._settled.set()

    def wait_until_ready(self) -> None:
        """Return once requests are answered; raise OSError when the port can't be had."""
        self._settled.wait()
        if not self.bound:
            raise OSError(f"local BILL cannot listen on {self.config.host}:{self.config.port}")

    async def startup(self, sockets: list[socket] | None = None) -> None:
        """Bind, and say so. Uvicorn is left to bind: on a socket bound beforehand it is many times slower."""
        bank_holidays()  # loaded now, so that no request has to wait for it
        await super().startup(sockets)
        self.bound = self.started
        self._settled.set()
        if self._announce:
            print(json.dumps(self.credentials), flush=True)

    async def shutdown(self, sockets: list[socket] | None = None) -> None:
        """Stop serving, and save what has changed."""
        await super().shutdown(sockets)
        if self._state is not None:
            if self._saving is not None:
                self._saving.cancel()
            self._state.save(self._app.world)
            self._state.close()

    def _save_soon(self) -> None:
        if self._saving is None:
            self._saving = asyncio.get_running_loop().call_later(SAVE_SECONDS, self._save)

    def _save(self) -> None:
        # In the thread that serves, between two requests: no half-done one is written.
        self._saving = None
        if self._state is not None:
            self._state.save(self._app.world)

    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """Stop on SIGINT and SIGTERM; unlike uvicorn, do not raise them again, so that the exit is clean."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return

        def leave(number: int, frame: FrameType | None) -> None:
            del number, frame
            self.should_exit = True

        before = {number: signal.signal(number, leave) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


class _HangUpProtocol(H11Protocol):
    """HTTP that hands its transport to the application: closing it is how an answer is dropped for real."""

    def connection_made(self, transport: asyncio.Transport) -> None:
        """Note the transport where every request of the connection finds it."""
        super().connection_made(transport)
        self.app_state = {**self.app_state, "transport": transport}

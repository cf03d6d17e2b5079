"""Where Prefect's notifications arrive: an HTTP server that keeps what it is told."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Inbox:
    """Notifications, as Apprise sends them to `url`."""

    def __init__(self, port: int) -> None:
        self.url = f"json://127.0.0.1:{port}/told"
        self.messages: list[dict[str, str]] = []

    def subjects(self) -> set[str]:
        """Return what the notifications so far are about."""
        return {message["title"] for message in self.messages}


@contextmanager
def inbox() -> Iterator[Inbox]:
    """An inbox that takes notifications meanwhile."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            found.messages.append(json.loads(body))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        found = Inbox(server.server_port)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield found
        finally:
            server.shutdown()

"""Owns a server that answers bytes as given, one answer a connection: for what the local BILL never sends."""

from asyncio import StreamReader, StreamWriter, start_server
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

CLOSE = b""


@dataclass
class Raw:
    """The server's address, and the requests it was sent as they came."""

    base_url: str = ""
    requests: list[bytes] = field(default_factory=list[bytes])

    @property
    def bodies(self) -> list[bytes]:
        """What was sent after the headers."""
        return [request.partition(b"\r\n\r\n")[2] for request in self.requests]


def answer(status: int, body: str = "", content_type: str = "application/json", headers: str = "") -> bytes:
    """Return a whole HTTP answer."""
    content = body.encode()
    head = f"HTTP/1.1 {status} X\r\nContent-Type: {content_type}\r\nContent-Length: {len(content)}\r\n"
    return f"{head}Connection: close\r\n{headers}\r\n".encode() + content


@asynccontextmanager
async def answering(*answers: bytes) -> AsyncIterator[Raw]:
    """Serve the answers in order, the last one again and again; CLOSE answers nothing."""
    raw = Raw()

    async def serve(reader: StreamReader, writer: StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        lengths = [line for line in head.lower().splitlines() if line.startswith(b"content-length:")]
        body = await reader.readexactly(int(lengths[0].split(b":")[1])) if lengths else b""
        given = answers[min(len(raw.requests), len(answers) - 1)]
        raw.requests.append(head + body)
        writer.write(given)
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    server = await start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    raw.base_url = f"http://127.0.0.1:{port}/connect"
    async with server:
        yield raw

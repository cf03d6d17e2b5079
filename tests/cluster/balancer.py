"""A load balancer before Prefect's API servers: a connection goes to the first of them, in turn, that takes it.

`python -m tests.cluster.balancer PORT TARGET…` serves until it is killed.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.cluster.databases import free_port, is_listening, until

_BLOCK = 65536


class _Balancer:
    def __init__(self, targets: Sequence[int]) -> None:
        self._targets = list(targets)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        upstream = await self._connect()
        if upstream is not None:
            await asyncio.gather(_pump(reader, upstream[1]), _pump(upstream[0], writer))
        writer.close()

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter] | None:
        for _ in range(len(self._targets)):
            self._targets.append(self._targets.pop(0))
            with suppress(OSError):
                return await asyncio.open_connection("127.0.0.1", self._targets[-1])
        return None


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while block := await reader.read(_BLOCK):
            writer.write(block)
            await writer.drain()
    with suppress(OSError):
        writer.close()


async def _main(port: int, targets: Sequence[int]) -> None:
    server = await asyncio.start_server(_Balancer(targets).serve, "127.0.0.1", port)
    await server.serve_forever()


@contextmanager
def balancer(targets: Sequence[int]) -> Iterator[int]:
    """A balancer that runs meanwhile; gives its port."""
    port = free_port()
    command = [sys.executable, "-m", __name__, str(port), *map(str, targets)]
    process = subprocess.Popen(command, cwd=Path(__file__).parents[2])
    try:
        until(lambda: is_listening(port), "the balancer listens")
        yield port
    finally:
        process.kill()
        process.wait()


if __name__ == "__main__":
    asyncio.run(_main(int(sys.argv[1]), [int(word) for word in sys.argv[2:]]))

"""At most three requests at once for one organization, over all processes of a machine.

A slot is a lock file of the state directory: the kernel frees it when its holder dies.
Source: BILL docs, API rate limits (three at once per developer key and organization).
"""

from __future__ import annotations

import asyncio
import os
import random
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

from billcom.locks import try_lock
from billcom.private import make_private_directory

SLOTS = 3
_POLL_SECONDS = 0.004


class Slots:
    """The slots of one organization, as lock files under `directory`."""

    def __init__(self, directory: Path, count: int = SLOTS) -> None:
        self._paths = [directory / f"slot-{number}.lock" for number in range(count)]
        self._turn = asyncio.Lock()
        make_private_directory(directory)

    @asynccontextmanager
    async def hold(self) -> AsyncGenerator[None]:
        """Hold one slot, waiting for a free one."""
        async with self._turn:  # one of this client's calls asks, the others queue
            while (descriptor := self._try()) is None:
                await asyncio.sleep(_POLL_SECONDS * (0.5 + random.random()))
        try:
            yield
        finally:
            os.close(descriptor)

    def _try(self) -> int | None:
        for path in self._paths:
            if (descriptor := try_lock(path)) is not None:
                return descriptor
        return None

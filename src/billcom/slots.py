"""At most three requests at once for one organization: over all processes of a machine, or over several machines.

On one machine a slot is a lock file of the state directory, which the kernel frees when its holder dies. Where the
journal is on PostgreSQL, slots are there too.
Source: BILL docs, API rate limits (three at once per developer key and organization).
"""

from __future__ import annotations

import asyncio
import os
import random
from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Protocol

from billcom.locks import try_lock
from billcom.private import make_private_directory
from billcom.settings import Settings
from billcom.shared_slots import SharedSlots

SLOTS = 3
_POLL_SECONDS = 0.004


class SlotSource(Protocol):
    """Where a client's slots come from."""

    def hold(self) -> AbstractAsyncContextManager[None]:
        """Hold one slot, waiting for a free one."""
        ...

    async def close(self) -> None:
        """Give up what is kept for slots."""
        ...


def slots_of(settings: Settings) -> SlotSource:
    """Return the slots of an organization: over the machines that share its journal, or over this one."""
    if settings.journal_is_shared:
        return SharedSlots(settings, SLOTS)
    return Slots(settings.state_path / "slots" / settings.organization_key)


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

    async def close(self) -> None:
        """Nothing is kept."""

    def _try(self) -> int | None:
        for path in self._paths:
            if (descriptor := try_lock(path)) is not None:
                return descriptor
        return None

"""The slots of an organization over several machines: advisory locks of the PostgreSQL that keeps their journal.

The server frees them when their holder's connection ends. Were a connection lost under a request, a fourth one could
be under way for a moment: BILL refuses that one whole (BDC_1322), and nothing is done twice.
"""

from __future__ import annotations

import asyncio
import hashlib
import random
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from typing import Any

import asyncpg  # pyright: ignore[reportMissingTypeStubs]
from sqlalchemy import make_url

from billcom.errors import JournalError
from billcom.settings import Settings

CONNECT_SECONDS = 10
_POLL_SECONDS = 0.01
_TROUBLE = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError)


class SharedSlots:
    """The slots of one organization, for one client; one connection, made when the first slot is wanted."""

    def __init__(self, settings: Settings, count: int) -> None:
        self._url = settings.journal_url.get_secret_value()
        digest = hashlib.sha256(f"slots\0{settings.organization_key}".encode()).digest()
        self._class = int.from_bytes(digest[:4], signed=True)
        first = int.from_bytes(digest[4:8], signed=True) & ~0xFF
        self._free = [first + number for number in range(count)]
        self._connection: Any = None
        self._turn = asyncio.Lock()
        self._asking = asyncio.Lock()

    @asynccontextmanager
    async def hold(self) -> AsyncGenerator[None]:
        """Hold one slot, waiting for a free one. Raises JournalError when PostgreSQL can't be reached."""
        async with self._turn:  # one of this client's calls asks, the others queue
            while (slot := await self._take()) is None:
                await asyncio.sleep(_POLL_SECONDS * (0.5 + random.random()))
        try:
            yield
        finally:
            # To its end, even when this task is cancelled: the connection would keep the lock.
            await asyncio.shield(asyncio.ensure_future(self._give_back(slot)))

    async def close(self) -> None:
        """Close the connection, which frees what it holds."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(*_TROUBLE):
                await connection.close(timeout=CONNECT_SECONDS)

    async def _take(self) -> int | None:
        """Return a slot that is ours now, None when others have them all."""
        # A connection may take a lock it holds once more: only those that are free here are asked for.
        for slot in tuple(self._free):
            if await self._ask("SELECT pg_try_advisory_lock($1, $2)", slot):
                self._free.remove(slot)
                return slot
        return None

    async def _give_back(self, slot: int) -> None:
        with suppress(JournalError):  # the connection is gone, and its locks with it
            await self._ask("SELECT pg_advisory_unlock($1, $2)", slot)
        self._free.append(slot)

    async def _ask(self, query: str, slot: int) -> bool:
        async with self._asking:
            try:
                if self._connection is None or self._connection.is_closed():
                    self._connection = await self._connect()
                return await self._connection.fetchval(query, self._class, slot)
            except _TROUBLE as error:
                await self.close()
                why = str(error) or type(error).__name__
                raise JournalError(
                    f"the journal (BILL_JOURNAL_URL) can't be used: {why.splitlines()[0]}: nothing was sent. Check "
                    "that PostgreSQL runs and can be reached, then run again"
                ) from error

    async def _connect(self) -> Any:
        dsn = make_url(self._url).set(drivername="postgresql").render_as_string(hide_password=False)
        connect: Any = asyncpg.connect  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
        return await connect(dsn, timeout=CONNECT_SECONDS, command_timeout=CONNECT_SECONDS)

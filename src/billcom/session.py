"""Signed-in sessions: what one is, and where a client gets one and a new one from."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Protocol

from pydantic import BaseModel, ConfigDict, SecretStr


class Session(BaseModel):
    """A session at BILL: 35 minutes idle ends it. `trusted` means that it has passed MFA."""

    model_config = ConfigDict(frozen=True)

    session_id: SecretStr
    organization_id: str
    user_id: str
    trusted: bool


class SessionSource(Protocol):
    """Where a client's session comes from. A source may share one session among runs and processes."""

    async def current(self) -> Session:
        """Return a session, signing in when there is none."""
        ...

    async def renewed(self, expired: Session) -> Session:
        """Return a session that is not `expired`, signing in unless somebody has done so already."""
        ...


class OwnSession:
    """A session of one client's own, kept in memory: for the command line and notebooks."""

    def __init__(self, sign_in: Callable[[], Awaitable[Session]]) -> None:
        self._sign_in = sign_in
        self._lock = asyncio.Lock()
        self._session: Session | None = None

    async def current(self) -> Session:
        """Return the session, signing in at the first call."""
        async with self._lock:
            if self._session is None:
                self._session = await self._sign_in()
            return self._session

    async def renewed(self, expired: Session) -> Session:
        """Return the session that replaced `expired`, signing in if nothing has."""
        async with self._lock:
            if self._session is None or self._session == expired:
                self._session = await self._sign_in()
            return self._session

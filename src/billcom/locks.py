"""Locks among the processes of one machine, which the kernel frees when their holder dies."""

from __future__ import annotations

import asyncio
import fcntl
import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

_POLL_SECONDS = 0.02


@asynccontextmanager
async def locked(path: Path) -> AsyncGenerator[None]:
    """Hold the lock file `path`, waiting for whoever holds it; made, with its folder, when missing."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    while (descriptor := try_lock(path)) is None:
        await asyncio.sleep(_POLL_SECONDS)
    try:
        yield
    finally:
        os.close(descriptor)


def try_lock(path: Path) -> int | None:
    """Return a descriptor that holds the lock until it is closed, or None when somebody holds it."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor

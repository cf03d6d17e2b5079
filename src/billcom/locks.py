"""Locks among the processes of one machine, which the kernel frees when their holder dies."""

from __future__ import annotations

import asyncio
import fcntl
import os
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from billcom.private import make_private_directory

_POLL_SECONDS = 0.02


@asynccontextmanager
async def locked(path: Path, on_wait: Callable[[], object] | None = None) -> AsyncGenerator[None]:
    """Hold the lock file `path`, waiting for whoever holds it; made, with its folder, when missing.

    `on_wait` is called once when somebody holds it.
    """
    make_private_directory(path.parent)
    descriptor = try_lock(path)
    if descriptor is None and on_wait is not None:
        on_wait()
    while descriptor is None:
        await asyncio.sleep(_POLL_SECONDS)
        descriptor = try_lock(path)
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

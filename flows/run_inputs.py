"""What payment runs and collection runs read from their forms, and tell while they go on."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Annotated

from prefect.artifacts import acreate_progress_artifact, aupdate_progress_artifact
from pydantic import Field

from billcom.errors import InputError, Problem

Source = Annotated[str, Field(max_length=255)]
"""A sheet's path under the input folder; file systems take names of 255 letters."""

_PROGRESS_SECONDS = 1.0


def read_overrides(texts: Sequence[str], noun: str, prefix: str) -> dict[str, str]:
    """Return reasons by the id of a bill or invoice (`noun`), which begins with `prefix`.

    Raises InputError for what names none, or no reason.
    """
    reasons: dict[str, str] = {}
    problems: list[Problem] = []
    for text in texts:
        record_id, _, reason = (part.strip() for part in text.partition(":"))
        if record_id.startswith(prefix) and reason:
            reasons[record_id] = reason
        else:
            problems.append(Problem("overrides", text, f"write the {noun}'s id, a colon and the reason"))
    if problems:
        raise InputError(problems)
    return reasons


async def progress_of(count: int) -> Callable[[int], Awaitable[None]]:
    """Return what keeps a progress artifact up to date, about once a second."""
    artifact = await acreate_progress_artifact(0.0, description=f"{count} lines")
    last = time.monotonic()

    async def tell(finished: int) -> None:
        nonlocal last
        if finished == count or time.monotonic() - last >= _PROGRESS_SECONDS:
            last = time.monotonic()
            await aupdate_progress_artifact(artifact, progress=100.0 * finished / max(count, 1))  # pyright: ignore[reportArgumentType]

    return tell

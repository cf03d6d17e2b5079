"""A run that waits for a person's answer to a form."""

from __future__ import annotations

import asyncio
from typing import Any, TypeVar

from prefect.flow_runs import apause_flow_run
from prefect.input import RunInput

F = TypeVar("F", bound=RunInput)


async def ask(form: type[F], key: str, *, within_seconds: float, poll_seconds: float) -> F:
    """Pause the run, and return the form as somebody has filled it in. Raises TimeoutError when nobody did.

    `key` must be new: Prefect takes a pause it has seen for answered.
    """
    async with asyncio.timeout(within_seconds):
        # Longer than ours: were the pause's own time over, Prefect would put its reason in place of the run's.
        pause: Any = apause_flow_run  # declared to take whole seconds, takes fractions too
        return await pause(
            wait_for_input=form, timeout=2 * within_seconds, poll_interval=poll_seconds, key=key
        )

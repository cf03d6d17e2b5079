"""What a task may repeat: reads and sign-in, after BILL gave no proper answer. Writes repeat nothing.

A task that writes says `retries=0`: left out, the number would come from the worker's profile. The client has
already repeated a read for a few seconds; these delays are for outages.
"""

from __future__ import annotations

from typing import Any

from prefect.client.schemas.objects import State, TaskRun
from prefect.tasks import Task

from billcom.errors import ConcurrencyLimitError, UnavailableError

READ_RETRIES = 2
READ_DELAYS = [5.0, 30.0]
"""Seconds before each repetition."""


async def may_be_repeated(_task: Task[..., Any], _run: TaskRun, state: State[Any]) -> bool:
    """Return whether the failure was BILL's or the network's, and repeating does no harm."""
    error = await state.aresult(raise_on_failure=False)
    return isinstance(error, UnavailableError | ConcurrencyLimitError)

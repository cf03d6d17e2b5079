"""The stop switch in Prefect: a variable that halts the money of every run of one Prefect server."""

from __future__ import annotations

import asyncio

from prefect.client.orchestration import get_client

from billcom.errors import StoppedError
from tasks.cancelled import why_cancelled

STOP_VARIABLE = "bill_stop"
"""While Prefect has a variable of this name, no payment or charge is sent: any value stops, `no` and `0` too."""

ASK_SECONDS = 30
"""How long Prefect's server may take to answer; after that no money moves."""


async def check_not_stopped() -> None:
    """Raise StoppedError while Prefect has the variable `bill_stop`, and in a run that was cancelled.

    Raises it, too, when Prefect's server can't be asked.
    """
    try:
        async with asyncio.timeout(ASK_SECONDS), get_client() as prefect:
            variable = await prefect.read_variable_by_name(STOP_VARIABLE)
            cancelled = await why_cancelled()
    except Exception as error:  # what a server that fails answers comes in many shapes
        raise StoppedError(
            f"Prefect's server could not be asked for the variable {STOP_VARIABLE}, which stops all money "
            f"({type(error).__name__}): nothing was sent. Look at PREFECT_API_URL and the server's log, then run again"
        ) from error
    if cancelled:
        raise StoppedError(
            f"{cancelled}: nothing was sent. To go on, retry the run that was cancelled, or run the same again"
        )
    if variable is None:
        return
    since = f" since {variable.updated:%Y-%m-%d %H:%M} UTC" if variable.updated else ""
    raise StoppedError(
        f"all money is stopped{since}: the Prefect variable {STOP_VARIABLE} says {variable.value!r}. Nothing was sent. "
        "To go on: delete the variable, then run again"
    )

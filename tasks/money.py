"""The stop switch: one Prefect variable that halts all money at once."""

from __future__ import annotations

from prefect.client.orchestration import get_client

from billcom.errors import StoppedError
from tasks.cancelled import why_cancelled

STOP_VARIABLE = "bill_stop"
"""While a Prefect variable of this name holds anything but `false`, `off`, `no` or 0, no payment or charge is sent."""

_OFF = ("", "false", "off", "no", "0", "none")


async def check_not_stopped() -> None:
    """Raise StoppedError while the stop switch is on, and in a run that was cancelled."""
    async with get_client() as prefect:
        variable = await prefect.read_variable_by_name(STOP_VARIABLE)
    value = str(variable.value).strip() if variable is not None else ""
    if value.casefold() not in _OFF:
        raise StoppedError(
            f"all money is stopped: the Prefect variable {STOP_VARIABLE} says {value!r}; nothing was sent. Delete "
            "the variable, or set it to off, then run again"
        )
    if why := await why_cancelled():
        raise StoppedError(
            f"{why}: nothing was sent. To go on, retry the run that was cancelled, or run the same again"
        )

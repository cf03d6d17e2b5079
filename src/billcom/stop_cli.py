"""`billcom stop` and `billcom resume`: halt the money of every organization of a journal, and let it move again."""

from __future__ import annotations

import asyncio
import getpass
import socket
import sys
from collections.abc import Coroutine

from billcom.errors import BillError
from billcom.settings import StateSettings
from billcom.stop_switch import StopSwitch

_PREFECT = "A Prefect variable bill_stop stops the runs of its own server as well: it is not looked at here."


def stop(*reason: str, by: str = "") -> int:
    """Stop all money: no payment or charge of any organization of this journal is sent until `billcom resume`.

    While money is stopped already, show who stopped it, why and since when.

    Parameters
    ----------
    reason
        Why; everybody whose run is stopped reads it.
    by
        Who stops it; the user and the machine unless given.
    """
    return _run("stop", _stop(" ".join(reason), by))


def resume(*reason: str, by: str = "") -> int:
    """Let money move again after `billcom stop`.

    Parameters
    ----------
    reason
        Why; it is kept in the journal.
    by
        Who resumes it; the user and the machine unless given.
    """
    return _run("resume", _resume(" ".join(reason), by))


async def _stop(reason: str, by: str) -> None:
    switch = StopSwitch(StateSettings.load())
    earlier = await switch.stop(_printable(reason), _printable(by) or _user())
    now = await switch.read()
    print(f"All money {'was stopped already' if earlier == now else 'is stopped'}, {now}.")
    print(f"It holds for every organization of the journal {switch.journal}. To go on: billcom resume")
    if earlier != now:
        print("A request that was claimed before may reach BILL within seconds: billcom journal list --open")


async def _resume(reason: str, by: str) -> None:
    switch = StopSwitch(StateSettings.load())
    earlier = await switch.resume(_printable(reason), _printable(by) or _user())
    if earlier is None:
        print(f"The journal {switch.journal} does not stop money. {_PREFECT}")
    else:
        print(f"Money may move again. It was stopped {earlier}. {_PREFECT}")


def _user() -> str:
    try:
        return f"{getpass.getuser()} on {socket.gethostname()}"
    except (KeyError, OSError):  # a container's user may have no name
        return f"a user of {socket.gethostname()}"


def _printable(text: str) -> str:
    """Return text in one line, without what a terminal would obey."""
    return "".join(c if c.isprintable() else "?" for c in " ".join(text.split()))


def _run(name: str, command: Coroutine[None, None, None]) -> int:
    """Return the exit status of a command: 0, or 1 with one line on standard error."""
    try:
        asyncio.run(command)
    except (BillError, OSError) as error:
        print(f"billcom {name}: {error}", file=sys.stderr)
        return 1
    return 0

"""`billcom approver`: enrol who may approve payment runs, list them, strike them off."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Coroutine

from cyclopts import App, Parameter

from billcom.approvers import Approvers
from billcom.errors import BillError
from billcom.settings import Settings

approver_app = App(
    name="approver",
    help="Who may approve payment runs, proven by the codes of an authenticator app.",
    default_parameter=Parameter(negative=()),
)

_NOBODY = "Nobody is enrolled: approvals are recorded under the name that is typed, without proof."


@approver_app.command
def add(name: str, *, replace: bool = False) -> int:
    """Enrol an approver on this machine; prints, once, the address that an authenticator app takes.

    Parameters
    ----------
    name
        The person's name, as it is typed to approve.
    replace
        Give somebody who is enrolled a new seed, as after a lost phone; the old one's codes end.
    """
    return _run("add", _add(name, replace))


@approver_app.command(name="list")
def list_approvers() -> int:
    """Print the name of each approver, one a line."""
    return _run("list", _list())


@approver_app.command
def remove(name: str) -> int:
    """Strike an approver off; requests that still wait don't count this person's approvals any more.

    Parameters
    ----------
    name
        The person's name.
    """
    return _run("remove", _remove(name))


async def _add(name: str, replace: bool) -> None:
    print(await Approvers(Settings.load()).add(name, replace=replace))
    print(
        "Enter it in an authenticator app, as a QR code or by its secret. It is not shown again: keep no copy."
    )


async def _list() -> None:
    for name in (names := Approvers(Settings.load()).names()):
        print(name)
    if not names:
        print(_NOBODY, file=sys.stderr)


async def _remove(name: str) -> None:
    approvers = Approvers(Settings.load())
    await approvers.remove(name)
    if not approvers.names():
        print(_NOBODY, file=sys.stderr)


def _run(name: str, command: Coroutine[None, None, None]) -> int:
    """Return the exit status of a command: 0, or 1 with one line on standard error."""
    try:
        asyncio.run(command)
    except (BillError, OSError) as error:
        print(f"billcom approver {name}: {error}", file=sys.stderr)
        return 1
    return 0

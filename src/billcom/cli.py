"""The `billcom` command."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import App, Parameter

from billcom.approver_cli import approver_app
from billcom.errors import SettingsError
from billcom.journal_cli import journal_app
from billcom.private import keep_private
from billcom.settings import check_names
from billcom.stop_cli import resume, stop

app = App(name="billcom", help="BILL v3 accounts payable and receivable: the local BILL and its tools.")
mfa = App(name="mfa", help="Multi-factor authentication.")
app.command(mfa)
app.command(journal_app)
app.command(approver_app)
app.command(stop)
app.command(resume)


@app.command
def emulator(
    *,
    host: str = "127.0.0.1",
    port: int = 8118,
    clock: str | None = None,
    mfa_token: str | None = None,
    rule: Annotated[tuple[str, ...], Parameter(negative=())] = (),
    permissive: bool = False,
    state: Path | None = None,
) -> int:
    """Serve the local BILL until Ctrl-C; prints one JSON line with its address and credentials when ready.

    Parameters
    ----------
    host
        Address to listen on.
    port
        Port to listen on; 0 picks a free one.
    clock
        Where its time starts, ISO 8601 with offset; it ticks from there. Default: now.
    mfa_token
        Six digits that every texted code is. Default: random ones.
    rule
        NAME=VALUE of one of its switches; may be given several times. GET /_local/rules lists them.
    permissive
        Set every switch to the value a safe client must survive.
    state
        File in which everything is kept over restarts; made when missing. Default: memory alone.
    """
    from billcom.emulator import serve

    rules: dict[str, str] = {}
    for item in rule:
        name, separator, value = item.partition("=")
        if not separator:
            print(f"billcom emulator: --rule {item!r} is not NAME=VALUE", file=sys.stderr)
            return 1
        rules[name] = value
    return serve(host, port, clock, mfa_token, rules, permissive, state)


@app.command
def doctor() -> int:
    """Say, one line each, whether a payment could be made now; exit 1 when it could not.

    Checks credentials, environment, state directory, journal, stop switch, session, MFA trust, role, funding
    accounts and clock.
    """
    from billcom.doctor import report

    return 0 if asyncio.run(report(print)) else 1


@app.command
def template(kind: Literal["payment-run", "collection-run"], file: Path) -> int:
    """Write an empty workbook to fill in, with notes on every column.

    Parameters
    ----------
    kind
        What the sheet asks for: bills to pay, or invoices to send and charge.
    file
        Where to write it, such as june.xlsx; a file that is there is left alone.
    """
    from billcom.runs.lines import RunKind
    from billcom.tables.template import template as workbook

    try:
        with file.expanduser().open("xb") as output:
            output.write(workbook(RunKind(kind.replace("-", " "))))
    except OSError as error:
        print(f"billcom template: {file}: {error.strerror}: choose another name or folder", file=sys.stderr)
        return 1
    return 0


@mfa.command
def enroll() -> int:
    """Have BILL text a code, type it here, and unattended runs are trusted for 30 days.

    The code is read from the terminal, or from standard input when that is none. Three tries.
    """
    from billcom.enroll import run

    return run()


def main() -> None:
    """Run the command line; exit 0 when it did its work, 1 with one line saying why not."""
    keep_private()
    try:
        check_names()
    except SettingsError as error:
        sys.exit(f"billcom: {error}")
    sys.exit(app())

"""The `billcom` command."""

from __future__ import annotations

import sys
from typing import Annotated

from cyclopts import App, Parameter

app = App(name="billcom", help="BILL v3 accounts payable and receivable: the local BILL and its tools.")


@app.command
def emulator(
    *,
    host: str = "127.0.0.1",
    port: int = 8118,
    clock: str | None = None,
    mfa_token: str | None = None,
    rule: Annotated[tuple[str, ...], Parameter(negative=())] = (),
    permissive: bool = False,
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
    """
    from billcom.emulator import serve

    rules: dict[str, str] = {}
    for item in rule:
        name, separator, value = item.partition("=")
        if not separator:
            print(f"billcom emulator: --rule {item!r} is not NAME=VALUE", file=sys.stderr)
            return 1
        rules[name] = value
    return serve(host, port, clock, mfa_token, rules, permissive)


def main() -> None:
    """Run the command line; exit 0 when it did its work, 1 with one line saying why not."""
    sys.exit(app())

"""Owns `python -m billcom.emulator`: the command line over `serve`."""

import argparse
import sys

from billcom.emulator.server import HOST, PORT, serve


def main() -> int:
    """Read the command line, serve, and return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m billcom.emulator", description="Serve a local BILL.")
    parser.add_argument("--host", default=HOST)
    parser.add_argument("--port", type=int, default=PORT, help="0 takes a free port")
    parser.add_argument("--clock", metavar="ISO", help="where its time starts; the real now when left out")
    parser.add_argument("--mfa-token", metavar="CODE", help="fixes every MFA code; random when left out")
    parser.add_argument("--rule", action="append", default=[], metavar="NAME=VALUE")
    parser.add_argument("--permissive", action="store_true", help="every rule at its least helpful value")
    parser.add_argument(
        "--state", metavar="FILE", help="kept over restarts in this file; in memory when left out"
    )
    options = parser.parse_args()
    rules = dict(rule.partition("=")[::2] for rule in options.rule)
    return serve(
        options.host, options.port, options.clock, options.mfa_token, rules, options.permissive, options.state
    )


if __name__ == "__main__":
    sys.exit(main())

"""`make worker`: a worker of the pool `bill`, started once it is sure that this machine could carry a run through.

Beside its runs it recovers dead ones, its own and those of other workers.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import subprocess
import sys

from prefect.cli import app as prefect_command
from prefect.exceptions import ObjectNotFound
from prefect.settings import PREFECT_API_URL, get_current_settings
from pydantic import SecretStr

from billcom.errors import BillError, SettingsError
from billcom.journal_store import JournalStore
from billcom.private import keep_private
from billcom.settings import Settings
from deployments.deploy import prefect_server
from deployments.recovery import HEARTBEAT_SECONDS, recover_in_background
from deployments.registry import ROOT

POOL = "bill"
LIMIT = 8
"""Runs at once on one worker; each is a process of about 200 MB."""


def main() -> int:
    """Check this machine, then be a worker until it is stopped.

    Returns 1, with one line saying why, when the worker must not start.
    """
    parser = argparse.ArgumentParser(prog="python -m deployments.worker", description=__doc__)
    parser.add_argument("--name", help="what the worker is called; made up when left out")
    parser.add_argument("--limit", type=int, default=LIMIT, help=f"runs at once; {LIMIT} unless given")
    options = parser.parse_args()
    try:
        keep_private(get_current_settings().home)
        settings = asyncio.run(check())
    except BillError as error:
        print(f"make worker: {error}", file=sys.stderr)
        return 1
    os.environ |= environment()
    recover_in_background()
    # Beside the worker, not above it: signals and the exit status are the worker's own.
    watch = [sys.executable, "-m", "deployments.watch", settings.environment.value, str(os.getpid())]
    subprocess.Popen(watch, cwd=ROOT)
    named = ["--name", options.name] if options.name else []
    sys.argv = ["prefect", "worker", "start", "--pool", POOL, "--limit", str(options.limit), *named]
    prefect_command()
    return 0


async def check() -> Settings:
    """Return the settings of runs here.

    Raises BillError when runs could not be carried through: settings, journal, Prefect's server, work pool.
    """
    # Whose credentials a run takes is the run's to say: they are not looked at here.
    none = {"username": "-", "password": SecretStr("-"), "organization_id": "-", "dev_key": SecretStr("-")}
    settings = Settings.load(**none)
    store = JournalStore(settings)
    async with store.transaction("worker"):
        pass
    async with prefect_server() as client:
        try:
            await client.read_work_pool(POOL)
        except ObjectNotFound:
            raise SettingsError(
                f"there is no work pool {POOL!r} at {PREFECT_API_URL.value()}: run make deploy first, which makes it"
            ) from None
    return settings


def environment() -> dict[str, str]:
    """Return what a worker adds to the environment of its runs: where the flows are, how often they send heartbeats."""
    return {"BILLCOM_HOME": str(ROOT), "PREFECT_FLOWS_HEARTBEAT_FREQUENCY": str(HEARTBEAT_SECONDS)}


if __name__ == "__main__":
    sys.exit(main())

"""Other processes of the same machine: they share the Prefect server, the local BILL and the state directory."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from prefect.settings import get_current_settings

ROOT = Path(__file__).parents[2]

SIGN_IN = """
import asyncio
from billcom.settings import Settings
from tasks.session import connect

asyncio.run(connect(Settings.load()))
"""

DRY_RUNS = """
import asyncio
from flows.ap import ap_workflow
from tests.samples import account, bill, vendor

async def runs():
    for result in await asyncio.gather(
        *(ap_workflow(vendor(), account(), bill(invoice_number=f"INV-{n}"), dry_run=True) for n in range(5))
    ):
        assert result.dry_run

asyncio.run(runs())
"""

PAY = """
import asyncio
from flows.ap import ap_workflow
from tests.samples import account, bill, vendor

asyncio.run(ap_workflow(vendor(), account(), bill(invoice_number="INV-KILLED")))
"""


def start(script: str) -> subprocess.Popen[str]:
    """Start a process that runs a script in the checkout."""
    settings = get_current_settings()
    environment = os.environ | {
        "PREFECT_API_URL": str(settings.api.url),
        "PREFECT_HOME": str(settings.home),
        "PYTHONPATH": str(ROOT),
    }
    return subprocess.Popen(
        [sys.executable, "-c", script],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )

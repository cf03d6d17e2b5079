"""What may be repeated: reads and sign-in on BILL's failures, nothing else, whatever the worker's profile says."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from billcom import BillClient, Settings
from billcom.errors import NotFoundError
from tasks.bills import get_bill
from tests.organization import Organization

ROOT = Path(__file__).parents[2]

REPEATED = """
import importlib, pathlib
from prefect import Flow, Task
from tasks.retries import may_be_repeated
for folder in ("tasks", "flows"):
    for path in sorted(pathlib.Path(folder).glob("[a-z]*.py")):
        module = importlib.import_module(f"{folder}.{path.stem}")
        for name, value in vars(module).items():
            if isinstance(value, Flow | Task) and value.retries:
                ruled = getattr(value, "retry_condition_fn", None) is may_be_repeated
                print(name, "by its own rule" if ruled else "always")
"""


def repeated(**settings: str) -> list[str]:
    """Return the tasks and flows that are repeated under these settings, and when."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
    ran = subprocess.run(
        [sys.executable, "-c", REPEATED],
        cwd=ROOT,
        env=kept | settings | {"PYTHONPATH": f"{ROOT}:{os.environ.get('PYTHONPATH', '')}"},
        capture_output=True,
        text=True,
        check=True,
    )
    return sorted(set(ran.stdout.splitlines()))


def test_a_workers_profile_makes_no_write_and_no_flow_repeat() -> None:
    asked = repeated(PREFECT_TASKS_DEFAULT_RETRIES="3", PREFECT_FLOWS_DEFAULT_RETRIES="3")
    assert asked == repeated()
    assert [line for line in asked if line.endswith("always")] == []
    names = {line.split()[0] for line in asked}
    assert {"sign_in", "find_vendor", "find_payment", "get_bill"} <= names
    assert not names & {"create_vendor", "create_bill", "pay_bill", "create_invoice", "charge_invoice"}


async def at_once(_seconds: float) -> None:
    """Wait for nothing."""


@pytest.mark.usefixtures("prefect")
async def test_a_read_is_repeated_after_an_outage_and_a_refusal_is_not(organization: Organization) -> None:
    organization.fault("GET", "/v3/bills/*", "html_500", times=5)
    read = get_bill.with_options(retry_delay_seconds=0)
    async with BillClient(Settings.load(), sleep=at_once) as client:
        with pytest.raises(NotFoundError):
            await read(client, "00n00000000000000000")
    # Four tries of the client, then Prefect's first repetition: the fault once more, then BILL's refusal.
    assert len(organization.requests("GET", "/v3/bills/00n00000000000000000")) == 6

"""A run that waits for approval, served as in production: its process ends, and it outlives a restart of the worker."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import anyio
import anyio.to_thread
import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import FlowRun
from prefect.exceptions import ObjectNotFound
from prefect.settings import get_current_settings

from billcom.inputs import CodeSource
from flows.approval import Answer
from tests.flows.deployed import read_run, typed
from tests.flows.payment_sheets import TOGETHER, paid_amounts, put, three
from tests.organization import Organization
from tests.pauses import answer, paused_run

pytestmark = [pytest.mark.slow, pytest.mark.anyio, pytest.mark.usefixtures("prefect")]

ROOT = Path(__file__).parents[2]
DEADLINE_SECONDS = 120
SERVE = """
import asyncio
from prefect.runner import Runner
from flows.payment_runs import pay_bills

async def serve():
    runner = Runner(query_seconds=1)
    await runner.aadd_deployment(await pay_bills.ato_deployment("served"))
    await runner.start()

asyncio.run(serve())
"""


@contextmanager
def serving() -> Iterator[subprocess.Popen[str]]:
    """Serve the flow from another process, until the end at the latest."""
    settings = get_current_settings()
    folders = {f"BILL_{name.upper()}_DIR": str(Path(name).resolve()) for name in ("input", "output")}
    environment = (
        os.environ
        | folders
        | {
            "PREFECT_API_URL": str(settings.api.url),
            "PREFECT_HOME": str(settings.home),
            "PYTHONPATH": str(ROOT),
        }
    )
    with subprocess.Popen(
        [sys.executable, "-c", SERVE], cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, text=True
    ) as process:
        try:
            yield process
        finally:
            process.send_signal(signal.SIGINT)


async def started(parameters: dict[str, object]) -> UUID:
    """Press Run as soon as the deployment is there; return the run's id."""
    with anyio.fail_after(DEADLINE_SECONDS):
        async with get_client() as prefect:
            while True:
                try:
                    deployment = await prefect.read_deployment_by_name("pay-bills/served")
                except ObjectNotFound:
                    await anyio.sleep(0.2)
                    continue
                made = await prefect.create_flow_run_from_deployment(deployment.id, parameters=parameters)
                return made.id


async def comes_to(run_id: UUID, *names: str) -> FlowRun:
    """Wait until a run has a state of one of these names."""
    with anyio.fail_after(DEADLINE_SECONDS):
        while True:
            run = await read_run(run_id)
            if run.state_name in names:
                return run
            assert run.state_name not in ("Failed", "Crashed", "Cancelled"), run.state
            await anyio.sleep(0.2)


async def without_children(worker: subprocess.Popen[str]) -> None:
    """Wait until none of a worker's processes is left: nothing runs while people think."""
    with anyio.fail_after(DEADLINE_SECONDS):
        while (await anyio.run_process(["pgrep", "-P", str(worker.pid)], check=False)).returncode == 0:
            await anyio.sleep(0.2)


async def test_a_suspended_run_outlives_its_process_and_its_worker(
    organization: Organization, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BILL_APPROVAL_AMOUNT", "500")
    source = put(*three(), name="served.csv")
    given = {"source": source, "dry_run": False, "code_from": CodeSource.LOCAL_PHONE.value}
    with serving() as worker:
        run_id = await started(given)
        await comes_to(run_id, "Suspended")
        await without_children(worker)
    assert await anyio.to_thread.run_sync(worker.wait) is not None
    run = await read_run(run_id)
    assert (run.state_name, organization.writes()) == ("Suspended", [])
    with serving():
        paused = await paused_run("served.csv")
        await answer(paused, answer=Answer.APPROVE.value, approver="Ada")
        run = await comes_to(run_id, "Completed")
    assert run.id == run_id
    assert organization.writes() == TOGETHER
    assert paid_amounts(organization) == [Decimal(100), Decimal(200), Decimal(300)]
    assert await typed(run_id) == []

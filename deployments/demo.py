"""`make demo`: a local BILL, the AP and the AR workflow on it as Prefect flows, both sample sheets, what came of it."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

from deployments import alone

if __name__ == "__main__":
    alone.leave_others_out()  # before Prefect, which reads its settings when it is imported

from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterId
from prefect.client.schemas.objects import FlowRun
from prefect.client.schemas.sorting import FlowRunSort
from prefect.settings import (
    PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS,
    PREFECT_SERVER_LOGGING_LEVEL,
    temporary_settings,
)
from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from billcom.client import BillClient
from billcom.emulator import LocalBill
from billcom.errors import BillError
from billcom.inputs import CodeSource
from billcom.local import count_requests
from billcom.money import display
from billcom.results import ApResult, ArResult
from billcom.runs.lines import Run
from billcom.runs.report import run_text
from billcom.settings import Settings
from deployments import samples
from flows.ap import ap_workflow
from flows.ar import ar_workflow
from flows.collection_runs import send_invoices
from flows.payment_runs import pay_bills

SAMPLES = Path(__file__).parents[1] / "samples"


async def run() -> tuple[ApResult, ArResult, list[Run], int]:
    """Run both workflows and both sample sheets; return their results and the number of BILL calls they took."""
    settings = Settings.load()
    today = settings.clock.today()
    ap = await ap_workflow(
        samples.VENDOR, samples.vendor_account(), samples.bill(today), code_from=CodeSource.LOCAL_PHONE
    )
    ar = await ar_workflow(
        samples.CUSTOMER, samples.customer_account(), samples.invoice(today), samples.CHARGE
    )
    paid = await pay_bills("payment_run.csv", dry_run=False, code_from=CodeSource.LOCAL_PHONE)
    sent = await send_invoices("collection_run.csv", dry_run=False, code_from=CodeSource.LOCAL_PHONE)
    async with BillClient(settings) as client:
        return ap, ar, [paid, sent], await count_requests(client)


async def show(ap: ApResult, ar: ArResult, sheets: list[Run], calls: int) -> None:
    """Print what was made at the local BILL, and the runs Prefect recorded."""
    console = Console(width=100, highlight=False)
    table = Table("Record", "BILL id", "Amount", "Status", title="Made at the local BILL", box=SIMPLE)
    table.columns[2].justify = "right"
    status = {
        "bill": ap.bill_payment_status,
        "payment": ap.payment_status,
        "invoice": ar.invoice_status,
        "charge": ar.received_payment_status,
    }
    for workflow, result in (("AP", ap), ("AR", ar)):
        for step in result.steps:
            amount = f"USD {display(result.amount)}" if step.noun in status else ""
            record = f"{workflow}  {step.noun} {step.name}"
            table.add_row(record, step.id, amount, status.get(step.noun, ""))
    console.print(table)
    for sheet in sheets:
        console.print(run_text(sheet), markup=False)
        console.print()
    for run, tasks in await recorded_runs():
        seconds = run.total_run_time.total_seconds()
        console.print(f"Prefect run {run.name!r}: {run.state_name}, {tasks} task runs, {seconds:.1f} s")
    console.print(f"{calls} BILL calls. To press Run yourself: make up")


async def recorded_runs() -> list[tuple[FlowRun, int]]:
    """Return the runs, oldest first, with their number of task runs, once Prefect has recorded them all.

    Task runs reach Prefect's server as events, up to some seconds after they end.
    """
    seen = -1
    async with get_client() as client:
        while True:
            runs = await client.read_flow_runs(sort=FlowRunSort.START_TIME_DESC, limit=4)
            mine = FlowRunFilter(id=FlowRunFilterId(any_=[run.id for run in runs]))
            tasks = await client.read_task_runs(flow_run_filter=mine)
            if len(tasks) == seen and all(task.state and task.state.is_final() for task in tasks):
                return [(run, sum(t.flow_run_id == run.id for t in tasks)) for run in reversed(runs)]
            seen = len(tasks)
            await asyncio.sleep(1)


def main() -> int:
    """Run the demo; return its exit status."""
    argparse.ArgumentParser(
        prog="python -m deployments.demo", description=__doc__, parents=[alone.OPTIONS]
    ).parse_args()
    with LocalBill() as bill, tempfile.TemporaryDirectory() as state:
        for name in [name for name in os.environ if name.startswith("BILL_")]:
            del os.environ[name]
        os.environ |= {
            "BILL_BASE_URL": bill.base_url,
            "BILL_STATE_DIR": state,
            "BILL_INPUT_DIR": str(SAMPLES),
            "BILL_OUTPUT_DIR": "demo",
        }
        # A first start makes Prefect's database; the end cuts its server's services short, which it logs as errors.
        prefect: dict[Any, Any] = {
            PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS: 120,
            PREFECT_SERVER_LOGGING_LEVEL: "CRITICAL",
        }
        try:
            with temporary_settings(prefect):
                asyncio.run(_run_and_show())
            # That Prefect's server stops is not the last word.
            logging.getLogger("prefect").setLevel(logging.WARNING)
        except BillError as error:
            print(f"demo: {error}", file=sys.stderr)
            return 1
    return 0


async def _run_and_show() -> None:
    await show(*await run())


if __name__ == "__main__":
    sys.exit(main())

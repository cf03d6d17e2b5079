"""`make demo`: a local BILL, then the AP and the AR workflow on it as Prefect flows, then what came of it."""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile

from prefect.client.orchestration import get_client
from prefect.client.schemas.sorting import FlowRunSort
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
from billcom.settings import Settings
from deployments import samples
from flows.ap import ap_workflow
from flows.ar import ar_workflow


async def run() -> tuple[ApResult, ArResult, int]:
    """Run both workflows; return their results and the number of BILL calls they took."""
    settings = Settings.load()
    today = settings.clock.today()
    ap = await ap_workflow(
        samples.VENDOR, samples.vendor_account(), samples.bill(today), code_from=CodeSource.LOCAL_PHONE
    )
    ar = await ar_workflow(
        samples.CUSTOMER, samples.customer_account(), samples.invoice(today), samples.CHARGE
    )
    async with BillClient(settings) as client:
        return ap, ar, await count_requests(client)


async def show(ap: ApResult, ar: ArResult, calls: int) -> None:
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
    async with get_client() as client:
        runs = await client.read_flow_runs(sort=FlowRunSort.START_TIME_DESC, limit=2)
    for run in reversed(runs):
        seconds = run.total_run_time.total_seconds()
        console.print(f"Prefect run {run.name!r}: {run.state_name}, {seconds:.1f} s")
    console.print(f"{calls} BILL calls. To press Run yourself: make up")


def main() -> int:
    """Run the demo; return its exit status."""
    with LocalBill() as bill, tempfile.TemporaryDirectory() as state:
        for name in [name for name in os.environ if name.startswith("BILL_")]:
            del os.environ[name]
        os.environ |= {"BILL_BASE_URL": bill.base_url, "BILL_STATE_DIR": state}
        try:
            asyncio.run(_run_and_show())
        except BillError as error:
            print(f"demo: {error}", file=sys.stderr)
            return 1
    return 0


async def _run_and_show() -> None:
    await show(*await run())


if __name__ == "__main__":
    sys.exit(main())

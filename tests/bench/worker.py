"""A process that runs one flow twice, a small sheet to warm up, then the one that is measured; prints JSON."""

from __future__ import annotations

import asyncio
import json
import os
import resource
import sys
import time
from typing import Any
from uuid import UUID

import httpx
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterId

from billcom.errors import LinesFailedError
from billcom.inputs import CodeSource
from billcom.models.bank_account import BankAccountType
from billcom.runs.lines import Run, Status
from flows.ap import ap_workflow
from flows.payment_runs import pay_bills
from tests import samples

HISTORY_SECONDS = 120


async def pay_sheets(warm: str, *names: str) -> None:
    """Pay a sheet to warm up, then those that are measured, one line of JSON each."""
    flow: Any = pay_bills
    await flow(warm, dry_run=False, code_from=CodeSource.NOBODY)
    for name in names:
        before = _calls()
        began = time.perf_counter()
        state = await flow(name, dry_run=False, code_from=CodeSource.NOBODY, return_state=True)
        seconds = time.perf_counter() - began
        result = await state.aresult(raise_on_failure=False)
        run: Run = result.run if isinstance(result, LinesFailedError) else result
        paid = run.total_of(Status.DONE)
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        calls = _calls() - before
        measured = {"seconds": seconds, "paid": paid.count, "megabytes": memory, "calls": calls}
        print(json.dumps(measured), flush=True)
        history = await _history(state.state_details.flow_run_id)
        print(json.dumps(history), flush=True)


async def run_ap(count: int) -> None:
    """Run the AP workflow to warm up, then `count` times; print the seconds of each."""
    for number in range(count + 1):
        began = time.perf_counter()
        await ap_workflow(
            vendor=samples.vendor(name=f"Single {number:05d}"),
            bank_account=samples.account(type=BankAccountType.CHECKING),
            bill=samples.bill(invoice_number=f"ONE-{number}"),
            code_from=CodeSource.NOBODY,
        )
        print(json.dumps({"run": number, "seconds": time.perf_counter() - began}), flush=True)


def _calls() -> int:
    """Return how many calls this organization has made, but for sign-ins."""
    root = os.environ["BILL_BASE_URL"].removesuffix("/connect")
    rows = httpx.get(f"{root}/_local/requests", timeout=60).raise_for_status().json()["requests"]
    mine = os.environ["BILL_ORGANIZATION_ID"]
    return sum(row["organization_id"] == mine and "/login" not in row["path"] for row in rows)


async def _history(flow_run_id: UUID) -> dict[str, int]:
    """Return how many task runs the API shows of a run once no more come, and how many of them are unfinished."""
    this = FlowRunFilter(id=FlowRunFilterId(any_=[flow_run_id]))
    seen = -1
    async with get_client() as prefect:
        for _ in range(HISTORY_SECONDS):
            shown = 0
            unfinished = 0
            while page := await prefect.read_task_runs(flow_run_filter=this, limit=200, offset=shown):
                shown += len(page)
                unfinished += sum(run.state is None or not run.state.is_final() for run in page)
            if shown == seen and not unfinished:
                break
            seen = shown
            await asyncio.sleep(1)
    return {"task_runs": shown, "unfinished": unfinished}


if __name__ == "__main__":
    job, *given = sys.argv[1:]
    asyncio.run(pay_sheets(*given) if job == "sheets" else run_ap(int(given[0])))

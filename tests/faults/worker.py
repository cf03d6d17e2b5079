"""The process that runs one workflow once, as a worker's does; it can be told to die or stop at a write.

It alone is changed for that, from outside: no line of what is proved knows of it.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from dataclasses import asdict, dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, cast

import httpx
from prefect import Flow

from billcom.errors import BillError, LinesFailedError
from billcom.inputs import CasePolicy, CodeSource
from billcom.runs.lines import Run, Status
from flows.ap import ap_workflow
from flows.ar import ar_workflow
from flows.payment_runs import pay_bills
from flows.repair import resolve_unknowns
from tests import samples
from tests.faults import blind

PRELOAD = [
    "tests.faults.worker",
    # What Prefect and anyio import with their first run: every process would do it anew.
    "anyio._backends._asyncio",
    "fastapi",
    "prefect.concurrency.asyncio",
    "prefect.engine",
    "prefect.flow_engine",
    "prefect.task_engine",
    "prefect.telemetry.run_telemetry",
    "prefect.utilities.visualization",
    "sqlalchemy.dialects.sqlite.aiosqlite",
]
"""Modules of the process that all others are forked from."""

_FOR_A_PERSON = (Status.OPEN, Status.CONFLICT, Status.HELD)


@dataclass(frozen=True)
class Trap:
    """A signal this process gives itself at its first request of this method and path: before or after it."""

    path: str
    when: str
    signal: int
    method: str = "POST"


@dataclass(frozen=True)
class Job:
    """One run: which workflow, with which changes to the samples, in which environment.

    A payment run pays the sheet `source`. `leads`: its process leads a group of its own, to be killed whole.
    """

    workflow: str
    folder: Path
    name: str
    environment: dict[str, str]
    changes: dict[str, dict[str, Any]] = field(default_factory=dict)
    trap: Trap | None = None
    asks: bool = False
    blind: bool = False
    source: str = ""
    leads: bool = False

    @property
    def run_name(self) -> str:
        """What Prefect calls the run."""
        return f"{self.environment['BILL_ORGANIZATION_ID']} {self.name}"

    @property
    def outcome_path(self) -> Path:
        """Where the process leaves what came of the run, unless it dies."""
        return self.folder / f"{self.name}.json"


def main(job: Job) -> None:
    """Run the job in this process, and leave its outcome."""
    if job.leads:
        os.setsid()
    log = os.open(job.folder / f"{job.name}.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.chdir(job.folder)  # no .env of the checkout is read
    os.environ |= job.environment
    if job.trap:
        _set(job.trap)
    if job.blind:
        blind.stop_looking()
    outcome = asyncio.run(_outcome(job))
    unfinished = job.outcome_path.with_suffix(".part")
    unfinished.write_text(json.dumps(outcome))
    unfinished.rename(job.outcome_path)


async def _outcome(job: Job) -> dict[str, Any]:
    asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, _tell_where)
    try:
        result = await _run(job)
    except BillError as error:
        kinds = [kind.__name__ for kind in type(error).__mro__]
        left = {"error": type(error).__name__, "kinds": kinds, "text": str(error)}
        if isinstance(error, LinesFailedError):
            left["needs_person"] = any(line.status in _FOR_A_PERSON for line in error.run.lines)
        return left
    if isinstance(result, Run):
        return {"error": "", "result": json.loads(json.dumps(asdict(result), default=str))}
    return {"error": "", "result": result.model_dump(mode="json")}


async def _run(job: Job) -> Any:
    """Run the workflow under a name that tells it from all others in Prefect."""

    def named(flow: Flow[..., Any]) -> Flow[..., Any]:
        return flow.with_options(flow_run_name=job.run_name)

    def given(name: str) -> dict[str, Any]:
        return job.changes.get(name, {})

    on_case = CasePolicy.ASK if job.asks else CasePolicy.STOP
    if job.workflow == "repair":
        return await samples.run(named(resolve_unknowns), {"on_case": on_case})
    if job.workflow == "bulk":
        return await cast("Any", named(pay_bills))(
            job.source, dry_run=False, code_from=CodeSource.LOCAL_PHONE
        )
    common = {"bank_account": samples.account(**given("account")), "code_from": CodeSource.LOCAL_PHONE}
    common["on_case"] = on_case
    if job.workflow == "ap":
        return await samples.run(
            named(ap_workflow),
            common
            | {
                "vendor": samples.vendor(**given("vendor")),
                "bill": samples.bill(**given("bill")),
                "payment": samples.payment(**given("payment")),
            },
        )
    return await samples.run(
        named(ar_workflow),
        common
        | {
            "customer": samples.customer(**given("customer")),
            "invoice": samples.invoice(**given("invoice")),
            "charge": samples.charge(**given("charge")),
        },
    )


def _tell_where() -> None:
    """Write where every task of this process stands, for whoever waits for it in vain."""
    for task in asyncio.all_tasks():
        waiting: Any = task.get_coro()
        while waiting is not None:
            print(task.get_name(), waiting, file=sys.stderr)
            waiting = getattr(waiting, "cr_await", None)
    sys.stderr.flush()


def _set(trap: Trap) -> None:
    """Give the signal once, where httpx hands the request to the network or has its answer."""
    send = httpx.AsyncHTTPTransport.handle_async_request
    sprung = False

    async def trapped(self: httpx.AsyncHTTPTransport, request: httpx.Request) -> httpx.Response:
        nonlocal sprung
        path = request.url.path.removeprefix("/connect")
        here = request.method == trap.method and fnmatchcase(path, trap.path) and not sprung
        sprung = sprung or here
        if here and trap.when == "before":
            _spring(trap)
        response = await send(self, request)
        if here and trap.when == "after":
            _spring(trap)
        return response

    httpx.AsyncHTTPTransport.handle_async_request = trapped


def _spring(trap: Trap) -> None:
    print("trap", trap, file=sys.stderr, flush=True)
    os.kill(os.getpid(), signal.Signals(trap.signal))

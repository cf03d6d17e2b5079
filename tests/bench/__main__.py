"""How fast: the recipe as a script, the same three at once, and a payment run, against a BILL of 200 ms a call.

`make bench`; SIZES="100 1000 10000" says which payment runs are timed by themselves.
"""

from __future__ import annotations

import asyncio
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
from math import ceil
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from tests.bench.local import AT_ONCE, LATENCY_SECONDS, Local, local_bill
from tests.bench.recipe import pay_by_recipe, repeat_bare
from tests.bench.sheets import known_vendors, sheet, wanted_bills

VENDORS = 200
BILLS = 1000
SCRIPTED = 100
AP_RUNS = 5
_WARM_UP = 3
_VENDORS_A_CALL, _BILLS_A_CALL, _PAYMENTS_A_CALL, _ROWS_A_PAGE = 20, 100, 50, 100


def floor_calls(bills: int, vendors: int, *, reads_again: bool) -> int:
    """Return the calls a perfect run makes.

    The new vendors, bills and payments in full requests; a page of vendors for each hundred BILL knows, and one of its
    archived ones; the known vendors' bills, both halves, one page each, since there are none yet; the funding
    accounts. `reads_again`: and the paid bills once more, to see that none is overpaid.
    """
    known = vendors // 2
    writes = ceil((vendors - known) / _VENDORS_A_CALL) + ceil(bills / _BILLS_A_CALL)
    writes += ceil(bills / _PAYMENTS_A_CALL)
    pages = ceil(known / _ROWS_A_PAGE) + 1 + 2 * ceil(known / _ROWS_A_PAGE) + 1
    return writes + pages + (ceil(bills / _ROWS_A_PAGE) if reads_again else 0)


def floor_seconds(calls: int) -> float:
    """Return how long calls take that are never fewer than three at once."""
    return calls * LATENCY_SECONDS / AT_ONCE


def main() -> None:
    """Measure everything and print it."""
    console = Console(width=118)
    sizes = [int(size) for size in os.environ.get("SIZES", "100 1000 10000").split()]
    machine = f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}"
    pace = f"{LATENCY_SECONDS * 1000:.0f} ms a call, {AT_ONCE} at once"
    console.print(f"The local BILL, on this machine: {pace}; {machine}")
    with local_bill() as local, tempfile.TemporaryDirectory() as folder:
        scripts = _scripts(local)
        runs = {size: _payment_run(local, Path(folder), size) for size in sizes}
        overhead = _ap_overhead(local, Path(folder))
    _print_comparison(console, scripts, runs.get(BILLS))
    _print_sizes(console, runs)
    _print_overhead(console, *overhead)


def _scripts(local: Local) -> dict[str, float]:
    """Return the seconds of 1,000 bills by script, measured on 100."""
    seconds: dict[str, float] = {}
    for name, at_once in (("script, one after the other", 1), ("script, three at once", AT_ONCE)):
        bills = wanted_bills(SCRIPTED, VENDORS * SCRIPTED // BILLS)
        local.organization(known_vendors(VENDORS * SCRIPTED // BILLS))
        accounts = local.call("GET", "/v3/funding-accounts/banks")["results"]
        account_id = next(account["id"] for account in accounts if account["status"] == "VERIFIED")
        took = asyncio.run(pay_by_recipe(local, bills, account_id, at_once))
        seconds[name] = took * BILLS / SCRIPTED
    return seconds


def _payment_run(local: Local, folder: Path, size: int) -> dict[str, Any]:
    """Pay a sheet of so many bills in a fresh organization and process; return what was measured."""
    vendors = VENDORS if size >= BILLS else VENDORS * size // BILLS
    bills = wanted_bills(size + _WARM_UP, vendors)
    environment = local.organization(known_vendors(vendors))
    here = folder / str(size)
    (here / "input").mkdir(parents=True)
    (here / "input" / "warm.csv").write_bytes(sheet(bills[size:]))
    (here / "input" / "run.csv").write_bytes(sheet(bills[:size]))
    measured: dict[str, Any] = {}
    with _worker(here, environment, "sheets", "warm.csv", "run.csv") as process:
        assert process.stdout is not None
        for line in process.stdout:
            measured |= json.loads(line)
    if measured.get("paid") != size:
        raise SystemExit(f"{measured.get('paid')} of {size} bills were paid: nothing was measured")
    return measured | {"vendors": vendors}


def _ap_overhead(local: Local, folder: Path) -> tuple[float, float, int]:
    """Return the median seconds of a warm AP workflow, of the same number of calls made bare, and that number."""
    environment = local.organization([])
    here = folder / "ap"
    here.mkdir()
    with _worker(here, environment, "ap", str(AP_RUNS)) as process:
        assert process.stdout is not None
        seconds = [json.loads(line)["seconds"] for line in process.stdout][1:]
    mine = [row for row in local.requests() if row["organization_id"] == local.credentials["organization_id"]]
    paid = [
        number for number, row in enumerate(mine) if row["path"] == "/v3/payments" and row["method"] == "POST"
    ]
    calls = (paid[-1] - paid[0]) // (len(paid) - 1)
    bare = [asyncio.run(repeat_bare(local, mine[:calls])) for _ in range(3)]
    return statistics.median(seconds), statistics.median(bare), calls


def _worker(folder: Path, environment: dict[str, str], *arguments: str) -> subprocess.Popen[str]:
    """Start a process with a Prefect and a state of its own."""
    own = {
        "PREFECT_HOME": str(folder / "prefect"),
        "PREFECT_LOGGING_LEVEL": "CRITICAL",
        "BILL_STATE_DIR": str(folder / "state"),
        "BILL_INPUT_DIR": str(folder / "input"),
        "BILL_OUTPUT_DIR": str(folder / "output"),
    }
    command = [sys.executable, "-m", "tests.bench.worker", *arguments]
    return subprocess.Popen(
        command, env={**os.environ, **environment, **own}, stdout=subprocess.PIPE, text=True
    )


def _print_comparison(console: Console, scripts: dict[str, float], run: dict[str, Any] | None) -> None:
    table = Table(title=f"{BILLS:,} bills of {VENDORS} vendors, half of them new")
    for column in ("", "calls", "seconds", "times the script"):
        table.add_column(column, justify="left" if not column else "right")
    slow = scripts["script, one after the other"]
    calls = VENDORS + 2 * BILLS
    for name, seconds in scripts.items():
        table.add_row(f"{name} *", f"{calls:,}", f"{seconds:,.1f}", f"{slow / seconds:.1f}")
    if run is not None:
        table.add_row("pay_bills", f"{run['calls']}", f"{run['seconds']:.2f}", f"{slow / run['seconds']:.1f}")
    console.print(table)
    console.print(
        f"* measured on {SCRIPTED} bills of {VENDORS * SCRIPTED // BILLS} vendors, times {BILLS // SCRIPTED}"
    )
    if run is not None:
        for what, again in (("with the bills read again", True), ("without", False)):
            calls = floor_calls(BILLS, VENDORS, reads_again=again)
            seconds = floor_seconds(calls)
            ratio = run["seconds"] / seconds
            console.print(
                f"floor {what}: {calls} calls x 0.2 / 3 = {seconds:.2f} s; pay_bills: {ratio:.2f} times that"
            )


def _print_sizes(console: Console, runs: dict[int, dict[str, Any]]) -> None:
    table = Table(title="pay_bills by size")
    columns = (
        "bills",
        "vendors",
        "seconds",
        "calls",
        "calls a bill",
        "peak MB",
        "task runs in history",
        "unfinished",
    )
    for column in columns:
        table.add_column(column, justify="right")
    for size, run in runs.items():
        cells = (size, run["vendors"], f"{run['seconds']:.2f}", run["calls"], f"{run['calls'] / size:.3f}")
        rest = (f"{run['megabytes']:.0f}", run["task_runs"], run["unfinished"])
        table.add_row(*(str(cell) for cell in (*cells, *rest)))
    console.print(table)
    if {1000, 10_000} <= runs.keys():
        console.print(
            f"10,000 bills take {runs[10_000]['seconds'] / runs[1000]['seconds']:.1f} times as long as 1,000"
        )


def _print_overhead(console: Console, flow: float, bare: float, calls: int) -> None:
    console.print(
        f"one ap_workflow, warm: {flow:.2f} s (median of {AP_RUNS}); its {calls} calls made bare: {bare:.2f} s; "
        f"overhead {flow - bare:.2f} s"
    )


if __name__ == "__main__":
    main()

"""`make schedules`: every schedule of `prefect.yaml` starts a run each minute, for minutes; do they start and end?"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

import httpx

from billcom.emulator import LocalBill
from tests.schedules.service import Service, runs_of, schedules, service, start_every_minute


def main() -> int:
    """Run for the given minutes; return 1 when a schedule planned no run, or the server logged an error."""
    parser = argparse.ArgumentParser(prog="python -m tests.schedules", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--database", choices=["sqlite", "postgresql"], default="sqlite")
    options = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as folder,
        LocalBill() as bill,
        service(Path(folder), options.database, **environment(bill, Path(folder))) as running,
    ):
        done = running.deploy()
        print(done.stdout + done.stderr, flush=True)
        return measured(running, options.minutes) or done.returncode


def environment(bill: LocalBill, folder: Path) -> dict[str, str]:
    """Return what a worker of the local BILL's first organization has in its environment."""
    return {f"BILL_{name.upper()}": value for name, value in bill.credentials.items()} | {
        "BILL_ENVIRONMENT": "local",
        "BILL_STATE_DIR": str(folder / "state"),
        "BILL_OUTPUT_DIR": str(folder / "output"),
    }


def measured(running: Service, minutes: float) -> int:
    """Have every schedule start a run each minute; print what came of the runs; return the exit status."""
    with running.api() as api:
        for schedule in schedules(api).values():
            start_every_minute(api, schedule)
        running.worker()
        time.sleep(60 * minutes)
        due = {name: started_or_due(api, schedule) for name, schedule in schedules(api).items()}
        planned = {name: len(runs_of(api, schedule)) for name, schedule in schedules(api).items()}
    for name, runs in due.items():
        started = [run for run in runs if run["start_time"]]
        states = Counter(str(run["state_name"]) for run in runs)
        print(
            f"{name}: {planned[name]} runs planned, {len(runs)} of them due by now, {len(started)} started; "
            + ", ".join(f"{count} {state}" for state, count in states.most_common())
        )
    errors = running.errors()
    print(f"{errors.total()} error lines in the server's log")
    for line, count in errors.most_common():
        print(f"  {count} x {line[:200]}")
    for line in running.log("worker").splitlines():
        if line.startswith("make worker: "):
            print(line)
    return 1 if errors or not planned or not all(planned.values()) else 0


def started_or_due(api: httpx.Client, schedule: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the runs of a schedule whose time has come."""
    now = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime())
    return [run for run in runs_of(api, schedule) if run["expected_start_time"] <= now]


if __name__ == "__main__":
    sys.exit(main())

"""`make fleet`: how long a fleet's payment takes with one worker, with two, with four."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

from tests.cluster.fleet import BILLS, local_bill
from tests.cluster.house import House, house
from tests.cluster.runs import ended, start_fleet

RUNS_EACH = 3
DEADLINE_SECONDS = 1200


def main() -> int:
    """Time each number of workers on organizations of its own; return 1 when a bill is not paid once."""
    parser = argparse.ArgumentParser(prog="python -m tests.cluster", description=__doc__)
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2, 4])
    parser.add_argument("--organizations", type=int, default=40)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, house(Path(folder)) as service:
        return max(measured(service, workers, options.organizations) for workers in options.workers)


def measured(service: House, workers: int, organizations: int) -> int:
    """Pay a new fleet with so many workers; print how fast; return 1 when a bill is not paid once."""
    with local_bill("--rule", "latency_ms=200") as fleet, service.api() as api:
        fleet.add(organizations)
        fleet.enrol(service)
        started = [
            service.worker(f"worker-{workers}-{number}", RUNS_EACH, {"BILL_BASE_URL": fleet.base_url})
            for number in range(workers)
        ]
        began = time.monotonic()
        state = ended(api, start_fleet(api, fleet), DEADLINE_SECONDS)["state"]
        seconds = time.monotonic() - began
        for worker in started:
            worker.terminate()
            worker.wait()
        wrong = fleet.wrong()
    bills = organizations * BILLS
    print(
        f"{workers} workers of {RUNS_EACH} runs: {bills} bills of {organizations} organizations in {seconds:.0f} s, "
        f"{bills / seconds:.1f} bills a second; {state['message']}",
        flush=True,
    )
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())

"""1,000 bills of 40 organizations while a worker with all its runs and an API server are killed; nobody touches it."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest

from tests.cluster.databases import until
from tests.cluster.fleet import BILLS, local_bill
from tests.cluster.house import House, house, kill_whole
from tests.cluster.runs import children, ended, start_fleet

pytestmark = pytest.mark.cluster

ORGANIZATIONS = 40
RUNS_EACH = 4
KILL_AFTER = 10
"""Organizations that are paid when the worker dies: the rest are waiting, or under way."""

DEADLINE_SECONDS = 1200


def test_a_killed_worker_and_a_killed_server_cost_no_bill_and_pay_none_twice(
    tmp_path: Path, record_property: Any
) -> None:
    with local_bill("--rule", "latency_ms=200") as fleet, house(tmp_path) as service:
        fleet.add(ORGANIZATIONS)
        fleet.enrol(service)
        bill = {"BILL_BASE_URL": fleet.base_url}
        doomed = service.worker("doomed", RUNS_EACH, bill)
        service.worker("survivor", RUNS_EACH, bill)
        with service.api() as api:
            began = time.monotonic()
            run = start_fleet(api, fleet)
            until(lambda: fleet.requests_that_paid() >= KILL_AFTER, "payments go out", 300)
            killed = kill_whole(doomed.pid)
            kill_whole(service.servers[1].pid)
            died = time.monotonic()
            assert killed > 1, "the worker had no run under way"
            state = ended(api, run, DEADLINE_SECONDS)
            total = time.monotonic() - began
            runs = children(api)
        told = {
            "processes_killed": killed,
            "seconds_in_all": round(total, 1),
            "seconds_from_the_kill_to_the_end": round(time.monotonic() - died, 1),
            "runs_started_again": sum(run["run_count"] > 1 for run in runs),
            "state": state["state"]["message"],
        }
        print(json.dumps(told, indent=1))
        assert fleet.wrong() == {}
        assert sum(sum(fleet.paid(name).values()) for name in fleet.bills) == ORGANIZATIONS * BILLS
        assert state["state_type"] == "COMPLETED", state["state"]["message"]
        assert len(runs) == ORGANIZATIONS
        assert told["runs_started_again"] > 0, "the kill struck no run"


def log(service: House, name: str) -> str:
    """Return what a part has printed."""
    return (service.folder / f"{name}.log").read_text(errors="replace")

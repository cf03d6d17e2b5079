"""1,000 bills of 40 organizations while a worker with all its runs and an API server are killed; nobody touches it."""

from __future__ import annotations

import json
import signal
import time
from pathlib import Path

import pytest

from tests.cluster.databases import until
from tests.cluster.fleet import BILLS, local_bill
from tests.cluster.house import House, house, kill_whole, runs_of
from tests.cluster.inbox import inbox
from tests.cluster.runs import children, ended, start_fleet

pytestmark = pytest.mark.cluster

ORGANIZATIONS = 40
RUNS_EACH = 4
KILL_AFTER = 10
"""Organizations that are paid when the worker dies: the rest are waiting, or under way."""

DEADLINE_SECONDS = 1200


_SENT = """
SELECT DISTINCT sent.run FROM entries sent WHERE sent.kind = 'payment' AND sent.state = 'SENDING' AND NOT EXISTS (
    SELECT FROM entries later WHERE later.sequence > sent.sequence AND
    (later.base_url, later.organization_id, later.kind, later.subject, later.label) =
    (sent.base_url, sent.organization_id, sent.kind, sent.subject, sent.label))"""
"""The runs whose payments are sent, for all the journal knows, and of which it does not know what came of them."""


def test_a_killed_worker_and_a_killed_server_cost_no_bill_and_pay_none_twice(tmp_path: Path) -> None:
    with (
        local_bill("--rule", "latency_ms=200") as fleet,
        inbox() as told_somebody,
        house(tmp_path, told_somebody.url) as service,
    ):
        fleet.add(ORGANIZATIONS)
        fleet.enrol(service)
        bill = {"BILL_BASE_URL": fleet.base_url}
        doomed = service.worker("doomed", RUNS_EACH, bill)
        with service.api() as api:
            began = time.monotonic()
            run = start_fleet(api, fleet)
            # What sums up dies with the worker, too.
            until(lambda: run in runs_of(doomed.pid), "the worker has begun", 60)
            service.worker("survivor", RUNS_EACH, bill)
            until(lambda: fleet.requests_that_paid() >= KILL_AFTER, "payments go out", 300)
            until(lambda: bool(frozen_while_paying(service, doomed.pid)), "a payment is under way", 60)
            struck = frozen_while_paying(service, doomed.pid)
            killed = kill_whole(doomed.pid)
            kill_whole(service.servers[1].pid)
            died = time.monotonic()
            state = ended(api, run, DEADLINE_SECONDS)
            total = time.monotonic() - began
            runs = children(api)
        told = {
            "processes_killed": killed,
            "runs_killed_while_paying": len(struck),
            "seconds_in_all": round(total, 1),
            "seconds_from_the_kill_to_the_end": round(time.monotonic() - died, 1),
            "runs_started_again": sum(run["run_count"] > 1 for run in runs),
            "state": state["state"]["message"],
        }
        print(json.dumps(told, indent=1))
        assert fleet.wrong() == {}
        assert sum(sum(fleet.paid(name).values()) for name in fleet.bills) == ORGANIZATIONS * BILLS
        assert state["state_type"] == "COMPLETED", state["state"]["message"]
        assert state["run_count"] > 1, "the run for all organizations was not struck"
        assert len(runs) == ORGANIZATIONS
        assert struck <= {run["id"] for run in runs if run["run_count"] > 1}
        assert told_somebody.subjects() == {"BILL: a run crashed"}
        crashed = " ".join(message["message"] for message in told_somebody.messages)
        assert all(run_id in crashed for run_id in {run, *struck})


def frozen_while_paying(service: House, worker: int) -> set[str]:
    """Stop a worker and its runs where they are; return the runs that are paying, and let it go on when none is."""
    kill_whole(worker, signal.SIGSTOP)
    paying = runs_of(worker) & set(service.postgres.sql(_SENT, "billcom").split())
    if not paying:
        kill_whole(worker, signal.SIGCONT)
    return paying

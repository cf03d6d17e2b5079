"""A run on a worker that is cancelled, or whose process dies: it sends nothing more, and reports what it has done."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from prefect.settings import PREFECT_API_URL, temporary_settings

from billcom.inputs import CodeSource
from tasks.blocks import BillCredentials
from tests.billcom.tables.sheets import as_csv
from tests.cluster.house import family
from tests.deployments.worker import Machine, machine, until
from tests.flows.payment_sheets import row
from tests.organization import Organization

pytestmark = pytest.mark.service

BILLS, TOGETHER = 90, 3
PAY_BILLS = "pay-bills/on-demand-local"
GOES_ON = {"dry_run": False, "code_from": CodeSource.LOCAL_PHONE.value}


@pytest.fixture(scope="module")
def worked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    """Everything running, at a BILL that takes its time."""
    with machine(tmp_path_factory.mktemp("machine"), latency_ms=400, logins_per_hour=10**6) as made:
        yield made


def put(worked: Machine, name: str) -> None:
    """Leave a sheet of bills, of which few have a memo in common: few are paid in one request."""
    rows = [row(f"{name}-{n}", f"{n + 1}.00", Memo=f"{name} {n // TOGETHER}") for n in range(BILLS)]
    path = worked.input / f"{name}.csv"
    path.write_bytes(as_csv(*rows))
    an_hour_ago = time.time() - 3600
    os.utime(path, (an_hour_ago, an_hour_ago))


def payments(worked: Machine, name: str) -> list[dict[str, Any]]:
    """Return what BILL has paid of a sheet."""
    found = worked.organization.record("GET", "payments?max=100&sort=createdTime:desc")["results"]
    return [made for made in found if str(made.get("description", "")).startswith(f"{name} ")]


def paid_bills(worked: Machine, name: str) -> Counter[str]:
    """Return how often each bill of a sheet is paid."""
    return Counter(part["billId"] for made in payments(worked, name) for part in made["billPayments"])


def half_way(worked: Machine, name: str) -> str:
    """Start a sheet; return its run once some of it, and not all, is paid."""
    put(worked, name)
    before = requests_that_paid(worked)
    run_id = worked.start(PAY_BILLS, source=f"{name}.csv", **GOES_ON)
    until(lambda: requests_that_paid(worked) >= before + 3, "some bills are paid")
    return run_id


def requests_that_paid(worked: Machine) -> int:
    """Return how many requests for payments BILL has carried out; asking takes none of the runs' slots."""
    rows = worked.organization.control("GET", "/requests?method=POST&acted=True")["requests"]
    return sum(row["path"].startswith("/v3/payments") for row in rows)


def report(worked: Machine, run_id: str, word: str) -> dict[str, Any]:
    """Return the report that a hook has left."""

    def found() -> list[dict[str, Any]]:
        return [made for made in worked.artifacts(run_id) if made["description"].startswith(word)]

    return until(found, f"the run has a report that begins with {word}")[-1]


def is_the_truth(worked: Machine, name: str, left: dict[str, Any], word: str) -> None:
    """Check a report against what BILL holds."""
    paid = len(paid_bills(worked, name))
    assert 0 < paid < BILLS
    said = left["description"]
    told = int(said.removeprefix(f"{word}: ").split(" ", 1)[0])
    unknown = int(said.split("; ")[2].split(" ", 1)[0]) if said.count(";") == 2 else 0
    assert f"{told} of {BILLS} paid, USD " in said and " not paid, USD " in said
    assert told <= paid <= told + unknown
    assert "What to do next" in left["data"]


def pays_the_rest_once(worked: Machine, name: str) -> None:
    """Run the sheet again: it ends well, and every bill is paid once."""
    run = worked.ended(worked.start(PAY_BILLS, source=f"{name}.csv", **GOES_ON))
    assert run["state_type"] == "COMPLETED", run["state"]["message"]
    assert sorted(paid_bills(worked, name).values()) == [1] * BILLS


@pytest.mark.parametrize("how", ["command", "api"])
def test_cancelled_payment_run_sends_nothing_more_and_the_next_run_pays_the_rest(
    worked: Machine, how: str
) -> None:
    name = f"cancel-{how}"
    run_id = half_way(worked, name)
    if how == "command":
        worked.command("prefect", "flow-run", "cancel", run_id)
    else:  # as the UI does
        body = {"state": {"type": "CANCELLING", "name": "Cancelling"}}
        worked.api.post(f"/flow_runs/{run_id}/set_state", json=body).raise_for_status()
    worked.ended(run_id, "CANCELLED")
    sent = requests_that_paid(worked)
    assert not process_of(run_id)
    is_the_truth(worked, name, report(worked, run_id, "cancelled"), "cancelled")
    (bar,) = worked.artifacts(run_id, "progress")
    assert 0 < bar["data"] < 100
    assert requests_that_paid(worked) == sent
    pays_the_rest_once(worked, name)


def test_run_set_to_cancelled_by_the_api_stops_before_the_next_payment(worked: Machine) -> None:
    run_id = half_way(worked, "forced")
    body = {"state": {"type": "CANCELLED", "name": "Cancelled"}, "force": True}
    worked.api.post(f"/flow_runs/{run_id}/set_state", json=body).raise_for_status()
    until(lambda: not process_of(run_id), "the run's process has ended")
    assert 0 < len(paid_bills(worked, "forced")) < BILLS
    pays_the_rest_once(worked, "forced")


def test_crashed_payment_run_reports_what_it_had_done(worked: Machine) -> None:
    run_id = half_way(worked, "crash")
    os.kill(process_of(run_id)[-1], signal.SIGKILL)
    left = report(worked, run_id, "crashed")
    said = left["description"]
    assert f" of {BILLS} paid, USD " in said and " not paid, USD " in said
    assert "starts again by itself" in left["data"]
    run = worked.ended(run_id, "COMPLETED", "CANCELLED", "FAILED")
    assert run["state_type"] == "COMPLETED", run["state"]["message"]
    assert sorted(paid_bills(worked, "crash").values()) == [1] * BILLS


def process_of(run_id: str) -> list[int]:
    """Return the processes of a flow run, parents first."""
    found: list[int] = []
    for pid in family(os.getpid()):
        with suppress(OSError):
            words = (Path("/proc") / str(pid) / "environ").read_text(errors="replace").split("\0")
            if f"PREFECT__FLOW_RUN_ID={run_id}" in words:
                found.append(pid)
    return found


def test_cancelled_run_for_many_organizations_cancels_the_runs_it_started(worked: Machine) -> None:
    names = organizations(worked, 8)  # more than the worker runs at once: some wait
    parameters = {"dry_run": False, "due_within_days": 30, "code_from": CodeSource.LOCAL_PHONE.value}
    deployment = "run-for-organizations/on-demand-local"
    run_id = worked.start(deployment, flow="pay-due-bills", organizations=list(names), parameters=parameters)
    other = worked.start("pay-due-bills/per-organization-local", credentials=next(iter(names)), dry_run=True)
    before = requests_that_paid(worked)
    until(lambda: requests_that_paid(worked) > before, "something is paid")
    worked.command("prefect", "flow-run", "cancel", run_id)
    worked.ended(run_id, "CANCELLED")
    runs = started_by(worked, run_id)
    assert {run["state_type"] for run in runs} <= {"CANCELLED", "COMPLETED"}
    assert any(run["state_type"] == "CANCELLED" for run in runs)
    sent = requests_that_paid(worked)
    assert worked.ended(other)["state_type"] == "COMPLETED"
    paid = {name: len(organization.records("payments")) for name, organization in names.items()}
    assert sum(paid.values()) < 8 * 10
    (summary,) = worked.artifacts(run_id)
    assert "was cancelled: " in summary["description"]
    assert all(name in summary["data"] for name in names)
    assert any("cancelled: " in line and "paid" in line for line in summary["data"].splitlines())

    assert requests_that_paid(worked) == sent
    body = {"state": {"type": "SCHEDULED", "name": "AwaitingRetry"}}
    worked.api.post(f"/flow_runs/{run_id}/set_state", json=body).raise_for_status()
    run = worked.ended(run_id, "COMPLETED", "FAILED")
    assert run["state_type"] == "COMPLETED", run["state"]["message"]
    for organization in names.values():
        found = organization.records("payments")
        assert sorted(Counter(p["billId"] for m in found for p in m["billPayments"]).values()) == [1] * 10


def organizations(worked: Machine, count: int) -> dict[str, Organization]:
    """Make organizations with ten bills each that are due; return them by their credentials block."""
    made = {
        f"org-{n}": Organization(worked.organization.base_url, credentials)
        for n, credentials in enumerate(
            worked.organization.control("POST", "/organizations", {"count": count})["organizations"]
        )
    }
    seed = {"vendors": 10, "bills_per_vendor": 1, "customers": 0}
    for organization in made.values():
        body = {**seed, "organization_id": organization.credentials["organization_id"]}
        organization.control("POST", "/seed", body)
    with (
        temporary_settings({PREFECT_API_URL: worked.environment["PREFECT_API_URL"]}),
        patch.dict(os.environ, {"BILL_STATE_DIR": worked.environment["BILL_STATE_DIR"]}),
    ):
        asyncio.run(_save(made))
    return made


async def _save(made: dict[str, Organization]) -> None:
    for name, organization in made.items():
        block = {"base_url": organization.base_url, **organization.credentials}
        await BillCredentials.model_validate(block).asave(name, overwrite=True)


def started_by(worked: Machine, run_id: str) -> list[dict[str, Any]]:
    """Return the runs that a run has started."""
    body = {"flow_runs": {"tags": {"all_": [f"started-by-{run_id}"]}}}
    return worked.api.post("/flow_runs/filter", json=body).raise_for_status().json()

"""Schedules: a run is planned, started and ended on both databases; what plans nothing is named."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import DeploymentScheduleCreate
from prefect.client.schemas.schedules import CronSchedule

from deployments.watch import ServerLog
from flows.check_trust import check_trust
from tests.cluster.databases import until
from tests.organization import Organization
from tests.schedules.service import runs_of, schedules, service, start_every_minute

pytestmark = pytest.mark.anyio

RESOLVE = "resolve-unknowns/daily-local, every-morning"
RUN_SECONDS = 400

FAILED = """\
05:17:37.252 | DEBUG   | prefect.server.events.services.event_persister - Finished persisting events.
05:17:37.787 | ERROR   | docket.dependencies - ↩ [   642ms] schedule_recent_deployments(){schedule_recent_deployments}
Traceback (most recent call last):
  File "docket/worker.py", line 1134, in _execute
sqlalchemy.exc.InvalidRequestError: Can't evaluate bulk DML statement; please supply a bulk_dml decorated function
"""
LOCKED = """\
05:17:32.778 | ERROR   | docket.dependencies - ↩ [   642ms] monitor_late_runs(){monitor_late_runs}
Traceback (most recent call last):
sqlalchemy.exc.OperationalError: (sqlite3.OperationalError) database is locked
"""
PERSISTER = """\
05:17:32.778 | ERROR   | prefect.server.events.services.event_persister - Error flushing events, restoring to queue
Traceback (most recent call last):
ConnectionRefusedError: [Errno 111] Connect call failed
"""


async def test_scheduler_inserts_runs_with_the_installed_sqlalchemy(prefect: None) -> None:
    """With SQLAlchemy 2.1 Prefect 3.8.8 answers 500 here, and its scheduler plans no run."""
    schedule = DeploymentScheduleCreate(schedule=CronSchedule(cron="0 9 * * *", timezone="UTC"), slug="s")
    async with get_client() as client:
        flow = await client.create_flow(check_trust)
        deployment = await client.create_deployment(flow, "planned", schedules=[schedule])
        body = {"start_time": datetime.now(UTC).isoformat(), "min_runs": 3}
        await client.request(
            "POST",
            "/deployments/{id}/schedule",  # pyright: ignore[reportArgumentType] (a route of the server)
            path_params={"id": deployment},
            json=body,
        )
        runs = [run for run in await client.read_flow_runs(limit=200) if run.deployment_id == deployment]
        await client.delete_deployment(deployment)
    assert len(runs) == 3


@pytest.mark.slow
@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
async def test_schedule_due_within_a_minute_creates_a_run_that_ends(
    database: str, organization: Organization, tmp_path: Path
) -> None:
    with service(tmp_path, database, **organization.environment(tmp_path)) as running:
        deployed = running.deploy()
        assert deployed.returncode == 0, deployed.stderr
        assert "every-morning: 3 runs planned, the next on " in deployed.stdout
        running.worker()
        with running.api() as api:
            start_every_minute(api, schedules(api)[RESOLVE])

            def has_ended() -> bool:
                runs = runs_of(api, schedules(api)[RESOLVE])
                return any(run["end_time"] for run in runs)

            until(has_ended, "a run that the schedule created has ended", RUN_SECONDS)
            (run, *_) = [run for run in runs_of(api, schedules(api)[RESOLVE]) if run["end_time"]]
        assert run["auto_scheduled"] is True
        assert run["state_type"] == "COMPLETED", run["state"]["message"]
        assert run["expected_start_time"] <= run["start_time"] <= run["end_time"]
        assert "make worker: " not in running.log("worker")


@pytest.mark.slow
async def test_deploy_fails_when_the_server_plans_no_run(organization: Organization, tmp_path: Path) -> None:
    environment = {
        "PREFECT_SERVER_SERVICES_SCHEDULER_ENABLED": "false",
        "PREFECT_SERVER_SERVICES_SCHEDULER_LOOP_SECONDS": "1",
    }
    with service(tmp_path, **organization.environment(tmp_path), **environment) as running:
        deployed = running.deploy()
        assert deployed.returncode == 1
        assert deployed.stderr.startswith("make deploy: everything is registered, but within 32 s ")
        assert "check-trust/daily-local (every-morning)" in deployed.stderr
        assert "schedule_deployments does not run, or fails" in deployed.stderr
        assert deployed.stderr.count("\n") == 1
        running.worker()
        until(lambda: "make worker: " in running.log("worker"), "the worker names the service", RUN_SECONDS)
        (line,) = [line for line in running.log("worker").splitlines() if line.startswith("make worker: ")]
        assert "Prefect's service schedule_deployments plans no run for " in line


@pytest.mark.parametrize(
    ("logged", "says"),
    [
        (FAILED, ["schedule_recent_deployments fails (sqlalchemy.exc.InvalidRequestError: Can't evaluate"]),
        (PERSISTER, ["events.services.event_persister fails (ConnectionRefusedError: [Errno 111]"]),
        (LOCKED, []),
        (FAILED + FAILED, ["schedule_recent_deployments fails"]),
    ],
    ids=["scheduler", "persister", "busy SQLite", "twice"],
)
def test_failing_service_in_the_servers_log_is_named_once(
    logged: str, says: list[str], tmp_path: Path
) -> None:
    path = tmp_path / "server.log"
    path.write_text("")
    log = ServerLog(path)
    assert list(log.failures()) == []
    with path.open("a", encoding="utf-8") as file:
        file.write(logged)
    lines = list(log.failures())
    assert [said in line for said, line in zip(says, lines, strict=True)] == [True] * len(says)
    assert list(log.failures()) == []

"""`make deploy` again: what a person paused or made stays, what is declared no more goes, and it says so."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.organization import MONDAY
from tests.schedules.service import Service, service

pytestmark = pytest.mark.service

TRUST = "check-trust/daily-local"
DUE = "pay-due-bills/weekdays-local"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A server with everything registered once."""
    folder = tmp_path_factory.mktemp("registered")
    bill = {"BILL_ENVIRONMENT": "local", "BILL_NOW": MONDAY, "BILL_STATE_DIR": str(folder / "state")}
    with service(folder, **bill) as running:
        assert running.deploy().returncode == 0
        yield running


@pytest.fixture
def api(running: Service) -> Iterator[httpx.Client]:
    """The server's API."""
    with running.api() as api:
        yield api


def deployment(api: httpx.Client, name: str) -> dict[str, Any]:
    return api.get(f"/deployments/name/{name}").raise_for_status().json()


def made(api: httpx.Client, name: str, tags: list[str]) -> str:
    """Make a deployment beside check-trust's; return its id."""
    body = {"name": name, "flow_id": deployment(api, TRUST)["flow_id"], "tags": tags}
    return api.post("/deployments/", json=body).raise_for_status().json()["id"]


def registered_again(running: Service) -> str:
    done = running.deploy()
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def add_schedule(api: httpx.Client, name: str, **fields: Any) -> None:
    body = [{"schedule": {"cron": "0 1 * * *", "timezone": "UTC"}, "active": True, **fields}]
    api.post(f"/deployments/{deployment(api, name)['id']}/schedules", json=body).raise_for_status()


def test_paused_deployment_and_schedule_stay_paused(running: Service, api: httpx.Client) -> None:
    api.post(f"/deployments/{deployment(api, TRUST)['id']}/pause_deployment").raise_for_status()
    (schedule,) = deployment(api, DUE)["schedules"]
    path = f"/deployments/{deployment(api, DUE)['id']}/schedules/{schedule['id']}"
    api.patch(path, json={"active": False}).raise_for_status()
    printed = registered_again(running)
    assert deployment(api, TRUST)["paused"] is True
    assert [s["active"] for s in deployment(api, DUE)["schedules"]] == [False]
    assert deployment(api, "resolve-unknowns/daily-local")["paused"] is False
    assert f"  {TRUST}\n    every-morning: paused, no run is planned\n" in printed
    assert f"  {DUE}\n    every-weekday: paused, no run is planned\n" in printed


def test_schedule_and_deployment_no_longer_declared_are_removed(running: Service, api: httpx.Client) -> None:
    add_schedule(api, TRUST, slug="every-night")
    gone = made(api, "weekly-local", ["billcom", "mfa", "local"])
    printed = registered_again(running)
    assert [s["slug"] for s in deployment(api, TRUST)["schedules"]] == ["every-morning"]
    assert api.get(f"/deployments/{gone}").status_code == 404
    assert f"{TRUST}, schedule every-night: declared no more: removed\n" in printed
    assert "check-trust/weekly-local: declared no more: removed\n" in printed


def test_deployments_of_others_and_of_other_environments_stay(running: Service, api: httpx.Client) -> None:
    others = [
        made(api, "weekly-sandbox", ["billcom", "sandbox"]),
        made(api, "weekly-other-local", ["another", "local"]),
        made(api, "a copy of mine", ["billcom", "local"]),
    ]
    printed = registered_again(running)
    assert [api.get(f"/deployments/{each}").status_code for each in others] == [200] * 3
    assert "declared no more" not in printed
    for each in others:
        api.delete(f"/deployments/{each}").raise_for_status()


def test_deployment_no_longer_declared_with_a_waiting_run_is_paused(
    running: Service, api: httpx.Client
) -> None:
    gone = made(api, "monthly-local", ["billcom", "local"])
    state = {"state": {"type": "PAUSED", "name": "Suspended"}}
    run = api.post(f"/deployments/{gone}/create_flow_run", json=state).raise_for_status().json()["id"]
    assert "check-trust/monthly-local: declared no more, and 1 of its runs have not ended: paused." in (
        registered_again(running)
    )
    assert api.get(f"/deployments/{gone}").json()["paused"] is True
    assert api.get(f"/flow_runs/{run}").json()["deployment_id"] == gone
    api.delete(f"/flow_runs/{run}").raise_for_status()
    api.delete(f"/deployments/{gone}").raise_for_status()


def test_schedule_a_person_made_stays(running: Service, api: httpx.Client) -> None:
    add_schedule(api, "resolve-unknowns/daily-local")
    (ours,) = [s for s in deployment(api, "resolve-unknowns/daily-local")["schedules"] if s["slug"]]
    path = f"/deployments/{deployment(api, 'resolve-unknowns/daily-local')['id']}/schedules/{ours['id']}"
    api.patch(path, json={"active": False}).raise_for_status()
    registered_again(running)
    after = deployment(api, "resolve-unknowns/daily-local")["schedules"]
    assert sorted((s["schedule"]["cron"], s["active"]) for s in after) == [
        ("0 1 * * *", True),
        ("0 7 * * *", False),
    ]


def test_parameters_set_in_the_ui_are_put_back_and_named(running: Service, api: httpx.Client) -> None:
    changed = {"due_within_days": 7, "dry_run": False}
    path = f"/deployments/{deployment(api, DUE)['id']}"
    api.patch(path, json={"parameters": changed}).raise_for_status()
    printed = registered_again(running)
    assert deployment(api, DUE)["parameters"] == {"due_within_days": 7, "dry_run": True}
    assert f"{DUE}: parameters put back as prefect.yaml has them: dry_run. To keep" in printed
    assert "parameters put back" not in registered_again(running)


def test_automations_no_longer_declared_are_removed(running: Service, api: httpx.Client) -> None:
    known = {each["name"] for each in automations(api)}
    for name in ("billcom: an earlier one", "mine"):
        body = {k: v for k, v in automations(api)[0].items() if k in {"trigger", "actions"}} | {"name": name}
        api.post("/automations/", json=body).raise_for_status()
    printed = registered_again(running)
    assert {each["name"] for each in automations(api)} == known | {"mine"}
    assert "automation 'billcom: an earlier one': declared no more: removed\n" in printed


def automations(api: httpx.Client) -> list[dict[str, Any]]:
    return api.post("/automations/filter", json={}).raise_for_status().json()

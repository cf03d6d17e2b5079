"""A run for all organizations of a fleet: started, watched, and what became of it."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import httpx

from tests.cluster.databases import until
from tests.cluster.fleet import DUE_WITHIN_DAYS, Fleet

ENDED = {"COMPLETED", "FAILED", "CANCELLED"}


def deployment_id(api: httpx.Client, name: str) -> str:
    """Return the id of a deployment, `flow/deployment`."""
    return api.get(f"/deployments/name/{name}").raise_for_status().json()["id"]


def start_fleet(api: httpx.Client, fleet: Fleet, **parameters: Any) -> str:
    """Start the payment of what is due for all organizations; return the run's id."""
    body = {
        "flow": "pay-due-bills",
        "organizations": list(fleet.bills),
        "parameters": {"dry_run": False, "due_within_days": DUE_WITHIN_DAYS, **parameters},
    }
    deployment = deployment_id(api, "run-for-organizations/on-demand-local")
    answer = api.post(f"/deployments/{deployment}/create_flow_run", json={"parameters": body})
    return answer.raise_for_status().json()["id"]


def run_of(api: httpx.Client, run_id: str) -> dict[str, Any]:
    """Return a run as Prefect has it now."""
    return api.get(f"/flow_runs/{run_id}").raise_for_status().json()


def ended(
    api: httpx.Client, run_id: str, seconds: float, watch: Callable[[], object] = lambda: None
) -> dict[str, Any]:
    """Return a run once it has ended by itself; a crashed one is waited for."""

    def has_ended() -> bool:
        watch()
        time.sleep(0.5)
        return run_of(api, run_id)["state_type"] in ENDED

    until(has_ended, "the run has ended", seconds)
    return run_of(api, run_id)


def children(api: httpx.Client) -> list[dict[str, Any]]:
    """Return the runs of single organizations."""
    deployment = deployment_id(api, "pay-due-bills/per-organization-local")
    body = {"deployments": {"id": {"any_": [deployment]}}, "limit": 200}
    return api.post("/flow_runs/filter", json=body).raise_for_status().json()

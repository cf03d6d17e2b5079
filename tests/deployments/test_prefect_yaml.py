"""The deployments for a work pool: what they name exists, and they are the ones that are served on one machine."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import pytest
import yaml
from prefect import Flow

from billcom.inputs import CasePolicy
from deployments import registry
from flows.ap import ap_workflow
from tests.organization import Organization
from tests.samples import account, bill, vendor

ROOT = Path(__file__).parents[2]


def declared() -> list[dict[str, Any]]:
    """Return the deployments of prefect.yaml."""
    return yaml.safe_load((ROOT / "deployments/prefect.yaml").read_text())["deployments"]


@pytest.mark.parametrize("deployment", declared(), ids=lambda d: d["entrypoint"])
def test_an_entrypoint_is_a_flow_of_this_checkout(deployment: dict[str, Any]) -> None:
    path, name = deployment["entrypoint"].split(":")
    assert (ROOT / path).is_file()
    flow = getattr(importlib.import_module(path.removesuffix(".py").replace("/", ".")), name)
    assert isinstance(flow, Flow)


def test_runs_of_one_deployment_wait_for_each_other() -> None:
    assert [d["concurrency_limit"] for d in declared()] == [{"limit": 1, "collision_strategy": "ENQUEUE"}] * 9


def test_trust_and_open_writes_are_looked_at_every_morning_and_nothing_else_runs_by_itself() -> None:
    schedules = {d["entrypoint"]: d["schedules"] for d in declared() if "schedules" in d}
    every_morning = [{"cron": "0 7 * * *", "timezone": "America/New_York", "slug": "every-morning"}]
    assert schedules == {
        "flows/check_trust.py:check_trust": every_morning,
        "flows/repair.py:resolve_unknowns": every_morning,
    }


def test_a_repair_that_nobody_watches_asks_nobody() -> None:
    (repair,) = [d for d in declared() if d["entrypoint"] == "flows/repair.py:resolve_unknowns"]
    assert repair["parameters"] == {"on_case": CasePolicy.STOP.value}


async def test_the_same_deployments_are_served_on_one_machine(
    prefect: None, organization: Organization
) -> None:
    served = await registry.deployments(await registry.register_blocks())
    # Seen from another folder than the checkout, an entrypoint begins with the way there.
    assert [(d.name, Path(str(d.entrypoint)).name, d.tags) for d in served] == [
        (d["name"], Path(d["entrypoint"]).name, d["tags"]) for d in declared()
    ]
    crons = [
        [s.schedule.model_dump(include={"cron", "timezone"}) for s in d.schedules or [] if s.schedule]
        for d in served
    ]
    assert crons == [
        [{"cron": s["cron"], "timezone": s["timezone"]} for s in d.get("schedules", [])] for d in declared()
    ]


async def test_registering_the_blocks_again_changes_nothing(
    prefect: None, organization: Organization
) -> None:
    assert await registry.register_blocks() == await registry.register_blocks()


async def test_a_run_signs_in_with_the_credentials_block_it_names(
    prefect: None, organization: Organization, monkeypatch: pytest.MonkeyPatch
) -> None:
    await registry.register_blocks()
    for name in ("USERNAME", "PASSWORD", "ORGANIZATION_ID", "DEV_KEY"):
        monkeypatch.delenv(f"BILL_{name}")
    result = await ap_workflow(vendor(), account(), bill(), dry_run=True, credentials=registry.CREDENTIALS)
    assert result.steps
    (sign_in,) = organization.requests("POST", "/v3/login")
    assert sign_in["organization_id"] == organization.credentials["organization_id"]

"""The deployments: what they name exists, they are what they were, and one machine serves the same ones."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from prefect import Flow
from prefect.client.schemas.schedules import CronSchedule
from prefect.utilities.callables import parameter_schema
from prefect.utilities.schema_tools.validation import validate

from billcom.errors import SettingsError
from billcom.inputs import CasePolicy
from billcom.settings import Environment
from deployments import registry, schedules
from deployments.automations import TAG
from deployments.registry import ROOT, flow_of
from flows.ap import ap_workflow
from flows.start import BANKING_DAYS
from tests.deployments import snapshot
from tests.organization import Organization
from tests.samples import account, bill, vendor

FLOWS = {
    "ap-workflow",
    "ar-workflow",
    "pay-bills",
    "pay-due-bills",
    "send-invoices",
    "charge-due-invoices",
    "resolve-unknowns",
    "check-trust",
    "enroll-mfa",
    "run-for-organizations",
}


def declared() -> list[dict[str, Any]]:
    return registry.declared(Environment.LOCAL)


def scheduled() -> dict[str, list[dict[str, Any]]]:
    return {f"{flow_of(d).name}/{d['name']}": d["schedules"] for d in declared() if "schedules" in d}


@pytest.mark.parametrize("deployment", declared(), ids=lambda d: f"{d['entrypoint']}-{d['name']}")
def test_an_entrypoint_is_a_flow_of_this_checkout(deployment: dict[str, Any]) -> None:
    assert (ROOT / deployment["entrypoint"].split(":")[0]).is_file()
    assert isinstance(flow_of(deployment), Flow)


def test_every_flow_is_deployed() -> None:
    assert {flow_of(d).name for d in declared()} == FLOWS


def test_every_run_name_with_a_parameter_in_it_is_cut() -> None:
    templates = [flow_of(d).flow_run_name for d in declared()]
    assert [name for name in templates if isinstance(name, str) and "{" in name] == []


def test_the_deployments_are_what_they_were() -> None:
    assert snapshot.FILE.read_text(encoding="utf-8") == snapshot.text(), (
        "a deployment's schedule, defaults or form has changed: look at the difference, and when it is meant, run "
        "python -m tests.deployments.snapshot"
    )


def test_a_deployment_is_named_for_its_cadence_and_its_environment() -> None:
    names = {d["name"] for d in registry.declared(Environment.SANDBOX)}
    assert names == {"on-demand-sandbox", "daily-sandbox", "weekdays-sandbox", "per-organization-sandbox"}
    assert {d["tags"][-1] for d in registry.declared(Environment.SANDBOX)} == {"sandbox"}


def test_recovery_looks_after_every_deployment() -> None:
    assert {TAG in d["tags"] for d in declared()} == {True}


def test_no_deployment_has_a_limit_that_ends_its_paused_runs() -> None:
    assert [d["name"] for d in declared() if "concurrency_limit" in d] == []


def test_what_is_scheduled_moves_no_money_and_asks_nobody() -> None:
    runs = {f"{flow_of(d).name}/{d['name']}": d.get("parameters", {}) for d in declared() if "schedules" in d}
    assert runs == {
        "pay-due-bills/weekdays-local": {"due_within_days": 7, "dry_run": True},
        "charge-due-invoices/weekdays-local": {"dry_run": True},
        "check-trust/daily-local": {},
        "resolve-unknowns/daily-local": {"on_case": CasePolicy.STOP.value},
    }


def test_what_moves_money_on_schedule_leaves_bank_holidays_out() -> None:
    assert {d["name"] for d in declared() if BANKING_DAYS in d["tags"]} == {"weekdays-local"}


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("name", "first"),
    [
        ("pay-due-bills/weekdays-local", datetime(2026, 11, 27, 14, tzinfo=UTC)),
        ("charge-due-invoices/weekdays-local", datetime(2026, 11, 27, 14, 30, tzinfo=UTC)),
        ("check-trust/daily-local", datetime(2026, 11, 27, 12, tzinfo=UTC)),
        ("resolve-unknowns/daily-local", datetime(2026, 11, 27, 12, tzinfo=UTC)),
    ],
)
async def test_a_schedule_runs_at_new_yorks_morning(name: str, first: datetime) -> None:
    (schedule,) = scheduled()[name]
    assert await schedules.check(schedule, now=datetime(2026, 11, 26, 20, tzinfo=UTC)) == first


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("changed", "says"),
    [
        (
            {"rrule": "FREQ=DAILY;COUNT=3"},
            "schedule s: all its times are past: correct rrule, or remove it",
        ),
        (
            {"rrule": "FREQ=DAILY;UNTIL=20250101T000000Z"},
            "schedule s: rrule 'FREQ=DAILY;UNTIL=20250101T000000Z': ",
        ),
        ({"cron": "0 9 * *"}, "schedule s: cron '0 9 * *', timezone 'America/New_York': "),
        (
            {"cron": "0 9 * * *", "timezone": "New York"},
            "schedule s: cron '0 9 * * *', timezone 'New York': ",
        ),
        ({"cron": "0 9 * * *", "timezone": ""}, "write one of cron, rrule, interval, with a timezone"),
        ({}, "write one of cron, rrule, interval, with a timezone"),
        ({"cron": "0 9 * * *", "interval": 60}, "write one of cron, rrule, interval, with a timezone"),
    ],
)
async def test_a_schedule_that_starts_nothing_is_named(changed: dict[str, Any], says: str) -> None:
    with pytest.raises(SettingsError) as caught:
        await schedules.check({"timezone": "America/New_York", "slug": "s", **changed})
    assert says in str(caught.value)


@pytest.mark.anyio
async def test_the_same_deployments_are_served_on_one_machine(
    prefect: None, organization: Organization
) -> None:
    await registry.register_block_types()
    served = await registry.served(Environment.LOCAL, await registry.register_samples())
    assert [(d.name, d.entrypoint, d.tags) for d in served] == [
        (d["name"], d["entrypoint"].replace(".py:", ".").replace("/", "."), d["tags"]) for d in declared()
    ]
    crons = [
        [
            (s.schedule.cron, s.schedule.timezone)
            for s in d.schedules or []
            if isinstance(s.schedule, CronSchedule)
        ]
        for d in served
    ]
    assert crons == [[(s["cron"], s["timezone"]) for s in d.get("schedules", [])] for d in declared()]


def filled(schema: dict[str, Any], value: Any, definitions: dict[str, Any]) -> Any:
    """Return what a form shows and sends for a value: the defaults of the schema added, in nested fields too."""
    schema = definitions[schema["$ref"].split("/")[-1]] if "$ref" in schema else schema
    if isinstance(value, list):
        return [filled(schema["items"], item, definitions) for item in value]
    if not isinstance(value, dict) or "properties" not in schema or "$ref" in value:
        return value
    defaults = {name: field["default"] for name, field in schema["properties"].items() if "default" in field}
    return {
        name: filled(schema["properties"][name], given, definitions)
        for name, given in (defaults | value).items()
    }


@pytest.mark.anyio
async def test_every_form_is_accepted_as_it_is_filled_in(prefect: None, organization: Organization) -> None:
    forms = await registry.register_samples()
    refused = {}
    for deployment in declared():
        schema = parameter_schema(flow_of(deployment)).model_dump(mode="json")
        form = filled(schema, registry.parameters_of(deployment, forms), schema["definitions"])
        if errors := validate(form, schema):
            refused[f"{flow_of(deployment).name}/{deployment['name']}"] = [error.message for error in errors]
    assert refused == {}


@pytest.mark.anyio
async def test_registering_the_samples_again_changes_nothing(
    prefect: None, organization: Organization
) -> None:
    assert await registry.register_samples() == await registry.register_samples()


@pytest.mark.anyio
async def test_a_run_signs_in_with_the_credentials_block_it_names(
    prefect: None, organization: Organization, monkeypatch: pytest.MonkeyPatch
) -> None:
    await registry.register_samples()
    for name in ("USERNAME", "PASSWORD", "ORGANIZATION_ID", "DEV_KEY"):
        monkeypatch.delenv(f"BILL_{name}")
    result = await ap_workflow(vendor(), account(), bill(), dry_run=True, credentials=registry.CREDENTIALS)
    assert result.steps
    (sign_in,) = organization.requests("POST", "/v3/login")
    assert sign_in["organization_id"] == organization.credentials["organization_id"]

"""The form of every deployment, submitted as it is filled in, in both of Prefect's UIs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from playwright.sync_api import expect

from billcom.settings import Environment
from deployments.registry import declared, flow_of
from tests.deployments.up import Up
from tests.organization import Organization

if TYPE_CHECKING:
    from tests.browser.prefect_ui import PrefectUi

pytestmark = pytest.mark.service

ASKS = {"ap-workflow", "enroll-mfa"}
"""What waits for BILL's code on a machine that is not remembered."""

FAILS = {"check-trust": "ConflictError: no payment could be made now. MFA trust: "}
"""What can't succeed on such a machine, and says so."""

FORMS = [
    pytest.param(flow_of(d).name, d["name"], id=f"{flow_of(d).name}/{d['name']}")
    for d in declared(Environment.LOCAL)
]


@pytest.mark.parametrize(("flow", "name"), FORMS)
def test_an_untouched_form_starts_a_run_that_reaches_its_end(
    flow: str, name: str, ui: PrefectUi, up: Up, bill: Organization
) -> None:
    deployment = found(up, flow, name)
    ui.page.goto(f"{ui.address}/deployments/deployment/{deployment['id']}")
    ui.open_run_form()
    shown = ui.look()
    run_id = ui.start_run()
    if flow in ASKS:
        ui.wait_for_state("Paused")
        ui.open_answer_form().locator("textarea").fill(bill.last_code())
        ui.submit_answer()
    ui.wait_for_state("Failed" if flow in FAILS else "Completed")
    run = httpx.get(f"{up.ui}/api/flow_runs/{run_id}", timeout=30).raise_for_status().json()
    assert (run["state"]["message"] or "").startswith(FAILS.get(flow, ""))
    assert holds(run["parameters"], deployment["parameters"])
    assert [text for text in texts(run["parameters"]) if text not in shown] == []


@pytest.mark.parametrize(("flow", "name"), FORMS)
def test_an_untouched_form_of_the_second_ui_starts_a_run(
    flow: str, name: str, second_ui: PrefectUi, up: Up
) -> None:
    deployment = found(up, flow, name)
    page = second_ui.page
    page.goto(f"{second_ui.address}/deployments/deployment/{deployment['id']}")
    page.get_by_role("button", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Custom run").click()
    expect(page.get_by_text("Enforce Parameter Schema")).to_be_visible()
    with page.expect_response(re.compile("/create_flow_run$")) as answer:
        page.get_by_role("button", name="Submit").click()
    assert answer.value.ok, answer.value.text()
    run = answer.value.json()
    # What a run then does was seen from the first UI's form.
    httpx.delete(f"{up.ui}/api/flow_runs/{run['id']}", timeout=30).raise_for_status()
    assert holds(run["parameters"], deployment["parameters"])


def found(up: Up, flow: str, name: str) -> dict[str, Any]:
    """Return a deployment as Prefect's server has it."""
    answer = httpx.get(f"{up.ui}/api/deployments/name/{flow}/{name}", timeout=30)
    return answer.raise_for_status().json()


def holds(given: Any, sample: Any) -> bool:
    """Return whether `given` is `sample`, with more fields perhaps."""
    if isinstance(sample, dict):
        return all(field in given and holds(given[field], value) for field, value in sample.items())
    if isinstance(sample, list):
        return len(given) == len(sample) and all(map(holds, given, sample))
    return given == sample


def texts(value: Any) -> list[str]:
    """Return all texts and amounts among parameters; days are shown in words, blocks by their name."""
    if isinstance(value, dict):
        return [] if "$ref" in value else [text for item in value.values() for text in texts(item)]
    if isinstance(value, list):
        return [text for item in value for text in texts(item)]
    is_shown = isinstance(value, str) and not re.fullmatch(r"\d{4}-\d{2}-\d{2}", value)
    return [value] if is_shown else []

"""Workflows run by a person in Prefect's UI, from the form to the report, judged by the local BILL's own records."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest

from tests.deployments.up import Up
from tests.organization import Organization

if TYPE_CHECKING:
    from tests.browser.prefect_ui import PrefectUi

pytestmark = pytest.mark.browser

ON_DEMAND = "on-demand-local"
ACCOUNT_NUMBER = "111222333"
LOCAL_PHONE = "the local BILL's phone (local environment only)"


def test_a_bill_is_paid_once_with_a_picked_bank_account_and_a_typed_code(
    ui: PrefectUi, up: Up, bill: Organization
) -> None:
    fill_in_the_bill(ui)
    ui.start_run()
    code = answer_the_pause(ui, bill)
    ui.wait_for_state("Completed")
    ui.see("pay INV-1001 of Happy Music Supplies")
    ui.open_tab("Task Runs")
    ui.see("hand in the texted code")
    ui.open_tab("Parameters")
    ui.see('"block_document_id": "')
    [payment], [vendor] = bill.records("payments"), bill.records("vendors")
    report = ui.open_artifact(f"USD 1,250.00, payment {payment['id']} SCHEDULED").inner_text()
    ui.look()
    assert "Bill INV-1001 of Happy Music Supplies: USD 1,250.00" in report
    assert f"Payment {payment['id']} is SCHEDULED; funds leave on {payment['processDate']}." in report
    assert (payment["amount"], payment["vendorName"]) == (1250.0, "Happy Music Supplies")
    assert vendor["paymentInformation"]["bankAccount"]["nameOnAccount"] == "Happy Music Supplies"
    assert [row["acted"] for row in bill.requests("POST", "/v3/payments")] == [True]
    assert bill.writes() == ["POST /v3/vendors", "POST /v3/bills", "POST /v3/payments"]
    for secret in (ACCOUNT_NUMBER, code):
        assert secret not in "\n".join(ui.shown)
        assert secret not in str(parameters(up))


def fill_in_the_bill(ui: PrefectUi) -> None:
    """Open the form of one bill, see that the sample fills it, pick another bank account and the vendor's again."""
    ui.open_deployment("ap-workflow", ON_DEMAND)
    ui.open_run_form()
    filled = ui.look()
    for sample in ("Happy Music Supplies", "95002", "INV-1001", "1250.00", "Two violins"):
        assert sample in filled
    ui.pick("Bank account", "cedar-grove-school")
    ui.pick("Bank account", "happy-music-supplies")


def answer_the_pause(ui: PrefectUi, bill: Organization) -> str:
    """Wait until the run asks for the texted code, type it in; return it."""
    ui.wait_for_state("Paused")
    form = ui.open_answer_form()
    ui.see("BILL has texted a six-digit code to the phone of")
    code = bill.last_code()
    form.locator("textarea").fill(code)
    ui.submit_answer()
    return code


def test_an_amount_of_three_decimals_is_refused_by_its_field_and_nothing_is_sent(
    ui: PrefectUi, up: Up, bill: Organization
) -> None:
    before = parameters(up)
    ui.open_deployment("ap-workflow", ON_DEMAND)
    ui.open_run_form()
    ui.box("Amount in US dollars").fill("12.345")
    ui.submit_run()
    ui.see("Validation failed for field 'bill.amount'. Failure reason: '12.345' does not match")
    assert bill.requests() == []
    assert parameters(up) == before


def test_a_sheet_is_paid_after_somebody_has_approved_its_plan(ui: PrefectUi, bill: Organization) -> None:
    ui.open_deployment("pay-bills", ON_DEMAND)
    ui.open_run_form()
    ui.field("Dry run").get_by_role("switch").click()
    ui.box("Prepared by").fill("Pat Clerk")
    ui.pick("Code from", LOCAL_PHONE)
    ui.start_run()
    ui.wait_for_state("Suspended")
    assert bill.writes() == []
    ui.open_answer_form()
    ui.see("One person is to approve payment run payment_run: 6 in all, USD 4,080.25.")
    ui.pick("Your answer", "approve: exactly this")
    ui.box("Your name").fill("Robin Controller")
    ui.submit_answer()
    ui.wait_for_state("Completed")
    assert "USD 4,080.25 in 6 payments made" in ui.open_artifact("6 paid USD 4,080.25").inner_text()
    payments = bill.records("payments")
    assert sorted(payment["amount"] for payment in payments) == [84.5, 180.0, 435.75, 980.0, 1200.0, 1200.0]


def parameters(up: Up) -> list[dict[str, object]]:
    """Return what Prefect keeps of each run's form, the newest first."""
    body = {"sort": "START_TIME_DESC"}
    answer = httpx.post(f"{up.ui}/api/flow_runs/filter", json=body, timeout=30).raise_for_status()
    return [run["parameters"] for run in answer.json()]

"""Paying a vendor's bill, chapter by chapter, once."""

from __future__ import annotations

import asyncio
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import VariableCreate

from billcom.errors import CapError, ConflictError, StoppedError, UnsettledError
from billcom.inputs import CodeSource
from billcom.results import ApResult
from billcom.settings import Settings
from flows.ap import ap_workflow
from tasks.money import STOP_VARIABLE
from tasks.payments import pay_bill
from tasks.session import connect
from tests.organization import Organization
from tests.samples import account, bill, payment, run, vendor

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("prefect")]


async def pay(**changes: Any) -> ApResult:
    """Run the workflow with the samples."""
    given: dict[str, Any] = {
        "vendor": vendor(),
        "bank_account": account(),
        "bill": bill(),
        "payment": payment(),
    }
    return await run(ap_workflow, given | {"code_from": CodeSource.LOCAL_PHONE} | changes)


async def test_signs_in_and_passes_mfa_before_anything_is_written(organization: Organization) -> None:
    await pay()
    calls = [f"{row['method']} {row['path']}" for row in organization.requests() if row["method"] == "POST"]
    assert calls[:4] == [
        "POST /v3/login",
        "POST /v3/mfa/challenge",
        "POST /v3/mfa/challenge/validate",
        "POST /v3/mfa/step-up",
    ]


async def test_makes_the_vendor_with_address_payee_name_and_bank_account(organization: Organization) -> None:
    result = await pay(vendor=vendor(payee_name="Happy Music LLC"))
    (made,) = organization.records("vendors")
    assert made["id"] == result.vendor_id
    assert made["address"]["zipOrPostalCode"] == "95002"
    detail = organization.record("GET", f"vendors/{result.vendor_id}")
    assert detail["paymentInformation"]["payeeName"] == "Happy Music LLC"
    assert detail["paymentInformation"]["payByType"] == "ACH"


async def test_makes_the_bill_with_the_vendors_number_dates_and_amount(organization: Organization) -> None:
    result = await pay()
    (made,) = organization.records("bills")
    assert made["id"] == result.bill_id
    assert made["vendorId"] == result.vendor_id
    assert made["amount"] == 1250.0
    assert made["invoice"] == {"invoiceNumber": "INV-1001", "invoiceDate": "2026-11-20"}
    assert made["dueDate"] == "2026-12-20"


async def test_pays_the_bill_in_full_from_the_verified_account_on_the_next_banking_day(
    organization: Organization,
) -> None:
    result = await pay()
    (made,) = organization.records("payments")
    (verified,) = [a for a in organization.records("funding-accounts/banks") if a["status"] == "VERIFIED"]
    assert made["id"] == result.payment_id
    assert (made["billId"], made["amount"]) == (result.bill_id, 1250.0)
    assert made["fundingAccount"]["id"] == verified["id"] == result.funding_account_id
    assert made["processDate"] == "2026-11-24"
    assert len(made["transactionNumber"]) == 32
    assert (result.payment_status, result.bill_payment_status) == ("SCHEDULED", "SCHEDULED")
    assert (result.amount, result.process_date) == (Decimal("1250.00"), date(2026, 11, 24))
    assert result.made == ("vendor", "bill", "payment")


async def test_a_process_date_of_ones_own_is_kept(organization: Organization) -> None:
    await pay(payment=payment(process_date="2026-12-01", memo="October strings"))
    (made,) = organization.records("payments")
    assert (made["processDate"], made["description"]) == ("2026-12-01", "October strings")


async def test_twice_with_the_same_input_makes_and_pays_nothing_again(organization: Organization) -> None:
    organization.rule(preset="permissive", list_delay_ms=0)
    first = await pay()
    second = await pay()
    assert organization.writes() == ["POST /v3/vendors", "POST /v3/bills", "POST /v3/payments"]
    ids = ("vendor_id", "bill_id", "payment_id", "funding_account_id")
    assert [getattr(second, name) for name in ids] == [getattr(first, name) for name in ids]
    assert second.made == ()


async def test_a_paid_bill_is_reported_as_paid_after_its_process_date_has_passed(
    organization: Organization, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = await pay(payment=payment(process_date="2026-11-24"))
    monkeypatch.setenv("BILL_NOW", "2026-11-25T15:00:00+00:00")
    organization.control("PUT", "/clock", {"now": "2026-11-25T15:00:00+00:00"})
    second = await pay(payment=payment(process_date="2026-11-24"))
    assert second.payment_id == first.payment_id
    assert len(organization.records("payments")) == 1


async def test_a_dry_run_writes_nothing_and_asks_nobody(organization: Organization) -> None:
    result = await pay(dry_run=True, code_from=CodeSource.PERSON)
    assert organization.writes() == []
    assert organization.requests("POST", "/v3/mfa/challenge") == []
    assert [(step.noun, step.deed.value) for step in result.steps] == [
        ("vendor", "to be made"),
        ("bill", "to be made"),
        ("payment", "to be made"),
    ]
    assert (result.dry_run, result.payment_id, result.process_date) == (True, "", date(2026, 11, 24))


async def test_a_vendor_and_bill_that_are_at_bill_are_used(organization: Organization) -> None:
    await pay(dry_run=True)
    vendor_id = organization.record(
        "POST",
        "vendors",
        {
            "name": "Happy Music",
            "address": {
                "line1": "1 Elsewhere",
                "city": "Reno",
                "zipOrPostalCode": "89501",
                "country": "US",
            },
        },
    )["id"]
    result = await pay()
    assert result.vendor_id == vendor_id
    assert len(organization.records("vendors")) == 1
    # It had no bank account: it gets the one of the request.
    held = organization.record("GET", f"vendors/{vendor_id}/bank-account")
    assert held["accountNumber"].endswith("2333")


async def test_a_vendor_with_another_bank_account_at_bill_is_not_paid(organization: Organization) -> None:
    await pay()
    before = organization.writes()
    with pytest.raises(ConflictError, match=r"has bank account …2333 at BILL, the request says …9999"):
        await pay(bill=bill(invoice_number="INV-1002"), bank_account=account(account_number="888889999"))
    assert organization.writes() == before


async def test_the_same_number_with_another_amount_is_a_conflict(organization: Organization) -> None:
    await pay()
    before = organization.writes()
    with pytest.raises(ConflictError, match=r"INV-1001 is at BILL .* 1,250\.00 .* request says 1,260\.00"):
        await pay(bill=bill(amount="1260.00"))
    assert organization.writes() == before


async def test_a_bill_that_somebody_paid_by_hand_is_not_paid_again(organization: Organization) -> None:
    first = await pay()
    organization.record("POST", f"payments/{first.payment_id}/cancel")
    with pytest.raises(ConflictError, match=r"is CANCELLED .* run again with a label of its own"):
        await pay()
    again = await pay(payment=payment(label="second try"))
    assert again.payment_id != first.payment_id
    with pytest.raises(ConflictError, match=r"has 0\.00 of 1,250\.00 open .*something else pays it"):
        await pay(payment=payment(label="third"))
    assert organization.writes().count("POST /v3/payments") == 2


@pytest.mark.parametrize("path", ["/v3/vendors", "/v3/bills", "/v3/payments"])
async def test_a_lost_answer_makes_nothing_twice(organization: Organization, path: str) -> None:
    organization.rule(preset="permissive", list_delay_ms=0)
    organization.fault("POST", path, "act_then_drop")
    result = await pay()
    assert organization.writes().count(f"POST {path}") == 1
    assert [len(organization.records(noun)) for noun in ("vendors", "bills", "payments")] == [1, 1, 1]
    assert result.payment_status == "SCHEDULED"


async def test_a_payment_with_no_answer_that_is_not_to_be_found_stays_unknown(
    organization: Organization,
) -> None:
    organization.fault("POST", "/v3/payments", "refuse")
    with pytest.raises(UnsettledError, match=r"it may still act\. Nothing was sent again") as caught:
        await pay()
    assert [made.split()[0] for made in caught.value.made] == ["vendor", "bill"]
    assert organization.writes().count("POST /v3/payments") == 1


async def test_an_expired_session_costs_one_sign_in_and_nothing_else(organization: Organization) -> None:
    await pay()
    organization.control("PUT", "/clock", {"advance_seconds": 36 * 60})
    await pay(bill=bill(invoice_number="INV-1002"))
    assert organization.sign_ins() == 2
    assert organization.writes().count("POST /v3/payments") == 2


@pytest.mark.parametrize(
    "changes", [{"vendor": vendor(name="HAPPY MUSIC")}, {"vendor": vendor(name="Happy  Music")}]
)
async def test_a_vendor_spelled_otherwise_is_not_made_again(
    organization: Organization, changes: dict[str, Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    first = await pay()
    before = organization.writes()
    assert (await pay(**changes)).payment_id == first.payment_id
    monkeypatch.setenv("BILL_STATE_DIR", str(tmp_path / "another machine's"))
    assert (await pay(**changes)).payment_id == first.payment_id
    assert organization.writes() == before


async def test_the_stop_switch_halts_a_payment_before_it_is_claimed(organization: Organization) -> None:
    async with get_client() as prefect:
        await prefect.create_variable(VariableCreate(name=STOP_VARIABLE, value="on, says Ada"))
    with pytest.raises(StoppedError, match=r"says 'on, says Ada'\. Nothing was sent"):
        await pay()
    assert "POST /v3/payments" not in organization.writes()
    async with get_client() as prefect:
        await prefect.delete_variable_by_name(STOP_VARIABLE)
    assert (await pay()).payment_status == "SCHEDULED"


async def test_a_payment_above_the_cap_is_refused(
    organization: Organization, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BILL_MAX_AMOUNT", "1249.99")
    with pytest.raises(CapError, match=r"1,250\.00 is more than BILL_MAX_AMOUNT 1,249\.99: nothing was sent"):
        await pay()
    assert "POST /v3/payments" not in organization.writes()


async def test_two_runs_together_cant_exceed_the_cap_of_a_day(
    organization: Organization, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BILL_MAX_TOTAL", "2000.00")
    await pay()
    with pytest.raises(CapError, match=r"1,250\.00 on top of today's 1,250\.00 is more than BILL_MAX_TOTAL"):
        await pay(bill=bill(invoice_number="INV-1002"))
    assert len(organization.records("payments")) == 1


async def test_an_archived_bill_is_not_made_and_paid_again(organization: Organization) -> None:
    organization.rule(archived_rows="hidden")
    first = await pay()
    organization.record("POST", f"bills/{first.bill_id}/archive")
    before = organization.writes()
    with pytest.raises(ConflictError, match="is archived at BILL"):
        await pay()
    assert organization.writes() == before


async def test_two_runs_at_once_pay_once(organization: Organization) -> None:
    results = await asyncio.gather(pay(), pay())
    assert len({result.payment_id for result in results}) == 1
    assert [len(organization.records(noun)) for noun in ("vendors", "bills", "payments")] == [1, 1, 1]


async def test_a_payment_that_failed_is_never_called_paid(organization: Organization) -> None:
    first = await pay()
    for step in ("process", "fail"):
        organization.control("POST", f"/payments/{first.payment_id}/{step}")
    with pytest.raises(ConflictError, match="BILL waits for somebody to act on it"):
        await pay()
    assert organization.writes().count("POST /v3/payments") == 1


async def test_a_bill_edited_at_bill_meanwhile_is_not_paid(organization: Organization) -> None:
    first = await pay()
    organization.record("POST", f"payments/{first.payment_id}/cancel")
    held = organization.record("GET", f"bills/{first.bill_id}")
    line = {"id": held["billLineItems"][0]["id"], "amount": 98765.0}
    async with await connect(Settings.load()) as client:
        seen = await client.bills.get(first.bill_id)
        organization.record("PATCH", f"bills/{first.bill_id}", {"billLineItems": [line]})
        with pytest.raises(ConflictError, match=r"is another by now: 98765\.0+ to vendor .*, not 1250\.00"):
            await pay_bill(
                client,
                seen,
                Decimal("1250.00"),
                "Happy Music Supplies",
                account().to_new_bank_account(),
                first.funding_account_id,
                date(2026, 11, 24),
                label="again",
            )
    assert organization.writes().count("POST /v3/payments") == 1


async def test_a_concurrency_refusal_of_a_write_is_waited_for(organization: Organization) -> None:
    organization.fault("POST", "/v3/payments", "error", code="BDC_1322", status=422)
    result = await pay()
    assert result.payment_status == "SCHEDULED"
    assert len(organization.records("payments")) == 1

"""How payments move on, by the clock and by control calls, and what that does to bills."""

from typing import Any

import pytest

from tests.emulator.caller import Caller, refused


def stands(caller: Caller, payment: Any) -> tuple[str, str, str]:
    """Return a payment's two statuses and its bill's."""
    now = caller.read(f"/v3/payments/{payment['id']}")
    bill = caller.read(f"/v3/bills/{payment['billId']}")
    return now["status"], now["singleStatus"], bill["paymentStatus"]


def test_the_clock_moves_a_payment_day_by_banking_day(trusted: Caller) -> None:
    payment = trusted.pay(trusted.new_bill(100))
    seen = []
    for day in ("2026-11-24", "2026-11-25", "2026-11-26", "2026-11-27", "2026-11-30"):
        trusted.go_to(f"{day}T12:00:00+00:00")
        seen.append(stands(trusted, payment))
    assert seen == [
        ("SCHEDULED", "FUNDING_STARTED", "IN_PROCESS"),
        ("PAID", "PROCESSED", "PAID"),
        ("PAID", "PROCESSED", "PAID"),  # Thanksgiving
        ("PAID", "SENT", "PAID"),
        ("PAID", "CLEARED", "PAID"),
    ]


def test_a_jump_of_the_clock_makes_every_move_at_its_own_time(trusted: Caller) -> None:
    payment = trusted.pay(trusted.new_bill(100))
    trusted.go_to("2026-12-31T12:00:00+00:00")
    cleared = trusted.read(f"/v3/payments/{payment['id']}")
    assert cleared["singleStatus"] == "CLEARED" and cleared["disbursementStatus"] == "DONE"
    assert cleared["updatedTime"] == "2026-11-30T06:00:00.000+00:00"
    assert cleared["disbursementInfo"]["achDisbursement"]["sentDate"] == "2026-11-27"


def test_a_processed_payment_settles_its_bill_and_tells_the_vendor(trusted: Caller) -> None:
    bill = trusted.new_bill(100)
    payment = trusted.pay(bill, amount=60)
    trusted.local("POST", f"/payments/{payment['id']}/process")
    after = trusted.read(f"/v3/bills/{bill['id']}")
    assert (after["paidAmount"], after["dueAmount"], after["scheduledAmount"]) == (60.0, 40.0, 0.0)
    assert after["paymentStatus"] == "PARTIALLY_PAID"
    mail = trusted.local("GET", "/mail")["mail"]
    assert [(row["kind"], row["to"], row["record_id"]) for row in mail] == [
        ("payment_notice", ["pay@music.example"], payment["id"])
    ]


def test_manual_progress_leaves_the_clock_without_effect(trusted: Caller) -> None:
    trusted.local("PUT", "/rules", {"payment_progress": "manual"})
    payment = trusted.pay(trusted.new_bill())
    trusted.go_to("2026-12-31T12:00:00+00:00")
    assert stands(trusted, payment)[1] == "SCHEDULED"
    for verb, status in (("fund", "FUNDING_STARTED"), ("process", "PROCESSED"), ("clear", "CLEARED")):
        assert trusted.local("POST", f"/payments/{payment['id']}/{verb}")["singleStatus"] == status


def test_cancel_stops_a_scheduled_payment_and_opens_its_bill(trusted: Caller) -> None:
    payment = trusted.pay(trusted.new_bill(100))
    canceled = trusted.created(f"/v3/payments/{payment['id']}/cancel", status=200)
    assert (canceled["status"], canceled["singleStatus"]) == ("CANCELLED", "CANCELED")
    assert canceled["cancelRequestSubmitted"] is True
    bill = trusted.read(f"/v3/bills/{payment['billId']}")
    assert (bill["paymentStatus"], bill["scheduledAmount"], bill["dueAmount"]) == ("UNPAID", 0.0, 100.0)
    trusted.go_to("2026-12-31T12:00:00+00:00")
    assert stands(trusted, payment) == ("CANCELLED", "CANCELED", "UNPAID")


def test_cancel_is_refused_past_scheduled(trusted: Caller) -> None:
    payment = trusted.pay(trusted.new_bill())
    trusted.local("POST", f"/payments/{payment['id']}/fund")
    before = trusted.state()
    refused(trusted.post(f"/v3/payments/{payment['id']}/cancel"), 422, "BDC_9008", "SCHEDULED")
    assert trusted.state() == before


def test_void_reverses_a_payment_in_process(trusted: Caller) -> None:
    payment = trusted.pay(trusted.new_bill(100))
    trusted.local("POST", f"/payments/{payment['id']}/process")
    body = {"type": "VOID_AND_CREDIT", "reason": "Paid the wrong bill"}
    pending = trusted.created(f"/v3/payments/{payment['id']}/void", body, 200)
    assert pending["singleStatus"] == "VOID_PENDING"
    assert pending["voidInfo"][0]["status"] == "TO_BE_PROCESSED"
    assert stands(trusted, payment)[2] == "PAID"
    trusted.go_to("2026-11-24T12:00:00+00:00")
    assert stands(trusted, payment) == ("VOID", "VOIDED", "UNPAID")
    assert trusted.read(f"/v3/payments/{payment['id']}")["voidInfo"][0]["status"] == "ACCEPTED"


@pytest.mark.parametrize("moved", [[], ["clear"]])
def test_void_is_refused_before_and_after_process(trusted: Caller, moved: list[str]) -> None:
    payment = trusted.pay(trusted.new_bill())
    for verb in moved:
        trusted.local("POST", f"/payments/{payment['id']}/{verb}")
    before = trusted.state()
    body = {"type": "VOID_ONLY", "reason": "Mistake"}
    refused(trusted.post(f"/v3/payments/{payment['id']}/void", json=body), 422, "BDC_9009", "in process")
    assert trusted.state() == before


def test_void_needs_type_and_reason(trusted: Caller) -> None:
    payment = trusted.pay(trusted.new_bill())
    answer = trusted.post(f"/v3/payments/{payment['id']}/void", json={})
    assert answer.status_code == 400
    messages = [entry["message"] for entry in answer.json()]
    assert messages == ["type: must not be null", "reason: must not be null"]


def test_a_failed_debit_voids_the_payment_and_opens_its_bill(trusted: Caller) -> None:
    payment = trusted.pay(trusted.new_bill())
    trusted.local("POST", f"/payments/{payment['id']}/fail")
    assert stands(trusted, payment) == ("VOID", "FUNDING_FAILED_VOIDED", "UNPAID")


def test_a_failed_or_returned_disbursement_waits_for_action(trusted: Caller) -> None:
    failed, returned = trusted.pay(trusted.new_bill()), trusted.pay(trusted.new_bill())
    for payment in (failed, returned):
        trusted.local("POST", f"/payments/{payment['id']}/process")
    trusted.local("POST", f"/payments/{failed['id']}/fail")
    trusted.local("POST", f"/payments/{returned['id']}/return")
    assert stands(trusted, failed)[1] == "DISBURSEMENT_FAILED_ACTION_NEEDED"
    assert stands(trusted, returned)[1] == "DISBURSEMENT_FAILED_VENDOR_BANK_REJECTED"
    assert trusted.read(f"/v3/payments/{failed['id']}")["disbursementStatus"] == "FAILED"


def test_a_finished_payment_is_not_moved(trusted: Caller) -> None:
    payment = trusted.pay(trusted.new_bill())
    trusted.local("POST", f"/payments/{payment['id']}/clear")
    url = str(trusted.base_url).replace("/connect/", f"/_local/payments/{payment['id']}/fail")
    refused(trusted.post(url), 400, None, "finished: CLEARED")

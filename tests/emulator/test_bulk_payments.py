"""Bulk payments: all or nothing, merged for vendors that combine."""

from typing import Any

from tests.emulator.caller import Caller, refused


def bulk_body(caller: Caller, bills: list[Any], **changes: Any) -> Any:
    """Return a bulk payment of whole bills."""
    account = {"type": "BANK_ACCOUNT", "id": caller.verified_bank()}
    parts = [{"billId": bill["id"], "amount": bill["amount"]} for bill in bills]
    return {"fundingAccount": account, "payments": parts, **changes}


def combining_bills(caller: Caller, count: int) -> list[Any]:
    """Return bills of one vendor whose payments are combined."""
    vendor = caller.new_vendor(additionalInfo={"combinePayments": True})
    return [caller.new_bill(10, vendor["id"]) for _ in range(count)]


def test_bulk_pays_bills_of_many_vendors(trusted: Caller) -> None:
    bills = [trusted.new_bill(10), trusted.new_bill(20)]
    payments = trusted.created("/v3/payments/bulk", bulk_body(trusted, bills))["payments"]
    assert {payment["billId"]: payment["amount"] for payment in payments} == {
        bills[0]["id"]: 10.0,
        bills[1]["id"]: 20.0,
    }
    assert {bill["paymentStatus"] for bill in trusted.rows("/v3/bills")} == {"SCHEDULED"}


def test_payments_of_a_combining_vendor_merge(trusted: Caller) -> None:
    bills = combining_bills(trusted, 3)
    payments = trusted.created("/v3/payments/bulk", bulk_body(trusted, bills))["payments"]
    assert len(payments) == 1
    assert payments[0]["amount"] == 30.0 and "billId" not in payments[0]
    assert {part["billId"] for part in payments[0]["billPayments"]} == {bill["id"] for bill in bills}


def test_a_combined_payment_covers_thirty_five_bills_at_most(trusted: Caller) -> None:
    body = bulk_body(trusted, combining_bills(trusted, 36))
    payments = trusted.created("/v3/payments/bulk", body)["payments"]
    assert sorted(len(payment["billPayments"]) for payment in payments) == [1, 35]


def test_bulk_is_all_or_nothing_and_names_every_bad_bill(trusted: Caller) -> None:
    good, archived, overpaid = (trusted.new_bill(10) for _ in range(3))
    trusted.created(f"/v3/bills/{archived['id']}/archive", status=200)
    body = bulk_body(trusted, [good, archived, {**overpaid, "amount": 11}])
    before = trusted.state()
    answer = trusted.post("/v3/payments/bulk", json=body)
    assert answer.status_code == 422
    messages = [entry["message"] for entry in answer.json()]
    assert f"{archived['id']} : An archived bill cannot be paid." in messages
    assert f"{overpaid['id']} : The amount is more than the bill's open amount." in messages
    assert len(messages) == 4 and not any(good["id"] in message for message in messages)
    assert trusted.state() == before


def test_one_bill_twice_in_a_request_counts_as_their_sum(trusted: Caller) -> None:
    bill = trusted.new_bill(10)
    answer = trusted.post("/v3/payments/bulk", json=bulk_body(trusted, [bill, bill]))
    refused(answer, 422, "BDC_9002", "more than")
    assert trusted.rows("/v3/payments") == []


def test_bulk_takes_fifty_payments_at_most(trusted: Caller) -> None:
    bill = trusted.new_bill(100)
    parts = [{"billId": bill["id"], "amount": 1}] * 51
    refused(
        trusted.post("/v3/payments/bulk", json=bulk_body(trusted, [], payments=parts)),
        400,
        "BDC_9001",
        "At most 50 payments",
    )
    assert trusted.rows("/v3/payments") == []
    trusted.created("/v3/payments/bulk", bulk_body(trusted, [], payments=parts[:50]))
    assert trusted.read(f"/v3/bills/{bill['id']}")["scheduledAmount"] == 50.0


def test_a_bulk_vendor_must_be_every_bills(trusted: Caller) -> None:
    bills = [trusted.new_bill(1), trusted.new_bill(1)]
    body = bulk_body(trusted, bills, vendorId=bills[0]["vendorId"])
    refused(trusted.post("/v3/payments/bulk", json=body), 422, "BDC_9005", "vendor")
    assert trusted.rows("/v3/payments") == []


def test_every_payment_carries_the_reference_by_default(trusted: Caller) -> None:
    bills = [trusted.new_bill(1), trusted.new_bill(1)]
    trusted.created("/v3/payments/bulk", bulk_body(trusted, bills, transactionNumber="RUN1"))
    assert len(trusted.rows("/v3/payments", filters="transactionNumber:eq:RUN1")) == 2


def test_only_the_first_payment_carries_the_reference_when_the_rule_says_so(trusted: Caller) -> None:
    trusted.local("PUT", "/rules", {"bulk_transaction_number": "first"})
    bills = [trusted.new_bill(1), trusted.new_bill(1)]
    trusted.created("/v3/payments/bulk", bulk_body(trusted, bills, transactionNumber="RUN1"))
    assert len(trusted.rows("/v3/payments", filters="transactionNumber:eq:RUN1")) == 1
    assert len(trusted.rows("/v3/payments")) == 2


def test_a_bulk_process_date_that_is_no_banking_day_is_refused(trusted: Caller) -> None:
    body = bulk_body(trusted, [trusted.new_bill(1)], processDate="2026-11-26")
    refused(trusted.post("/v3/payments/bulk", json=body), 422, "BDC_1152", "Invalid Process Date")
    assert trusted.rows("/v3/payments") == []

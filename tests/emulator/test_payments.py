"""Payments: what they do to bills, and every reason they are refused for."""

import pytest

from tests.emulator.caller import ADDRESS, Caller, refused


def test_a_payment_schedules_its_bill(trusted: Caller) -> None:
    bill = trusted.new_bill(228.99)
    payment = trusted.pay(bill, transactionNumber="RUN1", description="Invoice 202501")
    assert payment["id"].startswith("stp") and len(payment["id"]) == 20
    assert (payment["status"], payment["singleStatus"]) == ("SCHEDULED", "SCHEDULED")
    assert payment["amount"] == 228.99 and payment["billId"] == bill["id"]
    assert payment["billPayments"][0]["billId"] == bill["id"]
    assert payment["vendorId"] == bill["vendorId"] and payment["disbursementType"] == "ACH"
    assert payment["transactionNumber"] == "RUN1" and payment["onlinePayment"] is True
    after = trusted.read(f"/v3/bills/{bill['id']}")
    assert (after["paymentStatus"], after["scheduledAmount"], after["dueAmount"]) == (
        "SCHEDULED",
        228.99,
        228.99,
    )
    assert trusted.read(f"/v3/payments/{payment['id']}") == payment


def test_the_process_date_defaults_to_the_next_banking_day(trusted: Caller) -> None:
    assert trusted.pay(trusted.new_bill())["processDate"] == "2026-11-24"
    trusted.go_to("2026-11-25T15:00:00+00:00")
    assert trusted.pay(trusted.new_bill())["processDate"] == "2026-11-27"


def test_today_is_the_date_in_chicago(trusted: Caller) -> None:
    trusted.go_to("2026-11-24T05:59:00+00:00")
    assert trusted.pay(trusted.new_bill())["processDate"] == "2026-11-24"
    trusted.go_to("2026-11-24T06:01:00+00:00")
    assert trusted.pay(trusted.new_bill())["processDate"] == "2026-11-25"


@pytest.mark.parametrize(
    "process_date",
    [
        pytest.param("2026-11-23", id="today"),
        pytest.param("2026-11-20", id="past"),
        pytest.param("2026-11-28", id="saturday"),
        pytest.param("2026-11-26", id="thanksgiving"),
    ],
)
def test_a_process_date_that_is_no_later_banking_day_is_refused(trusted: Caller, process_date: str) -> None:
    bill = trusted.new_bill()
    before = trusted.state()
    answer = trusted.post("/v3/payments", json=trusted.payment_body(bill, processDate=process_date))
    refused(answer, 422, "BDC_1152", "Invalid Process Date")
    assert trusted.state() == before


def test_a_refusal_is_told_twice_plain_and_with_the_bill_id(trusted: Caller) -> None:
    bill = trusted.new_bill()
    answer = trusted.post("/v3/payments", json=trusted.payment_body(bill, processDate="2026-11-23"))
    plain, prefixed = answer.json()
    assert prefixed["message"] == f"{bill['id']} : {plain['message']}"
    assert prefixed["code"] == plain["code"]


def test_independence_day_on_a_saturday_leaves_friday_a_banking_day(trusted: Caller) -> None:
    trusted.go_to("2026-06-30T15:00:00+00:00")
    assert trusted.pay(trusted.new_bill(), processDate="2026-07-03")["processDate"] == "2026-07-03"


def test_paying_needs_a_trusted_session(bill: Caller) -> None:
    unpaid = bill.new_bill()
    before = bill.state()
    refused(bill.post("/v3/payments", json=bill.payment_body(unpaid)), 403, "BDC_1361", "Untrusted session.")
    refused(bill.post("/v3/payments/bulk", json={}), 403, "BDC_1361", "Untrusted session.")
    assert bill.state() == before


def test_an_account_that_is_not_verified_cannot_pay(trusted: Caller) -> None:
    bill = trusted.new_bill()
    pending = trusted.rows("/v3/funding-accounts/banks", filters="status:eq:PENDING")[0]["id"]
    before = trusted.state()
    body = trusted.payment_body(bill, fundingAccount={"type": "BANK_ACCOUNT", "id": pending})
    refused(trusted.post("/v3/payments", json=body), 422, "BDC_1151", "Funding account")
    assert trusted.state() == before


def test_an_account_the_user_is_not_a_verified_user_of_cannot_pay(trusted: Caller) -> None:
    bill = trusted.new_bill()
    right = trusted.rows("/v3/funding-accounts/banks/users")[0]["id"]
    trusted.created(f"/v3/funding-accounts/banks/users/{right}/archive", status=200)
    refused(trusted.post("/v3/payments", json=trusted.payment_body(bill)), 422, "BDC_1151", "Funding account")
    assert trusted.rows("/v3/payments") == []


def test_a_user_whose_role_may_not_pay_is_refused(bill: Caller) -> None:
    clerk = bill.local("POST", "/organizations", {"role": "CLERK"})
    with Caller(str(bill.base_url), clerk) as caller:
        caller.sign_in()
        caller.step_up()
        unpaid = caller.new_bill()
        refused(
            caller.post("/v3/payments", json=caller.payment_body(unpaid)), 422, "BDC_1150", "User cannot make"
        )
        assert caller.rows("/v3/payments") == []
        assert caller.read("/v3/funding-accounts/permissions")["user"] == {"payOnline": False}


@pytest.mark.parametrize(
    ("changes", "code", "message"),
    [
        ({"amount": None}, None, "amount: must not be null"),
        ({"amount": 0}, None, "amount: must be positive"),
        ({"amount": 1.001}, None, "amount: must have at most two decimals"),
        ({"billId": None}, None, "billId must be provided if createBill is false"),
        ({"processingOptions": None}, None, "processingOptions: must not be null"),
        ({"processingOptions": {"createBill": True}}, None, "billId must be empty if createBill is true"),
        ({"fundingAccount": None}, None, "fundingAccount: must not be null"),
        ({"fundingAccount": {"type": "BANK_ACCOUNT"}}, None, "fundingAccount.id: must not be null"),
        ({"fundingAccount": {"type": "WALLET"}}, None, "processDate: must not be null"),
        ({"description": "x" * 71}, "BDC_1143", "description: must be at most 70"),
        ({"transactionNumber": "x" * 51}, "BDC_1143", "transactionNumber: must be at most 50"),
        ({"transactionNumber": "RUN 1"}, "BDC_1143", "transactionNumber: must be alphanumeric"),
    ],
)
def test_a_wrong_payment_is_refused_and_not_made(
    trusted: Caller, changes: dict, code: str | None, message: str
) -> None:
    body = trusted.payment_body(trusted.new_bill(), **changes)
    before = trusted.state()
    refused(trusted.post("/v3/payments", json=body), 400, code, message)
    assert trusted.state() == before


def test_paying_more_than_is_open_is_refused(trusted: Caller) -> None:
    bill = trusted.new_bill(100)
    trusted.pay(bill, amount=60)
    before = trusted.state()
    refused(
        trusted.post("/v3/payments", json=trusted.payment_body(bill, amount=40.01)),
        422,
        "BDC_9002",
        "more than the bill's open amount",
    )
    assert trusted.state() == before
    trusted.pay(bill, amount=40)
    assert trusted.read(f"/v3/bills/{bill['id']}")["scheduledAmount"] == 100.0


def test_a_bill_can_be_paid_twice_when_overpayment_is_accepted(trusted: Caller) -> None:
    trusted.local("PUT", "/rules", {"overpayment": "accept"})
    bill = trusted.new_bill(100)
    trusted.pay(bill)
    trusted.pay(bill)
    assert trusted.read(f"/v3/bills/{bill['id']}")["scheduledAmount"] == 200.0


def test_an_archived_bill_cannot_be_paid(trusted: Caller) -> None:
    bill = trusted.new_bill()
    trusted.created(f"/v3/bills/{bill['id']}/archive", status=200)
    refused(trusted.post("/v3/payments", json=trusted.payment_body(bill)), 422, "BDC_9004", "archived")
    assert trusted.rows("/v3/payments") == []


def test_an_unapproved_bill_cannot_be_paid_unless_the_rule_accepts_it(trusted: Caller) -> None:
    bill = trusted.new_bill()
    trusted.local("PUT", f"/bills/{bill['id']}/approval", {"status": "ASSIGNED"})
    refused(trusted.post("/v3/payments", json=trusted.payment_body(bill)), 422, "BDC_9003", "approvals")
    assert trusted.rows("/v3/payments") == []
    trusted.local("PUT", "/rules", {"pay_unapproved": "accept"})
    trusted.pay(bill, amount=1)
    trusted.local("PUT", "/rules", {"pay_unapproved": "refuse"})
    trusted.local("PUT", f"/bills/{bill['id']}/approval", {"status": "APPROVED"})
    trusted.pay(bill, amount=1)


def test_a_vendor_other_than_the_bills_is_refused(trusted: Caller) -> None:
    bill, other = trusted.new_bill(), trusted.new_vendor()
    body = trusted.payment_body(bill, vendorId=other["id"])
    refused(trusted.post("/v3/payments", json=body), 422, "BDC_9005", "vendor")
    assert trusted.rows("/v3/payments") == []
    trusted.pay(bill, vendorId=bill["vendorId"])


def test_a_vendor_without_bank_account_is_paid_by_check(trusted: Caller) -> None:
    vendor = trusted.new_vendor(paymentInformation=None)
    assert trusted.pay(trusted.new_bill(1, vendor["id"]))["disbursementType"] == "CHECK"


def test_a_foreign_vendor_without_bank_account_cannot_be_paid(trusted: Caller) -> None:
    vendor = trusted.new_vendor(paymentInformation=None, address={**ADDRESS, "country": "DK"})
    body = trusted.payment_body(trusted.new_bill(1, vendor["id"]))
    refused(trusted.post("/v3/payments", json=body), 422, "BDC_9006", "unable to receive ePayments")
    assert trusted.rows("/v3/payments") == []


def test_a_new_vendor_bank_account_can_need_two_banking_days(trusted: Caller) -> None:
    trusted.local("PUT", "/rules", {"new_vendor_bank_days": 2})
    bill = trusted.new_bill()
    answer = trusted.post("/v3/payments", json=trusted.payment_body(bill))
    refused(answer, 400, "BDC_1402", "two business days out from today")
    assert trusted.rows("/v3/payments") == []
    trusted.pay(bill, processDate="2026-11-25")


def test_a_transaction_number_is_a_detector_and_no_lock(trusted: Caller) -> None:
    bill = trusted.new_bill()
    for _ in range(2):
        trusted.pay(bill, amount=1, transactionNumber="RUN1")
    found = trusted.rows("/v3/payments", filters='transactionNumber:eq:"RUN1"')
    assert len(found) == 2


def test_a_repeated_transaction_number_can_be_refused(trusted: Caller) -> None:
    trusted.local("PUT", "/rules", {"duplicate_transaction_number": "refuse"})
    bill = trusted.new_bill()
    trusted.pay(bill, amount=1, transactionNumber="RUN1")
    body = trusted.payment_body(bill, amount=1, transactionNumber="RUN1")
    refused(trusted.post("/v3/payments", json=body), 422, "BDC_9007", "RUN1")
    assert len(trusted.rows("/v3/payments")) == 1


def test_an_unknown_bill_or_account_is_not_found(trusted: Caller) -> None:
    bill = trusted.new_bill()
    body = trusted.payment_body(bill)
    refused(trusted.post("/v3/payments", json={**body, "billId": "00nNO"}), 404, "BDC_1205", "00nNO")
    account = {"type": "BANK_ACCOUNT", "id": "bacNO"}
    refused(trusted.post("/v3/payments", json={**body, "fundingAccount": account}), 404, "BDC_1205", "bacNO")
    assert trusted.rows("/v3/payments") == []


@pytest.mark.parametrize("nested", [True, False])
def test_create_bill_makes_a_bill_and_pays_it(trusted: Caller, nested: bool) -> None:
    vendor = trusted.new_vendor()
    flag = {"createBill": True}
    placed = {"processingOptions": flag} if nested else {"processingOptions": {}, **flag}
    account = {"type": "BANK_ACCOUNT", "id": trusted.verified_bank()}
    body = {"vendorId": vendor["id"], "amount": 50, "fundingAccount": account, **placed}
    payment = trusted.created("/v3/payments", body)
    made = trusted.read(f"/v3/bills/{payment['billId']}")
    assert (made["amount"], made["paymentStatus"]) == (50.0, "SCHEDULED")


def test_a_refused_create_bill_leaves_no_bill(trusted: Caller) -> None:
    vendor = trusted.new_vendor()
    account = {"type": "BANK_ACCOUNT", "id": trusted.verified_bank()}
    body = {"vendorId": vendor["id"], "amount": 50, "fundingAccount": account, "processDate": "2026-11-23"}
    options = {"processingOptions": {"createBill": True}}
    refused(trusted.post("/v3/payments", json={**body, **options}), 422, "BDC_1152", "Process Date")
    assert trusted.rows("/v3/bills") == []


def test_options_say_which_account_can_pay_and_why_not(trusted: Caller) -> None:
    vendor = trusted.new_vendor()
    options = trusted.read("/v3/payments/options", vendorId=vendor["id"], amount=100)
    usable, pending = options["fundingOptions"]["banks"]
    assert usable["available"] is True and usable["processDate"] == "2026-11-24"
    assert pending["available"] is False and "Funding account" in pending["reason"]
    assert options["fundingOptions"]["cards"] == []


def test_exchange_rate_and_check_image_answer_simply(trusted: Caller) -> None:
    bill = trusted.new_bill()
    query = {"vendorId": bill["vendorId"], "amount": 1000, "baseCurrency": "true"}
    assert trusted.read("/v3/payments/exchange-rate", **query)["exchangeRate"] == 1.0
    assert trusted.rows(f"/v3/payments/{trusted.pay(bill)['id']}/check-image") == []

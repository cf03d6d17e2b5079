"""Charging customers, and how a charge settles."""

import pytest

from tests.emulator.caller import CUSTOMER_BANK, Caller, refused

CHARGES = "/v3/receivable-payments"


def test_a_charge_is_scheduled_and_so_is_its_invoice(bill: Caller) -> None:
    invoice, charge = bill.chargeable()
    received = bill.created(CHARGES, {**charge, "description": "REF1 drum sticks"})
    assert received["id"].startswith("0rp") and len(received["id"]) == 20
    assert (received["status"], received["amount"]) == ("SCHEDULED", 29.98)
    assert received["receivablesType"] == "ACH" and received["onlinePayment"] is True
    assert received["description"] == "REF1 drum sticks" and received["paymentDate"] == "2026-11-24"
    assert received["receivablesAccount"] == {"type": "BANK_ACCOUNT", "id": bill.verified_bank()}
    after = bill.read(f"/v3/invoices/{invoice['id']}")
    assert (after["status"], after["scheduledAmount"], after["dueAmount"]) == ("SCHEDULED", 29.98, 29.98)
    assert after["payments"] == [
        {"id": received["id"], "amount": 29.98, "status": "SCHEDULED", "date": "2026-11-24"}
    ]
    assert bill.read(f"{CHARGES}/{received['id']}") == received
    assert bill.rows(CHARGES, filters=f"id:eq:{received['id']}") == [received]


def test_a_charge_settles_on_the_banking_day_after_its_date(bill: Caller) -> None:
    invoice, charge = bill.chargeable()
    received = bill.created(CHARGES, charge)
    bill.go_to("2026-11-25T12:00:00+00:00")
    assert bill.read(f"{CHARGES}/{received['id']}")["status"] == "PAID"
    after = bill.read(f"/v3/invoices/{invoice['id']}")
    assert (after["status"], after["dueAmount"], after["scheduledAmount"]) == ("PAID", 0.0, 0.0)


def test_a_charge_is_settled_and_returned_by_control_calls(bill: Caller) -> None:
    invoice, charge = bill.chargeable()
    received = bill.created(CHARGES, charge)
    bill.local("POST", f"/received-payments/{received['id']}/settle")
    assert bill.read(f"/v3/invoices/{invoice['id']}")["status"] == "PAID"
    bill.local("POST", f"/received-payments/{received['id']}/return")
    assert bill.read(f"{CHARGES}/{received['id']}")["status"] == "VOID"
    assert bill.read(f"/v3/invoices/{invoice['id']}")["status"] == "OPEN"


def test_charging_needs_an_authorization(bill: Caller) -> None:
    _, charge = bill.chargeable()
    path = f"/v3/customers/{charge['customerId']}/charge-authorization"
    bill.created(path, {"authorizedToCharge": False}, 200)
    before = bill.state()
    refused(bill.post(CHARGES, json=charge), 422, "BDC_9020", "not authorized")
    assert bill.state() == before


def test_charging_needs_a_usable_account_of_the_customer(bill: Caller) -> None:
    _, charge = bill.chargeable()
    account = charge["fundingAccount"]["id"]
    bill.created(f"/v3/customers/{charge['customerId']}/bank-accounts/{account}/archive", status=200)
    before = bill.state()
    refused(bill.post(CHARGES, json=charge), 422, "BDC_9021", "cannot be charged")
    charge["fundingAccount"]["id"] = bill.verified_bank()
    refused(bill.post(CHARGES, json=charge), 422, "BDC_9021", "cannot be charged")
    assert bill.state() == before


def test_an_account_can_need_verification_before_a_charge(bill: Caller) -> None:
    bill.local("PUT", "/rules", {"customer_bank_verification": "manual"})
    _, charge = bill.chargeable()
    refused(bill.post(CHARGES, json=charge), 422, "BDC_9021", "not verified")
    assert bill.rows(CHARGES) == []
    bill.local("POST", f"/bank-accounts/{charge['fundingAccount']['id']}/verify")
    bill.created(CHARGES, charge)


def test_a_charge_is_within_what_is_open(bill: Caller) -> None:
    _, charge = bill.chargeable()
    bill.created(CHARGES, charge)
    before = bill.state()
    refused(bill.post(CHARGES, json=charge), 422, "BDC_9024", "open amount")
    assert bill.state() == before


def test_overcharging_can_be_accepted(bill: Caller) -> None:
    bill.local("PUT", "/rules", {"overcharge": "accept"})
    _, charge = bill.chargeable()
    bill.created(CHARGES, charge)
    bill.created(CHARGES, charge)
    assert len(bill.rows(CHARGES)) == 2


def test_invoices_of_another_customer_or_archived_are_refused(bill: Caller) -> None:
    invoice, charge = bill.chargeable()
    other = bill.new_invoice(invoiceNumber="2")
    before = bill.state()
    parts = [{"invoiceId": other["id"], "amount": 1}]
    refused(bill.post(CHARGES, json={**charge, "invoicePayments": parts}), 422, "BDC_9025", "customer's")
    assert bill.state() == before
    bill.created(f"/v3/invoices/{invoice['id']}/archive", status=200)
    refused(bill.post(CHARGES, json=charge), 422, "BDC_9026", "archived")
    assert bill.rows(CHARGES) == []


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"customerId": None}, "customerId: must not be null"),
        ({"fundingAccount": None}, "fundingAccount: must not be null"),
        ({"invoicePayments": []}, "invoicePayments: must not be empty"),
        (
            {"invoicePayments": [{"invoiceId": "X", "amount": 0}]},
            "invoicePayments[0].amount: must be positive",
        ),
        ({"paymentDate": "tomorrow"}, "paymentDate: must be a date"),
    ],
)
def test_a_wrong_charge_is_refused_and_not_made(bill: Caller, changes: dict, message: str) -> None:
    _, charge = bill.chargeable()
    refused(bill.post(CHARGES, json=charge | changes), 400, None, message)
    assert bill.rows(CHARGES) == []


def test_a_past_payment_date_is_refused(bill: Caller) -> None:
    _, charge = bill.chargeable()
    refused(bill.post(CHARGES, json={**charge, "paymentDate": "2026-11-22"}), 422, "BDC_9027", "payment date")
    assert bill.rows(CHARGES) == []


def test_charging_needs_mfa_only_when_the_rule_says_so(bill: Caller) -> None:
    _, charge = bill.chargeable()
    bill.local("PUT", "/rules", {"charge_needs_mfa": True})
    refused(bill.post(CHARGES, json=charge), 403, "BDC_1361", "Untrusted session.")
    assert bill.rows(CHARGES) == []
    bill.step_up()
    bill.created(CHARGES, charge)


@pytest.mark.parametrize("action", ["cancel", "void", "refund"])
def test_a_charge_cannot_be_undone(bill: Caller, action: str) -> None:
    _, charge = bill.chargeable()
    received = bill.created(CHARGES, charge)
    refused(bill.post(f"{CHARGES}/{received['id']}/{action}"), 404, "BDC_1121", "API not supported")
    assert bill.rows(CHARGES) == [received]


def test_several_invoices_are_charged_at_once(bill: Caller) -> None:
    invoice, charge = bill.chargeable()
    second = bill.new_invoice(charge["customerId"], invoiceNumber="2")
    parts = [{"invoiceId": invoice["id"], "amount": 29.98}, {"invoiceId": second["id"], "amount": 0.02}]
    assert bill.created(CHARGES, {**charge, "invoicePayments": parts})["amount"] == 30.0
    assert CUSTOMER_BANK["accountNumber"] not in str(bill.local("GET", "/requests"))

"""Approving and denying bills: by whom, in which order, and what it lets be paid."""

from typing import Any

import pytest

from tests.emulator.approvals import (
    ACTIONS,
    DONE,
    PENDING,
    POLICIES,
    action,
    approvals,
    pending,
    policy_body,
    second_user,
)
from tests.emulator.caller import Caller, bill_body, refused


def test_approval_passes_from_one_approver_to_the_next(bill: Caller, approver: Caller) -> None:
    bill.created(POLICIES, policy_body(approver, bill))
    made = bill.new_bill(1000)
    assert (pending(approver), pending(bill)) == ([made["id"]], [])
    assert approver.read(PENDING)["bills"] == [
        {"billId": made["id"], "vendorId": made["vendorId"], "amount": 1000.0, "dueDate": "2026-12-31"}
    ]
    bill.advance(minutes=1)
    assert approver.created(ACTIONS, [action(made)], 200) == DONE
    assert approvals(bill, made) == ("APPROVING", ["APPROVED", "WAITING"])
    assert (pending(approver), pending(bill)) == ([], [made["id"]])
    assert bill.created(ACTIONS, [action(made)], 200) == DONE
    assert approvals(bill, made) == ("APPROVED", ["APPROVED", "APPROVED"])
    first = bill.read(f"/v3/bills/{made['id']}", billApprovals="true")["approvers"][0]
    assert first["statusChangedTime"] > made["createdTime"]


def test_one_denial_denies_the_bill(bill: Caller, approver: Caller) -> None:
    bill.created(POLICIES, policy_body(approver, bill))
    made = bill.new_bill(1000)
    approver.created(ACTIONS, [action(made, "DENY")], 200)
    assert approvals(bill, made) == ("DENIED", ["DENIED", "WAITING"])
    assert pending(bill) == []
    refused(bill.post(ACTIONS, json=[action(made)]), 422, "BDC_9032", "DENIED")
    assert approvals(bill, made) == ("DENIED", ["DENIED", "WAITING"])


def test_several_bills_are_decided_in_one_request(bill: Caller) -> None:
    bill.created(POLICIES, policy_body(bill))
    good, bad = bill.new_bill(1000), bill.new_bill(2000)
    bill.created(ACTIONS, [action(good), action(bad, "DENY", comment=None)], 200)
    assert (approvals(bill, good)[0], approvals(bill, bad)[0]) == ("APPROVED", "DENIED")


@pytest.mark.parametrize("approved", [False, True])
def test_only_an_approved_bill_can_be_paid(trusted: Caller, approved: bool) -> None:
    trusted.created(POLICIES, policy_body(trusted))
    made = trusted.new_bill(1000)
    body = trusted.payment_body(made)
    refused(trusted.post("/v3/payments", json=body), 422, "BDC_9003", "approvals are not complete")
    bulk = {"fundingAccount": body["fundingAccount"], "payments": [{"billId": made["id"], "amount": 1000}]}
    refused(trusted.post("/v3/payments/bulk", json=bulk), 422, "BDC_9003", "approvals are not complete")
    trusted.created(ACTIONS, [action(made, "APPROVE" if approved else "DENY")], 200)
    if approved:
        assert trusted.pay(made)["singleStatus"] == "SCHEDULED"
    else:
        refused(trusted.post("/v3/payments", json=body), 422, "BDC_9003", "approvals are not complete")
    assert len(trusted.rows("/v3/payments")) == approved


def test_a_bill_that_has_to_be_approved_is_not_made_and_paid_at_once(trusted: Caller) -> None:
    trusted.created(POLICIES, policy_body(trusted))
    vendor = trusted.new_vendor()
    body = trusted.payment_body({"id": None, "amount": 1000}, vendorId=vendor["id"])
    del body["billId"]
    before = trusted.state()
    answer = trusted.post("/v3/payments", json=body | {"processingOptions": {"createBill": True}})
    refused(answer, 422, "BDC_9003", "approvals are not complete")
    assert trusted.state() == before


def test_only_an_approver_of_the_bill_may_act_and_only_in_turn(bill: Caller, approver: Caller) -> None:
    bill.created(POLICIES, policy_body(approver, bill))
    made, free = bill.new_bill(1000), bill.new_bill(1)
    with second_user(bill) as other:
        refused(other.post(ACTIONS, json=[action(made)]), 422, "BDC_9030", "not an approver")
    refused(bill.post(ACTIONS, json=[action(free)]), 422, "BDC_9030", "not an approver")
    refused(bill.post(ACTIONS, json=[action(made)]), 422, "BDC_9031", "comes first")
    assert approvals(bill, made) == ("ASSIGNED", ["WAITING", "WAITING"])
    assert approvals(bill, free) == ("UNASSIGNED", [])


def test_one_refused_action_stops_the_others(bill: Caller) -> None:
    bill.created(POLICIES, policy_body(bill))
    made, free = bill.new_bill(1000), bill.new_bill(1)
    refused(bill.post(ACTIONS, json=[action(made), action(free)]), 422, "BDC_9030", free["id"])
    assert approvals(bill, made) == ("ASSIGNED", ["WAITING"])
    assert approvals(bill, free) == ("UNASSIGNED", [])


def test_nobody_acts_twice_or_on_an_archived_bill(bill: Caller, approver: Caller) -> None:
    bill.created(POLICIES, policy_body(approver, bill))
    made, archived = bill.new_bill(1000), bill.new_bill(1000)
    approver.created(ACTIONS, [action(made)], 200)
    refused(approver.post(ACTIONS, json=[action(made)]), 422, "BDC_9032", "not waiting")
    refused(approver.post(ACTIONS, json=[action(made, "DENY")]), 422, "BDC_9032", "not waiting")
    bill.created(f"/v3/bills/{archived['id']}/archive", status=200)
    assert pending(approver) == []
    refused(approver.post(ACTIONS, json=[action(archived)]), 422, "BDC_9004", "archived")
    assert approvals(bill, made) == ("APPROVING", ["APPROVED", "WAITING"])
    assert approvals(bill, archived) == ("ASSIGNED", ["WAITING", "WAITING"])


@pytest.mark.parametrize(
    ("body", "status", "code", "message"),
    [
        ({"billId": "00n", "action": "APPROVE"}, 400, None, "must be a JSON array"),
        ([], 400, None, "not empty"),
        ([{"action": "APPROVE"}], 400, None, "billId: must not be null"),
        ([{"billId": "00n"}], 400, None, "action: must not be null"),
        ([{"billId": "00n", "action": "approve"}], 400, None, "action: must be one of APPROVE, DENY"),
        ([{"billId": "00n", "action": "DENY", "comment": 1}], 400, None, "comment: must be a string"),
        ([{"billId": "00n", "action": "DENY"}] * 2, 400, None, "billId: is named twice"),
        ([{"billId": "00n", "action": "DENY"}], 404, "BDC_1205", "Bill not found"),
    ],
)
def test_actions_are_done_all_or_none(
    bill: Caller, body: Any, status: int, code: str | None, message: str
) -> None:
    bill.created(POLICIES, policy_body(bill))
    made = bill.new_bill(1000)
    if isinstance(body, list) and body:
        body = [action(made), *body]
    refused(bill.post(ACTIONS, json=body), status, code, message)
    assert approvals(bill, made) == ("ASSIGNED", ["WAITING"])


@pytest.mark.parametrize(
    ("amount", "status", "approvers"),
    [(1000, "APPROVED", ["APPROVED"]), (1500, "ASSIGNED", ["WAITING"]), (10, "UNASSIGNED", [])],
)
def test_approval_begins_anew_when_what_rules_read_changes(
    bill: Caller, amount: int, status: str, approvers: list[str]
) -> None:
    bill.created(POLICIES, policy_body(bill))
    made = bill.new_bill(1000)
    bill.created(ACTIONS, [action(made)], 200)
    line = made["billLineItems"][0]["id"]
    body = {"billLineItems": [{"id": line, "amount": amount}], "dueDate": "2027-01-15"}
    assert bill.patch(f"/v3/bills/{made['id']}", json=body).json()["approvalStatus"] == status
    assert approvals(bill, made) == (status, approvers)


def test_a_put_with_another_vendor_begins_approval_anew(bill: Caller) -> None:
    bill.created(POLICIES, policy_body(bill))
    made = bill.new_bill(1000)
    bill.created(ACTIONS, [action(made)], 200)
    bill.put(f"/v3/bills/{made['id']}", json=bill_body(bill.new_vendor()["id"], 1000))
    assert approvals(bill, made) == ("ASSIGNED", ["WAITING"])

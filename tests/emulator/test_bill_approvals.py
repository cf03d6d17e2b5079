"""Bill approval policies, and the approvers a bill gets from them."""

from typing import Any

import pytest

from tests.emulator.approvals import (
    ACTIONS,
    DONE,
    PENDING,
    POLICIES,
    approvals,
    pending,
    policy_body,
    rule,
    second_user,
    user_id,
)
from tests.emulator.caller import Caller, bill_body, refused


@pytest.mark.parametrize("path", [POLICIES, "/v3/bill-approvals"])
def test_a_policy_is_created_at_both_paths_and_listed_as_a_bare_array(
    bill: Caller, approver: Caller, path: str
) -> None:
    made = bill.created(path, policy_body(approver))
    assert made["id"].startswith(f"{bill.credentials['organization_id']}-")
    assert (made["policyName"], made["status"]) == ("Large bills", "ACTIVE")
    values = [{"value": "1000", "displayName": "1000"}]
    assert made["rules"] == [{"key": "BILL_AMOUNT", "op": "gte", "values": values}]
    users = [{"userId": user_id(approver), "fullName": "Local Approver"}]
    assert made["approvers"] == {"users": users, "groups": []}
    assert bill.read(POLICIES) == [made]


def test_a_policy_is_replaced_and_deleted(bill: Caller, approver: Caller) -> None:
    made = bill.created(POLICIES, policy_body(approver))
    body = policy_body(bill, policyName="All", rules=[rule("BILL_AMOUNT", "gte", "0")])
    replaced = bill.put(f"{POLICIES}/{made['id']}", json=body).json()
    assert (replaced["id"], replaced["policyName"]) == (made["id"], "All")
    assert bill.read(POLICIES) == [replaced]
    assert bill.delete(f"{POLICIES}/{made['id']}").json() == DONE
    assert bill.read(POLICIES) == []
    refused(bill.delete(f"{POLICIES}/{made['id']}"), 404, "BDC_1205", "policy not found")
    refused(bill.put(f"{POLICIES}/{made['id']}", json=body), 404, "BDC_1205", "policy not found")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"policyName": None}, "policyName: must not be null"),
        ({"rules": []}, "rules: must not be empty"),
        ({"approvers": []}, "approvers: must not be empty"),
        ({"approvers": "006"}, "approvers: must be an array"),
        ({"approvers": [1]}, "approvers[0]: must be a string"),
        ({"rules": [rule("COLOUR")]}, "rules[0].key: must be one of BILL_AMOUNT"),
        ({"rules": [rule("BILL_AMOUNT", "eq")]}, "rules[0].op: must be one of gte, lt"),
        ({"rules": [rule("VENDOR_ID", "gte")]}, "rules[0].op: must be one of eq, in"),
        ({"rules": [rule("BILL_AMOUNT", "gte", "much")]}, "rules[0].values: must be one amount"),
        ({"rules": [rule("BILL_AMOUNT", "gte", "1", "2")]}, "rules[0].values: must be one amount"),
        ({"rules": [{"key": "BILL_AMOUNT", "op": "gte"}]}, "rules[0].values: must not be null"),
    ],
)
def test_a_wrong_policy_is_refused_and_not_kept(bill: Caller, changes: Any, message: str) -> None:
    refused(bill.post(POLICIES, json=policy_body(bill) | changes), 400, None, message)
    made = bill.created(POLICIES, policy_body(bill))
    refused(bill.put(f"{POLICIES}/{made['id']}", json=policy_body(bill) | changes), 400, None, message)
    assert bill.read(POLICIES) == [made]


@pytest.mark.parametrize(
    ("approver_id", "message"),
    [("006NOBODY", "User not found"), ("agpNOGROUP", "Approval group not found")],
)
def test_an_approver_has_to_exist(bill: Caller, approver_id: str, message: str) -> None:
    refused(bill.post(POLICIES, json=policy_body(approvers=[approver_id])), 404, "BDC_1205", message)
    assert bill.read(POLICIES) == []


def test_an_approver_needs_a_role_that_approves(bill: Caller) -> None:
    with second_user(bill, "CLERK") as clerk:
        refused(bill.post(POLICIES, json=policy_body(clerk)), 422, "BDC_9033", "cannot approve bills")
    assert bill.read(POLICIES) == []


def test_a_user_of_another_organization_is_no_approver(bill: Caller) -> None:
    with Caller(str(bill.base_url), bill.local("POST", "/organizations")) as other:
        other.sign_in()
        refused(bill.post(POLICIES, json=policy_body(other)), 404, "BDC_1205", "User not found")
        bill.created(POLICIES, policy_body(bill))
        assert other.read(POLICIES) == []
    assert len(bill.read(POLICIES)) == 1


@pytest.mark.parametrize("role", ["PAYER", "CLERK"])
def test_other_roles_may_not_use_bill_approvals(bill: Caller, role: str) -> None:
    policy = bill.created(POLICIES, policy_body(bill))
    with second_user(bill, role) as other:
        for method, path, body in (
            ("GET", POLICIES, None),
            ("POST", POLICIES, policy_body(bill)),
            ("PUT", f"{POLICIES}/{policy['id']}", policy_body(bill)),
            ("DELETE", f"{POLICIES}/{policy['id']}", None),
            ("POST", ACTIONS, []),
            ("GET", PENDING, None),
        ):
            refused(other.request(method, path, json=body), 403, "BDC_1145", "no permission")
    assert bill.read(POLICIES) == [policy]


def test_a_bill_that_keeps_a_policy_waits_for_its_approvers_in_order(bill: Caller, approver: Caller) -> None:
    bill.created(POLICIES, policy_body(approver, bill))
    made = bill.new_bill(1000, billApprovals=True)
    assert made["approvalStatus"] == "ASSIGNED"
    assert made["approvers"] == [
        {
            "userId": user_id(caller),
            "status": "WAITING",
            "approverOrder": order,
            "statusChangedTime": made["createdTime"],
        }
        for order, caller in enumerate([approver, bill])
    ]


def test_approvers_are_answered_only_when_asked_for(bill: Caller) -> None:
    bill.created(POLICIES, policy_body(bill))
    made = bill.new_bill(1000)
    path = f"/v3/bills/{made['id']}"
    assert made["approvalStatus"] == "ASSIGNED" and "approvers" not in made
    assert "approvers" not in bill.read(path) and "approvers" not in bill.rows("/v3/bills")[0]
    assert len(bill.read(path, billApprovals="true")["approvers"]) == 1
    assert len(bill.rows("/v3/bills", billApprovals="true")[0]["approvers"]) == 1
    changed = bill.patch(path, json={"description": "x", "billApprovals": True}).json()
    assert len(changed["approvers"]) == 1


def test_a_bill_no_policy_applies_to_needs_no_approval(bill: Caller) -> None:
    bill.created(POLICIES, policy_body(bill))
    made = bill.new_bill(999.99, billApprovals=True)
    assert made["approvalStatus"] == "UNASSIGNED" and "approvers" not in made
    assert pending(bill) == []


@pytest.mark.parametrize(
    ("amount", "status"),
    [(999.99, "UNASSIGNED"), (1000, "ASSIGNED"), (1999.99, "ASSIGNED"), (2000, "UNASSIGNED")],
)
def test_a_bill_has_to_keep_every_rule(bill: Caller, amount: float, status: str) -> None:
    rules = [rule(), rule("BILL_AMOUNT", "lt", "2000")]
    bill.created(POLICIES, policy_body(bill, rules=rules))
    assert bill.new_bill(amount)["approvalStatus"] == status


def test_rules_can_name_vendor_and_chart_of_account(bill: Caller) -> None:
    vendor, other = bill.new_vendor(), bill.new_vendor()
    supplies, repairs = (row["id"] for row in bill.rows("/v3/classifications/chart-of-accounts")[:2])
    rules = [rule("VENDOR_ID", "in", vendor["id"]), rule("CHART_OF_ACCOUNT_ID", "eq", supplies)]
    made = bill.created(POLICIES, policy_body(bill, rules=rules))
    shown = [value["displayName"] for row in made["rules"] for value in row["values"]]
    assert shown == ["Happy Music", "Office Supplies"]

    def status(vendor_id: str, *accounts: str) -> str:
        lines = [{"amount": 1, "classifications": {"chartOfAccountId": account}} for account in accounts]
        return bill.new_bill(1, vendor_id, billLineItems=lines)["approvalStatus"]

    assert status(vendor["id"], repairs, supplies) == "ASSIGNED"
    assert status(vendor["id"], repairs) == "UNASSIGNED"
    assert status(other["id"], supplies) == "UNASSIGNED"


def test_the_oldest_policy_that_applies_is_the_one(bill: Caller, approver: Caller) -> None:
    bill.created(POLICIES, policy_body(approver, rules=[rule("BILL_AMOUNT", "gte", "5000")]))
    bill.created(POLICIES, policy_body(bill))
    small, large = bill.new_bill(1000, billApprovals=True), bill.new_bill(5000, billApprovals=True)
    assert [row["userId"] for row in small["approvers"]] == [user_id(bill)]
    assert [row["userId"] for row in large["approvers"]] == [user_id(approver)]


def test_bulk_bills_are_matched_one_by_one(bill: Caller) -> None:
    bill.created(POLICIES, policy_body(bill))
    vendor_id = bill.new_vendor()["id"]
    body = [
        bill_body(vendor_id, 1000, billApprovals=True),
        bill_body(vendor_id, 1),
        bill_body(vendor_id, 2000),
    ]
    made = {row["amount"]: row for row in bill.created("/v3/bills/bulk", body)}
    assert {amount: row["approvalStatus"] for amount, row in made.items()} == {
        1000.0: "ASSIGNED",
        1.0: "UNASSIGNED",
        2000.0: "ASSIGNED",
    }
    assert "approvers" in made[1000.0] and "approvers" not in made[2000.0]


def test_bills_keep_their_approvers_when_the_policy_goes(bill: Caller) -> None:
    policy = bill.created(POLICIES, policy_body(bill))
    made = bill.new_bill(1000)
    bill.delete(f"{POLICIES}/{policy['id']}")
    assert approvals(bill, made) == ("ASSIGNED", ["WAITING"])
    assert bill.new_bill(1000)["approvalStatus"] == "UNASSIGNED"

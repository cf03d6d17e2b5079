"""Owns how tests make approval policies and second users, and read where a bill's approval stands."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.emulator.caller import Caller

POLICIES = "/v3/bill-approvals/policies"
ACTIONS = "/v3/bill-approvals/actions"
PENDING = "/v3/bill-approvals/pending-user-approvals"
DONE = {"status": "SUCCESS"}


@contextmanager
def second_user(bill: Caller, role: str = "APPROVER") -> Iterator[Caller]:
    """Sign another user of the demo organization in."""
    with Caller(str(bill.base_url), bill.local("POST", "/users", {"role": role})) as caller:
        caller.sign_in()
        yield caller


def user_id(caller: Caller) -> str:
    """Return the id of the user signed in."""
    return caller.read("/v3/login/session")["userId"]


def rule(key: str = "BILL_AMOUNT", op: str = "gte", *values: str) -> Any:
    """Return one rule of a policy, from 1000 dollars on unless told otherwise."""
    return {"key": key, "op": op, "values": list(values or ("1000",))}


def policy_body(*approvers: Caller, **changes: Any) -> Any:
    """Return a policy for bills of 1000 dollars and more."""
    body = {"policyName": "Large bills", "rules": [rule()], "approvers": [user_id(a) for a in approvers]}
    return {**body, **changes}


def action(bill: Any, word: str = "APPROVE", **changes: Any) -> Any:
    """Return what to do with a bill."""
    return {"billId": bill["id"], "action": word, "comment": "Checked", **changes}


def approvals(caller: Caller, bill: Any) -> tuple[str, list[str]]:
    """Return a bill's approval status and its approvers' statuses, in order."""
    read = caller.read(f"/v3/bills/{bill['id']}", billApprovals="true")
    rows = sorted(read.get("approvers", []), key=lambda row: row["approverOrder"])
    return read["approvalStatus"], [row["status"] for row in rows]


def pending(caller: Caller) -> list[str]:
    """Return the ids of the bills that wait for the user signed in."""
    return [row["billId"] for row in caller.read(PENDING)["bills"]]

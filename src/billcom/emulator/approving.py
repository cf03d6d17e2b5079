"""Owns bill approval: which policy a bill falls under, whose turn it is, and what an approver's word does."""

from datetime import datetime
from decimal import Decimal

from billcom.emulator import codes
from billcom.emulator.errors import refuse
from billcom.emulator.organization import Organization
from billcom.emulator.records.bill_approvals import ApprovalPolicy, Approver, PolicyRule
from billcom.emulator.records.bills import Bill
from billcom.emulator.records.users import User

AMOUNT = "BILL_AMOUNT"
VENDOR = "VENDOR_ID"
CLASSIFIED = {"CHART_OF_ACCOUNT_ID": "chartOfAccountId", "JOB_ID": "jobId", "LOCATION_ID": "locationId"}
# Source: BILL's collection, for the keys and for BILL_AMOUNT gte. Unverified: every other operator.
OPERATORS = {
    AMOUNT: ("gte", "lt"),
    VENDOR: ("eq", "in"),
    **dict.fromkeys(CLASSIFIED, ("eq", "in")),
}
ACTIONS = ("APPROVE", "DENY")
OPEN = frozenset({"ASSIGNED", "APPROVING"})


def basis(bill: Bill) -> tuple[object, ...]:
    """Return what rules can read of a bill: its approvals begin anew when this changes."""
    return bill.amount, bill.vendor_id, *(frozenset(bill.classified_as(name)) for name in CLASSIFIED.values())


def assign(organization: Organization, bill: Bill, now: datetime) -> None:
    """Give a bill the approvers of its policy, all WAITING; UNASSIGNED when none applies.

    Unverified: that the oldest policy that applies is the one, and that a changed bill is matched anew.
    """
    policy = next((p for p in organization.approval_policies.values() if _applies(p, bill)), None)
    users = policy.approver_ids if policy else []
    bill.approvers = [Approver(user_id, order, now) for order, user_id in enumerate(users)]
    bill.approval_status = "ASSIGNED" if bill.approvers else "UNASSIGNED"


def _applies(policy: ApprovalPolicy, bill: Bill) -> bool:
    """Return whether a bill keeps every rule. Unverified: that one rule alone is not enough."""
    return all(_keeps(bill, rule) for rule in policy.rules)


def _keeps(bill: Bill, rule: PolicyRule) -> bool:
    """Return whether a bill keeps a rule. Unverified: that one line of it is enough for a classification."""
    if rule.key == AMOUNT:
        threshold = Decimal(rule.values[0]) * 100
        return bill.amount >= threshold if rule.operator == "gte" else bill.amount < threshold
    held = {bill.vendor_id} if rule.key == VENDOR else bill.classified_as(CLASSIFIED[rule.key])
    return not held.isdisjoint(rule.values)


def waits_for(bill: Bill, user: User) -> bool:
    """Return whether it is this user's turn to approve a bill in use."""
    approver = _next(bill)
    return not bill.archived and approver is not None and approver.user_id == user.id


def check_turn(bill: Bill, user: User) -> None:
    """Raise unless the user may approve or deny the bill now. Unverified: all of it, but for the first."""
    if not any(approver.user_id == user.id for approver in bill.approvers):
        raise refuse(codes.NOT_AN_APPROVER, f"The user is not an approver of bill {bill.id}.")
    if bill.archived:
        raise refuse(codes.BILL_ARCHIVED, "An archived bill cannot be approved or denied.")
    mine = any(approver.user_id == user.id and approver.status == "WAITING" for approver in bill.approvers)
    if not mine or bill.approval_status not in OPEN:
        raise refuse(
            codes.NOT_WAITING_FOR_APPROVAL,
            f"Bill {bill.id} is not waiting for the user: {bill.approval_status}",
        )
    if not waits_for(bill, user):
        raise refuse(codes.NOT_APPROVERS_TURN, f"Another approver of bill {bill.id} comes first.")


def act(bill: Bill, action: str, now: datetime) -> None:
    """Let the approver whose turn it is approve or deny the bill; one denial denies it."""
    approver = _next(bill)
    if approver is None:
        return
    approver.status, approver.changed, bill.updated = "DENIED" if action == "DENY" else "APPROVED", now, now
    if approver.status == "DENIED":
        bill.approval_status = "DENIED"
    else:
        bill.approval_status = "APPROVING" if _next(bill) else "APPROVED"


def _next(bill: Bill) -> Approver | None:
    """Return the approver whose turn it is; None when the bill waits for nobody."""
    if bill.approval_status not in OPEN:
        return None
    return next((approver for approver in bill.approvers if approver.status == "WAITING"), None)

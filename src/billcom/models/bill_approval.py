"""Bill approvals: policies that say which bills need whose approval, and what the approvers do."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from enum import StrEnum

from billcom.models.base import Record, RequestBody


class ApprovalRuleKey(StrEnum):
    """What a rule reads of a bill. Source: BILL v3 Postman collection; there may be more."""

    BILL_AMOUNT = "BILL_AMOUNT"
    VENDOR_ID = "VENDOR_ID"
    CHART_OF_ACCOUNT_ID = "CHART_OF_ACCOUNT_ID"
    JOB_ID = "JOB_ID"
    LOCATION_ID = "LOCATION_ID"


class ApprovalAction(StrEnum):
    """What an approver does with a bill."""

    APPROVE = "APPROVE"
    DENY = "DENY"


class NewApprovalRule(RequestBody):
    """One rule of a policy, such as BILL_AMOUNT gte 1000; `values` are texts, amounts in dollars.

    Unverified: every operator but `gte`.
    """

    key: str
    op: str
    values: list[str]


class NewApprovalPolicy(RequestBody):
    """A policy to create, or what to replace one by. Source: BILL docs, Bill approvals.

    `approvers` are ids of users (`006…`) or of groups (`agp…`, made in BILL's web pages only); BILL asks them
    in this order.
    """

    policy_name: str
    rules: list[NewApprovalRule]
    approvers: list[str]


class BillAction(RequestBody):
    """What the signed-in user does with one bill, and why."""

    bill_id: str
    action: ApprovalAction
    comment: str | None = None


class ApprovalRuleValue(Record):
    """A value of a rule, and what BILL's pages show for it."""

    value: str | None = None
    display_name: str | None = None


class ApprovalRule(Record):
    """One rule of a policy."""

    key: str | None = None
    op: str | None = None
    values: tuple[ApprovalRuleValue, ...] = ()


class PolicyUser(Record):
    """A user who approves."""

    user_id: str | None = None
    full_name: str | None = None


class PolicyGroupUser(Record):
    """A user of a group; BILL calls the id `id` here."""

    id: str | None = None
    full_name: str | None = None


class PolicyGroup(Record):
    """A group that approves."""

    group_id: str | None = None
    group_name: str | None = None
    users: tuple[PolicyGroupUser, ...] = ()


class PolicyApprovers(Record):
    """Who approves: written as a list of ids, read back as users and groups."""

    users: tuple[PolicyUser, ...] = ()
    groups: tuple[PolicyGroup, ...] = ()


class ApprovalPolicy(Record):
    """A policy: bills that keep its rules are paid only once its approvers have approved."""

    id: str
    policy_name: str | None = None
    status: str | None = None
    rules: tuple[ApprovalRule, ...] = ()
    approvers: PolicyApprovers = PolicyApprovers()


class PendingBill(Record):
    """A bill that waits for the signed-in user; `amount` in the bill's currency."""

    bill_id: str
    vendor_id: str | None = None
    amount: Decimal | None = None
    due_date: date | None = None

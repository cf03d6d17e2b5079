"""Owns bill approval policies, and the approvers a bill has got from one."""

from dataclasses import dataclass
from datetime import datetime

from billcom.emulator.clock import iso
from billcom.emulator.records.base import Record
from billcom.emulator.wire import Json


@dataclass
class Approver:
    """A user who has to approve a bill, and what they said; `order` counts from 0."""

    user_id: str
    order: int
    changed: datetime
    status: str = "WAITING"

    def wire(self) -> Json:
        """Return the approver as bills answer it."""
        return {
            "userId": self.user_id,
            "status": self.status,
            "approverOrder": self.order,
            "statusChangedTime": iso(self.changed),
        }


@dataclass(frozen=True)
class PolicyRule:
    """One condition of a policy, such as BILL_AMOUNT gte 1000."""

    key: str
    operator: str
    values: tuple[str, ...]


@dataclass(kw_only=True)
class ApprovalPolicy(Record):
    """Who approves the bills that keep all its rules, in the order of `approver_ids`."""

    name: str
    rules: list[PolicyRule]
    approver_ids: list[str]

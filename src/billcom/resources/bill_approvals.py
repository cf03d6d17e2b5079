"""Bill approval policies, and approving bills."""

from __future__ import annotations

from collections.abc import Sequence

from billcom.errors import OutcomeUnknownError
from billcom.models.base import Record
from billcom.models.bill_approval import ApprovalPolicy, BillAction, NewApprovalPolicy, PendingBill
from billcom.resources.base import Resource

_PATH = "/v3/bill-approvals"
# BILL's collection creates policies here, its docs at `/v3/bill-approvals`. Unverified: which one is right.
_POLICIES = f"{_PATH}/policies"


class _Result(Record):
    status: str | None = None


class _Pending(Record):
    bills: tuple[PendingBill, ...]


class BillApprovals(Resource):
    """`client.bill_approvals`. BILL lets administrators, accountants and approvers use it."""

    async def list_policies(self) -> tuple[ApprovalPolicy, ...]:
        """Return all approval policies."""
        return await self._get(tuple[ApprovalPolicy, ...], _POLICIES)

    async def create_policy(self, policy: NewApprovalPolicy) -> ApprovalPolicy:
        """Create a policy: bills that keep its rules can't be paid by the API until they are approved."""
        return await self._send(ApprovalPolicy, "POST", _POLICIES, policy)

    async def replace_policy(self, policy_id: str, policy: NewApprovalPolicy) -> ApprovalPolicy:
        """Replace a policy's name, rules and approvers. Raises NotFoundError."""
        return await self._send(ApprovalPolicy, "PUT", f"{_POLICIES}/{policy_id}", policy, repeatable=True)

    async def delete_policy(self, policy_id: str) -> None:
        """Delete a policy for good. Raises NotFoundError."""
        await self._succeed("DELETE", f"{_POLICIES}/{policy_id}")

    async def act(self, actions: Sequence[BillAction]) -> None:
        """Approve or deny bills as the signed-in user, who must be an approver of each.

        Raises RejectedError when BILL refuses: nothing says whether it then did some of them. Look at the
        bills with `bills.get(…, with_approvers=True)`, as after OutcomeUnknownError.
        """
        await self._succeed("POST", f"{_PATH}/actions", actions)

    async def list_pending(self) -> tuple[PendingBill, ...]:
        """Return the bills that wait for the signed-in user's approval."""
        return (await self._get(_Pending, f"{_PATH}/pending-user-approvals")).bills

    async def _succeed(self, method: str, path: str, body: Sequence[BillAction] | None = None) -> None:
        result = await self._send(_Result, method, path, body)
        if result.status != "SUCCESS":
            raise OutcomeUnknownError(
                f"{method} {path}: BILL answered {result.status!r}, not SUCCESS. Look at BILL before anything else."
            )

"""Bill approvals, against the local BILL."""

from collections.abc import AsyncIterator
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from billcom import BillClient
from billcom.errors import NotFoundError, NotPermittedError, OutcomeUnknownError, RejectedError
from billcom.models.bill import Bill, BillChange, BillLineChange
from billcom.models.bill_approval import (
    ApprovalAction,
    ApprovalRuleKey,
    BillAction,
    NewApprovalPolicy,
    NewApprovalRule,
)
from tests.billcom.build import OneSession, make_bill, make_vendor, new_bill, pay
from tests.billcom.conftest import MONDAY, NewSettings, Waits
from tests.billcom.controls import Controls
from tests.billcom.raw import answer, answering

pytestmark = pytest.mark.anyio

ACTIONS = "POST /v3/bill-approvals/actions"


@pytest.fixture
async def approver(
    bill: BillClient, controls: Controls, new_settings: NewSettings, waits: Waits
) -> AsyncIterator[BillClient]:
    """A client of a second user of the organization, an approver."""
    async with second_user(bill, controls, new_settings, waits) as client:
        yield client


def second_user(
    bill: BillClient, controls: Controls, new_settings: NewSettings, waits: Waits, role: str = "APPROVER"
) -> BillClient:
    """Return a client of another user of the test's organization."""
    body = {"role": role, "organization_id": controls.credentials["organization_id"]}
    credentials = controls.post("/users", json=body).json()
    del credentials["user_id"]
    settings = new_settings(base_url=bill.settings.base_url, now=MONDAY, **credentials)
    return BillClient(settings, sleep=waits)


async def user_id(client: BillClient) -> str:
    """Return the id of the client's user."""
    return (await client.authentication.session_details()).user_id


async def new_policy(*approvers: BillClient, amount: str = "1000", **changes: Any) -> NewApprovalPolicy:
    """Return a policy for bills of an amount and more."""
    rule = NewApprovalRule(key=ApprovalRuleKey.BILL_AMOUNT, op="gte", values=[amount])
    ids = [await user_id(client) for client in approvers]
    return NewApprovalPolicy(**{"policy_name": "Large bills", "rules": [rule], "approvers": ids, **changes})


async def large_bill(bill: BillClient) -> Bill:
    """Create a bill that the policy applies to; the answer names its approvers."""
    return await make_bill(bill, "1500.00", bill_approvals=True)


def approve(made: Bill) -> BillAction:
    """Return the approval of a bill."""
    return BillAction(bill_id=made.id, action=ApprovalAction.APPROVE, comment="Matches the delivery")


def deny(made: Bill) -> BillAction:
    """Return the denial of a bill."""
    return BillAction(bill_id=made.id, action=ApprovalAction.DENY)


async def approvals(bill: BillClient, made: Bill) -> tuple[str | None, list[str | None]]:
    """Return where a bill's approval stands, and its approvers' statuses."""
    got = await bill.bills.get(made.id, with_approvers=True)
    return got.approval_status, [row.status for row in got.approvers]


async def test_a_policy_is_made_listed_replaced_and_deleted(bill: BillClient, approver: BillClient) -> None:
    assert await bill.bill_approvals.list_policies() == ()
    made = await bill.bill_approvals.create_policy(await new_policy(approver))
    assert (made.policy_name, made.status) == ("Large bills", "ACTIVE")
    assert [(rule.key, rule.op, rule.values[0].value) for rule in made.rules] == [
        ("BILL_AMOUNT", "gte", "1000")
    ]
    users = [(user.user_id, user.full_name) for user in made.approvers.users]
    assert users == [(await user_id(approver), "Local Approver")] and made.approvers.groups == ()
    assert await bill.bill_approvals.list_policies() == (made,)
    changed = await new_policy(bill, policy_name="All bills", amount="0")
    replaced = await bill.bill_approvals.replace_policy(made.id, changed)
    assert (replaced.id, replaced.policy_name) == (made.id, "All bills")
    assert await bill.bill_approvals.list_policies() == (replaced,)
    await bill.bill_approvals.delete_policy(made.id)
    assert await bill.bill_approvals.list_policies() == ()


async def test_a_policy_that_is_gone_is_not_found(bill: BillClient, controls: Controls) -> None:
    policy = await new_policy(bill)
    for doing in (
        bill.bill_approvals.replace_policy("008-NOTHING", policy),
        bill.bill_approvals.delete_policy("008-NOTHING"),
    ):
        with pytest.raises(NotFoundError, match="policy not found: 008-NOTHING") as caught:
            await doing
        assert (caught.value.status, caught.value.code) == (404, "BDC_1205")
    assert controls.acted() == []


async def test_a_bill_answers_with_its_approvers_when_asked(bill: BillClient, approver: BillClient) -> None:
    await bill.bill_approvals.create_policy(await new_policy(approver, bill))
    made = await large_bill(bill)
    assert made.approval_status == "ASSIGNED"
    assert [(row.user_id, row.status, row.approver_order) for row in made.approvers] == [
        (await user_id(approver), "WAITING", 0),
        (await user_id(bill), "WAITING", 1),
    ]
    assert made.approvers[0].status_changed_time == made.created_time
    got = await bill.bills.get(made.id)
    assert (got.approval_status, got.approvers) == ("ASSIGNED", ())
    assert (await bill.bills.get(made.id, with_approvers=True)).approvers == made.approvers
    small = await make_bill(bill, "999.99", bill_approvals=True)
    assert (small.approval_status, small.approvers) == ("UNASSIGNED", ())


async def test_many_bills_answer_with_their_approvers(bill: BillClient) -> None:
    await bill.bill_approvals.create_policy(await new_policy(bill))
    vendor = await make_vendor(bill)
    rows = [new_bill(vendor.id, amount, amount, bill_approvals=True) for amount in ("1000.00", "1.00")]
    made = {row.amount: row for row in await bill.bills.create_many(rows)}
    assert [row.status for row in made[Decimal(1000)].approvers] == ["WAITING"]
    assert made[Decimal(1)].approvers == ()


async def test_a_bill_can_be_paid_once_all_approved_it(trusted: BillClient, approver: BillClient) -> None:
    await trusted.bill_approvals.create_policy(await new_policy(approver, trusted))
    made = await large_bill(trusted)
    (waiting,) = await approver.bill_approvals.list_pending()
    assert (waiting.bill_id, waiting.vendor_id) == (made.id, made.vendor_id)
    assert (waiting.amount, waiting.due_date) == (1500, date(2026, 12, 31))
    assert await trusted.bill_approvals.list_pending() == ()
    await approver.bill_approvals.act([approve(made)])
    assert await approvals(trusted, made) == ("APPROVING", ["APPROVED", "WAITING"])
    with pytest.raises(RejectedError, match="approvals are not complete") as caught:
        await pay(trusted, made)
    assert (caught.value.status, caught.value.code) == (422, "BDC_9003")
    assert [row async for row in trusted.payments.list()] == []
    await trusted.bill_approvals.act([approve(made)])
    assert await approvals(trusted, made) == ("APPROVED", ["APPROVED", "APPROVED"])
    assert (await pay(trusted, made)).single_status == "SCHEDULED"


async def test_several_bills_are_approved_and_denied_at_once(bill: BillClient) -> None:
    await bill.bill_approvals.create_policy(await new_policy(bill))
    good, bad = await large_bill(bill), await large_bill(bill)
    await bill.bill_approvals.act([approve(good), deny(bad)])
    assert await approvals(bill, good) == ("APPROVED", ["APPROVED"])
    assert await approvals(bill, bad) == ("DENIED", ["DENIED"])
    assert await bill.bill_approvals.list_pending() == ()


async def test_who_is_not_asked_cannot_approve(
    bill: BillClient, approver: BillClient, controls: Controls
) -> None:
    await bill.bill_approvals.create_policy(await new_policy(bill))
    made = await large_bill(bill)
    await user_id(approver)
    controls.forget()
    with pytest.raises(RejectedError, match=f"not an approver of bill {made.id}") as caught:
        await approver.bill_approvals.act([approve(made)])
    assert (caught.value.status, caught.value.code) == (422, "BDC_9030")
    assert controls.acted() == []
    assert await approvals(bill, made) == ("ASSIGNED", ["WAITING"])


async def test_a_role_without_approvals_is_not_permitted(
    bill: BillClient, controls: Controls, new_settings: NewSettings, waits: Waits
) -> None:
    async with second_user(bill, controls, new_settings, waits, "CLERK") as clerk:
        with pytest.raises(NotPermittedError, match="no permission for bill approvals") as caught:
            await clerk.bill_approvals.create_policy(await new_policy(bill))
        assert (caught.value.status, caught.value.code) == (403, "BDC_1145")
        with pytest.raises(NotPermittedError):
            await clerk.bill_approvals.list_pending()
    assert await bill.bill_approvals.list_policies() == ()


async def test_a_changed_amount_asks_for_approval_again(bill: BillClient) -> None:
    await bill.bill_approvals.create_policy(await new_policy(bill))
    made = await large_bill(bill)
    await bill.bill_approvals.act([approve(made)])
    line = BillLineChange(id=made.bill_line_items[0].id, amount=Decimal("2000.00"))
    changed = await bill.bills.update(made.id, BillChange(bill_line_items=[line]))
    assert changed.approval_status == "ASSIGNED"


async def test_an_approval_whose_answer_is_lost_is_sent_once(bill: BillClient, controls: Controls) -> None:
    await bill.bill_approvals.create_policy(await new_policy(bill))
    made = await large_bill(bill)
    controls.forget()
    controls.fault("act_then_drop", "POST", "/v3/bill-approvals/actions")
    with pytest.raises(OutcomeUnknownError, match="look for the record"):
        await bill.bill_approvals.act([approve(made)])
    assert controls.sent("POST") == [ACTIONS]
    assert await approvals(bill, made) == ("APPROVED", ["APPROVED"])


async def test_an_answer_that_is_no_success_has_no_known_outcome(
    new_settings: NewSettings, waits: Waits
) -> None:
    async with answering(answer(200, '{"status": "FAILURE"}')) as raw:
        settings = new_settings(base_url=raw.base_url)
        async with BillClient(settings, sessions=OneSession(), sleep=waits) as client:
            action = BillAction(bill_id="00n1", action=ApprovalAction.APPROVE, comment="Fine")
            with pytest.raises(OutcomeUnknownError, match="BILL answered 'FAILURE', not SUCCESS"):
                await client.bill_approvals.act([action])
    assert raw.bodies == [b'[{"billId": "00n1", "action": "APPROVE", "comment": "Fine"}]']


async def test_a_policy_goes_out_with_bills_own_names(new_settings: NewSettings, waits: Waits) -> None:
    rule = NewApprovalRule(key="BILL_AMOUNT", op="gte", values=["1000"])
    policy = NewApprovalPolicy(policy_name="Large", rules=[rule], approvers=["0061", "agp1"])
    made = """{"id": "008-1", "approvers": {"users": [], "groups": [{"groupId": "agp1", "groupName": "Board",
               "users": [{"id": "0062", "fullName": "Bo"}]}]}}"""
    async with answering(answer(201, made)) as raw:
        settings = new_settings(base_url=raw.base_url)
        async with BillClient(settings, sessions=OneSession(), sleep=waits) as client:
            got = await client.bill_approvals.create_policy(policy)
    assert raw.bodies == [
        b'{"policyName": "Large", "rules": [{"key": "BILL_AMOUNT", "op": "gte", "values": ["1000"]}], '
        b'"approvers": ["0061", "agp1"]}'
    ]
    (group,) = got.approvers.groups
    assert (group.group_id, group.group_name, group.users[0].full_name) == ("agp1", "Board", "Bo")

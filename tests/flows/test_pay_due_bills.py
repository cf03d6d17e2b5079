"""BILL's own approved, unpaid bills that fall due."""

from __future__ import annotations

from decimal import Decimal

import pytest

from billcom.errors import InputError, LinesFailedError
from billcom.runs.lines import Run
from flows.payment_runs import pay_due_bills
from tests.flows.payment_sheets import (
    artifact,
    bank_by_hand,
    bill_by_hand,
    outputs,
    paid_amounts,
    pay,
    pay_by_hand,
    pay_due,
    put,
    reasons,
    row,
    statuses,
    vendor_by_hand,
)
from tests.organization import Organization

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("prefect")]


def numbers(run: Run) -> list[str]:
    return [line.number for line in run.lines]


async def pay_due_failing(**changes: object) -> Run:
    with pytest.raises(LinesFailedError) as caught:
        await pay_due(**changes)
    return caught.value.run


async def test_a_dry_run_takes_what_is_due_and_overdue_the_earliest_first_and_leaves_what_is_later(
    organization: Organization,
) -> None:
    vendor_id = vendor_by_hand(organization)
    for number, due in (
        ("LATER", "2026-12-01"),
        ("TODAY", "2026-11-23"),
        ("OVERDUE", "2026-11-20"),
        ("IN A WEEK", "2026-11-30"),
    ):
        bill_by_hand(organization, vendor_id, number, due=due)
    before = organization.writes()
    assert numbers(await pay_due_bills(due_within_days=0)) == ["OVERDUE", "TODAY"]
    run = await pay_due_bills()
    assert numbers(run) == ["OVERDUE", "TODAY", "IN A WEEK"]
    assert (run.name, run.source, run.dry_run) == ("due-2026-11-30", "bills due within 7 days", True)
    assert organization.writes() == before
    assert [path.name.split("-2026")[0] for path in outputs("30-plan")] == ["due"]


async def test_what_is_due_is_paid_once(organization: Organization) -> None:
    vendor_id = vendor_by_hand(organization)
    bill_by_hand(organization, vendor_id)
    bill_by_hand(organization, vendor_id, "X-7", 7.25)
    before = organization.writes()
    run = await pay_due(name="friday")
    assert statuses(run) == ["done", "done"]
    assert (run.name, run.lines[0].place, run.lines[0].party) == ("friday", "BILL", "Happy Music")
    assert (await pay_due()).lines == ()
    assert organization.writes() == [*before, "POST /v3/payments/bulk"]
    assert paid_amounts(organization) == [Decimal("7.25"), Decimal(100)]
    assert "**This run moves no money.**" in str((await artifact("payment-run")).data)


async def test_a_bill_made_by_a_sheet_is_not_paid_by_both(organization: Organization) -> None:
    await pay(put(row()))
    assert (await pay_due()).lines == ()
    bill_by_hand(organization, organization.records("vendors")[0]["id"], "X-7", 7.25)
    assert statuses(await pay_due()) == ["done"]
    assert statuses(await pay(put(row(), row("X-7", "7.25")))) == ["done", "done before"]
    assert paid_amounts(organization) == [Decimal("7.25"), Decimal(100)]


async def test_what_waits_for_approvers_in_bill_is_left_and_paid_later(organization: Organization) -> None:
    vendor_id = vendor_by_hand(organization)
    waiting = bill_by_hand(organization, vendor_id)
    bill_by_hand(organization, vendor_id, "X-7", 7.25)
    organization.control("PUT", f"/bills/{waiting}/approval", {"status": "ASSIGNED"})
    assert sorted(statuses(await pay_due())) == ["done", "waiting for approval in BILL"]
    assert paid_amounts(organization) == [Decimal("7.25")]
    organization.control("PUT", f"/bills/{waiting}/approval", {"status": "APPROVED"})
    assert statuses(await pay_due()) == ["done"]
    assert paid_amounts(organization) == [Decimal("7.25"), Decimal(100)]


async def test_what_is_denied_in_bill_needs_a_person(organization: Organization) -> None:
    denied = bill_by_hand(organization, vendor_by_hand(organization))
    organization.control("PUT", f"/bills/{denied}/approval", {"status": "DENIED"})
    run = await pay_due_failing()
    assert (statuses(run), organization.records("payments")) == (["conflict"], [])
    assert "is DENIED in BILL's approval policy" in reasons(run)[0]


async def test_a_bill_paid_otherwise_is_not_asked_for(organization: Organization) -> None:
    first = await pay(put(row()))
    bill_id = bill_by_hand(organization, first.lines[0].party_id, "X-7", 7.25)
    await pay_by_hand(bill_id, first.funding_account_id)
    assert (await pay_due()).lines == ()


async def test_a_bill_that_a_guard_holds_is_paid_with_a_reason(organization: Organization) -> None:
    vendor_id = (await pay(put(row()))).lines[0].party_id
    organization.record("DELETE", f"vendors/{vendor_id}/bank-account")
    organization.record("POST", f"vendors/{vendor_id}/bank-account", bank_by_hand("888889999"))
    bill_id = bill_by_hand(organization, vendor_id, "X-7", 7.25)
    run = await pay_due_failing()
    assert statuses(run) == ["held"]
    assert "then give a reason under Override reason" in reasons(run)[0]
    paid = await pay_due(overrides=[f"{bill_id}: Ann called them"])
    assert [(line.status.value, line.override) for line in paid.lines] == [("done", "Ann called them")]


async def test_a_vendor_without_a_bank_account_is_not_paid_by_cheque(organization: Organization) -> None:
    bill_by_hand(organization, vendor_by_hand(organization, number=""))
    run = await pay_due_failing()
    assert (statuses(run), organization.records("payments")) == (["conflict"], [])
    assert "so that it would be paid by cheque" in reasons(run)[0]


@pytest.mark.parametrize("text", ["00n01BILL", "00n01BILL:  ", "INV-1001: Ann called", "Ann called them"])
async def test_an_override_names_a_bill_and_a_reason(organization: Organization, text: str) -> None:
    with pytest.raises(InputError, match=r"overrides '.*': write the bill's id, a colon and the reason"):
        await pay_due(overrides=["00n02BILL: good", text])
    assert organization.requests() == []

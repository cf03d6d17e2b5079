"""Runs over a threshold wait for people, bound to the plan they were shown: without a deployment, by fingerprint."""

from __future__ import annotations

from decimal import Decimal

import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import VariableCreate

from billcom.approvers import Approvers
from billcom.errors import ApprovalError
from billcom.journal import Entry, Journal
from billcom.runs.lines import Run
from billcom.settings import Settings
from flows.repair import resolve_unknowns
from tasks.money import STOP_VARIABLE
from tests.flows.payment_sheets import (
    bill_by_hand,
    paid_amounts,
    pay,
    pay_due,
    pay_failing,
    put,
    row,
    statuses,
    three,
    vendor_by_hand,
)
from tests.organization import Organization
from tests.samples import run as run_flow

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("prefect")]

ALL = [Decimal(100), Decimal(200), Decimal(300)]


@pytest.fixture(autouse=True)
def over_500(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ask for approval of more than 500 dollars."""
    monkeypatch.setenv("BILL_APPROVAL_AMOUNT", "500")


async def approval_rows() -> list[Entry]:
    """Return what the journal says of approvals, the oldest first."""
    return [row for row in await Journal(Settings.load()).entries() if row.identity.kind == "approval"]


async def planned() -> Run:
    """Return the plan of the sheet."""
    return await pay(dry_run=True)


async def refused(organization: Organization, match: str, **changes: str) -> None:
    """Check that a run is not approved, and that nothing was written to BILL for it."""
    before = organization.writes()
    with pytest.raises(ApprovalError, match=match):
        await pay(**changes)
    assert organization.writes() == before


async def test_a_run_of_exactly_the_threshold_needs_nobody(organization: Organization) -> None:
    assert statuses(await pay(put(row(), row("X-7", "400.00")))) == ["done", "done"]
    assert await approval_rows() == []


async def test_a_run_over_the_threshold_is_paid_once_its_fingerprint_is_approved(
    organization: Organization,
) -> None:
    put(*three())
    fingerprint = (await planned()).fingerprint
    assert await approval_rows() == []
    told = f"payment run june needs 1 more to approve it, USD 600.00; no money moved. .* --approve {fingerprint} "
    await refused(organization, told, prepared_by="Pat")
    run = await pay(prepared_by="Pat", approve=fingerprint, approver="Ada")
    assert (statuses(run), paid_amounts(organization)) == (["done"] * 3, ALL)
    rows = await approval_rows()
    assert [(entry.identity.label, entry.state.value) for entry in rows] == [
        ("request", "NOT_SENT"),
        ("Ada", "DONE"),
        ("request", "DONE"),
    ]
    assert {entry.identity.subject for entry in rows} == {fingerprint}
    # The daily repair takes no approval for a write of its own.
    assert (await run_flow(resolve_unknowns, {})).resolutions == ()


async def test_more_lines_than_the_threshold_need_approval_too(
    organization: Organization, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BILL_APPROVAL_COUNT", "1")
    put(row(), row("X-7", "1.00"))
    await refused(organization, "needs 1 more to approve it, USD 101.00")


@pytest.mark.parametrize("fingerprint", ["0123456789abcdef", "all of it"])
async def test_a_fingerprint_of_another_plan_approves_nothing(
    organization: Organization, fingerprint: str
) -> None:
    put(*three())
    await refused(
        organization,
        f"^{fingerprint} is not the fingerprint of this plan",
        approve=fingerprint,
        approver="Ada",
    )
    assert await approval_rows() == []


async def test_a_row_added_after_the_approval_was_given_needs_another(organization: Organization) -> None:
    put(*three())
    old = (await planned()).fingerprint
    await refused(organization, "needs 1 more")
    put(*three(), row("X-7", "1.00"))
    await refused(organization, f"^{old} is not the fingerprint", approve=old, approver="Ada")
    new = (await planned()).fingerprint
    assert new != old
    assert statuses(await pay(approve=new, approver="Ada")) == ["done"] * 4


async def test_a_plan_that_fell_under_the_threshold_is_not_the_one_that_was_approved(
    organization: Organization,
) -> None:
    put(*three())
    old = (await planned()).fingerprint
    put(row())
    await refused(organization, f"^{old} is not the fingerprint", approve=old, approver="Ada")


async def test_a_bill_whose_amount_was_changed_at_bill_needs_another_approval(
    organization: Organization,
) -> None:
    bill_id = bill_by_hand(organization, vendor_by_hand(organization), amount=600.0)
    old = (await pay_due(dry_run=True)).fingerprint
    line = organization.record("GET", f"bills/{bill_id}")["billLineItems"][0]["id"]
    organization.record("PATCH", f"bills/{bill_id}", {"billLineItems": [{"id": line, "amount": 900.0}]})
    with pytest.raises(ApprovalError, match=f"^{old} is not the fingerprint"):
        await pay_due(approve=old, approver="Ada")
    assert organization.records("payments") == []
    new = (await pay_due(dry_run=True)).fingerprint
    await pay_due(approve=new, approver="Ada")
    assert paid_amounts(organization) == [Decimal(900)]


async def test_two_people_approve_a_run_over_the_second_threshold(
    organization: Organization, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BILL_SECOND_APPROVAL_AMOUNT", "599.99")
    put(*three())
    given = {"prepared_by": "Pat", "approve": (await planned()).fingerprint}
    await refused(organization, "needs 1 more to approve it", **given, approver="Ada")
    await refused(organization, "ada approved .* already: another person has to", **given, approver="ada")
    assert statuses(await pay(**given, approver="Bo")) == ["done"] * 3


async def test_who_prepared_a_run_does_not_approve_it(organization: Organization) -> None:
    put(*three())
    given = {"approve": (await planned()).fingerprint, "prepared_by": "Pat Lee"}
    await refused(organization, "pat lee prepared .*: another person", **given, approver="pat  lee")
    await refused(organization, "is no person's name", **given, approver="")


async def test_where_approvers_are_enrolled_a_name_alone_approves_nothing(
    organization: Organization,
) -> None:
    await Approvers(Settings.load()).add("Ada")
    put(*three())
    given = {"approve": (await planned()).fingerprint, "prepared_by": "Pat"}
    await refused(organization, "Ada gave no code", **given, approver="Ada")
    await refused(organization, "'Bo' is no approver of this organization", **given, approver="Bo")


async def test_an_approved_run_that_was_stopped_goes_on_with_its_approval(
    organization: Organization,
) -> None:
    put(*three())
    fingerprint = (await planned()).fingerprint
    async with get_client() as prefect:
        await prefect.create_variable(VariableCreate(name=STOP_VARIABLE, value="on"))
    try:
        run = await pay_failing(approve=fingerprint, approver="Ada")
    finally:
        async with get_client() as prefect:
            await prefect.delete_variable_by_name(STOP_VARIABLE)
    assert (statuses(run), run.fingerprint) == (["failed"] * 3, fingerprint)
    assert statuses(await pay()) == ["done"] * 3
    assert len(await approval_rows()) == 3


async def test_an_approval_that_grew_too_old_is_asked_for_anew(
    organization: Organization, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(*three())
    fingerprint = (await planned()).fingerprint
    organization.fault("POST", "/v3/payments/bulk", "error", code="BDC_1001", status=422, times=20)
    run = await pay_failing(approve=fingerprint, approver="Ada")
    assert statuses(run) == ["failed"] * 3
    organization.control("DELETE", "/faults")
    monkeypatch.setenv("BILL_NOW", "2026-11-27T15:00:00+00:00")
    await refused(organization, "needs 1 more to approve it")
    assert [(entry.identity.label, entry.state.value, entry.note[:25]) for entry in await approval_rows()][
        3:
    ] == [
        ("request", "RELEASED", "the approval grew too old"),
        ("request", "NOT_SENT", "1 to approve by 2026-11-3"),
    ]
    assert organization.records("payments") == []

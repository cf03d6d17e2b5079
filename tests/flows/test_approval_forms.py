"""Runs of a deployment over a threshold: suspended, answered in their form, gone on with or ended."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any
from uuid import UUID

import orjson
import pytest
import time_machine
from prefect.client.schemas.objects import StateType
from pyotp import parse_uri
from pyotp.totp import TOTP

from billcom.approvers import Approvers
from billcom.errors import ApprovalError
from billcom.inputs import CodeSource
from billcom.journal import Journal
from billcom.settings import Settings
from flows.approval import Answer
from flows.payment_runs import pay_due_bills
from tests.flows.deployed import deployed_run, go_on, read_run, typed
from tests.flows.payment_sheets import bill_by_hand, paid_amounts, put, row, three, vendor_by_hand
from tests.organization import Organization
from tests.pauses import answer, question

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("prefect")]

ALL = [Decimal(100), Decimal(200), Decimal(300)]
YES = {"answer": Answer.APPROVE.value}
NOW = "2026-11-23T15:00:15+00:00"
"""When every run here begins: in the middle of a code's half minute."""

RUN = {
    "source": "june.csv",
    "dry_run": False,
    "prepared_by": "Pat",
    "code_from": CodeSource.LOCAL_PHONE.value,
}


@pytest.fixture(autouse=True)
def over_500(organization: Organization, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ask for approval of more than 500 dollars."""
    monkeypatch.setenv("BILL_APPROVAL_AMOUNT", "500")
    monkeypatch.setenv("BILL_NOW", NOW)


async def asked(**changes: Any) -> UUID:
    """Start a run of the sheet that is suspended; return its id."""
    run_id = await deployed_run(**(RUN | changes))
    await suspended(run_id)
    return run_id


async def suspended(run_id: UUID) -> None:
    """Let a run go on until it asks."""
    state = await go_on(run_id)
    assert (state.type, state.name) == (StateType.PAUSED, "Suspended")


async def answered(run_id: UUID, **fields: Any) -> None:
    """Fill in the form of a suspended run, as the UI does."""
    await answer(await read_run(run_id), **fields)


async def ended(run_id: UUID) -> str:
    """Let a run go on to its end; return why it failed, or nothing."""
    state = await go_on(run_id)
    if state.type is StateType.COMPLETED:
        return ""
    error = await state.aresult(raise_on_failure=False)
    assert isinstance(error, ApprovalError)
    assert state.type is StateType.FAILED
    return str(error)


async def enrolled(name: str) -> TOTP:
    """Enrol an approver; return what the phone shows codes by."""
    made = parse_uri(await Approvers(Settings.load()).add(name))
    assert isinstance(made, TOTP)
    return made


def code(phone: TOTP, later_seconds: int = 0) -> str:
    """Return the code of the moment all runs here begin at, or of a later or earlier one."""
    return phone.at(dt.datetime.fromisoformat(NOW) + dt.timedelta(seconds=later_seconds))


async def text_of(run_id: UUID) -> str:
    """Return what the form of a suspended run says."""
    return orjson.loads(await question(await read_run(run_id)))


async def states() -> list[tuple[str, str]]:
    """Return who, and what the journal says of it, the oldest first."""
    rows = [entry for entry in await Journal(Settings.load()).entries() if entry.identity.kind == "approval"]
    return [(entry.identity.label, entry.state.value) for entry in rows]


async def test_a_run_is_suspended_answered_and_pays_once(organization: Organization) -> None:
    put(*three())
    run_id = await asked()
    assert organization.writes() == []
    text = await text_of(run_id)
    assert text.startswith(
        "**One person is to approve payment run june: 3 in all, USD 600.00.** Prepared by Pat.\n\n"
        "USD 600.00 in 3 payments to be made: funds leave on 2026-11-24.\n\nFingerprint `"
    )
    assert "Answer by 2026-11-26 10:00 EST" in text
    assert "No approver is enrolled here, so that nothing proves who answers." in text
    await answered(run_id, **YES, approver="Ada", comment="as agreed")
    assert len(await typed(run_id)) == 1
    assert await ended(run_id) == ""
    assert await typed(run_id) == []
    assert paid_amounts(organization) == ALL
    assert await states() == [("request", "NOT_SENT"), ("Ada", "DONE"), ("request", "DONE")]


async def test_a_denied_run_fails_and_pays_nothing(organization: Organization) -> None:
    put(*three())
    run_id = await asked()
    await answered(run_id, answer=Answer.DENY.value, approver="Ada", comment="not this week")
    assert "was denied by Ada: not this week; no money moved. Correct the plan" in await ended(run_id)
    assert organization.writes() == []
    assert await states() == [("request", "NOT_SENT"), ("Ada", "REJECTED"), ("request", "REJECTED")]


async def test_who_prepared_it_and_a_form_without_a_name_are_asked_again(organization: Organization) -> None:
    put(*three())
    run_id = await asked()
    for name, why in (("pat", "pat prepared"), ("", "'' is no person's name")):
        await answered(run_id, **YES, approver=name)
        await suspended(run_id)
        assert f"**The last answer was not taken:** {why}" in await text_of(run_id)
    assert (await states(), organization.writes()) == ([("request", "NOT_SENT")], [])


async def test_a_wrong_code_asks_again_and_a_right_one_is_used_once_and_deleted(
    organization: Organization,
) -> None:
    phone = await enrolled("Ada")
    put(*three())
    run_id = await asked()
    assert "used once and deleted" in await text_of(run_id)
    wrong = f"{(int(code(phone)) + 123456) % 1000000:06}"
    await answered(run_id, **YES, approver="Ada", code=wrong)
    await suspended(run_id)
    assert await typed(run_id) == []
    assert "The last answer was not taken:** the code of Ada is wrong" in await question(
        await read_run(run_id)
    )
    await answered(run_id, **YES, approver="Ada", code=code(phone))
    assert await ended(run_id) == ""
    assert await typed(run_id) == []
    assert paid_amounts(organization) == ALL
    # The same code does for no other run.
    put(row("X-7", "600.00"), name="other.csv")
    other = await asked(source="other.csv")
    await answered(other, **YES, approver="Ada", code=code(phone))
    await suspended(other)
    assert "this code of Ada was used before" in await text_of(other)
    await answered(other, **YES, approver="Ada", code=code(phone, 30))
    assert await ended(other) == ""
    assert paid_amounts(organization) == [*ALL, Decimal(600)]


async def test_a_code_counts_as_of_when_it_was_typed(organization: Organization) -> None:
    phone = await enrolled("Ada")
    put(*three())
    run_id = await asked()
    await answered(run_id, **YES, approver="Ada", code=code(phone, -300))
    # A worker takes the run up five minutes later.
    with time_machine.travel(dt.datetime.now(dt.UTC) + dt.timedelta(minutes=5), tick=True):
        assert await ended(run_id) == ""
    assert paid_amounts(organization) == ALL


async def test_a_denial_needs_no_code(organization: Organization) -> None:
    await enrolled("Ada")
    put(*three())
    run_id = await asked()
    await answered(run_id, answer=Answer.DENY.value, approver="Cy")
    assert "was denied by Cy; no money moved" in await ended(run_id)
    assert organization.writes() == []


async def test_two_people_answer_one_after_the_other(
    organization: Organization, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BILL_SECOND_APPROVAL_AMOUNT", "500")
    put(*three())
    run_id = await asked()
    assert "**2 people are to approve" in await text_of(run_id)
    await answered(run_id, **YES, approver="Ada")
    await suspended(run_id)
    assert "**One person is to approve" in await text_of(run_id)
    await answered(run_id, **YES, approver="Ada")
    await suspended(run_id)
    assert "Ada approved" in await text_of(run_id)
    assert organization.writes() == []
    await answered(run_id, **YES, approver="Bo")
    assert await ended(run_id) == ""
    assert paid_amounts(organization) == ALL


async def test_an_answer_after_the_request_expired_ends_the_run(
    organization: Organization, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(*three())
    run_id = await asked()
    monkeypatch.setenv("BILL_NOW", "2026-11-26T15:10:00+00:00")  # three days later, and ten minutes
    await answered(run_id, **YES, approver="Ada")
    assert "had expired when it was answered; no money moved. Run again to ask anew" in await ended(run_id)
    assert organization.writes() == []
    assert await states() == [("request", "NOT_SENT"), ("request", "RELEASED")]
    assert await typed(run_id) == []


async def test_an_answer_to_an_earlier_request_for_the_same_plan_is_not_taken(
    organization: Organization, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(*three())
    first = await asked()
    monkeypatch.setenv("BILL_NOW", "2026-11-27T15:00:00+00:00")
    second = await asked()
    await answered(first, **YES, approver="Ada")
    await suspended(first)
    assert "it was for the plan as it was before, or for an earlier request" in await text_of(first)
    assert organization.writes() == []
    await answered(second, **YES, approver="Ada")
    assert await ended(second) == ""
    assert paid_amounts(organization) == ALL
    # The first finds everything paid, and needs nobody any more.
    await answered(first, **YES, approver="Ada")
    assert await ended(first) == ""
    assert await typed(first) == []
    assert paid_amounts(organization) == ALL


async def test_a_sheet_that_was_changed_while_its_run_waited_is_asked_for_anew(
    organization: Organization,
) -> None:
    put(*three())
    run_id = await asked()
    before = await text_of(run_id)
    put(*three(), row("X-7", "5000.00"))
    await answered(run_id, **YES, approver="Ada")
    await suspended(run_id)
    text = await text_of(run_id)
    assert "4 in all, USD 5,600.00" in text
    assert "**The last answer was not taken:** it was for the plan as it was before" in text
    assert _fingerprint(text) != _fingerprint(before)
    assert organization.writes() == []
    await answered(run_id, **YES, approver="Ada")
    assert await ended(run_id) == ""
    assert paid_amounts(organization) == [*ALL, Decimal(5000)]


async def test_a_bill_that_was_changed_at_bill_while_its_run_waited_is_asked_for_anew(
    organization: Organization,
) -> None:
    bill_id = bill_by_hand(organization, vendor_by_hand(organization), amount=600.0)
    given = {"due_within_days": 30, "dry_run": False, "code_from": RUN["code_from"]}
    run_id = await deployed_run(pay_due_bills, **given)
    assert (await go_on(run_id, pay_due_bills)).name == "Suspended"
    line = organization.record("GET", f"bills/{bill_id}")["billLineItems"][0]["id"]
    organization.record("PATCH", f"bills/{bill_id}", {"billLineItems": [{"id": line, "amount": 900.0}]})
    await answered(run_id, **YES, approver="Ada")
    assert (await go_on(run_id, pay_due_bills)).name == "Suspended"
    assert "1 in all, USD 900.00" in await text_of(run_id)
    assert organization.records("payments") == []
    await answered(run_id, **YES, approver="Ada")
    assert (await go_on(run_id, pay_due_bills)).type is StateType.COMPLETED
    assert paid_amounts(organization) == [Decimal(900)]


async def test_a_run_that_waits_leaves_no_connection_to_its_journal(organization: Organization) -> None:
    put(*three())
    await asked()
    journal = Journal(Settings.load())
    assert (await journal.verify()).length == 1
    (state,) = {path.parent for path in Settings.load().state_path.rglob("journal.db")}
    assert [path.name for path in state.glob("journal.db-*")] == []


def _fingerprint(text: str) -> str:
    return text.partition("Fingerprint `")[2][:16]

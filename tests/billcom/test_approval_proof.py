"""Approvals where approvers are enrolled, several at once, and in a journal that is altered or written anew."""

import asyncio
from pathlib import Path

import pytest

from billcom import BillClient
from billcom.approval import approve, deny, request
from billcom.approvers import Approvers
from billcom.errors import JournalError
from billcom.journal import Journal
from tests.billcom.approvals import RUN, TOTAL, SetClock, ask, enrol, journal_at, now_stands, refusal
from tests.billcom.conftest import NewSettings
from tests.billcom.journals import URL, drop_tables, rebuilt, settings_below, sql, standing

pytestmark = pytest.mark.anyio


@pytest.fixture(autouse=True)
async def empty_server() -> None:
    await drop_tables(URL)


@pytest.fixture
def new_settings(tmp_path: Path) -> NewSettings:
    return settings_below(tmp_path)


@pytest.fixture
def clock() -> SetClock:
    """The clock of the journal: noon."""
    return SetClock()


@pytest.fixture
def journal(new_settings: NewSettings, clock: SetClock) -> Journal:
    """A journal that is empty."""
    return journal_at(new_settings(), clock)


async def test_where_approvers_are_enrolled_a_code_is_asked_for(journal: Journal) -> None:
    await enrol(journal, "Ann Lee", "Bob")
    await ask(journal)
    assert await refusal(journal, approve(journal, RUN, "Ann Lee", proven=False)) == (
        "Ann Lee gave no code: approvers are enrolled here, so type what the authenticator app shows"
    )
    assert await refusal(journal, approve(journal, RUN, "Eve", proven=True)) == (
        "'Eve' is no approver of this organization: billcom approver list shows who is"
    )
    found = await approve(journal, RUN, "ann lee", proven=True)
    assert (found.approvers, found.is_granted) == (("Ann Lee",), True)
    answer = (await journal.entries())[1]
    assert (answer.identity.label, answer.details["proven"]) == ("Ann Lee", "true")
    assert answer.note == "approved, proven by a code"


async def test_where_approvers_are_enrolled_somebody_has_prepared_the_run(journal: Journal) -> None:
    await enrol(journal, "Ann Lee")
    said = await refusal(journal, request(journal, RUN, "  ", TOTAL, 1, 3))
    assert said == "'' is no person's name: give one of 1 to 60 characters"


async def test_where_nobody_is_enrolled_nobody_has_to_have_prepared_it(journal: Journal) -> None:
    await ask(journal, prepared_by="")
    assert (await approve(journal, RUN, "Ann", proven=True)).is_granted
    assert (await journal.entries())[1].details["proven"] == "false"


async def test_a_denial_needs_no_proof(journal: Journal) -> None:
    await enrol(journal, "Ann Lee")
    await ask(journal)
    found = await deny(journal, RUN, "Eve", proven=False)
    assert found.denied_by == "Eve"
    assert (await journal.entries())[1].note == "denied, not proven"


async def test_a_proven_denial_says_so(journal: Journal) -> None:
    await enrol(journal, "Ann Lee")
    await ask(journal)
    assert (await deny(journal, RUN, "ANN LEE", proven=True)).denied_by == "Ann Lee"
    assert (await journal.entries())[1].note == "denied, proven by a code"


async def test_what_was_not_proven_does_not_count_once_approvers_are_enrolled(journal: Journal) -> None:
    await ask(journal)
    await approve(journal, RUN, "Ann", proven=False)
    await enrol(journal, "Ann")
    found = await now_stands(journal)
    assert (found.approvers, found.is_granted, found.is_waiting) == ((), False, True)
    assert (await approve(journal, RUN, "Ann", proven=True)).is_granted


async def test_a_run_nobody_prepared_is_asked_for_anew_once_approvers_are_enrolled(
    journal: Journal, clock: SetClock
) -> None:
    await ask(journal, prepared_by="")
    await enrol(journal, "Ann")
    assert await refusal(journal, approve(journal, RUN, "Ann", proven=True)) == (
        f"nobody is said to have prepared {RUN}: run again, and say who prepares it"
    )
    clock.put_forward(minutes=1)
    made = await request(journal, RUN, "Ann", TOTAL, 1, 3)
    assert made.prepared_by == "Ann"
    assert "prepared" in await refusal(journal, approve(journal, RUN, "Ann", proven=True))


async def test_who_is_struck_off_does_not_count_any_more(journal: Journal) -> None:
    await enrol(journal, "Ann", "Bob")
    await ask(journal)
    await approve(journal, RUN, "Ann", proven=True)
    await Approvers(journal.settings).remove("Ann")
    assert (await now_stands(journal)).is_waiting
    assert (await approve(journal, RUN, "Bob", proven=True)).approvers == ("Bob",)


async def test_of_two_answers_at_once_one_is_the_last_word(journal: Journal) -> None:
    await ask(journal, needed=1)
    answers = (approve(journal, RUN, name, proven=False) for name in ("Ann", "Bob"))
    ends = await asyncio.gather(*answers, return_exceptions=True)
    assert sorted(type(end).__name__ for end in ends) == ["Approval", "ApprovalError"]
    assert len((await now_stands(journal)).approvers) == 1


async def test_two_approvals_at_once_both_count_where_two_are_needed(journal: Journal) -> None:
    await ask(journal, needed=2)
    await asyncio.gather(*(approve(journal, RUN, name, proven=False) for name in ("Ann", "Bob")))
    found = await now_stands(journal)
    assert (sorted(found.approvers), found.is_granted) == (["Ann", "Bob"], True)


async def test_an_approval_beside_a_denial_does_not_grant(journal: Journal) -> None:
    await ask(journal)
    answers = (deny(journal, RUN, "Ann", proven=False), approve(journal, RUN, "Bob", proven=False))
    await asyncio.gather(*answers, return_exceptions=True)
    found = await now_stands(journal)
    assert (found.is_denied, found.is_granted) == (True, False)


async def test_two_requests_at_once_are_one(journal: Journal) -> None:
    asked = [request(journal, RUN, name, TOTAL, 1, 3) for name in ("Pat", "Quinn")]
    one, other = await asyncio.gather(*asked)
    assert one == other
    assert len(await journal.entries()) == 1


async def test_a_row_that_does_not_say_enough_grants_nothing(journal: Journal) -> None:
    await ask(journal)
    await approve(journal, RUN, "Ann", proven=False)
    await sql(journal.settings, "UPDATE entries SET details = '{}' WHERE label = 'request'")
    with pytest.raises(
        JournalError, match=r"row 3 \(approval 0123456789abcdef, label request\) lacks 'prepared_by'"
    ):
        await now_stands(journal)


async def test_a_rebuilt_journal_keeps_approvals(trusted: BillClient) -> None:
    await ask(trusted.journal)
    await approve(trusted.journal, RUN, "Ann", proven=False)
    said = await rebuilt(trusted)
    assert (said.about("dropped"), said.about("open")) == ([], [])
    assert await standing(trusted) == [(RUN, "DONE", ""), (RUN, "DONE", "")]
    assert (await now_stands(trusted.journal)).is_granted


@pytest.mark.parametrize("change", ["note = 'x'", "details = 'nonsense'"], ids=["altered", "unreadable"])
@pytest.mark.parametrize("label", ["Ann", "request"])
async def test_an_altered_approval_is_dropped_by_a_rebuild_and_asked_for_again(
    trusted: BillClient, change: str, label: str
) -> None:
    await ask(trusted.journal)
    await approve(trusted.journal, RUN, "Ann", proven=False)
    await sql(trusted.settings, f"UPDATE entries SET {change} WHERE label = '{label}' AND state = 'DONE'")
    said = await rebuilt(trusted)
    assert said.about("dropped") == [
        f"approval {RUN}, label {label}, which was altered; the next run asks for approval again"
    ]
    assert await trusted.journal.open_attempts() == []
    await ask(trusted.journal)
    found = await now_stands(trusted.journal)
    assert (found.approvers, found.is_granted, found.is_waiting) == ((), False, True)

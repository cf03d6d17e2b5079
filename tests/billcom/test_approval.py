"""When a run needs approval, who may give it, how long it is good, and what the journal says of it."""

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from billcom.approval import Approval, approvals_needed, approve, deny, expire, request, standing
from billcom.journal import Journal, State
from billcom.runs.lines import Total
from tests.billcom.approvals import NOON, RUN, TOTAL, SetClock, ask, journal_at, now_stands, refusal
from tests.billcom.conftest import NewSettings
from tests.billcom.journals import URL, drop_tables, settings_below

pytestmark = pytest.mark.anyio

IN_THREE_DAYS = datetime(2026, 11, 26, 12, 0, 0, tzinfo=UTC)


@pytest.fixture
def new_settings(tmp_path: Path) -> NewSettings:
    return settings_below(tmp_path)


@pytest.fixture
def clock() -> SetClock:
    """The clock of the journal: noon."""
    return SetClock()


@pytest.fixture
async def journal(new_settings: NewSettings, clock: SetClock) -> Journal:
    """A journal that is empty."""
    await drop_tables(URL)
    return journal_at(new_settings(), clock)


LIMITS = {"approval_amount": "10000.00", "approval_count": 20, "second_approval_amount": "50000.00"}


@pytest.mark.parametrize(
    ("limits", "count", "amount", "needed"),
    [
        ({}, 999, "999999.00", 0),
        (LIMITS, 20, "10000.00", 0),
        (LIMITS, 20, "10000.01", 1),
        (LIMITS, 21, "1.00", 1),
        (LIMITS, 1, "50000.00", 1),
        (LIMITS, 1, "50000.01", 2),
        ({"approval_count": 0}, 0, "0.00", 0),
        ({"approval_count": 0}, 1, "0.01", 1),
        ({"second_approval_amount": "100.00"}, 1, "100.00", 0),
        ({"second_approval_amount": "100.00"}, 1, "100.01", 2),
    ],
)
def test_a_run_over_a_limit_needs_approval(
    new_settings: NewSettings, limits: dict[str, Any], count: int, amount: str, needed: int
) -> None:
    assert approvals_needed(new_settings(**limits), Total(count, Decimal(amount))) == needed


async def test_what_was_never_asked_for_is_not_granted(journal: Journal) -> None:
    found = await now_stands(journal)
    assert found == Approval()
    assert (found.is_granted, found.is_denied, found.is_expired, found.is_waiting) == (False,) * 4


async def test_a_request_says_what_is_asked(journal: Journal) -> None:
    made = await request(journal, RUN, " Pat  Doe ", TOTAL, 2, 3)
    assert (made.fingerprint, made.prepared_by, made.total, made.needed) == (RUN, "Pat Doe", TOTAL, 2)
    assert (made.days, made.asked_at, made.expires_at) == (3.0, NOON, IN_THREE_DAYS)
    assert await now_stands(journal) == Approval(needed=2, expires_at=IN_THREE_DAYS)
    assert (await now_stands(journal)).is_waiting
    (row,) = await journal.entries()
    assert (row.identity.kind, row.identity.subject, row.identity.label) == ("approval", RUN, "request")
    assert (row.state, row.note) == (State.NOT_SENT, "2 to approve by 2026-11-26 12:00 UTC")
    assert row.content == {"amount": "12500.00", "count": "3"}
    assert await journal.open_attempts() == []


async def test_a_request_that_stands_is_not_made_twice(journal: Journal, clock: SetClock) -> None:
    made = await request(journal, RUN, "Pat", TOTAL, 1, 3)
    clock.put_forward(days=1)
    assert await request(journal, RUN, "Quinn", TOTAL, 1, 3) == made
    await approve(journal, RUN, "Ann", proven=False)
    length = len(await journal.entries())
    assert (await request(journal, RUN, "Pat", TOTAL, 1, 3)).asked_at == NOON
    assert len(await journal.entries()) == length
    assert (await now_stands(journal)).is_granted


@pytest.mark.parametrize("needed", [0, 3])
async def test_a_request_is_for_one_or_two_people(journal: Journal, needed: int) -> None:
    with pytest.raises(ValueError, match="a request is for 1 to 2"):
        await ask(journal, needed)
    assert await journal.entries() == []


async def test_one_approval_grants_and_is_good_for_days_from_then(journal: Journal, clock: SetClock) -> None:
    await ask(journal)
    clock.put_forward(days=2)
    found = await approve(journal, RUN, "Ann  Lee", proven=False, comment=" checked ")
    good_until = datetime(2026, 11, 28, 12, 0, 0, tzinfo=UTC)
    assert found == Approval(needed=1, approvers=("Ann Lee",), expires_at=good_until)
    assert found.is_granted and not found.is_waiting
    _asked, answer, granted = await journal.entries()
    assert (answer.identity.label, answer.state, answer.note) == (
        "Ann Lee",
        State.DONE,
        "approved, not proven",
    )
    assert answer.details == {"asked_at": NOON.isoformat(), "proven": "false", "comment": "checked"}
    assert (granted.identity.label, granted.state) == ("request", State.DONE)
    assert granted.note == "approved by Ann Lee, good until 2026-11-28 12:00 UTC"
    clock.put_forward(days=2, hours=23)
    assert (await now_stands(journal)).is_granted
    clock.put_forward(hours=1)
    found = await now_stands(journal)
    assert (found.is_granted, found.is_expired) == (False, True)


async def test_two_different_people_are_needed_where_two_are_asked(journal: Journal) -> None:
    await ask(journal, needed=2)
    found = await approve(journal, RUN, "Ann", proven=False)
    assert (found.approvers, found.is_granted, found.is_waiting) == (("Ann",), False, True)
    assert await refusal(journal, approve(journal, RUN, " ANN ", proven=False)) == (
        f"ANN approved {RUN} already: another person has to, too"
    )
    found = await approve(journal, RUN, "Bob", proven=False)
    assert (found.approvers, found.is_granted) == (("Ann", "Bob"), True)
    assert [row.note for row in await journal.entries()][2::2] == [
        "approved by Ann, 1 more to approve by 2026-11-26 12:00 UTC",
        "approved by Ann, Bob, good until 2026-11-26 12:00 UTC",
    ]
    assert await refusal(journal, approve(journal, RUN, "Carl", proven=False)) == (
        f"Ann, Bob approved {RUN} already: nothing more is needed"
    )


async def test_who_prepared_a_run_does_not_approve_it(journal: Journal) -> None:
    await ask(journal, prepared_by="Pat Doe")
    assert await refusal(journal, approve(journal, RUN, "pat  DOE", proven=False)) == (
        f"pat DOE prepared {RUN}: another person has to approve it"
    )


@pytest.mark.parametrize("name", ["", "request", "x" * 61])
async def test_only_a_person_answers(journal: Journal, name: str) -> None:
    await ask(journal)
    for answer in (approve, deny):
        said = await refusal(journal, answer(journal, RUN, name, proven=False))
        assert said == f"{name[:60]!r} is no person's name: give one of 1 to 60 characters"


async def test_nothing_is_answered_that_was_not_asked(journal: Journal) -> None:
    for answer in (approve, deny):
        said = await refusal(journal, answer(journal, RUN, "Ann", proven=False))
        assert said == f"nobody asked for an approval of {RUN}: run again for a request"
    assert await expire(journal, RUN) == Approval()
    assert await journal.entries() == []


async def test_a_denial_ends_a_request_and_old_approvals_do_not_count_for_the_next(
    journal: Journal, clock: SetClock
) -> None:
    await ask(journal, needed=2)
    await approve(journal, RUN, "Ann", proven=False)
    found = await deny(journal, RUN, "Bob", proven=False, comment="wrong vendor")
    assert (found.denied_by, found.comment, found.is_denied) == ("Bob", "wrong vendor", True)
    assert (found.is_granted, found.is_expired, found.is_waiting) == (False, False, False)
    for answer in (approve, deny):
        said = await refusal(journal, answer(journal, RUN, "Carl", proven=False))
        assert said == f"Bob denied {RUN}: run again for a new request"
    clock.put_forward(minutes=1)
    await ask(journal, needed=2)
    found = await now_stands(journal)
    assert (found.approvers, found.denied_by, found.is_waiting) == ((), "", True)
    await approve(journal, RUN, "Ann", proven=False)
    assert (await approve(journal, RUN, "Bob", proven=False)).approvers == ("Ann", "Bob")


async def test_what_was_approved_may_be_denied_still_by_the_same_person(journal: Journal) -> None:
    await ask(journal)
    await approve(journal, RUN, "Ann", proven=False)
    found = await deny(journal, RUN, "Ann", proven=False)
    assert (found.denied_by, found.approvers, found.is_granted) == ("Ann", (), False)
    assert [(r.identity.label, r.state.value) for r in await journal.standing()] == [
        ("Ann", "REJECTED"),
        ("request", "REJECTED"),
    ]


async def test_who_prepared_a_run_may_deny_it(journal: Journal) -> None:
    await ask(journal)
    assert (await deny(journal, RUN, "Pat", proven=False)).is_denied


async def test_a_request_expires_by_itself_and_is_asked_anew(journal: Journal, clock: SetClock) -> None:
    await ask(journal, needed=2)
    await approve(journal, RUN, "Ann", proven=False)
    clock.put_forward(days=3, seconds=-1)
    assert (await now_stands(journal)).is_waiting
    clock.put_forward(seconds=1)
    found = await now_stands(journal)
    assert (found.is_expired, found.is_waiting, found.is_denied) == (True, False, False)
    for answer in (approve, deny):
        said = await refusal(journal, answer(journal, RUN, "Bob", proven=False))
        assert said == f"the request for {RUN} expired on 2026-11-26 12:00 UTC: run again for a new one"
    await ask(journal, needed=2)
    found = await now_stands(journal)
    assert (found.approvers, found.is_waiting) == ((), True)
    assert found.expires_at == datetime(2026, 11, 29, 12, 0, 0, tzinfo=UTC)


async def test_a_request_past_its_time_is_ended_once_and_for_all(journal: Journal, clock: SetClock) -> None:
    await ask(journal)
    clock.put_forward(days=3)
    assert (await expire(journal, RUN)).is_expired
    assert (await expire(journal, RUN)).is_expired
    assert [(r.state.value, r.note) for r in await journal.entries()] == [
        ("NOT_SENT", "1 to approve by 2026-11-26 12:00 UTC"),
        ("RELEASED", "not approved in time"),
    ]
    clock.put_forward(days=-3)
    assert "expired on" in await refusal(journal, approve(journal, RUN, "Ann", proven=False))


async def test_what_is_not_past_its_time_is_not_ended(journal: Journal, clock: SetClock) -> None:
    await ask(journal)
    clock.put_forward(days=3, seconds=-1)
    assert (await expire(journal, RUN)).is_waiting
    await approve(journal, RUN, "Ann", proven=False)
    assert (await expire(journal, RUN)).is_granted
    await deny(journal, RUN, "Bob", proven=False)
    clock.put_forward(days=9)
    assert (await expire(journal, RUN)).denied_by == "Bob"


async def test_an_approval_too_old_is_ended_as_one(journal: Journal, clock: SetClock) -> None:
    await ask(journal)
    await approve(journal, RUN, "Ann", proven=False)
    clock.put_forward(days=3)
    await expire(journal, RUN)
    last = (await journal.entries())[-1]
    assert (last.state, last.note) == (State.RELEASED, "the approval grew too old")


async def test_a_request_for_more_people_keeps_who_has_approved(journal: Journal) -> None:
    await ask(journal, needed=1)
    await approve(journal, RUN, "Ann", proven=False)
    await ask(journal, needed=2)
    found = await now_stands(journal)
    assert (found.needed, found.approvers, found.is_granted, found.is_waiting) == (2, ("Ann",), False, True)
    await ask(journal, needed=1)
    assert (await now_stands(journal)).needed == 2
    assert (await approve(journal, RUN, "Bob", proven=False)).is_granted


async def test_each_run_is_approved_by_itself(journal: Journal) -> None:
    await ask(journal)
    await request(journal, "f" * 16, "Pat", TOTAL, 1, 3)
    await approve(journal, RUN, "Ann", proven=False)
    assert (await standing(journal, "f" * 16, NOON)).is_waiting

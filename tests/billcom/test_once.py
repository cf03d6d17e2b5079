"""Writes that must not repeat: look, claim, send, note what came of it; against the local BILL at its least helpful."""

import asyncio

import pytest

from billcom import BillClient
from billcom.errors import (
    CapError,
    ConflictError,
    JournalError,
    NeverSentError,
    OutcomeUnknownError,
    UnavailableError,
    UnsettledError,
)
from billcom.journal import Journal, State
from billcom.models.vendor import Vendor
from tests.billcom.build import make_bill, make_vendor, new_vendor
from tests.billcom.conftest import NewClient
from tests.billcom.controls import Controls
from tests.billcom.test_client import LOST, free_port
from tests.billcom.writes import PAYMENTS, VENDORS, payment, vendor

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("permissive")]

# Nobody has the name: names are compared among those in use, then among those archived.
LOOK = ["GET /v3/vendors"] * 2
SEND = "POST /v3/vendors"


async def test_it_looks_then_sends_and_notes_the_record(bill: BillClient, controls: Controls) -> None:
    wanted = vendor(bill)
    outcome = await wanted.once()
    assert outcome.made is True
    assert controls.sent() == [*LOOK, SEND]
    assert [(row.state, row.record_id) for row in await wanted.rows()] == [
        ("SENDING", ""),
        ("DONE", outcome.record.id),
    ]


async def test_what_is_there_is_adopted_and_nothing_is_sent(bill: BillClient, controls: Controls) -> None:
    first = await make_vendor(bill)
    controls.advance(minutes=1).forget()
    wanted = vendor(bill)
    outcome = await wanted.once()
    assert (outcome.record.id, outcome.made) == (first.id, False)
    assert controls.sent() == ["GET /v3/vendors", f"GET /v3/vendors/{first.id}"]
    assert [(row.state, row.record_id) for row in await wanted.rows()] == [("DONE", first.id)]


async def test_the_claim_is_on_disk_before_anything_is_sent(bill: BillClient, controls: Controls) -> None:
    claimed: list[State] = []
    sent: list[str] = []

    async def send() -> Vendor:
        claimed.extend(row.state for row in await Journal(bill.settings).entries())
        sent.extend(controls.sent("POST"))
        return await bill.vendors.create(new_vendor())

    await vendor(bill).sending(send).once()
    assert (claimed, sent) == ([State.SENDING], [])


async def is_asked(bill: BillClient, call: str) -> None:
    """Return once BILL has been sent `POST /v3/vendors` or another call."""
    while True:
        rows = (await bill.local("GET", "/_local/requests"))["requests"]
        if call in [f"{row['method']} {row['path']}" for row in rows]:
            return


async def test_while_bill_has_not_answered_the_attempt_is_open(bill: BillClient, controls: Controls) -> None:
    controls.fault("delay", "POST", VENDORS, seconds=0.2)
    wanted = vendor(bill)
    writing = asyncio.create_task(wanted.once())
    await is_asked(bill, SEND)
    assert await wanted.states() == ["SENDING"]
    await writing
    assert await wanted.states() == ["SENDING", "DONE"]


async def test_without_a_look_nothing_is_sent(bill: BillClient, controls: Controls) -> None:
    controls.fault("html_500", "GET", VENDORS, times=9)
    with pytest.raises(UnavailableError) as caught:
        await vendor(bill).once()
    assert caught.value.__cause__ is not caught.value
    assert controls.sent("POST") == []
    assert await bill.journal.entries() == []


async def test_what_a_guard_forbids_is_not_claimed(bill: BillClient, controls: Controls) -> None:
    async def guard() -> None:
        raise ConflictError("something else pays it")

    with pytest.raises(ConflictError, match="something else pays it"):
        await vendor(bill).once(guard)
    assert controls.sent() == LOOK
    assert await bill.journal.entries() == []


async def test_what_is_over_a_cap_is_not_claimed(
    trusted: BillClient, new_client: NewClient, controls: Controls
) -> None:
    capped = await new_client(max_amount="148.99")
    wanted = await payment(capped, await make_bill(trusted))
    with pytest.raises(CapError, match=r"149\.00 is more than BILL_MAX_AMOUNT 148\.99: nothing was sent"):
        await wanted.once()
    assert controls.sent("POST", PAYMENTS) == []
    assert await wanted.rows() == []


def spoil(bill: BillClient) -> None:
    """Make the journal unreadable."""
    bill.settings.state_path.mkdir(mode=0o700, exist_ok=True)
    (bill.settings.state_path / "journal.db").write_bytes(b"no database " * 99)


async def test_without_a_journal_bill_is_not_even_asked(bill: BillClient, controls: Controls) -> None:
    spoil(bill)
    with pytest.raises(JournalError, match="can't be used: file is not a database"):
        await vendor(bill).once()
    assert controls.sent() == []


async def test_a_journal_that_fails_at_the_claim_means_nothing_is_sent(
    bill: BillClient, controls: Controls
) -> None:
    async def guard() -> None:
        spoil(bill)

    with pytest.raises(JournalError, match="can't be used: file is not a database"):
        await vendor(bill).once(guard)
    assert controls.sent("POST") == []


async def test_a_journal_that_fails_after_sending_never_says_that_nothing_was_sent(
    bill: BillClient, controls: Controls
) -> None:
    async def send() -> Vendor:
        made = await bill.vendors.create(new_vendor())
        spoil(bill)
        return made

    with pytest.raises(OutcomeUnknownError, match=r"vendor happy music was sent, then the journal failed"):
        await vendor(bill).sending(send).once()
    assert controls.acted() == [SEND]


@pytest.mark.parametrize("how", LOST)
async def test_a_payment_without_a_proper_answer_is_never_sent_again(
    trusted: BillClient, controls: Controls, new_client: NewClient, how: str
) -> None:
    fault, acted = LOST[how]
    impatient = await new_client(timeout_seconds=0.15)
    wanted = await payment(impatient, await make_bill(trusted))
    controls.fault(method="POST", path=PAYMENTS, times=9, **fault).forget()
    if acted:
        assert (await wanted.once()).made is True
        assert await wanted.states() == ["SENDING", "UNKNOWN", "DONE"]
    else:
        with pytest.raises(UnsettledError, match="BILL shows none 90 seconds and more afterwards"):
            await wanted.once()
        assert await wanted.states() == ["SENDING", "UNKNOWN", "UNKNOWN"]
    assert controls.sent("POST") == ["POST /v3/payments"]
    assert controls.acted() == ["POST /v3/payments"] * acted


async def test_what_never_reached_bill_is_not_open(bill: BillClient, new_client: NewClient) -> None:
    nowhere = await new_client(base_url=f"http://127.0.0.1:{free_port()}/connect")
    wanted = vendor(bill).sending(lambda: nowhere.vendors.create(new_vendor()))
    with pytest.raises(NeverSentError, match="nothing was sent"):
        await wanted.once()
    assert [(row.state, row.note) for row in await wanted.rows()] == [
        ("SENDING", ""),
        ("NOT_SENT", "NeverSentError"),
    ]


async def test_a_session_that_could_not_be_had_means_that_nothing_was_sent(
    bill: BillClient, new_client: NewClient, controls: Controls
) -> None:
    async def send() -> Vendor:
        raise UnavailableError("POST /v3/login: no proper answer")

    wanted = vendor(bill).sending(send)
    with pytest.raises(UnavailableError, match="POST /v3/login"):
        await wanted.once()
    assert await wanted.states() == ["SENDING", "NOT_SENT"]


async def test_what_waited_too_long_after_its_claim_is_claimed_anew(
    bill: BillClient, controls: Controls, monkeypatch: pytest.MonkeyPatch
) -> None:
    allowed = iter([-1.0, 5.0])

    async def guard() -> None:
        monkeypatch.setattr("billcom.attempt.SEND_WITHIN_SECONDS", next(allowed))

    wanted = vendor(bill)
    assert (await wanted.once(guard)).made is True
    assert controls.sent() == [*LOOK, *LOOK, SEND]
    assert [(row.state, row.note) for row in await wanted.rows()] == [
        ("SENDING", ""),
        ("NOT_SENT", "TooLateError"),
        ("SENDING", ""),
        ("DONE", ""),
    ]


async def test_what_is_always_too_late_is_given_up_without_a_byte_sent(
    bill: BillClient, controls: Controls, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("billcom.attempt.SEND_WITHIN_SECONDS", -1.0)
    with pytest.raises(UnavailableError, match=r"nothing of it is open\. Run again later"):
        await vendor(bill).once()
    assert controls.sent("POST") == []

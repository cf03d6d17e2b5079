"""Attempts that are open: of a dead process, with other content, of which an answer said nothing, or only read."""

from collections.abc import Sequence
from typing import Any

import pytest

from billcom import BillClient
from billcom.bulk.once import settle_each
from billcom.errors import (
    ConflictError,
    OutcomeUnknownError,
    UnsettledError,
)
from billcom.intent import CHUNK
from billcom.journal import State
from tests.billcom.build import pay
from tests.billcom.bulk.many import (
    MAKE,
    VENDORS,
    bills_of,
    errors,
    ids,
    made,
    make_bills,
    make_vendors,
    new_bills,
    payments,
    payments_of,
    vendors,
)
from tests.billcom.controls import Controls
from tests.billcom.test_once import spoil

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("permissive")]

each_kind = pytest.mark.parametrize("kind", MAKE)


async def test_who_only_reads_settles_too_and_sends_nothing(trusted: BillClient, controls: Controls) -> None:
    paid = await make_bills(trusted, 4)
    there, absent, _new, stands = sorted(bill.id for bill in paid)
    wanted = await payments_of(trusted, paid)
    await (await payments_of(trusted, [bill for bill in paid if bill.id == stands])).once(trusted)
    made_by = await pay(trusted, next(bill for bill in paid if bill.id == there))
    for subject in (there, absent):
        await wanted.note(trusted, State.SENDING, only=subject, details={CHUNK: "BULKNONE"})
    controls.forget()
    results = await settle_each(trusted, wanted.chunk_for(trusted))
    assert sorted(results) == [there, absent, stands]
    assert (ids(results)[there], made(results)) == (made_by.id, [False, False])
    assert {subject: type(error) for subject, error in errors(results).items()} == {absent: UnsettledError}
    assert controls.sent("POST") == []
    assert await wanted.states(trusted) == [
        ["SENDING", "DONE"],
        ["SENDING", "UNKNOWN"],
        [],
        ["SENDING", "DONE"],
    ]


async def test_who_only_reads_closes_what_may_be_sent_again(bill: BillClient, controls: Controls) -> None:
    wanted = vendors()
    await wanted.note(bill, State.SENDING)
    controls.forget()
    assert await settle_each(bill, wanted.chunk_for(bill)) == {}
    assert controls.sent("POST") == []
    assert await wanted.states(bill) == [["SENDING", "NOT_SENT"]] * 3


async def test_when_bill_cannot_be_read_either_all_stays_open(bill: BillClient, controls: Controls) -> None:
    controls.fault("act_then_drop", "POST", VENDORS)
    controls.fault("html_500", "GET", "/v3/vendors", times=99)
    wanted = vendors()
    results = await wanted.once(bill)
    assert {str(error).partition(" (")[0] for error in errors(results).values()} == {
        "POST /v3/vendors/bulk: no proper answer"
    }
    assert await wanted.states(bill) == [["SENDING", "UNKNOWN"]] * 3
    assert controls.sent("POST") == ["POST /v3/vendors/bulk"]


@each_kind
async def test_what_a_dead_process_claimed_and_sent_is_adopted(
    trusted: BillClient, controls: Controls, kind: str
) -> None:
    wanted = await MAKE[kind](trusted)

    def wrap(send: Any) -> Any:
        async def send_then_die(some: Sequence[Any], reference: str) -> Any:
            await send(some, reference)
            raise KeyboardInterrupt

        return send_then_die

    with pytest.raises(KeyboardInterrupt):
        await wanted.sending(wrap).once(trusted)
    assert await wanted.states(trusted) == [["SENDING"]] * 3
    controls.forget()
    assert made(await wanted.once(trusted)) == [False, False, False]
    assert controls.sent("POST") == []
    assert await wanted.states(trusted) == [["SENDING", "DONE"]] * 3


async def test_payments_that_a_dead_process_claimed_go_to_a_person(
    trusted: BillClient, controls: Controls
) -> None:
    wanted = await payments(trusted)
    await wanted.note(trusted, State.SENDING)
    controls.forget()
    assert {type(case) for case in errors(await wanted.once(trusted)).values()} == {UnsettledError}
    assert controls.sent("POST") == []
    assert await wanted.states(trusted) == [["SENDING", "UNKNOWN"]] * 3


@each_kind
async def test_what_an_answer_lacks_is_looked_for(trusted: BillClient, controls: Controls, kind: str) -> None:
    wanted = await MAKE[kind](trusted)
    lacks = wanted.subjects(trusted)[1]
    controls.forget()

    def wrap(send: Any) -> Any:
        async def send_and_miss(some: Sequence[Any], reference: str) -> Any:
            return {s: r for s, r in (await send(some, reference)).items() if s != lacks}

        return send_and_miss

    assert made(await wanted.sending(wrap).once(trusted)) == [True, True, True]
    assert controls.sent("POST") == controls.acted() == [wanted.send]
    assert await wanted.states(trusted) == [
        ["SENDING", "DONE"],
        ["SENDING", "UNKNOWN", "DONE"],
        ["SENDING", "DONE"],
    ]


async def test_a_journal_that_fails_after_sending_never_says_that_nothing_was_sent(
    trusted: BillClient, controls: Controls
) -> None:
    wanted = await payments(trusted)
    controls.forget()
    path = trusted.settings.state_path / "journal.db"
    whole: list[bytes] = []

    def wrap(send: Any) -> Any:
        async def send_then_spoil(some: Sequence[Any], reference: str) -> Any:
            answered = await send(some, reference)
            await trusted.journal.close()
            whole.append(path.read_bytes())
            spoil(trusted)
            return answered

        return send_then_spoil

    results = await wanted.sending(wrap).once(trusted)
    assert {type(error) for error in errors(results).values()} == {OutcomeUnknownError}
    assert all(str(e).startswith("sent, then the journal failed") for e in errors(results).values())

    for leftover in path.parent.glob("journal.db-*"):
        leftover.unlink()
    path.write_bytes(whole[0])
    assert made(await wanted.once(trusted)) == [False, False, False]
    assert controls.sent("POST") == [wanted.send]


async def test_an_answer_that_is_lost_together_with_the_journal_is_not_called_unsent(
    trusted: BillClient,
) -> None:
    wanted = await payments(trusted)

    def wrap(send: Any) -> Any:
        async def send_then_lose(some: Sequence[Any], reference: str) -> Any:
            await send(some, reference)
            await trusted.journal.close()
            spoil(trusted)
            raise OutcomeUnknownError("the answer was lost")

        return send_then_lose

    results = await wanted.sending(wrap).once(trusted)
    assert [(type(e), str(e)) for e in errors(results).values()] == [
        (OutcomeUnknownError, "the answer was lost")
    ] * 3


async def test_what_is_open_with_other_content_is_a_conflict(trusted: BillClient, controls: Controls) -> None:
    vendor_ids = [vendor.id for vendor in await make_vendors(trusted)]
    await bills_of(new_bills(vendor_ids, 3, "10.00")).note(trusted, State.SENDING)
    controls.forget()
    results = await bills_of(new_bills(vendor_ids, 3, "11.00")).once(trusted)
    assert [type(error) for error in errors(results).values()] == [ConflictError] * 3
    assert all(
        "is SENDING with amount 10.00 (no id yet), now amount 11.00 is asked for" in str(error)
        for error in errors(results).values()
    )
    assert controls.sent() == []


async def test_one_that_is_open_with_other_content_holds_up_no_others(
    bill: BillClient, controls: Controls
) -> None:
    vendor_ids = [vendor.id for vendor in await make_vendors(bill)]
    await bills_of(new_bills(vendor_ids, 1, "10.00")).note(bill, State.SENDING)
    wanted = bills_of(new_bills(vendor_ids, 3, "11.00"))
    results = await wanted.once(bill)
    assert [type(error) for error in errors(results).values()] == [ConflictError]
    assert made(results) == [True, True]
    assert controls.acted()[-1:] == [wanted.send]

"""Many writes in one request: look, guard, claim all, send, note what came of each; with BILL at its least helpful."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import pytest

from billcom import BillClient
from billcom.errors import BillError, CapError, ConflictError, JournalError, StoppedError, UnavailableError
from billcom.intent import CHUNK
from billcom.journal import Journal, State
from billcom.reference import CHUNK_PREFIX
from tests.billcom.build import new_vendor
from tests.billcom.bulk.many import (
    MAKE,
    PAYMENTS,
    VENDORS,
    errors,
    ids,
    made,
    make_bills,
    payments,
    payments_of,
    vendors,
    vendors_of,
)
from tests.billcom.conftest import NewClient
from tests.billcom.controls import Controls
from tests.billcom.test_client import free_port
from tests.billcom.test_once import spoil

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("permissive")]

each_kind = pytest.mark.parametrize("kind", MAKE)


@each_kind
async def test_all_are_made_in_one_request(trusted: BillClient, controls: Controls, kind: str) -> None:
    wanted = await MAKE[kind](trusted)
    controls.forget()
    results = await wanted.once(trusted)
    assert list(ids(results)) == wanted.subjects(trusted)
    assert made(results) == [True, True, True]
    assert len(set(ids(results).values())) == 3
    assert controls.sent() == [wanted.send]


@each_kind
async def test_every_record_is_noted_with_its_own_id_under_one_reference(
    trusted: BillClient, kind: str
) -> None:
    wanted = await MAKE[kind](trusted)
    results = await wanted.once(trusted)
    rows = await wanted.rows(trusted)
    assert await wanted.states(trusted) == [["SENDING", "DONE"]] * 3
    assert {subject: done.record_id for subject, (_, done) in rows.items()} == ids(results)
    (reference,) = {row.details[CHUNK] for both in rows.values() for row in both}
    assert len(reference) == 32 and reference.isalnum() and reference.startswith(CHUNK_PREFIX)


async def test_all_are_claimed_together_in_the_order_of_their_names(bill: BillClient) -> None:
    wanted = vendors_of([new_vendor(name=name) for name in ("C", "A", "D", "B")])
    await wanted.once(bill)
    rows = await bill.journal.entries()
    assert [(row.identity.subject, row.state.value) for row in rows] == [
        *[(name, "SENDING") for name in "abcd"],
        *[(name, "DONE") for name in "abcd"],
    ]
    assert all(later.position == earlier.position + 1 for earlier, later in pairwise(rows))


async def test_where_one_is_taken_meanwhile_none_is_claimed(bill: BillClient, controls: Controls) -> None:
    wanted = vendors(3)
    calls: list[int] = []

    async def guard(intents: Sequence[Any]) -> dict[str, BillError]:
        calls.append(len(intents))
        if len(calls) == 1:
            await wanted.note(bill, State.SENDING, State.NOT_SENT, only="vendor 02")
        return {}

    assert made(await wanted.guarded(guard).once(bill)) == [True, True, True]
    assert calls == [3, 3]
    assert await wanted.states(bill) == [
        ["SENDING", "DONE"],
        ["SENDING", "NOT_SENT", "SENDING", "DONE"],
        ["SENDING", "DONE"],
    ]
    assert controls.acted() == ["POST /v3/vendors/bulk"]


async def test_the_claims_are_on_disk_before_anything_is_sent(
    trusted: BillClient, controls: Controls
) -> None:
    wanted = await payments(trusted)
    controls.forget()
    seen: list[object] = []

    def wrap(send: Any) -> Any:
        async def look_then_send(some: Sequence[Any], reference: str) -> Any:
            rows = await Journal(trusted.settings).entries()
            seen.append([row.state.value for row in rows if row.details.get(CHUNK) == reference])
            seen.append(controls.sent())
            return await send(some, reference)

        return look_then_send

    await wanted.sending(wrap).once(trusted)
    assert seen == [["SENDING"] * 3, []]


@each_kind
async def test_asked_for_again_nothing_is_sent_and_the_same_records_come_back(
    trusted: BillClient, controls: Controls, kind: str
) -> None:
    wanted = await MAKE[kind](trusted)
    first = await wanted.once(trusted)
    controls.forget()
    again = await wanted.once(trusted)
    assert (ids(again), made(again)) == (ids(first), [False, False, False])
    assert controls.sent("POST") == []
    assert await wanted.states(trusted) == [["SENDING", "DONE"]] * 3


async def test_more_of_them_send_only_what_is_new(bill: BillClient, controls: Controls) -> None:
    first = await vendors(2).once(bill)
    controls.forget()
    results = await vendors(4).once(bill)
    assert made(results) == [False, False, True, True]
    assert {name: ids(results)[name] for name in ("vendor 01", "vendor 02")} == ids(first)
    assert controls.acted() == ["POST /v3/vendors/bulk"]
    assert len([row async for row in bill.vendors.list()]) == 0  # the list is late: nobody looked there
    controls.advance(minutes=1)
    assert sorted([row.name async for row in bill.vendors.list()]) == [
        "Vendor 01",
        "Vendor 02",
        "Vendor 03",
        "Vendor 04",
    ]


def test_two_of_the_same_are_never_asked_for_together(settings: Any) -> None:
    twins = vendors_of([new_vendor(name="Happy Music"), new_vendor(name="happy  music")])
    with pytest.raises(ValueError, match="vendor happy music is asked for twice in one request"):
        twins.chunk_for(BillClient(settings))


async def test_none_at_all_ask_for_nothing(bill: BillClient, controls: Controls) -> None:
    assert await vendors_of([]).once(bill) == {}
    assert controls.sent() == []


async def test_what_a_guard_holds_is_not_claimed_and_the_others_are_made(
    trusted: BillClient, controls: Controls
) -> None:
    bills = await make_bills(trusted)

    async def guard(items: Sequence[Any]) -> dict[str, BillError]:
        return {bills[1].id: ConflictError("its bank account is another")}

    wanted = await payments_of(trusted, bills, guard)
    controls.forget()
    results = await wanted.once(trusted)
    assert str(errors(results).pop(bills[1].id)) == "its bank account is another"
    assert sorted(ids(results)) == sorted([bills[0].id, bills[2].id])
    assert controls.sent() == ["POST /v3/payments/bulk"]
    assert (await wanted.rows(trusted))[bills[1].id] == []


async def test_what_a_guard_raises_holds_for_all(trusted: BillClient, controls: Controls) -> None:
    async def guard(_items: Sequence[Any]) -> dict[str, BillError]:
        raise StoppedError("all money is stopped")

    wanted = await payments_of(trusted, await make_bills(trusted), guard)
    controls.forget()
    results = await wanted.once(trusted)
    assert [(type(e), str(e)) for e in errors(results).values()] == [
        (StoppedError, "all money is stopped")
    ] * 3
    assert controls.sent() == []
    assert await wanted.states(trusted) == [[], [], []]


async def test_a_stop_between_two_requests_holds_what_has_not_gone_out(
    trusted: BillClient, controls: Controls
) -> None:
    controls.fault("error", "POST", PAYMENTS, code="BDC_9002", status=422)
    asked: list[int] = []

    async def guard(items: Sequence[Any]) -> dict[str, BillError]:
        asked.append(len(items))
        if len(asked) == 3:
            raise StoppedError("all money is stopped")
        return {}

    wanted = await payments_of(trusted, await make_bills(trusted, 4), guard)
    results = await wanted.once(trusted)
    assert asked == [4, 2, 1]
    assert [len(ids(results)), len(errors(results))] == [2, 2]
    assert controls.sent("POST", PAYMENTS) == ["POST /v3/payments/bulk"] * 2


@pytest.mark.parametrize(
    ("cap", "why"),
    [
        ({"max_amount": "9.99"}, "10.00 is more than BILL_MAX_AMOUNT 9.99: nothing was sent"),
        ({"max_total": "29.99"}, "30.00 on top of today's 0.00 is more than BILL_MAX_TOTAL 29.99: nothing"),
    ],
    ids=["one", "day"],
)
async def test_what_is_over_a_cap_is_not_claimed(
    trusted: BillClient, new_client: NewClient, controls: Controls, cap: dict[str, str], why: str
) -> None:
    wanted = await payments(trusted)
    controls.forget()
    results = await wanted.once(await new_client(**cap))
    assert [type(error) for error in errors(results).values()] == [CapError] * 3
    assert all(str(error).startswith(why) for error in errors(results).values())
    assert controls.sent() == []
    assert await wanted.states(trusted) == [[], [], []]


async def test_just_within_the_caps_all_are_paid(trusted: BillClient, new_client: NewClient) -> None:
    wanted = await payments(trusted)
    results = await wanted.once(await new_client(max_amount="10.00", max_total="30.00"))
    assert made(results) == [True, True, True]


async def test_without_a_journal_bill_is_not_even_asked(bill: BillClient, controls: Controls) -> None:
    spoil(bill)
    results = await vendors().once(bill)
    assert [type(error) for error in errors(results).values()] == [JournalError] * 3
    assert controls.sent() == []


async def test_a_journal_that_fails_at_the_claim_means_nothing_is_sent(
    bill: BillClient, controls: Controls
) -> None:
    async def guard(_intents: Sequence[Any]) -> dict[str, BillError]:
        await bill.journal.close()
        spoil(bill)
        return {}

    results = await vendors().guarded(guard).once(bill)
    assert [type(error) for error in errors(results).values()] == [JournalError] * 3
    assert controls.sent() == []


async def test_what_never_reached_bill_is_not_open(bill: BillClient, new_client: NewClient) -> None:
    nowhere = await new_client(base_url=f"http://127.0.0.1:{free_port()}/connect")
    wanted = vendors().sending(lambda _send: vendors().chunk_for(nowhere).send)
    results = await wanted.once(bill)
    assert all(isinstance(error, UnavailableError) for error in errors(results).values())
    assert await wanted.notes(bill) == [["", "NeverSentError"]] * 3
    assert await wanted.states(bill) == [["SENDING", "NOT_SENT"]] * 3


async def test_what_waited_too_long_after_its_claim_is_claimed_anew(
    bill: BillClient, controls: Controls, monkeypatch: pytest.MonkeyPatch
) -> None:
    allowed = iter([-1.0, 5.0])

    async def guard(_intents: Sequence[Any]) -> dict[str, BillError]:
        monkeypatch.setattr("billcom.bulk.once.SEND_WITHIN_SECONDS", next(allowed))
        return {}

    wanted = vendors().guarded(guard)
    assert made(await wanted.once(bill)) == [True, True, True]
    assert controls.sent("POST") == [f"POST {VENDORS}"]
    assert await wanted.notes(bill) == [["", "TooLateError", "", ""]] * 3
    assert await wanted.states(bill) == [["SENDING", "NOT_SENT", "SENDING", "DONE"]] * 3


async def test_what_is_always_too_late_is_given_up_without_a_byte_sent(
    bill: BillClient, controls: Controls, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("billcom.bulk.once.SEND_WITHIN_SECONDS", -1.0)
    results = await vendors().once(bill)
    assert {str(error) for error in errors(results).values()} == {
        "others kept writing it for 8 rounds; nothing of it is open. Run again later"
    }
    assert controls.sent("POST") == []

"""Several at once want some of the same records: clients, machines, and those who take a claim for lost."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from billcom import BillClient
from billcom.bulk.once import once_each
from billcom.errors import (
    BillError,
    CaseError,
    ConflictError,
    NotPermittedError,
    OutcomeUnknownError,
    UnsettledError,
)
from billcom.journal import State
from billcom.standing import PAST_OTHERS
from tests.billcom.build import make_vendor, new_vendor
from tests.billcom.bulk.many import (
    MAKE,
    PAYMENTS,
    Many,
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
    vendors_of,
)
from tests.billcom.conftest import NewClient
from tests.billcom.controls import Controls
from tests.billcom.journals import claim, pay_once
from tests.billcom.test_once import is_asked
from tests.billcom.writes import vendor

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("permissive")]

SOME = ("A", "B", "C", "D")
OTHERS = ("C", "D", "E", "F")


def named(names: Sequence[str]) -> Many:
    """Return vendors of these names."""
    return vendors_of([new_vendor(name=name) for name in names])


@pytest.mark.parametrize("first", [SOME, SOME[::-1]], ids=["same order", "other order"])
async def test_two_clients_with_some_of_the_same_make_each_once(
    new_client: NewClient, controls: Controls, first: tuple[str, ...]
) -> None:
    clients = [await new_client(sleeps=True, settle_seconds=4) for _ in range(2)]
    one, other = await asyncio.gather(named(first).once(clients[0]), named(OTHERS).once(clients[1]))
    assert errors(one) == errors(other) == {}
    assert [ids(one)[name] for name in "cd"] == [ids(other)[name] for name in "cd"]
    assert len(made(one) + made(other)) == 8 and sum(made(one) + made(other)) == 6
    controls.advance(minutes=1)
    assert sorted([row.name async for row in clients[0].vendors.list()]) == ["A", "B", "C", "D", "E", "F"]


async def test_two_machines_with_one_journal_pay_each_bill_once(
    trusted: BillClient, new_client: NewClient, controls: Controls, tmp_path: Path
) -> None:
    journal = f"sqlite+aiosqlite:///{tmp_path}/shared.db"
    machines = [
        await new_client(
            sleeps=True, settle_seconds=4, journal_url=journal, state_dir=tmp_path / f"machine-{number}"
        )
        for number in range(3)
    ]
    paid = await make_bills(trusted, 6)
    runs = [await payments_of(trusted, some) for some in (paid, paid[::-1], paid[2:5])]
    results = await asyncio.gather(*(run.once(client) for run, client in zip(runs, machines, strict=True)))
    assert [errors(result) for result in results] == [{}, {}, {}]
    assert sum(sum(made(result)) for result in results) == 6
    assert ids(results[0]) == ids(results[1])
    payments = [await trusted.payments.get(id) for id in ids(results[0]).values()]
    assert sorted(id for payment in payments for id in payment.bill_ids) == sorted(row.id for row in paid)
    assert [(await trusted.bills.get(row.id)).scheduled_amount for row in paid] == [10] * 6


async def test_one_that_is_written_alone_at_the_same_time_is_made_once(
    new_client: NewClient, controls: Controls
) -> None:
    alone, together = [await new_client(sleeps=True, settle_seconds=4) for _ in range(2)]
    wanted = named(["Happy Music", "Sad Music"])
    one, all_ = await asyncio.gather(vendor(alone).once(), wanted.once(together))
    assert one.record.id == ids(all_)["happy music"]
    assert sum([one.made, *made(all_)]) == 2
    controls.advance(minutes=1)
    assert sorted([row.name async for row in alone.vendors.list()]) == ["Happy Music", "Sad Music"]


async def test_while_bill_has_not_answered_others_wait_for_it(
    new_client: NewClient, controls: Controls
) -> None:
    controls.fault("delay", "POST", "/v3/vendors/bulk", seconds=0.3)
    one, other = [await new_client(sleeps=True, settle_seconds=4) for _ in range(2)]
    wanted = named(SOME)
    sending = asyncio.create_task(wanted.once(one))
    await is_asked(one, wanted.send)
    assert await wanted.states(one) == [["SENDING"]] * 4
    found = await named(SOME[:2]).once(other)
    assert made(found) == [False, False]
    assert ids(await sending) | ids(found) == ids(await wanted.once(one))
    assert controls.acted() == [wanted.send]


async def test_what_moves_on_while_it_is_watched_is_read_again(bill: BillClient) -> None:
    wanted = vendors(1)
    await wanted.note(bill, State.SENDING)
    record = await make_vendor(bill, name="Vendor 01")
    looks: list[int] = []
    chunk = wanted.chunk_for(bill)

    async def look(_some: Sequence[Any], _lasts: Any) -> dict[str, Any]:
        looks.append(1)
        if len(looks) == 2:
            await wanted.note(bill, State.DONE, record_id=record.id)
        return {}

    results = await once_each(bill, replace(chunk, look=look))
    assert (ids(results), made(results), len(looks)) == ({"vendor 01": record.id}, [False], 2)
    assert await wanted.states(bill) == [["SENDING", "DONE"]]


async def test_a_bill_that_another_process_pays_meanwhile_is_its_payment_and_no_conflict(
    trusted: BillClient, controls: Controls
) -> None:
    paid = await make_bills(trusted, 3)
    others: list[str] = []

    async def guard(items: Sequence[Any]) -> dict[str, BillError]:
        if not others:
            others.append((await pay_once(trusted, paid[0])).record.id)
            return {paid[0].id: ConflictError("something else pays it")}
        return {}

    results = await (await payments_of(trusted, paid, guard)).once(trusted)
    assert ids(results)[paid[0].id] == others[0]
    assert errors(results) == {}
    assert controls.sent("POST", PAYMENTS) == ["POST /v3/payments/bulk"]


async def test_what_another_takes_after_a_refusal_is_not_sent_over_it(
    trusted: BillClient, controls: Controls
) -> None:
    paid = await make_bills(trusted, 4)
    controls.fault("error", "POST", PAYMENTS, code="BDC_9002", status=422).forget()
    taken = min(bill.id for bill in paid)
    calls: list[int] = []

    async def guard(items: Sequence[Any]) -> dict[str, BillError]:
        calls.append(len(items))
        if len(calls) == 2:  # between the request that was refused and the next one
            await wanted.note(trusted, State.SENDING, only=taken)
        return {}

    wanted = await payments_of(trusted, paid, guard)
    results = await wanted.once(trusted)
    assert list(errors(results)) == [taken]
    assert len(ids(results)) == 3
    rows = (await wanted.rows(trusted))[taken]
    assert [row.state.value for row in rows] == ["SENDING", "REJECTED", "SENDING", "UNKNOWN"]
    assert (await trusted.bills.get(taken)).scheduled_amount in (None, 0)


async def test_an_open_payment_under_a_label_blocks_that_bill_alone(
    trusted: BillClient, controls: Controls
) -> None:
    paid = await make_bills(trusted, 3)
    await claim(trusted.journal, paid[0].id, "10.00", label="again")
    wanted = await payments_of(trusted, paid)
    results = await wanted.once(trusted)
    ((subject, error),) = errors(results).items()
    assert subject == paid[0].id and type(error) is ConflictError
    assert str(error).startswith(f"payment {paid[0].id}, label again was sent and nobody knows yet")
    assert len(ids(results)) == 2
    assert (await trusted.bills.get(paid[0].id)).scheduled_amount in (None, 0)


async def test_what_a_person_has_said_to_be_another_is_made_beside_it(
    bill: BillClient, controls: Controls
) -> None:
    (of,) = await make_vendors(bill)
    new = new_bills([of.id], 2)
    archived = await bill.bills.create(new[0])
    await bill.bills.archive(archived.id)
    controls.advance(minutes=1)
    wanted = bills_of(new)
    (first, second) = wanted.subjects(bill)
    await wanted.note(bill, State.SENDING, State.NOT_SENT)
    results = await wanted.once(bill)
    assert "is archived at BILL" in str(errors(results)[first])
    assert list(ids(results)) == [second]

    await wanted.note(bill, State.RELEASED, only=first, details={PAST_OTHERS: "true"})
    assert made(await wanted.once(bill)) == [True, False]
    assert (await wanted.rows(bill))[first][-1].details[PAST_OTHERS] == "true"


def giving_up(wanted: Many, client: BillClient, *states: State, only: str = "", answers: bool = True) -> Many:
    """Return them, taken for lost by another process, once, while BILL has their request."""
    left = [states]

    def wrap(send: Any) -> Any:
        async def send_and_be_given_up(some: Sequence[Any], reference: str) -> Any:
            await wanted.note(client, *(left.pop() if left else ()), only=only)
            if answers:
                return await send(some, reference)
            raise OutcomeUnknownError("the answer was lost")

        return send_and_be_given_up

    return wanted.sending(wrap)


@pytest.mark.parametrize("kind", ["payments", "vendors"])
async def test_an_answer_after_some_were_given_up_still_counts(trusted: BillClient, kind: str) -> None:
    wanted = await MAKE[kind](trusted)
    second = wanted.subjects(trusted)[1]
    results = await giving_up(wanted, trusted, State.NOT_SENT, only=second).once(trusted)
    assert made(results) == [True, True, True]
    assert await wanted.states(trusted) == [
        ["SENDING", "DONE"],
        ["SENDING", "NOT_SENT", "DONE"],
        ["SENDING", "DONE"],
    ]
    rows = await wanted.rows(trusted)
    assert rows[second][-1].note == "answered after it was given up"
    assert {subject: last.record_id for subject, (*_, last) in rows.items()} == ids(results)


async def test_an_answer_after_one_was_sent_again_is_for_a_person_and_the_others_count(
    bill: BillClient,
) -> None:
    wanted = vendors()
    results = await giving_up(wanted, bill, State.NOT_SENT, State.SENDING, only="vendor 02").once(bill)
    ((subject, case),) = errors(results).items()
    assert subject == "vendor 02" and isinstance(case, CaseError)
    assert str(case).startswith("vendor vendor 02 was sent twice, as 009")
    assert (case.identity, case.sequence) == ("vendor vendor 02", 3)
    assert made(results) == [True, True]
    assert await wanted.states(bill) == [
        ["SENDING", "DONE"],
        ["SENDING", "NOT_SENT", "SENDING"],
        ["SENDING", "DONE"],
    ]


async def test_what_another_found_and_noted_first_was_not_sent_twice(bill: BillClient) -> None:
    wanted = vendors()

    def wrap(send: Any) -> Any:
        async def send_and_be_found(some: Sequence[Any], reference: str) -> Any:
            answered = await send(some, reference)
            record_id = answered["vendor 02"].id
            await wanted.note(bill, State.DONE, only="vendor 02", record_id=record_id)
            return answered

        return send_and_be_found

    assert made(await wanted.sending(wrap).once(bill)) == [True, True, True]
    assert await wanted.states(bill) == [["SENDING", "DONE"]] * 3


async def test_a_lost_answer_after_one_was_given_up_leaves_all_open_to_be_looked_for(
    trusted: BillClient, controls: Controls
) -> None:
    wanted = await payments(trusted)
    second = wanted.subjects(trusted)[1]
    controls.forget()
    results = await giving_up(wanted, trusted, State.UNKNOWN, only=second, answers=False).once(trusted)
    assert len(errors(results)) == 3
    assert controls.sent("POST") == []
    assert await wanted.states(trusted) == [
        ["SENDING", "UNKNOWN"],
        ["SENDING", "UNKNOWN", "UNKNOWN"],
        ["SENDING", "UNKNOWN"],
    ]


async def test_a_refusal_after_one_was_taken_for_lost_closes_them_all(
    trusted: BillClient, controls: Controls
) -> None:
    wanted = await payments(trusted)
    second = wanted.subjects(trusted)[1]
    controls.fault("error", "POST", PAYMENTS, code="BDC_1150", status=422, times=9)
    results = await giving_up(wanted, trusted, State.UNKNOWN, only=second).once(trusted)
    assert len(errors(results)) == 3
    assert await wanted.states(trusted) == [
        ["SENDING", "REJECTED"],
        ["SENDING", "UNKNOWN", "REJECTED"],
        ["SENDING", "REJECTED"],
    ]


async def test_a_refusal_after_one_was_sent_again_closes_the_others(
    trusted: BillClient, controls: Controls
) -> None:
    wanted = await payments(trusted)
    first, *_ = wanted.subjects(trusted)
    controls.fault("error", "POST", PAYMENTS, code="BDC_9002", status=422)
    results = await giving_up(wanted, trusted, State.NOT_SENT, State.SENDING, only=first).once(trusted)
    assert list(errors(results)) == [first]
    assert await wanted.states(trusted) == [
        ["SENDING", "NOT_SENT", "SENDING", "UNKNOWN"],
        ["SENDING", "REJECTED", "SENDING", "DONE"],
        ["SENDING", "REJECTED", "SENDING", "DONE"],
    ]


async def test_a_refusal_says_nothing_of_one_that_was_sent_again(
    trusted: BillClient, controls: Controls
) -> None:
    wanted = await payments(trusted)
    first, *others = wanted.subjects(trusted)
    controls.fault("error", "POST", PAYMENTS, code="BDC_1150", status=422, times=9)
    results = await giving_up(wanted, trusted, State.NOT_SENT, State.SENDING, only=first).once(trusted)
    assert {subject: type(error) for subject, error in errors(results).items()} == {
        first: UnsettledError,
        **dict.fromkeys(others, NotPermittedError),
    }

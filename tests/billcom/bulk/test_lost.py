"""Many writes whose answer was lost are settled by reading: adopted, made again, or left to a person."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pytest

from billcom import BillClient
from billcom.errors import (
    CaseError,
    ConflictError,
    OutcomeUnknownError,
    UnavailableError,
    UnsettledError,
)
from billcom.intent import CHUNK
from billcom.journal import State
from billcom.lookup.payments import payment_reference
from billcom.reference import chunk_reference
from tests.billcom.build import pay
from tests.billcom.bulk.many import (
    MAKE,
    PAYMENTS,
    errors,
    ids,
    made,
    make_bills,
    payments,
    payments_of,
)
from tests.billcom.conftest import NewClient, Waits
from tests.billcom.controls import Controls
from tests.billcom.test_client import LOST

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("permissive")]

each_kind = pytest.mark.parametrize("kind", MAKE)
# Right away, then after growing parts of the settle time.
LOOKS = 9
DONE_BUT_LOST = [how for how, (_, acted) in LOST.items() if acted]
NOT_DONE = [how for how, (_, acted) in LOST.items() if not acted]


def queries(controls: Controls, path: str) -> list[str]:
    """Return what lists of a path were asked for, without times and ids."""
    return [row["query"] for row in controls.journal() if (row["method"], row["path"]) == ("GET", path)]


@pytest.mark.parametrize(
    ("kind", "how"), [("vendors", "done, then dropped"), *[("payments", how) for how in DONE_BUT_LOST]]
)
async def test_what_bill_did_without_a_proper_answer_is_adopted(
    trusted: BillClient, new_client: NewClient, controls: Controls, kind: str, how: str
) -> None:
    impatient = await new_client(timeout_seconds=0.25 if how == "too late" else 5)
    wanted = await MAKE[kind](trusted)
    controls.fault(method="POST", path=wanted.path, times=9, **LOST[how][0]).forget()
    results = await wanted.once(impatient)
    assert made(results) == [True, True, True]
    assert controls.acted() == controls.sent("POST") == [wanted.send]
    assert await wanted.states(trusted) == [["SENDING", "UNKNOWN", "DONE"]] * 3
    rows = await wanted.rows(trusted)
    assert {subject: last.record_id for subject, (_, _, last) in rows.items()} == ids(results)


@pytest.mark.parametrize(("kind", "how"), [("bills", "refused"), *[("vendors", how) for how in NOT_DONE]])
async def test_what_bill_did_not_do_is_made_again_after_the_settle_time(
    trusted: BillClient, controls: Controls, waits: Waits, kind: str, how: str
) -> None:
    wanted = await MAKE[kind](trusted)
    controls.fault(method="POST", path=wanted.path, **LOST[how][0]).forget()
    assert made(await wanted.once(trusted)) == [True, True, True]
    assert (controls.sent("POST"), controls.acted()) == ([wanted.send] * 2, [wanted.send])
    assert len(waits) == LOOKS and sum(waits) == pytest.approx(90)
    assert await wanted.states(trusted) == [["SENDING", "UNKNOWN", "NOT_SENT", "SENDING", "DONE"]] * 3


@pytest.mark.parametrize("how", NOT_DONE)
async def test_payments_that_bill_does_not_show_go_to_a_person(
    trusted: BillClient, controls: Controls, waits: Waits, how: str
) -> None:
    wanted = await payments(trusted)
    controls.fault(method="POST", path=PAYMENTS, times=9, **LOST[how][0]).forget()
    cases = errors(await wanted.once(trusted))
    assert [type(case) for case in cases.values()] == [UnsettledError] * 3
    assert [(case.identity, case.sequence) for case in cases.values() if isinstance(case, CaseError)] == [
        (f"payment {subject}", 3) for subject in wanted.subjects(trusted)
    ]
    assert all("90 seconds and more afterwards: it may still act" in str(case) for case in cases.values())
    assert controls.sent("POST") == [wanted.send]
    assert len(waits) == LOOKS and sum(waits) == pytest.approx(90)
    rows = await wanted.rows(trusted)
    assert await wanted.states(trusted) == [["SENDING", "UNKNOWN", "UNKNOWN"]] * 3
    assert [last.details["settled"] for _, _, last in rows.values()] == ["true"] * 3
    assert len({last.details[CHUNK] for _, _, last in rows.values()}) == 1


async def test_an_unsettled_payment_is_only_asked_for_again(
    trusted: BillClient, controls: Controls, waits: Waits
) -> None:
    wanted = await payments(trusted)
    controls.fault("refuse", "POST", PAYMENTS)
    await wanted.once(trusted)
    waits.clear()
    controls.forget()
    again = errors(await wanted.once(trusted))
    assert [type(case) for case in again.values()] == [UnsettledError] * 3
    assert (controls.sent(), sum(waits)) == (["GET /v3/payments"] * 2, 0)
    assert await wanted.states(trusted) == [["SENDING", "UNKNOWN", "UNKNOWN"]] * 3


async def test_payments_that_bill_makes_long_afterwards_are_adopted_by_the_next_call(
    trusted: BillClient, controls: Controls
) -> None:
    wanted = await payments(trusted)
    controls.fault("act_late", "POST", PAYMENTS, seconds=3600).forget()
    assert len(errors(await wanted.once(trusted))) == 3
    controls.advance(minutes=61)
    results = await wanted.once(trusted)
    assert made(results) == [False, False, False]
    assert controls.sent("POST")[:1] == controls.acted() == [wanted.send]
    assert await wanted.states(trusted) == [["SENDING", "UNKNOWN", "UNKNOWN", "DONE"]] * 3


@pytest.mark.parametrize("kind", ["payments", "bills"])
async def test_what_bill_does_within_the_settle_time_is_adopted(
    trusted: BillClient, controls: Controls, kind: str
) -> None:
    wanted = await MAKE[kind](trusted)
    controls.fault("act_late", "POST", wanted.path, seconds=60).forget()
    assert made(await wanted.once(trusted)) == [True, True, True]
    assert controls.acted() == [wanted.send]
    assert await wanted.states(trusted) == [["SENDING", "UNKNOWN", "DONE"]] * 3


async def test_unsettled_payments_hold_up_no_others(trusted: BillClient, controls: Controls) -> None:
    paid = await make_bills(trusted, 4)
    controls.fault("refuse", "POST", PAYMENTS).forget()
    await (await payments_of(trusted, paid[:2])).once(trusted)
    wanted = await payments_of(trusted, paid)
    results = await wanted.once(trusted)
    assert sorted(errors(results)) == sorted([paid[0].id, paid[1].id])
    assert sorted(ids(results)) == sorted([paid[2].id, paid[3].id])
    assert controls.acted() == [wanted.send]


async def test_payments_are_found_by_the_reference_of_their_request(
    trusted: BillClient, controls: Controls
) -> None:
    wanted = await payments(trusted)
    controls.rules("permissive", bulk_transaction_number="every", list_delay_ms=0).forget()
    controls.fault("act_then_drop", "POST", PAYMENTS)
    await wanted.once(trusted)
    (reference,) = set(await wanted.references(trusted))
    (asked,) = queries(controls, "/v3/payments")
    assert f"transactionNumber%3Aeq%3A%22{reference}%22" in asked
    assert controls.sent() == [wanted.send, "GET /v3/payments"]


async def test_payments_without_the_reference_are_found_by_vendor_and_bill(
    trusted: BillClient, controls: Controls
) -> None:
    wanted = await payments(trusted)
    controls.rules("permissive", bulk_transaction_number="first", list_delay_ms=0).forget()
    controls.fault("act_then_drop", "POST", PAYMENTS)
    results = await wanted.once(trusted)
    by_reference, by_vendor = queries(controls, "/v3/payments")
    assert "transactionNumber" in by_reference and "vendorId" in by_vendor
    numbers = {(await trusted.payments.get(id)).transaction_number for id in ids(results).values()}
    assert len(numbers) == 3
    assert made(results) == [True, True, True]


async def test_somebody_elses_payment_with_our_reference_is_not_ours(
    trusted: BillClient, controls: Controls
) -> None:
    *paid, other = await make_bills(trusted, 4)
    settings = trusted.settings
    reference = chunk_reference(
        settings.base_url, settings.organization_id, "payment", [f"{bill.id} 0" for bill in paid]
    )
    await pay(trusted, other, transaction_number=reference)
    controls.fault("refuse", "POST", PAYMENTS)
    wanted = await payments_of(trusted, paid)
    results = await wanted.once(trusted)
    assert await wanted.references(trusted) == [reference] * 3
    assert [type(case) for case in errors(results).values()] == [UnsettledError] * 3


async def test_somebody_elses_payment_of_the_bill_is_ours_where_it_pays_the_same(
    trusted: BillClient, controls: Controls
) -> None:
    paid = await make_bills(trusted, 3)
    theirs = await pay(trusted, paid[0])
    part = await pay(trusted, paid[1], amount=Decimal("4.00"))
    await trusted.payments.cancel((await pay(trusted, paid[2])).id)
    controls.advance(minutes=1).fault("refuse", "POST", PAYMENTS)
    wanted = await payments_of(trusted, paid)
    results = await wanted.once(trusted)
    assert ids(results) == {paid[0].id: theirs.id}
    assert sorted(errors(results)) == sorted([paid[1].id, paid[2].id])
    assert {type(case) for case in errors(results).values()} == {UnsettledError}
    assert part.id not in {row.record_id for row in await trusted.journal.entries()}


async def test_a_payment_that_was_cancelled_while_its_answer_was_lost_is_a_conflict(
    trusted: BillClient, controls: Controls
) -> None:
    wanted = await payments(trusted, 1)
    controls.rules("permissive", bulk_transaction_number="every", list_delay_ms=0)
    (subject,) = wanted.subjects(trusted)

    def wrap(send: Any) -> Any:
        async def send_then_cancel(some: Sequence[Any], reference: str) -> Any:
            answered = await send(some, reference)
            await trusted.payments.cancel(answered[subject].id)
            raise OutcomeUnknownError("the answer was lost")

        return send_then_cancel

    (error,) = errors(await wanted.sending(wrap).once(trusted)).values()
    assert type(error) is ConflictError and "is CANCELLED (CANCELED)" in str(error)
    assert await wanted.states(trusted) == [["SENDING", "UNKNOWN", "DONE"]]
    (again,) = errors(await wanted.once(trusted)).values()
    assert "is CANCELLED (CANCELED)" in str(again)
    assert controls.sent("POST", PAYMENTS) == [wanted.send]


async def test_a_cancelled_payment_is_not_noted_as_that_of_an_attempt_that_was_never_sent(
    trusted: BillClient, controls: Controls
) -> None:
    paid = await make_bills(trusted, 2)
    wanted = await payments_of(trusted, paid)
    await wanted.note(trusted, State.SENDING, State.NOT_SENT)
    theirs = await pay(trusted, paid[0], transaction_number=payment_reference(trusted, paid[0].id, ""))
    await trusted.payments.cancel(theirs.id)
    controls.advance(minutes=1).forget()
    results = await wanted.once(trusted)
    ((subject, error),) = errors(results).items()
    assert (subject, type(error)) == (paid[0].id, ConflictError)
    assert isinstance(error, ConflictError) and error.record_id == theirs.id
    assert list(ids(results)) == [paid[1].id]
    assert [row.state.value for row in (await wanted.rows(trusted))[paid[0].id]] == ["SENDING", "NOT_SENT"]
    assert controls.acted() == [wanted.send]


async def test_a_payment_that_was_made_and_cancelled_asks_for_a_label(
    trusted: BillClient, controls: Controls
) -> None:
    wanted = await payments(trusted, 2)
    first = ids(await wanted.once(trusted))
    gone, stays = sorted(first)
    await trusted.payments.cancel(first[gone])
    controls.forget()
    results = await wanted.once(trusted)
    assert ids(results) == {stays: first[stays]}
    assert "to pay the bill once more, run again with a label of its own" in str(errors(results)[gone])
    assert controls.sent("POST") == []


async def later(new_client: NewClient, minutes: int) -> BillClient:
    """Return a client that may send once more after a quarter of an hour, that much later."""
    return await new_client(now=f"2026-11-23T15:{minutes}:00+00:00", resend_after_minutes=15)


@pytest.mark.parametrize(("minutes", "sent"), [(14, 1), (16, 2)])
async def test_payments_may_be_sent_once_more_after_some_time_where_that_is_allowed(
    trusted: BillClient, new_client: NewClient, controls: Controls, minutes: int, sent: int
) -> None:
    wanted = await payments(trusted)
    controls.fault("refuse", "POST", PAYMENTS, times=9).forget()
    await wanted.once(trusted)
    results = await wanted.once(await later(new_client, minutes))
    assert {type(case) for case in errors(results).values()} == {UnsettledError}
    assert controls.sent("POST") == [wanted.send] * sent
    await wanted.once(await later(new_client, 59))
    assert controls.sent("POST") == [wanted.send] * 2


async def test_payments_that_are_sent_once_more_are_looked_for_under_both_references(
    trusted: BillClient, new_client: NewClient, controls: Controls
) -> None:
    controls.rules("permissive", bulk_transaction_number="every")
    wanted = await payments(trusted)
    controls.fault("act_late", "POST", PAYMENTS, seconds=1800)
    await wanted.once(trusted)
    (first,) = set(await wanted.references(trusted))
    again = await wanted.once(await later(new_client, 16))
    assert made(again) == [True, True, True]
    (both,) = set(await wanted.references(trusted))
    assert both.split()[0] == first and len(both.split()) == 2


@pytest.mark.parametrize("spread", ["every", "first"])
async def test_payments_that_bill_made_twice_after_all_are_reported(
    trusted: BillClient, new_client: NewClient, controls: Controls, spread: str
) -> None:
    controls.rules("permissive", bulk_transaction_number=spread)
    wanted = await payments(trusted)
    controls.fault("act_late", "POST", PAYMENTS, seconds=1800)
    await wanted.once(trusted)
    patient = await later(new_client, 16)
    assert made(await wanted.once(patient)) == [True, True, True]
    controls.advance(minutes=31)
    cases = errors(await wanted.once(patient))
    assert [type(case) for case in cases.values()] == [CaseError] * 3
    assert all("is paid twice at BILL" in str(case) for case in cases.values())


async def test_a_process_that_dies_before_it_sends_once_more_leaves_the_reference_to_look_for(
    trusted: BillClient, new_client: NewClient, controls: Controls
) -> None:
    controls.rules("permissive", bulk_transaction_number="every")
    wanted = await payments(trusted)
    controls.fault("act_late", "POST", PAYMENTS, seconds=1800)
    await wanted.once(trusted)
    patient = await later(new_client, 16)

    async def dies(_intents: Sequence[Any]) -> Any:
        raise UnavailableError("the machine was switched off")

    assert len(errors(await wanted.guarded(dies).once(patient))) == 3
    assert (await wanted.states(trusted))[0] == ["SENDING", "UNKNOWN", "UNKNOWN", "NOT_SENT"]
    controls.advance(minutes=31)
    assert made(await wanted.once(patient)) == [False, False, False]
    assert [call for call in controls.acted() if call == wanted.send] == [wanted.send]

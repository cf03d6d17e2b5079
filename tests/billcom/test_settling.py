"""A write whose answer was lost is settled by reading: adopted, made again, or left to a person."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest

from billcom import BillClient
from billcom.errors import CaseError, ConflictError, OutcomeUnknownError, UnavailableError, UnsettledError
from billcom.intent import Verdict
from billcom.journal import State
from billcom.models.vendor import Vendor
from billcom.once import settle
from tests.billcom.build import make_bill, make_customer, make_invoice, make_vendor
from tests.billcom.conftest import NewClient, Waits
from tests.billcom.controls import Controls
from tests.billcom.writes import (
    BILLS,
    CHARGES,
    CUSTOMERS,
    INVOICES,
    PAYMENTS,
    VENDORS,
    Write,
    charge,
    customer,
    invoice,
    payment,
    vendor,
    vendors_bill,
)

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("permissive")]

LOOK = ["GET /v3/vendors"] * 3
# Right away, then after growing parts of the settle time.
LOOKS = 9

Make = Callable[[BillClient], Awaitable[Write[Any]]]


async def a_vendor(bill: BillClient) -> Write[Any]:
    return vendor(bill)


async def a_bill(bill: BillClient) -> Write[Any]:
    return vendors_bill(bill, (await make_vendor(bill)).id)


async def a_customer(bill: BillClient) -> Write[Any]:
    return customer(bill)


async def an_invoice(bill: BillClient) -> Write[Any]:
    return invoice(bill, (await make_customer(bill)).id)


async def a_payment(bill: BillClient) -> Write[Any]:
    return await payment(bill, await make_bill(bill))


async def a_charge(bill: BillClient) -> Write[Any]:
    return await charge(bill, await make_invoice(bill))


REPEATABLE: dict[str, Make] = {VENDORS: a_vendor, BILLS: a_bill, CUSTOMERS: a_customer, INVOICES: an_invoice}
MONEY: dict[str, Make] = {PAYMENTS: a_payment, CHARGES: a_charge}


@pytest.mark.parametrize(("path", "make"), (REPEATABLE | MONEY).items(), ids=REPEATABLE | MONEY)
async def test_what_bill_did_without_answering_is_adopted(
    trusted: BillClient, controls: Controls, path: str, make: Make
) -> None:
    wanted = await make(trusted)
    controls.fault("act_then_drop", "POST", path, times=9).forget()
    outcome = await wanted.once()
    assert outcome.made is True
    assert controls.acted() == [f"POST {path}"]
    rows = await wanted.rows()
    assert [row.state for row in rows] == ["SENDING", "UNKNOWN", "DONE"]
    assert rows[-1].record_id == outcome.record.id


@pytest.mark.parametrize(("path", "make"), REPEATABLE.items(), ids=REPEATABLE)
async def test_what_bill_does_not_have_after_the_settle_time_is_made_again(
    bill: BillClient, controls: Controls, waits: Waits, path: str, make: Make
) -> None:
    wanted = await make(bill)
    controls.fault("refuse", "POST", path).forget()
    assert (await wanted.once()).made is True
    assert controls.sent("POST") == [f"POST {path}"] * 2
    assert controls.acted() == [f"POST {path}"]
    assert len(waits) == LOOKS and sum(waits) == pytest.approx(90)
    assert await wanted.states() == ["SENDING", "UNKNOWN", "NOT_SENT", "SENDING", "DONE"]


async def test_what_bill_does_within_the_settle_time_is_adopted(bill: BillClient, controls: Controls) -> None:
    controls.fault("act_late", "POST", VENDORS, seconds=60)
    wanted = vendor(bill)
    assert (await wanted.once()).made is True
    assert controls.acted() == ["POST /v3/vendors"]
    assert await wanted.states() == ["SENDING", "UNKNOWN", "DONE"]


@pytest.mark.parametrize(("path", "make"), MONEY.items(), ids=MONEY)
async def test_money_that_bill_does_not_show_goes_to_a_person(
    trusted: BillClient, controls: Controls, waits: Waits, path: str, make: Make
) -> None:
    wanted = await make(trusted)
    controls.fault("act_late", "POST", path, seconds=3600).forget()
    with pytest.raises(UnsettledError, match=r"it may still act\. Nothing was sent again") as caught:
        await wanted.once()
    assert (caught.value.identity, caught.value.sequence) == (str((await wanted.rows())[0].identity), 3)
    assert sum(waits) == pytest.approx(90)
    assert len(controls.sent("GET")) == LOOKS + 1

    waits.clear()
    controls.forget()
    with pytest.raises(UnsettledError):
        await wanted.once()
    assert (controls.sent(), waits) == ([f"GET {path}"], [])

    controls.advance(minutes=61)
    outcome = await wanted.once()
    assert outcome.made is False
    assert [call for call in controls.acted() if call == f"POST {path}"] == [f"POST {path}"]
    assert await wanted.states() == ["SENDING", "UNKNOWN", "UNKNOWN", "DONE"]


async def test_when_bill_cannot_be_read_either_the_write_stays_open(
    bill: BillClient, controls: Controls
) -> None:
    controls.fault("act_then_drop", "POST", VENDORS).fault("html_500", "GET", VENDORS, nth=4, times=99)
    wanted = vendor(bill)
    with pytest.raises(OutcomeUnknownError, match="POST /v3/vendors: no proper answer") as caught:
        await wanted.once()
    assert isinstance(caught.value.__cause__, UnavailableError)
    assert await wanted.states() == ["SENDING", "UNKNOWN"]
    assert controls.sent("POST") == ["POST /v3/vendors"]


async def test_a_vendor_made_after_it_was_given_up_and_made_again_is_reported(
    bill: BillClient, controls: Controls
) -> None:
    controls.fault("act_late", "POST", VENDORS, seconds=600)
    wanted = vendor(bill)
    ours = (await wanted.once()).record
    assert (await wanted.once()).record.id == ours.id
    controls.advance(minutes=20)
    for again in (wanted.once, wanted.find):
        with pytest.raises(CaseError, match="several vendors are named 'Happy Music'") as caught:
            await again()
        assert (caught.value.identity, caught.value.sequence) == ("vendor happy music", 5)
    assert await wanted.states() == ["SENDING", "UNKNOWN", "NOT_SENT", "SENDING", "DONE"]
    assert controls.acted() == ["POST /v3/vendors"] * 2


async def test_of_two_twins_the_one_that_stays_is_the_one_a_person_names(
    bill: BillClient, controls: Controls
) -> None:
    controls.fault("act_late", "POST", VENDORS, seconds=600)
    wanted = vendor(bill)
    ours = (await wanted.once()).record
    controls.advance(minutes=20)
    (late,) = [row.id async for row in bill.vendors.list() if row.id != ours.id]
    await bill.vendors.archive(ours.id)
    with pytest.raises(CaseError, match=f"was sent twice.* is {ours.id} and {late} at BILL by now") as caught:
        await wanted.once()
    assert caught.value.sequence == 5
    assert await wanted.decide(Verdict.HAPPENED, late) is True
    assert ((await wanted.once()).record.id, (await wanted.find() or ours).id) == (late, late)


@pytest.mark.parametrize(("minutes", "sent"), [(14, 1), (16, 2)])
async def test_a_payment_may_be_sent_once_more_after_some_time_where_that_is_allowed(
    trusted: BillClient, new_client: NewClient, controls: Controls, minutes: int, sent: int
) -> None:
    paid = await make_bill(trusted)
    wanted = await payment(trusted, paid)
    controls.fault("refuse", "POST", PAYMENTS, times=sent).forget()
    with pytest.raises(UnsettledError):
        await wanted.once()
    later = await new_client(now=f"2026-11-23T15:{minutes}:00+00:00", resend_after_minutes=15)
    with pytest.raises(UnsettledError):
        await replace(wanted, client=later).once()
    assert controls.sent("POST") == ["POST /v3/payments"] * sent
    much_later = await new_client(now="2026-11-24T15:00:00+00:00", resend_after_minutes=15)
    if sent == 1:
        assert (await replace(wanted, client=much_later).once()).made is True
    else:
        with pytest.raises(UnsettledError):
            await replace(wanted, client=much_later).once()
    assert controls.sent("POST") == ["POST /v3/payments"] * 2


async def test_a_charge_is_never_sent_again_by_itself(
    bill: BillClient, new_client: NewClient, controls: Controls
) -> None:
    wanted = await charge(bill, await make_invoice(bill))
    controls.fault("refuse", "POST", CHARGES).forget()
    with pytest.raises(UnsettledError):
        await wanted.once()
    later = await new_client(now="2026-11-24T15:00:00+00:00", resend_after_minutes=15)
    with pytest.raises(UnsettledError):
        await replace(wanted, client=later).once()
    assert controls.sent("POST") == ["POST /v3/receivable-payments"]


async def test_a_payment_that_is_sent_once_more_is_looked_for_first(
    trusted: BillClient, new_client: NewClient, controls: Controls
) -> None:
    wanted = await payment(trusted, await make_bill(trusted))
    controls.fault("act_late", "POST", PAYMENTS, seconds=600).forget()
    with pytest.raises(UnsettledError):
        await wanted.once()
    controls.advance(minutes=20)
    later = await new_client(now="2026-11-23T15:20:00+00:00", resend_after_minutes=15)
    assert (await replace(wanted, client=later).once()).made is False
    assert controls.acted() == ["POST /v3/payments"]


async def test_an_open_payment_under_another_label_blocks(trusted: BillClient, controls: Controls) -> None:
    paid = await make_bill(trusted)
    await (await payment(trusted, paid)).note(State.SENDING)
    wanted = await payment(trusted, paid, label="second half")
    controls.forget()
    for call in (wanted.once(), wanted.decide(Verdict.SEND)):
        with pytest.raises(
            ConflictError, match=f"payment {paid.id} was sent and nobody knows yet whether BILL"
        ):
            await call
    assert controls.sent() == []


async def test_an_open_attempt_with_other_content_is_a_conflict(bill: BillClient, controls: Controls) -> None:
    vendor_id = (await make_vendor(bill)).id
    await vendors_bill(bill, vendor_id, "149.00").note(State.SENDING)
    controls.forget()
    with pytest.raises(
        ConflictError, match=r"is SENDING with amount 149\.00 .*, now amount 150\.00 is asked for"
    ):
        await vendors_bill(bill, vendor_id, "150.00").once()
    assert controls.sent() == []


async def test_what_a_dead_process_claimed_and_sent_is_adopted(bill: BillClient, controls: Controls) -> None:
    made = await make_vendor(bill)
    wanted = vendor(bill)
    await wanted.note(State.SENDING)
    outcome = await wanted.once()
    assert (outcome.record.id, outcome.made) == (made.id, False)
    assert controls.acted() == ["POST /v3/vendors"]
    assert await wanted.states() == ["SENDING", "DONE"]


async def test_what_a_dead_process_claimed_and_did_not_send_is_made(
    bill: BillClient, controls: Controls, waits: Waits
) -> None:
    wanted = vendor(bill)
    await wanted.note(State.SENDING)
    assert (await wanted.once()).made is True
    assert sum(waits) == pytest.approx(90)
    assert controls.acted() == ["POST /v3/vendors"]
    assert await wanted.states() == ["SENDING", "NOT_SENT", "SENDING", "DONE"]


@pytest.mark.parametrize(("path", "make"), MONEY.items(), ids=MONEY)
async def test_money_that_a_dead_process_claimed_goes_to_a_person(
    trusted: BillClient, controls: Controls, path: str, make: Make
) -> None:
    wanted = await make(trusted)
    await wanted.note(State.SENDING)
    controls.forget()
    with pytest.raises(UnsettledError):
        await wanted.once()
    assert controls.sent("POST") == []
    assert await wanted.states() == ["SENDING", "UNKNOWN"]


async def test_what_moves_on_while_it_is_watched_is_read_again(bill: BillClient, controls: Controls) -> None:
    made = await make_vendor(bill)
    wanted = vendor(bill)
    await wanted.note(State.SENDING)
    looks: list[int] = []

    async def look() -> Vendor | None:
        looks.append(1)
        if len(looks) == 2:
            await wanted.note(State.DONE, record_id=made.id)

    outcome = await replace(wanted, intent=replace(wanted.intent, look=look)).once()
    assert (outcome.record.id, outcome.made, len(looks)) == (made.id, False, 2)
    assert await wanted.states() == ["SENDING", "DONE"]


async def test_who_only_reads_settles_too(trusted: BillClient, controls: Controls) -> None:
    made = await make_vendor(trusted, name="There")
    there, absent = vendor(trusted, name="There"), vendor(trusted, name="Absent")
    money = await a_payment(trusted)
    for wanted in (there, absent, money):
        await wanted.note(State.SENDING)
    controls.forget()
    found = await settle(trusted, there.intent)
    assert found is not None and found.id == made.id
    assert await settle(trusted, absent.intent) is None
    with pytest.raises(UnsettledError):
        await settle(trusted, money.intent)
    assert controls.acted() == []
    assert [(await wanted.states())[-1] for wanted in (there, absent, money)] == [
        "DONE", "NOT_SENT", "UNKNOWN",
    ]  # fmt: skip

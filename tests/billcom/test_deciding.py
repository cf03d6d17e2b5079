"""What a person decides about a write: believed only as far as BILL confirms it."""

from decimal import Decimal

import pytest

from billcom import BillClient
from billcom.errors import CaseError, ConflictError, UnsettledError
from billcom.intent import Verdict
from billcom.journal import State
from billcom.lookup.payments import payment_reference
from billcom.models.bill import Bill
from billcom.models.payment import Payment
from tests.billcom.build import make_bill, make_vendor, pay
from tests.billcom.controls import Controls
from tests.billcom.writes import BILLS, PAYMENTS, Write, payment, vendor, vendors_bill

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("permissive")]


@pytest.fixture
async def paid(trusted: BillClient) -> Bill:
    """A bill of 149.00."""
    return await make_bill(trusted)


@pytest.fixture
async def lost(trusted: BillClient, controls: Controls, paid: Bill) -> Write[Payment]:
    """Its payment, which BILL never got, and nobody knows."""
    wanted = await payment(trusted, paid, process_date="2026-11-24")
    controls.fault("refuse", "POST", PAYMENTS)
    with pytest.raises(UnsettledError):
        await wanted.once()
    controls.forget()
    return wanted


async def test_what_happened_is_done_when_bill_confirms_it(
    trusted: BillClient, controls: Controls, paid: Bill, lost: Write[Payment]
) -> None:
    by_hand = await pay(trusted, paid)
    controls.forget()
    assert await lost.decide(Verdict.HAPPENED, f" {by_hand.id} ") is True
    outcome = await lost.once()
    assert (outcome.record.id, outcome.made) == (by_hand.id, False)
    assert controls.sent("POST") == []
    last = (await lost.rows())[-1]
    assert (last.state, last.record_id, last.note) == ("DONE", by_hand.id, "a person: it happened")
    assert last.details["process_date"] == "2026-11-24"


async def test_another_bill_s_payment_is_not_it(trusted: BillClient, lost: Write[Payment]) -> None:
    other = await make_bill(trusted)
    wrong = await pay(trusted, other)
    with pytest.raises(ConflictError, match=rf"pays {other.id}: look at both in BILL"):
        await lost.decide(Verdict.HAPPENED, wrong.id)
    assert await lost.states() == ["SENDING", "UNKNOWN", "UNKNOWN"]


async def test_a_payment_of_another_amount_is_not_it(
    trusted: BillClient, paid: Bill, lost: Write[Payment]
) -> None:
    wrong = await pay(trusted, paid, amount=Decimal("100.00"))
    with pytest.raises(ConflictError, match=r"pays 100\.00 of bill .*, which asks for 149\.00"):
        await lost.decide(Verdict.HAPPENED, wrong.id)
    assert await lost.states() == ["SENDING", "UNKNOWN", "UNKNOWN"]


async def test_a_cancelled_payment_is_not_it(trusted: BillClient, paid: Bill, lost: Write[Payment]) -> None:
    gone = await trusted.payments.cancel((await pay(trusted, paid)).id)
    with pytest.raises(ConflictError, match=r"is CANCELLED \(CANCELED\)"):
        await lost.decide(Verdict.HAPPENED, gone.id)
    assert await lost.states() == ["SENDING", "UNKNOWN", "UNKNOWN"]


@pytest.mark.parametrize("record_id", ["stp00000000000000000", "", " ", "no/such", "../vendors", "?max=1"])
async def test_an_id_that_bill_does_not_know_is_not_it(lost: Write[Payment], record_id: str) -> None:
    with pytest.raises(ConflictError, match=r"BILL has no payment '.*': give its id"):
        await lost.decide(Verdict.HAPPENED, record_id)
    assert await lost.states() == ["SENDING", "UNKNOWN", "UNKNOWN"]


async def test_what_did_not_happen_is_sent_exactly_once_more(
    controls: Controls, lost: Write[Payment]
) -> None:
    assert await lost.decide(Verdict.SEND) is True
    assert (controls.sent("POST"), controls.sent()) == ([], ["GET /v3/payments"])
    assert (await lost.once()).made is True
    assert (await lost.once()).made is False
    assert controls.acted() == ["POST /v3/payments"]
    assert await lost.states() == ["SENDING", "UNKNOWN", "UNKNOWN", "RELEASED", "SENDING", "DONE"]


async def test_what_did_not_happen_and_is_there_by_now_is_adopted(
    trusted: BillClient, controls: Controls, paid: Bill, lost: Write[Payment]
) -> None:
    made = await pay(trusted, paid, transaction_number=payment_reference(trusted, paid.id, ""))
    controls.advance(minutes=1).forget()
    assert await lost.decide(Verdict.SEND) is True
    assert ((await lost.once()).record.id, controls.sent("POST")) == (made.id, [])
    assert (await lost.states())[-1] == "DONE"


async def test_what_did_not_happen_and_appears_after_the_next_sending_is_reported(
    trusted: BillClient, controls: Controls, paid: Bill
) -> None:
    wanted = await payment(trusted, paid)
    controls.fault("act_late", "POST", PAYMENTS, seconds=600)
    with pytest.raises(UnsettledError):
        await wanted.once()
    await wanted.decide(Verdict.SEND)
    await wanted.once()
    controls.advance(minutes=20)
    with pytest.raises(CaseError, match=r"is paid twice at BILL .*: cancel or void one now"):
        await wanted.once()


async def test_a_payment_that_is_released_and_lost_again_goes_to_a_person_again(
    controls: Controls, lost: Write[Payment]
) -> None:
    controls.fault("refuse", "POST", PAYMENTS)
    await lost.decide(Verdict.SEND)
    with pytest.raises(UnsettledError) as caught:
        await lost.once()
    assert caught.value.sequence == 7
    assert controls.sent("POST") == ["POST /v3/payments"]


async def test_leave_changes_nothing(controls: Controls, lost: Write[Payment]) -> None:
    assert await lost.decide(Verdict.LEAVE) is False
    assert controls.sent() == []
    assert await lost.states() == ["SENDING", "UNKNOWN", "UNKNOWN"]


@pytest.mark.parametrize("verdict", [Verdict.SEND, Verdict.HAPPENED])
@pytest.mark.parametrize("sequence", [0, 2, 4])
async def test_an_answer_to_another_row_is_void(
    controls: Controls, lost: Write[Payment], verdict: Verdict, sequence: int
) -> None:
    assert await lost.decide(verdict, "stp1", sequence) is False
    assert controls.sent() == []
    assert await lost.states() == ["SENDING", "UNKNOWN", "UNKNOWN"]


async def test_a_payment_that_is_done_is_never_released(
    trusted: BillClient, controls: Controls, paid: Bill
) -> None:
    wanted = await payment(trusted, paid)
    await wanted.once()
    await wanted.decide(Verdict.SEND)
    assert (await wanted.once()).made is False
    assert controls.acted().count("POST /v3/payments") == 1
    assert await wanted.states() == ["SENDING", "DONE"]


async def test_a_payment_that_bill_no_longer_has_is_never_released(
    trusted: BillClient, controls: Controls, paid: Bill
) -> None:
    wanted = await payment(trusted, paid)
    await wanted.note(State.DONE, record_id="stp00000000000000000")
    await wanted.decide(Verdict.SEND)
    with pytest.raises(CaseError, match="as stp00000000000000000, and BILL has no such record"):
        await wanted.once()
    assert controls.sent("POST", PAYMENTS) == []
    assert await wanted.states() == ["DONE"]


async def test_a_vendor_that_bill_no_longer_has_is_made_anew_when_a_person_says_so(
    bill: BillClient, controls: Controls
) -> None:
    wanted = vendor(bill)
    await wanted.note(State.DONE, record_id="00900000000000000000")
    with pytest.raises(CaseError, match="BILL has no such record: who removed it"):
        await wanted.once()
    assert controls.sent("POST") == []
    await wanted.decide(Verdict.SEND)
    assert (await wanted.once()).made is True
    assert await wanted.states() == ["DONE", "RELEASED", "SENDING", "DONE"]


async def test_a_bill_of_the_same_number_is_passed_when_a_person_says_it_is_another(
    bill: BillClient, controls: Controls
) -> None:
    vendor_id = (await make_bill(bill, "100.00")).vendor_id
    controls.advance(minutes=1).forget()
    wanted = vendors_bill(bill, vendor_id)
    with pytest.raises(CaseError, match=r"bill 202501 is at BILL .* with amount 100\.00") as caught:
        await wanted.once()
    assert (caught.value.sequence, controls.sent("POST")) == (0, [])
    assert await wanted.decide(Verdict.SEND, sequence=0) is True
    assert (await wanted.once()).made is True
    assert (await wanted.once()).made is False
    assert controls.acted() == ["POST /v3/bills"]
    assert await wanted.states() == ["RELEASED", "SENDING", "DONE"]


@pytest.mark.parametrize(("fault", "made"), [("act_then_drop", 1), ("refuse", 1), ("act_late", 2)])
async def test_what_is_passed_stays_passed_when_the_answer_is_lost(
    bill: BillClient, controls: Controls, fault: str, made: int
) -> None:
    vendor_id = (await make_bill(bill, "100.00")).vendor_id
    controls.advance(minutes=1).forget()
    wanted = vendors_bill(bill, vendor_id)
    await wanted.decide(Verdict.SEND)
    controls.fault(fault, "POST", BILLS, seconds=600)
    assert (await wanted.once()).made is True
    controls.advance(minutes=20)
    if made == 1:
        assert (await wanted.once()).made is False
    else:
        with pytest.raises(CaseError, match="bill 202501 stands twice at BILL"):
            await wanted.once()
    assert controls.acted() == ["POST /v3/bills"] * made


async def test_of_several_of_one_name_a_person_names_one(bill: BillClient, controls: Controls) -> None:
    first, _ = await make_vendor(bill), await make_vendor(bill)
    other = await make_vendor(bill, name="Other")
    controls.advance(minutes=1).forget()
    wanted = vendor(bill)
    with pytest.raises(CaseError, match="several vendors are named"):
        await wanted.once()
    with pytest.raises(ConflictError, match=f"vendor {other.id} is 'Other' at BILL, not 'Happy Music'"):
        await wanted.decide(Verdict.HAPPENED, other.id)
    assert await wanted.decide(Verdict.HAPPENED, first.id) is True
    assert (await wanted.once()).record.id == first.id
    assert controls.sent("POST") == []


async def test_of_several_of_one_name_none_can_be_passed(bill: BillClient, controls: Controls) -> None:
    for _ in range(2):
        await make_vendor(bill)
    controls.advance(minutes=1).forget()
    wanted = vendor(bill)
    with pytest.raises(CaseError, match="several vendors are named") as caught:
        await wanted.decide(Verdict.SEND)
    assert (caught.value.identity, caught.value.sequence) == ("vendor happy music", 0)
    assert await wanted.rows() == []
    assert controls.sent("POST") == []


async def test_the_payment_of_one_label_is_not_that_of_another(
    trusted: BillClient, controls: Controls, paid: Bill
) -> None:
    first = await (await payment(trusted, paid)).once()
    second = await payment(trusted, paid, label="second")
    controls.fault("refuse", "POST", PAYMENTS)
    with pytest.raises(UnsettledError):
        await second.once()
    with pytest.raises(ConflictError, match=rf"payment {first.record.id} is the one without a label"):
        await second.decide(Verdict.HAPPENED, first.record.id)
    third = await payment(trusted, paid, label="third")
    by_hand = await pay(trusted, paid)
    await second.decide(Verdict.HAPPENED, by_hand.id)
    with pytest.raises(ConflictError, match=rf"payment {by_hand.id} is the one under label 'second'"):
        await third.decide(Verdict.HAPPENED, by_hand.id)


async def test_a_lost_payment_that_was_cancelled_at_bill_meanwhile_is_closed(
    trusted: BillClient, controls: Controls, paid: Bill
) -> None:
    wanted = await payment(trusted, paid)
    controls.rules("permissive", list_delay_ms=600_000)
    controls.fault("act_then_drop", "POST", PAYMENTS)
    with pytest.raises(UnsettledError):
        await wanted.once()
    controls.advance(minutes=11)
    (gone,) = [row.id async for row in trusted.payments.list()]
    await trusted.payments.cancel(gone)
    for _ in range(2):
        with pytest.raises(ConflictError, match=r"is CANCELLED .* run again with a label of its own"):
            await wanted.once()
    assert await wanted.states() == ["SENDING", "UNKNOWN", "UNKNOWN", "DONE"]
    assert (await (await payment(trusted, paid, label="second")).once()).made

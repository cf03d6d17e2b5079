"""Finding the payment of a bill by our own reference, against the local BILL."""

from decimal import Decimal
from typing import Any

import pytest

from billcom import BillClient
from billcom.errors import ConflictError
from billcom.lookup.payments import payment_intent, payment_reference
from billcom.models.bill import Bill
from billcom.models.payment import Payment
from billcom.reference import charge_mark, transaction_number
from tests.billcom.build import make_bill, pay
from tests.billcom.controls import Controls

pytestmark = pytest.mark.anyio


async def pay_by_reference(bill: BillClient, paid: Bill, label: str = "", **changes: Any) -> Payment:
    """Pay a bill under our reference."""
    return await pay(bill, paid, transaction_number=payment_reference(bill, paid.id, label), **changes)


def test_a_reference_depends_on_what_is_paid_alone() -> None:
    one = transaction_number("https://a", "008", "00n1")
    others = {
        transaction_number("https://b", "008", "00n1"),
        transaction_number("https://a", "009", "00n1"),
        transaction_number("https://a", "008", "00n2"),
        transaction_number("https://a", "008", "00n1", "again"),
        transaction_number("https://a", "00800n1", ""),
    }
    assert one == transaction_number("https://a", "008", "00n1")
    assert len(others | {one}) == 6
    assert len(one) == 32 and one.isalnum() and one.isascii()


def test_a_mark_does_not_depend_on_the_order_of_its_invoices() -> None:
    mark = charge_mark("https://a", "008", ["00e1", "00e2"])
    assert mark == charge_mark("https://a", "008", ["00e2", "00e1"])
    assert mark != charge_mark("https://a", "008", ["00e1"])
    assert len(mark) == 12 and mark.isalnum()


async def test_a_bill_that_is_not_paid_has_no_payment(bill: BillClient) -> None:
    assert await payment_intent(bill, await make_bill(bill)).look() is None


async def test_the_payment_of_a_bill_is_found(trusted: BillClient) -> None:
    bills = [await make_bill(trusted) for _ in range(2)]
    made = [await pay_by_reference(trusted, paid) for paid in bills]
    found = [await payment_intent(trusted, paid).look() for paid in bills]
    assert [payment and payment.id for payment in found] == [payment.id for payment in made]


async def test_a_payment_without_our_reference_is_not_ours(trusted: BillClient) -> None:
    paid = await make_bill(trusted)
    await pay(trusted, paid, transaction_number="SOMEBODYS")
    assert await payment_intent(trusted, paid).look() is None


async def test_our_reference_on_another_bill_is_a_conflict(trusted: BillClient) -> None:
    paid, other = await make_bill(trusted), await make_bill(trusted)
    await pay(trusted, other, transaction_number=payment_reference(trusted, paid.id, ""))
    with pytest.raises(
        ConflictError, match=f"reference for bill {paid.id} and pays {other.id}: look at both"
    ):
        await payment_intent(trusted, paid).look()


async def test_a_payment_that_is_done_is_found(trusted: BillClient, controls: Controls) -> None:
    paid = await make_bill(trusted)
    made = await pay_by_reference(trusted, paid)
    controls.move("payments", made.id, "clear")
    found = await payment_intent(trusted, paid).look()
    assert found is not None and (found.id, found.single_status) == (made.id, "CLEARED")


async def test_a_cancelled_payment_asks_for_a_label(trusted: BillClient) -> None:
    paid = await make_bill(trusted)
    gone = await trusted.payments.cancel((await pay_by_reference(trusted, paid)).id)
    with pytest.raises(ConflictError) as caught:
        await payment_intent(trusted, paid).look()
    assert str(caught.value) == (
        f"payment {gone.id} of bill {paid.id} is CANCELLED (CANCELED): to pay the bill once more, run again "
        "with a label of its own"
    )
    assert await payment_intent(trusted, paid, "again").look() is None


@pytest.mark.parametrize(
    ("steps", "status"),
    [(["fail"], r"VOID \(FUNDING_FAILED_VOIDED\)"), (["fund", "fail"], r"VOID \(FUNDING_FAILED_VOIDED\)")],
)
async def test_a_payment_whose_money_was_refused_asks_for_a_label(
    trusted: BillClient, controls: Controls, steps: list[str], status: str
) -> None:
    paid = await make_bill(trusted)
    made = await pay_by_reference(trusted, paid)
    for step in steps:
        controls.move("payments", made.id, step)
    with pytest.raises(ConflictError, match=f"is {status}: to pay the bill once more"):
        await payment_intent(trusted, paid).look()


async def test_a_payment_that_came_back_from_the_vendors_bank_is_never_called_paid(
    trusted: BillClient, controls: Controls
) -> None:
    paid = await make_bill(trusted)
    made = await pay_by_reference(trusted, paid)
    for step in ("process", "return"):
        controls.move("payments", made.id, step)
    with pytest.raises(ConflictError, match=r"DISBURSEMENT_FAILED.*: BILL waits for somebody to act on it"):
        await payment_intent(trusted, paid).look()


async def test_with_a_label_a_bill_is_paid_once_more(trusted: BillClient) -> None:
    paid = await make_bill(trusted)
    await trusted.payments.cancel((await pay_by_reference(trusted, paid)).id)
    again = await pay_by_reference(trusted, paid, "again")
    found = await payment_intent(trusted, paid, "again").look()
    assert found is not None and found.id == again.id


async def test_a_live_payment_goes_before_a_cancelled_one(trusted: BillClient) -> None:
    paid = await make_bill(trusted)
    await trusted.payments.cancel((await pay_by_reference(trusted, paid)).id)
    made = await pay_by_reference(trusted, paid)
    found = await payment_intent(trusted, paid).look()
    assert found is not None and found.id == made.id


async def test_a_bill_paid_twice_is_for_a_person_at_once(trusted: BillClient, controls: Controls) -> None:
    controls.rules(overpayment="accept")
    paid = await make_bill(trusted)
    first, second = await pay_by_reference(trusted, paid), await pay_by_reference(trusted, paid)
    with pytest.raises(ConflictError, match=f"bill {paid.id} is paid twice at BILL") as caught:
        await payment_intent(trusted, paid).look()
    assert first.id in str(caught.value) and second.id in str(caught.value)


async def test_a_payment_of_another_amount_contradicts(trusted: BillClient, controls: Controls) -> None:
    paid = await make_bill(trusted, "149.00")
    made = await pay_by_reference(trusted, paid, amount=Decimal("100.00"))
    controls.forget()
    with pytest.raises(ConflictError) as caught:
        await payment_intent(trusted, paid).look()
    assert str(caught.value).startswith(
        f"payment {made.id} pays 100.00 of bill {paid.id}, which asks for 149.00: look at both in BILL"
    )
    assert controls.acted() == []

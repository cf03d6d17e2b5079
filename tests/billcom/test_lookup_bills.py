"""Finding the bill that is meant, and whether it may be paid, against the local BILL."""

from datetime import date
from decimal import Decimal

import pytest

from billcom import BillClient
from billcom.errors import ConflictError
from billcom.lookup.bills import check_payable
from billcom.models.bill import NewBillInvoice
from tests.billcom.build import make_bill, make_vendor, pay, wanted_bill
from tests.billcom.controls import Controls

pytestmark = pytest.mark.anyio


async def test_the_bill_of_vendor_number_date_and_amount_is_found(bill: BillClient) -> None:
    made = await make_bill(bill)
    await make_bill(bill, vendor_id=made.vendor_id, number="202502")
    found = await wanted_bill(bill, made.vendor_id).look()
    assert found is not None and found.id == made.id


async def test_the_number_of_another_vendor_is_another_bill(bill: BillClient) -> None:
    await make_bill(bill)
    other = await make_vendor(bill, name="Other")
    assert await wanted_bill(bill, other.id).look() is None


@pytest.mark.parametrize(
    ("changes", "held"),
    [
        ({"amount": "149.01"}, "amount 149.00 and date 2026-11-20, the request says 149.01 and 2026-11-20"),
        (
            {"invoice_date": "2026-11-19"},
            "amount 149.00 and date 2026-11-20, the request says 149.00 and 2026-11-19",
        ),
    ],
    ids=["amount", "date"],
)
async def test_the_same_number_with_another_amount_or_date_contradicts(
    bill: BillClient, controls: Controls, changes: dict[str, str], held: str
) -> None:
    made = await make_bill(bill)
    controls.forget()
    with pytest.raises(ConflictError) as caught:
        await wanted_bill(bill, made.vendor_id, **changes).look()
    assert str(caught.value) == (
        f"bill 202501 is at BILL ({made.id}) with {held}: correct the request, or the bill at BILL"
    )
    assert controls.acted() == []


async def test_an_amount_is_the_same_with_and_without_its_zeros(bill: BillClient) -> None:
    made = await make_bill(bill, "0.10")
    assert await wanted_bill(bill, made.vendor_id, amount="0.1").look() is not None


async def test_a_number_that_stands_twice_is_for_a_person_to_decide(bill: BillClient) -> None:
    first = await make_bill(bill)
    second = await make_bill(bill, vendor_id=first.vendor_id)
    with pytest.raises(ConflictError, match="bill 202501 stands twice at BILL") as caught:
        await wanted_bill(bill, first.vendor_id).look()
    assert first.id in str(caught.value) and second.id in str(caught.value)


async def test_an_archived_bill_is_not_used(bill: BillClient) -> None:
    gone = await bill.bills.archive((await make_bill(bill)).id)
    with pytest.raises(ConflictError, match=rf"is archived at BILL \({gone.id}\): restore it, or renumber"):
        await wanted_bill(bill, gone.vendor_id).look()


async def test_one_in_use_goes_before_an_archived_one(bill: BillClient) -> None:
    gone = await bill.bills.archive((await make_bill(bill, "1.00")).id)
    made = await make_bill(bill, vendor_id=gone.vendor_id)
    found = await wanted_bill(bill, gone.vendor_id).look()
    assert found is not None and found.id == made.id


async def test_a_bill_of_another_number_is_passed_over(bill: BillClient) -> None:
    invoice = NewBillInvoice(invoice_number="OTHER", invoice_date=date(2026, 11, 20))
    made = await make_bill(bill, invoice=invoice)
    assert await wanted_bill(bill, made.vendor_id).look() is None


@pytest.mark.parametrize(
    "number", ["inv-1001", "INV-1001 ", "Inv-1001", "INV\u20131001", "INV-\uff11\uff10\uff10\uff11"]
)
async def test_bill_whose_number_is_spelled_otherwise_is_found(bill: BillClient, number: str) -> None:
    invoice = NewBillInvoice(invoice_number=number, invoice_date=date(2026, 11, 20))
    made = await make_bill(bill, invoice=invoice)
    found = await wanted_bill(bill, made.vendor_id, invoice_number="INV-1001").look()
    assert found is not None and found.id == made.id


@pytest.mark.parametrize("status", ["UNASSIGNED", "APPROVED"])
async def test_an_open_bill_may_be_paid(bill: BillClient, controls: Controls, status: str) -> None:
    made = await make_bill(bill)
    controls.approval(made.id, status)
    check_payable(await bill.bills.get(made.id))


@pytest.mark.parametrize("status", ["ASSIGNED", "APPROVING", "DENIED"])
async def test_a_bill_that_is_not_approved_is_not_paid(
    bill: BillClient, controls: Controls, status: str
) -> None:
    made = await make_bill(bill)
    controls.approval(made.id, status)
    with pytest.raises(ConflictError, match=f"is {status} in BILL's approval policy"):
        check_payable(await bill.bills.get(made.id))


async def test_an_archived_bill_is_not_paid(bill: BillClient) -> None:
    made = await make_bill(bill)
    with pytest.raises(ConflictError, match="is archived: restore it first"):
        check_payable(await bill.bills.archive(made.id))


@pytest.mark.parametrize(
    ("amount", "is_open"), [("149.00", "0.00"), ("0.01", "148.99")], ids=["whole", "one cent"]
)
async def test_a_bill_that_something_else_pays_is_not_paid(
    trusted: BillClient, amount: str, is_open: str
) -> None:
    made = await make_bill(trusted)
    await pay(trusted, made, amount=Decimal(amount))
    with pytest.raises(ConflictError, match=rf"has {is_open} of 149.00 open \(SCHEDULED\)"):
        check_payable(await trusted.bills.get(made.id))


async def test_a_bill_whose_payment_was_cancelled_may_be_paid(trusted: BillClient) -> None:
    made = await make_bill(trusted)
    await trusted.payments.cancel((await pay(trusted, made)).id)
    check_payable(await trusted.bills.get(made.id))


async def test_a_paid_bill_is_not_paid_again(trusted: BillClient, controls: Controls) -> None:
    made = await make_bill(trusted)
    controls.move("payments", (await pay(trusted, made)).id, "process")
    with pytest.raises(ConflictError, match=r"has 0.00 of 149.00 open \(PAID\)"):
        check_payable(await trusted.bills.get(made.id))

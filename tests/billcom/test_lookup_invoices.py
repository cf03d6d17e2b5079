"""Finding the invoice that is meant, and whether it may be charged, against the local BILL."""

from decimal import Decimal

import pytest

from billcom import BillClient
from billcom.errors import ConflictError
from billcom.lookup.invoices import check_chargeable
from billcom.models.received_payment import InvoiceAmount
from tests.billcom.build import charge, make_customer, make_invoice, wanted_invoice
from tests.billcom.controls import Controls

pytestmark = pytest.mark.anyio

TOTAL = Decimal("29.98")


async def test_the_invoice_of_the_number_is_found(bill: BillClient) -> None:
    customer = await make_customer(bill)
    assert await wanted_invoice(bill, customer.id).look() is None
    made = await make_invoice(bill, customer_id=customer.id)
    await make_invoice(bill, customer_id=customer.id, number="202503")
    found = await wanted_invoice(bill, customer.id).look()
    assert found is not None and found.id == made.id


async def test_the_invoice_of_another_customer_is_not_used(bill: BillClient) -> None:
    await make_invoice(bill)
    other = await make_customer(bill, name="Other")
    assert await wanted_invoice(bill, other.id).look() is None


async def test_the_same_number_with_another_amount_contradicts(bill: BillClient, controls: Controls) -> None:
    made = await make_invoice(bill)
    controls.forget()
    with pytest.raises(ConflictError) as caught:
        await wanted_invoice(bill, made.customer_id or "", price="15.00").look()
    assert str(caught.value) == (
        f"invoice 202502 is at BILL ({made.id}) with 29.98, the request says 30.00: correct the request, or "
        "the invoice at BILL"
    )
    assert controls.acted() == []


async def test_a_number_that_stands_twice_is_for_a_person_to_decide(
    bill: BillClient, controls: Controls
) -> None:
    controls.rules(duplicate_invoice_number="accept")
    first = await make_invoice(bill)
    second = await make_invoice(bill, customer_id=first.customer_id)
    with pytest.raises(ConflictError, match="invoice 202502 stands twice at BILL") as caught:
        await wanted_invoice(bill, first.customer_id or "").look()
    assert first.id in str(caught.value) and second.id in str(caught.value)


async def test_an_archived_invoice_is_not_used(bill: BillClient) -> None:
    gone = await bill.invoices.archive((await make_invoice(bill)).id)
    with pytest.raises(ConflictError, match=r"is archived at BILL .*: restore it, or renumber"):
        await wanted_invoice(bill, gone.customer_id or "").look()
    with pytest.raises(ConflictError, match="is archived: restore it first"):
        check_chargeable(gone, TOTAL)


async def test_an_open_invoice_may_be_charged(bill: BillClient) -> None:
    check_chargeable(await make_invoice(bill), TOTAL)


@pytest.mark.parametrize(("amount", "is_open"), [("29.98", "0.00"), ("0.01", "29.97")])
async def test_an_invoice_that_something_else_pays_is_not_charged(
    bill: BillClient, amount: str, is_open: str
) -> None:
    made = await make_invoice(bill)
    part = InvoiceAmount(invoice_id=made.id, amount=Decimal(amount))
    await charge(bill, made, invoice_payments=[part])
    with pytest.raises(
        ConflictError, match=f"has {is_open} of 29.98 open .SCHEDULED.: something else pays it"
    ):
        check_chargeable(await bill.invoices.get(made.id), TOTAL)

"""Finding the charge of an invoice by the mark in its description, against the local BILL."""

import pytest

from billcom import BillClient
from billcom.errors import ConflictError
from billcom.lookup.received_payments import charge_description, charge_intent
from billcom.models.invoice import Invoice
from billcom.models.received_payment import ReceivedPayment
from tests.billcom.build import charge, make_invoice
from tests.billcom.controls import Controls

pytestmark = pytest.mark.anyio


async def charge_by_mark(bill: BillClient, invoice: Invoice, label: str = "") -> ReceivedPayment:
    """Charge an invoice under our mark."""
    return await charge(bill, invoice, description=charge_description(bill, invoice, label))


async def test_the_charge_of_an_invoice_is_found(bill: BillClient) -> None:
    invoices = [await make_invoice(bill, number=number) for number in ("A", "B")]
    assert await charge_intent(bill, invoices[0]).look() is None
    made = [await charge_by_mark(bill, invoice) for invoice in invoices]
    found = [await charge_intent(bill, invoice).look() for invoice in invoices]
    assert [row and row.id for row in found] == [row.id for row in made]


async def test_the_mark_opens_the_description(bill: BillClient) -> None:
    invoice = await make_invoice(bill)
    mark, _, rest = charge_description(bill, invoice, "").partition(" ")
    assert (len(mark), rest) == (12, "202502")
    assert mark != charge_description(bill, invoice, "again").partition(" ")[0]


@pytest.mark.parametrize("description", [None, "202502", "by hand"])
async def test_a_charge_without_our_mark_is_not_ours(bill: BillClient, description: str | None) -> None:
    invoice = await make_invoice(bill)
    await charge(bill, invoice, description=description)
    assert await charge_intent(bill, invoice).look() is None


async def test_our_mark_on_another_invoice_is_a_conflict(bill: BillClient) -> None:
    invoice, other = await make_invoice(bill, number="A"), await make_invoice(bill, number="B")
    await charge(bill, other, description=charge_description(bill, invoice, ""))
    with pytest.raises(ConflictError, match=f"of invoice {invoice.id} pays {other.id} by now: look at both"):
        await charge_intent(bill, invoice).look()


async def test_a_charge_that_is_settled_is_found(bill: BillClient, controls: Controls) -> None:
    invoice = await make_invoice(bill)
    made = await charge_by_mark(bill, invoice)
    controls.move("received-payments", made.id, "settle")
    found = await charge_intent(bill, invoice).look()
    assert found is not None and (found.id, found.status) == (made.id, "PAID")


async def test_a_charge_that_came_back_asks_for_a_label(bill: BillClient, controls: Controls) -> None:
    invoice = await make_invoice(bill)
    made = await charge_by_mark(bill, invoice)
    controls.move("received-payments", made.id, "return")
    with pytest.raises(ConflictError, match=rf"charge {made.id} of invoice {invoice.id} is VOID: to charge"):
        await charge_intent(bill, invoice).look()
    assert await charge_intent(bill, invoice, "again").look() is None


async def test_an_invoice_charged_twice_is_for_support(bill: BillClient, controls: Controls) -> None:
    controls.rules(overcharge="accept")
    invoice = await make_invoice(bill)
    made = [await charge_by_mark(bill, invoice) for _ in range(2)]
    with pytest.raises(ConflictError, match=r"charged twice at BILL .*: call BILL's support") as caught:
        await charge_intent(bill, invoice).look()
    assert all(row.id in str(caught.value) for row in made)


async def test_only_money_since_the_invoice_is_read(bill: BillClient, controls: Controls) -> None:
    await charge_by_mark(bill, await make_invoice(bill, number="OLD"))
    controls.advance(minutes=5)
    invoice = await make_invoice(bill, number="NEW")
    controls.forget()
    assert await charge_intent(bill, invoice).look() is None
    (row,) = controls.journal()
    assert "updatedTime%3Agte%3A%222026-11-23T15%3A05%3A" in row["query"]

"""Invoices to customers, against the local BILL."""

from datetime import date
from decimal import Decimal

import pytest

from billcom import BillClient
from billcom.errors import DuplicateError, NotFoundError
from billcom.models.invoice import (
    InvoiceChange,
    InvoiceEmail,
    InvoiceEmailRecipient,
    InvoiceEmailReplyTo,
    InvoiceLineChange,
    NewInvoiceLine,
    PaymentLinkRequest,
)
from billcom.query import Filter
from tests.billcom.build import charge, make_customer, make_invoice, new_invoice
from tests.billcom.controls import Controls

pytestmark = pytest.mark.anyio


async def test_an_invoice_that_was_made_can_be_got(bill: BillClient) -> None:
    customer = await make_customer(bill)
    made = await bill.invoices.create(new_invoice(customer.id))
    got = await bill.invoices.get(made.id)
    assert got.id.startswith("00e")
    assert (got.customer_id, got.invoice_number, got.status) == (customer.id, "202502", "OPEN")
    assert (got.invoice_date, got.due_date) == (date(2026, 11, 20), date(2026, 12, 31))
    assert (got.total_amount, got.due_amount) == (Decimal("29.98"), Decimal("29.98"))
    assert [(line.quantity, line.price) for line in got.invoice_line_items] == [(2, Decimal("14.99"))]


@pytest.mark.parametrize(
    ("lines", "total"),
    [
        ([("1", "0.10")], "0.10"),
        ([("1", "0.10"), ("1", "0.20")], "0.30"),
        ([("3", "0.10")], "0.30"),
        ([("1", "1234567.89")], "1234567.89"),
        ([("0.5", "0.01")], "0.01"),
        ([("1.25", "19.99")], "24.99"),
    ],
)
async def test_amounts_are_exact_to_the_cent(
    bill: BillClient, lines: list[tuple[str, str]], total: str
) -> None:
    parts = [NewInvoiceLine(quantity=Decimal(quantity), price=Decimal(price)) for quantity, price in lines]
    made = await make_invoice(bill, invoice_line_items=parts)
    assert (await bill.invoices.get(made.id)).total_amount == Decimal(total)


async def test_a_change_leaves_the_other_lines(bill: BillClient) -> None:
    made = await make_invoice(bill)
    added = InvoiceLineChange(quantity=Decimal(1), price=Decimal("0.02"))
    change = InvoiceChange(due_date=date(2027, 1, 15), invoice_line_items=[added])
    changed = await bill.invoices.update(made.id, change)
    assert (changed.total_amount, changed.due_date) == (Decimal("30.00"), date(2027, 1, 15))
    assert changed.invoice_number == "202502"


async def test_an_archived_invoice_can_be_restored(bill: BillClient) -> None:
    made = await make_invoice(bill)
    assert (await bill.invoices.archive(made.id)).archived is True
    assert (await bill.invoices.get(made.id)).archived is True
    assert (await bill.invoices.restore(made.id)).archived is False


async def test_invoices_are_listed_by_filter_and_in_order(bill: BillClient) -> None:
    customer = await make_customer(bill)
    for number in ("A1", "A3", "A2"):
        await make_invoice(bill, customer_id=customer.id, number=number)
    await make_invoice(bill, number="B1")
    rows = bill.invoices.list([Filter("customerId", "eq", customer.id)], ["invoiceNumber:desc"])
    assert [row.invoice_number async for row in rows] == ["A3", "A2", "A1"]


async def test_a_number_that_exists_is_refused(bill: BillClient, controls: Controls) -> None:
    first = await make_invoice(bill)
    controls.forget()
    with pytest.raises(DuplicateError, match="look it up and use it") as caught:
        await bill.invoices.create(new_invoice(first.customer_id or ""))
    assert (caught.value.status, caught.value.code) == (422, "BDC_1171")
    assert caught.value.message == "Duplicate invoice number: 202502"
    assert controls.acted() == []
    assert [row.id async for row in bill.invoices.list()] == [first.id]


async def test_an_invoice_is_emailed_to_whom_it_is_said(bill: BillClient, controls: Controls) -> None:
    made = await make_invoice(bill)
    user_id = (await bill.sessions.current()).user_id
    recipient = InvoiceEmailRecipient(to=["a@band.example", "b@band.example"])
    await bill.invoices.email(
        made.id, InvoiceEmail(recipient=recipient, reply_to=InvoiceEmailReplyTo(user_id=user_id))
    )
    (mail,) = controls.mail("invoice")
    assert (mail["to"], mail["record_id"]) == (["a@band.example", "b@band.example"], made.id)


async def test_a_payment_link_is_an_address(bill: BillClient) -> None:
    made = await make_invoice(bill)
    request = PaymentLinkRequest(customer_id=made.customer_id or "", email="band@band.example")
    link = await bill.invoices.payment_link(made.id, request)
    assert link.payment_link == f"https://pay.local-bill.invalid/{made.id}"


async def test_what_is_being_charged_is_not_open(bill: BillClient) -> None:
    made = await make_invoice(bill)
    await charge(bill, made)
    got = await bill.invoices.get(made.id)
    assert (got.due_amount, got.scheduled_amount) == (Decimal("29.98"), Decimal("29.98"))
    assert got.open_amount == 0


async def test_an_unknown_invoice_is_not_found(bill: BillClient) -> None:
    with pytest.raises(NotFoundError) as caught:
        await bill.invoices.get("00e01UNKNOWN00000000")
    assert (caught.value.status, caught.value.code) == (404, "BDC_1205")

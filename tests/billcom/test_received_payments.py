"""Received payments and charges, against the local BILL."""

from datetime import date
from decimal import Decimal

import pytest

from billcom import BillClient
from billcom.errors import NotFoundError, RejectedError, UntrustedSessionError
from billcom.models.payment import FundingAccountReference
from billcom.models.received_payment import InvoiceAmount, NewCharge, ReceivedPayment
from billcom.query import Filter
from tests.billcom.build import bank_account, charge, make_customer, make_invoice, new_charge
from tests.billcom.controls import Controls

pytestmark = pytest.mark.anyio


async def test_a_charge_is_drawn_on_the_next_banking_day(bill: BillClient) -> None:
    invoice = await make_invoice(bill)
    made = await charge(bill, invoice, description="202502")
    got = await bill.received_payments.get(made.id)
    assert got.id.startswith("0rp")
    assert (got.customer_id, got.amount, got.description) == (invoice.customer_id, Decimal("29.98"), "202502")
    assert [(part.invoice_id, part.amount) for part in got.invoice_payments] == [
        (invoice.id, Decimal("29.98"))
    ]
    assert (got.status, got.payment_date) == ("SCHEDULED", date(2026, 11, 24))
    assert got.is_live


async def test_a_charge_is_money_in_once_it_is_settled(bill: BillClient, controls: Controls) -> None:
    invoice = await make_invoice(bill)
    made = await charge(bill, invoice)
    controls.move("received-payments", made.id, "settle")
    assert (await bill.received_payments.get(made.id)).status == "PAID"
    assert (await bill.invoices.get(invoice.id)).due_amount == 0


async def test_a_charge_that_came_back_is_not_live(bill: BillClient, controls: Controls) -> None:
    made = await charge(bill, await make_invoice(bill))
    controls.move("received-payments", made.id, "return")
    assert (await bill.received_payments.get(made.id)).is_live is False


async def test_one_charge_can_pay_several_invoices(bill: BillClient) -> None:
    customer = await make_customer(bill)
    invoices = [await make_invoice(bill, customer_id=customer.id, number=n, price="0.05") for n in "AB"]
    parts = [InvoiceAmount(invoice_id=row.id, amount=Decimal("0.1")) for row in invoices]
    made = await charge(bill, invoices[0], invoice_payments=parts)
    assert made.amount == Decimal("0.20")


async def test_money_in_is_listed_since_a_time_and_in_order(bill: BillClient, controls: Controls) -> None:
    first = await charge(bill, await make_invoice(bill, number="A"))
    controls.advance(minutes=1)
    second = await charge(bill, await make_invoice(bill, number="B"))
    controls.advance(minutes=1)
    third = await charge(bill, await make_invoice(bill, number="C"))
    assert second.updated_time is not None
    since = [Filter("updatedTime", "gte", second.updated_time)]
    rows = bill.received_payments.list(since, ["createdTime:desc"])
    assert [row.id async for row in rows] == [third.id, second.id]
    assert [row.id async for row in bill.received_payments.list([Filter("id", "eq", first.id)])] == [first.id]


async def test_a_customer_who_did_not_agree_is_not_charged(bill: BillClient, controls: Controls) -> None:
    invoice = await make_invoice(bill)
    account = await bill.customers.create_bank_account(invoice.customer_id or "", bank_account())
    asked = NewCharge(
        customer_id=invoice.customer_id or "",
        funding_account=FundingAccountReference(id=account.id),
        invoice_payments=[InvoiceAmount(invoice_id=invoice.id, amount=Decimal("29.98"))],
    )
    controls.forget()
    with pytest.raises(RejectedError, match="has not authorized charges") as caught:
        await bill.received_payments.charge(asked)
    assert (caught.value.status, caught.value.code) == (422, "BDC_9020")
    assert controls.acted() == []
    assert [row async for row in bill.received_payments.list()] == []


async def test_more_than_is_open_is_not_charged(bill: BillClient, controls: Controls) -> None:
    invoice = await make_invoice(bill)
    asked = await new_charge(
        bill, invoice, invoice_payments=[InvoiceAmount(invoice_id=invoice.id, amount=Decimal("29.99"))]
    )
    controls.forget()
    with pytest.raises(RejectedError, match="more than the invoice's open amount"):
        await bill.received_payments.charge(asked)
    assert controls.acted() == []


async def test_where_charging_needs_mfa_an_untrusted_session_is_told_so(
    bill: BillClient, controls: Controls
) -> None:
    asked = await new_charge(bill, await make_invoice(bill))
    controls.rules(charge_needs_mfa=True).forget()
    with pytest.raises(UntrustedSessionError, match="Pass MFA"):
        await bill.received_payments.charge(asked)
    assert controls.acted() == []


async def test_an_unknown_received_payment_is_not_found(bill: BillClient) -> None:
    with pytest.raises(NotFoundError) as caught:
        await bill.received_payments.get("0rp01UNKNOWN00000000")
    assert (caught.value.status, caught.value.code) == (404, "BDC_1205")


@pytest.mark.parametrize(
    ("status", "live"),
    [
        ("PAID", True),
        ("SCHEDULED", True),
        ("UNDEFINED", True),
        ("SOMETHING_NEW", True),
        (None, True),
        ("VOID", False),
        ("CANCELED", False),
        ("ESCHEATED", False),
    ],
)
async def test_a_received_payment_is_live_unless_its_money_is_gone(status: str | None, live: bool) -> None:
    assert ReceivedPayment.model_validate({"id": "0rp1", "status": status}).is_live is live

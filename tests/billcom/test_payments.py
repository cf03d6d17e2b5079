"""Payments to vendors, against the local BILL."""

from datetime import date
from decimal import Decimal

import pytest

from billcom import BillClient
from billcom.errors import FundingError, NotFoundError, RejectedError, UntrustedSessionError
from billcom.models.payment import (
    BillAmount,
    FundingAccountReference,
    NewBulkPayment,
    Payment,
    VoidType,
)
from billcom.query import Filter
from tests.billcom.build import make_bill, make_vendor, new_payment, pay, verified_account
from tests.billcom.controls import Controls

pytestmark = pytest.mark.anyio


async def test_a_payment_leaves_on_the_next_banking_day(trusted: BillClient) -> None:
    paid = await make_bill(trusted)
    made = await pay(trusted, paid, transaction_number="REF1", description="202501")
    got = await trusted.payments.get(made.id)
    assert got.id.startswith("stp")
    assert got.process_date == date(2026, 11, 24)
    assert (got.status, got.single_status, got.disbursement_type) == ("SCHEDULED", "SCHEDULED", "ACH")
    assert (got.amount, got.vendor_id, got.vendor_name) == (149, paid.vendor_id, "Happy Music")
    assert (got.transaction_number, got.description, got.online_payment) == ("REF1", "202501", True)
    assert got.bill_ids == {paid.id} and got.is_live
    assert (await trusted.bills.get(paid.id)).payment_status == "SCHEDULED"


@pytest.mark.parametrize("amount", ["0.10", "1234567.89", "0.30"])
async def test_amounts_are_exact_to_the_cent(trusted: BillClient, amount: str) -> None:
    made = await pay(trusted, await make_bill(trusted, amount))
    assert (await trusted.payments.get(made.id)).amount == Decimal(amount)


async def test_two_tenths_and_one_pay_three(trusted: BillClient) -> None:
    paid = await make_bill(trusted, "0.30")
    await pay(trusted, paid, amount=Decimal("0.1"))
    await pay(trusted, paid, amount=Decimal("0.2"))
    assert (await trusted.bills.get(paid.id)).open_amount == 0


async def test_several_bills_are_paid_at_once(trusted: BillClient) -> None:
    bills = [await make_bill(trusted, amount) for amount in ("10.00", "20.50")]
    account = FundingAccountReference(id=await verified_account(trusted))
    parts = [BillAmount(bill_id=row.id, amount=row.amount or Decimal(0)) for row in bills]
    made = await trusted.payments.create_many(
        NewBulkPayment(funding_account=account, payments=parts, process_date=date(2026, 11, 30))
    )
    assert {(row.amount, row.process_date) for row in made} == {
        (10, date(2026, 11, 30)),
        (Decimal("20.50"), date(2026, 11, 30)),
    }
    assert {bill_id for row in made for bill_id in row.bill_ids} == {row.id for row in bills}


async def test_of_several_bills_none_is_paid_when_one_is_refused(
    trusted: BillClient, controls: Controls
) -> None:
    good = await make_bill(trusted, "10.00")
    archived = await trusted.bills.archive((await make_bill(trusted, "20.00")).id)
    account = FundingAccountReference(id=await verified_account(trusted))
    parts = [BillAmount(bill_id=row.id, amount=Decimal(1)) for row in (good, archived)]
    controls.forget()
    with pytest.raises(RejectedError, match="An archived bill cannot be paid") as caught:
        await trusted.payments.create_many(NewBulkPayment(funding_account=account, payments=parts))
    assert (caught.value.status, caught.value.code) == (422, "BDC_9004")
    assert controls.acted() == []
    assert (await trusted.bills.get(good.id)).payment_status == "UNPAID"


async def test_payments_are_listed_by_filter_and_in_order(trusted: BillClient) -> None:
    vendor = await make_vendor(trusted)
    for amount in ("10.00", "30.00", "20.00"):
        paid = await make_bill(trusted, amount, vendor_id=vendor.id)
        await pay(trusted, paid, transaction_number=f"REF{amount[:2]}")
    rows = trusted.payments.list([Filter("vendorId", "eq", vendor.id)], ["amount:desc"])
    assert [row.amount async for row in rows] == [30, 20, 10]
    ours = trusted.payments.list([Filter("transactionNumber", "eq", "REF20")])
    assert [row.amount async for row in ours] == [20]
    dated = trusted.payments.list(
        [Filter("processDate", "eq", date(2026, 11, 24)), Filter("amount", "gt", "10.00")], ["amount:asc"]
    )
    assert [row.amount async for row in dated] == [20, 30]


async def test_options_say_which_account_can_pay_and_why_others_cannot(trusted: BillClient) -> None:
    vendor = await make_vendor(trusted)
    options = await trusted.payments.options(vendor.id, Decimal("1250.10"))
    assert (options.vendor_id, options.amount) == (vendor.id, Decimal("1250.10"))
    able, unable = sorted(options.funding_options.banks, key=lambda bank: not bank.available)
    assert able.id == await verified_account(trusted)
    assert (able.process_date, able.fee) == (date(2026, 11, 24), 0)
    assert unable.available is False
    assert unable.reason == "Funding account cannot make online payments."


async def test_a_scheduled_payment_can_be_cancelled(trusted: BillClient) -> None:
    paid = await make_bill(trusted)
    made = await pay(trusted, paid)
    cancelled = await trusted.payments.cancel(made.id)
    assert (cancelled.status, cancelled.single_status) == ("CANCELLED", "CANCELED")
    assert cancelled.is_live is False
    got = await trusted.bills.get(paid.id)
    assert (got.payment_status, got.open_amount) == ("UNPAID", 149)


async def test_a_payment_in_process_is_voided_not_cancelled(trusted: BillClient, controls: Controls) -> None:
    made = await pay(trusted, await make_bill(trusted))
    controls.move("payments", made.id, "fund")
    controls.forget()
    with pytest.raises(RejectedError, match="SCHEDULED can be canceled") as caught:
        await trusted.payments.cancel(made.id)
    assert (caught.value.status, caught.value.code) == (422, "BDC_9008")
    assert controls.acted() == []
    voided = await trusted.payments.void(made.id, VoidType.VOID_ONLY, "paid by cheque")
    assert voided.single_status == "VOID_PENDING"
    controls.move("payments", made.id, "process")
    gone = await trusted.payments.get(made.id)
    assert (gone.status, gone.single_status, gone.is_live) == ("VOID", "VOIDED", False)


async def test_paying_needs_a_trusted_session(bill: BillClient, controls: Controls) -> None:
    asked = await new_payment(bill, await make_bill(bill))
    controls.forget()
    with pytest.raises(UntrustedSessionError, match="signing in again does not help") as caught:
        await bill.payments.create(asked)
    assert (caught.value.status, caught.value.code) == (403, "BDC_1361")
    assert controls.acted() == []
    assert controls.sent() == ["POST /v3/payments"]
    assert controls.sign_ins() == 0


@pytest.mark.parametrize(
    ("day", "why"),
    [
        (date(2026, 11, 23), "today"),
        (date(2026, 11, 20), "past"),
        (date(2026, 11, 26), "Thanksgiving"),
        (date(2026, 11, 28), "Saturday"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_a_day_on_which_funds_cannot_leave_is_refused(
    trusted: BillClient, controls: Controls, day: date, why: str
) -> None:
    paid = await make_bill(trusted)
    asked = await new_payment(trusted, paid, process_date=day)
    controls.forget()
    with pytest.raises(RejectedError, match="Invalid Process Date") as caught:
        await trusted.payments.create(asked)
    assert (caught.value.status, caught.value.code) == (422, "BDC_1152"), why
    assert [entry.message.startswith(paid.id) for entry in caught.value.entries] == [False, True]
    assert controls.acted() == []


async def test_an_unverified_account_cannot_pay(trusted: BillClient, controls: Controls) -> None:
    pending = [row.id async for row in trusted.funding_accounts.list() if row.status == "PENDING"][0]
    paid = await make_bill(trusted)
    controls.forget()
    with pytest.raises(FundingError, match="must be verified, not archived") as caught:
        await pay(trusted, paid, funding_account=FundingAccountReference(id=pending))
    assert (caught.value.status, caught.value.code) == (422, "BDC_1151")
    assert controls.acted() == []


async def test_an_unknown_payment_is_not_found(bill: BillClient) -> None:
    with pytest.raises(NotFoundError) as caught:
        await bill.payments.get("stp01UNKNOWN00000000")
    assert (caught.value.status, caught.value.code) == (404, "BDC_1205")


@pytest.mark.parametrize(
    ("status", "single_status", "live"),
    [
        ("SCHEDULED", "SCHEDULED", True),
        ("PAID", "CLEARED", True),
        ("PAID", "DISBURSEMENT_FAILED_ACTION_NEEDED", True),
        ("SOMETHING_NEW", "SOMETHING_ELSE", True),
        (None, None, True),
        ("CANCELLED", "CANCELED", False),
        ("CANCELLED", None, False),
        ("VOID", "VOIDED", False),
        ("VOID", "FUNDING_FAILED_VOIDED", False),
        ("SCHEDULED", "FUNDS_ESCHEATED", False),
        ("ESCHEATED", None, False),
    ],
)
async def test_a_payment_is_live_unless_its_money_is_not_to_come(
    status: str | None, single_status: str | None, live: bool
) -> None:
    payment = Payment.model_validate({"id": "stp1", "status": status, "singleStatus": single_status})
    assert payment.is_live is live

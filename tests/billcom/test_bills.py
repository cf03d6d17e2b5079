"""Bills, against the local BILL."""

from datetime import date
from decimal import Decimal

import pytest

from billcom import BillClient
from billcom.errors import NotFoundError, RejectedError
from billcom.models.bill import BillChange, BillLineChange, NewBillLine
from billcom.query import Filter
from tests.billcom.build import make_bill, make_vendor, new_bill, pay
from tests.billcom.controls import Controls

pytestmark = pytest.mark.anyio


async def test_a_bill_that_was_made_can_be_got(bill: BillClient) -> None:
    vendor = await make_vendor(bill)
    made = await bill.bills.create(new_bill(vendor.id, "149.00", "202501", description="Audio"))
    got = await bill.bills.get(made.id)
    assert got.id.startswith("00n")
    assert (got.vendor_id, got.vendor_name) == (vendor.id, "Happy Music")
    assert (got.invoice.invoice_number, got.invoice.invoice_date) == ("202501", date(2026, 11, 20))
    assert (got.due_date, got.description) == (date(2026, 12, 31), "Audio")
    assert (got.amount, got.due_amount, got.paid_amount) == (149, 149, 0)
    assert (got.payment_status, got.approval_status) == ("UNPAID", "UNASSIGNED")
    assert got.created_time is not None and got.created_time.utcoffset() is not None


@pytest.mark.parametrize(
    ("lines", "amount"),
    [
        (["0.10"], "0.10"),
        (["0.10", "0.20"], "0.30"),
        (["1234567.89"], "1234567.89"),
        (["0.01"] * 3, "0.03"),
        (["1000000.01", "0.02"], "1000000.03"),
        (["4.35", "1.10"], "5.45"),
    ],
)
async def test_amounts_are_exact_to_the_cent(bill: BillClient, lines: list[str], amount: str) -> None:
    vendor = await make_vendor(bill)
    parts = [NewBillLine(amount=Decimal(line)) for line in lines]
    made = await bill.bills.create(new_bill(vendor.id, bill_line_items=parts))
    got = await bill.bills.get(made.id)
    assert (made.amount, got.amount, got.open_amount) == (Decimal(amount),) * 3
    assert [line.amount for line in got.bill_line_items] == [Decimal(line) for line in lines]


async def test_bills_are_made_all_at_once(bill: BillClient) -> None:
    vendor = await make_vendor(bill)
    made = await bill.bills.create_many([new_bill(vendor.id, "1.00", "A"), new_bill(vendor.id, "2.00", "B")])
    assert {(row.invoice.invoice_number, row.amount) for row in made} == {("A", 1), ("B", 2)}
    assert {row.id for row in made} == {row.id async for row in bill.bills.list()}


async def test_of_many_bills_none_is_made_when_one_is_refused(bill: BillClient, controls: Controls) -> None:
    vendor = await make_vendor(bill)
    controls.forget()
    too_long = "1234567890123456789012"
    with pytest.raises(RejectedError) as caught:
        await bill.bills.create_many([new_bill(vendor.id), new_bill(vendor.id, number=too_long)])
    assert (caught.value.status, caught.value.code) == (400, "BDC_1143")
    assert controls.acted() == []
    assert [row async for row in bill.bills.list()] == []


async def test_a_change_leaves_the_other_lines(bill: BillClient) -> None:
    vendor = await make_vendor(bill)
    lines = [NewBillLine(amount=Decimal("10.00")), NewBillLine(amount=Decimal("5.00"))]
    made = await bill.bills.create(new_bill(vendor.id, bill_line_items=lines))
    change = BillChange(
        due_date=date(2027, 1, 15),
        bill_line_items=[BillLineChange(id=made.bill_line_items[0].id, amount=Decimal("7.50"))],
    )
    changed = await bill.bills.update(made.id, change)
    assert (changed.amount, changed.due_date) == (Decimal("12.50"), date(2027, 1, 15))
    assert [line.amount for line in changed.bill_line_items] == [Decimal("7.50"), 5]
    assert changed.invoice.invoice_number == "202501"


async def test_an_archived_bill_can_be_restored(bill: BillClient) -> None:
    made = await make_bill(bill)
    assert (await bill.bills.archive(made.id)).archived is True
    assert (await bill.bills.get(made.id)).archived is True
    assert (await bill.bills.restore(made.id)).archived is False


async def test_bills_are_listed_by_filter_and_in_order(bill: BillClient) -> None:
    vendor, other = await make_vendor(bill), await make_vendor(bill, name="Other")
    for day in (20, 10, 30):
        await make_bill(bill, vendor_id=vendor.id, number=f"N{day}", due_date=date(2026, 12, day))
    await make_bill(bill, vendor_id=other.id)
    wanted = [Filter("vendorId", "eq", vendor.id), Filter("dueDate", "gte", date(2026, 12, 20))]
    rows = bill.bills.list(wanted, ["dueDate:desc"])
    assert [row.invoice.invoice_number async for row in rows] == ["N30", "N20"]


async def test_what_is_in_flight_is_not_open(trusted: BillClient) -> None:
    made = await make_bill(trusted, "149.00")
    await pay(trusted, made, amount=Decimal("100.10"))
    got = await trusted.bills.get(made.id)
    assert (got.due_amount, got.scheduled_amount) == (149, Decimal("100.10"))
    assert got.open_amount == Decimal("48.90")
    assert got.payment_status == "SCHEDULED"


async def test_a_bill_of_an_unknown_vendor_is_refused(bill: BillClient, controls: Controls) -> None:
    with pytest.raises(NotFoundError, match="Vendor not found") as caught:
        await bill.bills.create(new_bill("00901UNKNOWN00000000"))
    assert (caught.value.status, caught.value.code) == (404, "BDC_1205")
    assert controls.acted() == []


async def test_the_same_number_again_is_accepted_by_bill(bill: BillClient) -> None:
    first = await make_bill(bill)
    second = await make_bill(bill, vendor_id=first.vendor_id)
    assert first.id != second.id
    assert first.invoice == second.invoice

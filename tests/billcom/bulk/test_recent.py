"""Records read a moment ago are used again; older ones are read again, many by one list."""

import pytest

from billcom import BillClient
from billcom.bulk.recent import Recent, read_by_ids, recent_bills, recent_vendors
from billcom.models.bill import Bill
from tests.billcom.build import pay
from tests.billcom.bulk.many import make_bills, make_vendors
from tests.billcom.controls import Controls

pytestmark = pytest.mark.anyio

MISSING = "00n00000000000000000"


async def test_many_are_read_by_one_list(bill: BillClient, controls: Controls) -> None:
    bills = await make_bills(bill, 3)
    controls.forget()
    present = await recent_bills(bill).present(row.id for row in bills)
    assert present == {row.id: present[row.id] for row in bills}
    assert {row.invoice.invoice_number for row in present.values()} == {"INV-001", "INV-002", "INV-003"}
    assert controls.sent() == ["GET /v3/bills"]


async def test_what_was_read_within_a_minute_is_not_read_again(bill: BillClient, controls: Controls) -> None:
    bills = await make_bills(bill, 3)
    recent = recent_bills(bill)
    first = await recent.present(row.id for row in bills[:2])
    controls.forget()
    again = await recent.present(row.id for row in bills)
    assert again[bills[0].id] is first[bills[0].id]
    assert controls.sent() == ["GET /v3/bills"]
    (asked,) = [row["query"] for row in controls.journal()]
    assert bills[2].id in asked and bills[0].id not in asked


async def test_what_bill_has_just_answered_counts_as_read(bill: BillClient, controls: Controls) -> None:
    vendors = await make_vendors(bill, 2)
    recent = recent_vendors(bill)
    recent.put(*vendors)
    controls.forget()
    assert await recent.present(row.id for row in vendors) == {row.id: row for row in vendors}
    assert controls.sent() == []


async def test_what_was_read_longer_ago_is_read_as_it_is_now(trusted: BillClient) -> None:
    bills = await make_bills(trusted, 2)
    recent = recent_bills(trusted)
    recent.fresh_seconds = 0
    before = await recent.present(row.id for row in bills)
    await pay(trusted, bills[0])
    after = await recent.present(row.id for row in bills)
    assert [before[bills[0].id].open_amount, after[bills[0].id].open_amount] == [10, 0]


async def test_how_long_ago_counts_from_the_question_not_the_answer(bill: BillClient) -> None:
    asked: list[int] = []
    bills = {row.id: row for row in await make_bills(bill, 1)}

    async def read(ids: object) -> dict[str, Bill]:
        asked.append(1)
        await bill.local("GET", "/_local/health")  # takes longer than records stay fresh here
        return dict(bills)

    recent = Recent(read, fresh_seconds=1e-5)
    for _ in range(2):
        assert await recent.present(bills) == bills
    assert asked == [1, 1]


async def test_what_a_late_list_misses_is_read_by_its_id(bill: BillClient, controls: Controls) -> None:
    bills = await make_bills(bill, 2)
    controls.rules(list_delay_ms=3000).advance(minutes=1)
    late = await make_bills(bill, 1, [bills[0].vendor_id])
    controls.forget()
    present = await recent_bills(bill).present([bills[0].id, bills[1].id, late[0].id])
    assert sorted(present) == sorted([bills[0].id, bills[1].id, late[0].id])
    assert controls.sent() == ["GET /v3/bills", f"GET /v3/bills/{late[0].id}"]


async def test_archived_ones_are_read_though_lists_hide_them(bill: BillClient, controls: Controls) -> None:
    controls.rules(archived_rows="hidden")
    (made,) = await make_bills(bill, 1)
    await bill.bills.archive(made.id)
    present = await recent_bills(bill).present([made.id])
    assert present[made.id].archived is True


async def test_what_bill_does_not_have_is_left_out(bill: BillClient) -> None:
    (made,) = await make_bills(bill, 1)
    recent = recent_bills(bill)
    assert list(await recent.present([made.id, MISSING])) == [made.id]
    assert list(await recent.present([made.id, MISSING])) == [made.id]


async def test_what_has_gone_is_not_kept(bill: BillClient) -> None:
    (made,) = await make_bills(bill, 1)
    there = [{made.id: made}, {}]

    async def read(_ids: object) -> dict[str, Bill]:
        return there.pop(0)

    recent = Recent(read, fresh_seconds=0)
    assert list(await recent.present([made.id])) == [made.id]
    assert await recent.present([made.id]) == {}


async def test_a_thin_row_is_read_in_full(bill: BillClient, controls: Controls) -> None:
    bills = await make_bills(bill, 2)
    thin = bills[1].id
    controls.forget()
    found = await read_by_ids(
        bill.bills.list, bill.bills.get, [row.id for row in bills], lambda row: row.id != thin
    )
    assert sorted(found) == sorted(row.id for row in bills)
    assert controls.sent() == ["GET /v3/bills", f"GET /v3/bills/{thin}"]


async def test_more_than_a_hundred_are_read_by_several_lists(bill: BillClient, controls: Controls) -> None:
    (of,) = await make_vendors(bill)
    bills = [*await make_bills(bill, 100, [of.id]), *await make_bills(bill, 1, [of.id])]
    controls.forget()
    assert len(await recent_bills(bill).present(row.id for row in bills)) == 101
    assert controls.sent() == ["GET /v3/bills"] * 2


async def test_nothing_is_asked_for_nothing(bill: BillClient, controls: Controls) -> None:
    assert await recent_bills(bill).present([]) == {}
    assert await read_by_ids(bill.bills.list, bill.bills.get, [], lambda row: True) == {}
    assert controls.sent() == []

"""Bills that were sent together and not answered for: which of what BILL then lists are ours."""

from decimal import Decimal
from typing import Any

import pytest

from billcom import BillClient
from billcom.bulk.bills import bill_amount
from billcom.errors import CaseError
from billcom.journal import State
from billcom.models.bill import NewBillLine
from tests.billcom.build import new_bill
from tests.billcom.bulk.many import (
    bills_of,
    errors,
    ids,
    made,
    make_vendors,
    new_bills,
)
from tests.billcom.controls import Controls

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("permissive")]


async def given_up(bill: BillClient, *theirs: dict[str, Any], archived: bool = False) -> dict[str, Any]:
    """Return what comes of INV-001 and INV-002 of one vendor, claimed and not sent, where BILL has others."""
    (vendor,) = await make_vendors(bill)
    for held in theirs:
        made = await bill.bills.create(new_bill(vendor.id, **{"amount": "10.00", **held}))
        if archived:
            await bill.bills.archive(made.id)
    wanted = bills_of(new_bills([vendor.id], 2))
    await wanted.note(bill, State.SENDING, State.NOT_SENT)
    await bill.pause(60)
    results = await wanted.once(bill)
    return {subject.removeprefix(f"{vendor.id} 2026-11-20 "): result for subject, result in results.items()}


def test_a_bill_asks_for_the_sum_of_its_lines() -> None:
    lines = [NewBillLine(amount=Decimal(amount)) for amount in ("10.10", "0.25")]
    assert bill_amount(new_bill("0091", bill_line_items=lines)) == Decimal("10.35")


async def test_what_is_there_by_now_is_adopted_and_the_other_made(
    bill: BillClient, controls: Controls
) -> None:
    results = await given_up(bill, {"number": "INV-001"})
    assert made(results) == [False, True]
    assert controls.sent()[-3:] == ["GET /v3/bills", "GET /v3/bills", "POST /v3/bills/bulk"]


@pytest.mark.parametrize(
    ("theirs", "kind", "why"),
    [
        ({"number": "inv-001", "amount": "11.00"}, CaseError, "with amount 11.00 and date 2026-11-20"),
        ({"number": "INV-001", "amount": "12.00"}, CaseError, "with amount 12.00 and date 2026-11-20"),
    ],
    ids=["number", "amount"],
)
async def test_what_contradicts_is_for_a_person_and_holds_up_no_others(
    bill: BillClient, theirs: dict[str, str], kind: type[Exception], why: str
) -> None:
    results = await given_up(bill, theirs)
    ((number, error),) = errors(results).items()
    assert (number, type(error)) == ("inv-001", kind) and why in str(error)
    assert list(ids(results)) == ["inv-002"]


async def test_two_of_one_number_are_for_a_person(bill: BillClient) -> None:
    results = await given_up(bill, {"number": "INV-001"}, {"number": "INV-001"})
    ((number, case),) = errors(results).items()
    assert isinstance(case, CaseError) and "bill INV-001 stands twice at BILL" in str(case)
    assert (number, case.sequence) == ("inv-001", 2)


async def test_an_archived_one_is_a_conflict(bill: BillClient) -> None:
    results = await given_up(bill, {"number": "INV-001"}, archived=True)
    assert "bill INV-001 is archived at BILL" in str(errors(results)["inv-001"])


async def test_the_same_number_of_another_vendor_is_another_bill(
    bill: BillClient, controls: Controls
) -> None:
    one, other = await make_vendors(bill, 2)
    new = [new_bill(one.id, number="7"), new_bill(other.id, number="7")]
    await bill.bills.create(new[1])
    wanted = bills_of(new)
    await wanted.note(bill, State.SENDING, State.NOT_SENT)
    controls.advance(minutes=1)
    results = await wanted.once(bill)
    assert [ids(results)[s].startswith("00n") for s in wanted.subjects(bill)] == [True, True]
    assert sorted(made(results)) == [False, True]
    assert {o.record.vendor_id for o in results.values() if not isinstance(o, Exception)} == {
        one.id,
        other.id,
    }


async def test_a_hundred_go_in_one_request(bill: BillClient, controls: Controls) -> None:
    wanted = bills_of(new_bills([vendor.id for vendor in await make_vendors(bill, 3)], 100))
    controls.forget()
    assert made(await wanted.once(bill)) == [True] * 100
    assert controls.sent() == [wanted.send]

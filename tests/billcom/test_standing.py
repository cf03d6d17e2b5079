"""What was done is read again by its id, and called what it is by now."""

import pytest

from billcom import BillClient
from billcom.errors import CaseError, ConflictError
from billcom.journal import State
from billcom.models.vendor import VendorChange
from tests.billcom.build import make_bill, make_vendor
from tests.billcom.controls import Controls
from tests.billcom.writes import PAYMENTS, payment, vendor, vendors_bill

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("permissive")]


async def test_it_is_read_by_its_id_though_lists_do_not_show_it_yet(
    bill: BillClient, controls: Controls
) -> None:
    wanted = vendor(bill)
    made = (await wanted.once()).record
    controls.forget()
    outcome = await wanted.once()
    assert (outcome.record.id, outcome.made) == (made.id, False)
    found = await wanted.find()
    assert found is not None and found.id == made.id
    assert controls.sent().count(f"GET /v3/vendors/{made.id}") == 4
    assert controls.sent("POST") == []
    assert [row.id async for row in bill.vendors.list()] == []


async def test_a_cancelled_payment_is_not_called_paid(trusted: BillClient, controls: Controls) -> None:
    paid = await make_bill(trusted)
    wanted = await payment(trusted, paid)
    gone = await trusted.payments.cancel((await wanted.once()).record.id)
    controls.forget()
    for call in (wanted.once(), wanted.find()):
        with pytest.raises(
            ConflictError, match=rf"{gone.id} .* is CANCELLED \(CANCELED\): to pay the bill once"
        ):
            await call
    assert controls.sent("POST") == []


async def test_after_a_cancelled_payment_a_label_pays_once_more(
    trusted: BillClient, controls: Controls
) -> None:
    paid = await make_bill(trusted)
    await trusted.payments.cancel((await (await payment(trusted, paid)).once()).record.id)
    again = await payment(trusted, paid, "again")
    first, second = await again.once(), await again.once()
    assert (first.made, second.made, second.record.id) == (True, False, first.record.id)
    assert controls.sent("POST", PAYMENTS) == ["POST /v3/payments"] * 2


async def test_a_payment_that_failed_is_not_called_paid(trusted: BillClient, controls: Controls) -> None:
    wanted = await payment(trusted, await make_bill(trusted))
    controls.move("payments", (await wanted.once()).record.id, "fail")
    with pytest.raises(ConflictError, match=r"is VOID \(FUNDING_FAILED_VOIDED\)"):
        await wanted.once()
    assert controls.sent("POST", PAYMENTS) == ["POST /v3/payments"]


async def test_an_archived_vendor_is_a_conflict(bill: BillClient, controls: Controls) -> None:
    wanted = vendor(bill)
    gone = await bill.vendors.archive((await wanted.once()).record.id)
    with pytest.raises(ConflictError, match=rf"archived at BILL \({gone.id}\): restore it there"):
        await wanted.once()
    assert controls.sent("POST", "/v3/vendors") == ["POST /v3/vendors"]


async def test_an_archived_bill_is_a_conflict(bill: BillClient, controls: Controls) -> None:
    wanted = vendors_bill(bill, (await make_vendor(bill)).id)
    gone = await bill.bills.archive((await wanted.once()).record.id)
    with pytest.raises(ConflictError, match=rf"archived at BILL \({gone.id}\): restore it, or renumber"):
        await wanted.once()
    assert controls.sent("POST", "/v3/bills") == ["POST /v3/bills"]


async def test_a_bill_that_was_made_is_not_made_again_with_another_amount(
    bill: BillClient, controls: Controls
) -> None:
    vendor_id = (await make_vendor(bill)).id
    made = (await vendors_bill(bill, vendor_id).once()).record
    with pytest.raises(CaseError, match=rf"\({made.id}\) with amount 149\.00 .*, the request says 150\.00"):
        await vendors_bill(bill, vendor_id, "150.00").once()
    assert controls.sent("POST", "/v3/bills") == ["POST /v3/bills"]


async def test_renamed_vendor_is_a_conflict_and_makes_none(bill: BillClient, controls: Controls) -> None:
    wanted = vendor(bill)
    made = (await wanted.once()).record
    await bill.vendors.update(made.id, VendorChange(name="Happier Music"))
    for call in (wanted.once(), wanted.find()):
        with pytest.raises(ConflictError, match=f"was {made.id} until now, which is named 'Happier Music'"):
            await call
    assert controls.sent("POST") == ["POST /v3/vendors"]
    await bill.vendors.update(made.id, VendorChange(name="HAPPY  music"))
    assert (await wanted.once()).record.id == made.id


async def test_renamed_vendor_whose_name_another_has_is_for_a_person(
    bill: BillClient, controls: Controls
) -> None:
    wanted = vendor(bill)
    made = (await wanted.once()).record
    await bill.vendors.update(made.id, VendorChange(name="Happy Music (closed, do not use)"))
    other = await make_vendor(bill)
    controls.advance(minutes=10)
    with pytest.raises(
        CaseError, match=f"which is named 'Happy Music .closed, do not use.'.* .{other.id}."
    ) as caught:
        await wanted.once()
    assert (caught.value.identity, caught.value.sequence) == ("vendor happy music", 2)


async def test_a_record_that_vanished_is_for_a_person(bill: BillClient, controls: Controls) -> None:
    wanted = vendor(bill)
    await wanted.note(State.DONE, record_id="00900000000000000000")
    for call in (wanted.once(), wanted.find()):
        with pytest.raises(CaseError, match="as 00900000000000000000, and BILL has no such record") as caught:
            await call
        assert (caught.value.identity, caught.value.sequence) == ("vendor happy music", 1)
    assert controls.sent("POST") == []

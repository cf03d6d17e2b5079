"""Finding the vendor that is meant, and its bank account, against the local BILL."""

import pytest

from billcom import BillClient
from billcom.errors import CaseError, ConflictError
from billcom.lookup.vendors import vendor_bank_account_intent
from tests.billcom.build import bank_account, make_vendor, wanted_vendor
from tests.billcom.controls import Controls

pytestmark = pytest.mark.anyio


async def test_none_is_found_where_there_is_none(bill: BillClient) -> None:
    await make_vendor(bill, name="Happy Music Two")
    assert await wanted_vendor(bill).look() is None


async def test_the_vendor_of_the_name_is_found(bill: BillClient) -> None:
    made = await make_vendor(bill)
    await make_vendor(bill, name="Other")
    found = await wanted_vendor(bill).look()
    assert found is not None and found.id == made.id


@pytest.mark.parametrize("name", ["Smith, Jones & Co", "Re: Music", 'The "Band"'])
async def test_a_name_that_cannot_be_filtered_by_is_compared_in_code(
    bill: BillClient, controls: Controls, name: str
) -> None:
    made = await make_vendor(bill, name=name)
    await make_vendor(bill, name="Smith")
    controls.forget()
    found = await wanted_vendor(bill, name=name).look()
    assert found is not None and found.id == made.id
    assert [row["query"] for row in controls.journal()] == ["max=100&filters=archived%3Aeq%3Afalse", ""]


@pytest.mark.parametrize("held", ["SMITH, JONES", "Smith,  Jones", "Smith, Jones ", "Sｍith, Jones"])
async def test_vendor_spelled_otherwise_at_bill_is_found(bill: BillClient, held: str) -> None:
    made = await make_vendor(bill, name=held)
    found = await wanted_vendor(bill, name="Smith, Jones").look()
    assert found is not None and found.id == made.id


async def test_two_spellings_of_one_name_are_for_a_person_to_decide(bill: BillClient) -> None:
    first, second = await make_vendor(bill), await make_vendor(bill, name="HAPPY MUSIC")
    with pytest.raises(CaseError, match="several vendors are named 'Happy Music'") as caught:
        await wanted_vendor(bill).look()
    assert first.id in str(caught.value) and second.id in str(caught.value)


async def test_of_two_of_one_name_account_number_or_id_decides(bill: BillClient) -> None:
    await make_vendor(bill, account_number="C-1")
    second = await make_vendor(bill, account_number="C-2")
    for known in ({"account_number": "c-2"}, {"id": second.id}):
        found = await wanted_vendor(bill, **known).look()
        assert found is not None and found.id == second.id
    for wrong in (second.id[:-1], "a/b"):
        with pytest.raises(ConflictError, match=f"BILL has no vendor {wrong}: correct BILL vendor ID"):
            await wanted_vendor(bill, id=wrong).look()


async def test_a_vendor_in_another_currency_is_not_used(bill: BillClient) -> None:
    made = await make_vendor(bill, bill_currency="CAD")
    with pytest.raises(ConflictError, match=rf"\({made.id}\) is kept in CAD at BILL: only USD"):
        await wanted_vendor(bill).look()


async def test_two_of_one_name_are_for_a_person_to_decide(bill: BillClient, controls: Controls) -> None:
    first, second = await make_vendor(bill), await make_vendor(bill)
    controls.forget()
    with pytest.raises(ConflictError, match="several vendors are named 'Happy Music'") as caught:
        await wanted_vendor(bill).look()
    assert first.id in str(caught.value) and second.id in str(caught.value)
    assert controls.acted() == []


async def test_an_archived_vendor_is_not_used(bill: BillClient) -> None:
    gone = await bill.vendors.archive((await make_vendor(bill)).id)
    with pytest.raises(ConflictError, match=rf"archived at BILL \({gone.id}\): restore it there"):
        await wanted_vendor(bill).look()


async def test_one_in_use_goes_before_an_archived_one(bill: BillClient) -> None:
    await bill.vendors.archive((await make_vendor(bill)).id)
    made = await make_vendor(bill)
    found = await wanted_vendor(bill).look()
    assert found is not None and found.id == made.id


@pytest.mark.parametrize(
    ("held", "wanted", "field"),
    [
        ({"email": "a@x.example"}, {"email": "b@x.example"}, "email 'a@x.example'"),
        ({"account_number": "A-1"}, {"account_number": "A-2"}, "account_number 'A-1'"),
    ],
)
async def test_a_vendor_that_differs_contradicts(
    bill: BillClient, held: dict[str, str], wanted: dict[str, str], field: str
) -> None:
    await make_vendor(bill, **held)
    with pytest.raises(ConflictError, match=f"has {field} at BILL.*correct one of the two"):
        await wanted_vendor(bill, **wanted).look()


@pytest.mark.parametrize(
    ("held", "wanted"),
    [
        ({"email": "A@x.example"}, {"email": "a@X.example"}),
        ({}, {"email": "a@x.example"}),
        ({"email": "a@x.example"}, {}),
    ],
    ids=["capitals", "BILL holds none", "none is asked for"],
)
async def test_what_is_not_known_on_both_sides_does_not_contradict(
    bill: BillClient, held: dict[str, str], wanted: dict[str, str]
) -> None:
    made = await make_vendor(bill, **held)
    found = await wanted_vendor(bill, **wanted).look()
    assert found is not None and found.id == made.id


async def test_a_vendor_without_a_bank_account_has_none(bill: BillClient) -> None:
    vendor = await make_vendor(bill, payment_information=None)
    assert await vendor_bank_account_intent(bill, vendor.id, bank_account()).look() is None


async def test_the_same_bank_account_is_found(bill: BillClient) -> None:
    vendor = await make_vendor(bill)
    found = await vendor_bank_account_intent(bill, vendor.id, bank_account()).look()
    assert found is not None and found.matches(bank_account())


@pytest.mark.parametrize(
    "other",
    [{"account_number": "555666777"}, {"routing_number": "021000021"}],
    ids=["account number", "routing number"],
)
async def test_another_bank_account_is_a_matter_for_the_telephone(
    bill: BillClient, controls: Controls, other: dict[str, str]
) -> None:
    vendor = await make_vendor(bill)
    controls.forget()
    with pytest.raises(ConflictError, match="over a known telephone number") as caught:
        await vendor_bank_account_intent(bill, vendor.id, bank_account(**other)).look()
    assert "…2333" in str(caught.value)
    assert "555666777" not in str(caught.value) and "111222333" not in str(caught.value)
    assert controls.acted() == []

"""Vendors and their bank accounts, against the local BILL."""

import pytest

from billcom import BillClient
from billcom.errors import NotFoundError, RejectedError
from billcom.models.vendor import VendorChange
from billcom.query import Filter
from tests.billcom.build import bank_account, make_vendor, new_vendor
from tests.billcom.controls import Controls

pytestmark = pytest.mark.anyio


async def test_a_vendor_that_was_made_can_be_got(bill: BillClient) -> None:
    made = await bill.vendors.create(new_vendor(email="pay@music.example", account_number="A-7"))
    got = await bill.vendors.get(made.id)
    assert got.id.startswith("009") and got.archived is False
    assert (got.name, got.email, got.account_number) == ("Happy Music", "pay@music.example", "A-7")
    assert got.address is not None
    assert (got.address.line1, got.address.zip_or_postal_code, got.address.country) == (
        "123 Main Street",
        "95002",
        "US",
    )
    assert got.payment_information is not None
    assert got.payment_information.pay_by_type == "ACH"
    assert got.bill_currency == "USD"


async def test_vendors_are_made_all_at_once(bill: BillClient) -> None:
    made = await bill.vendors.create_many([new_vendor(name="One"), new_vendor(name="Two")])
    assert {vendor.name for vendor in made} == {"One", "Two"}
    assert {vendor.id for vendor in made} == {row.id async for row in bill.vendors.list()}


async def test_of_many_vendors_none_is_made_when_one_is_refused(bill: BillClient, controls: Controls) -> None:
    with pytest.raises(RejectedError, match="name"):
        await bill.vendors.create_many([new_vendor(name="One"), new_vendor(name="")])
    assert controls.acted() == []
    assert [row async for row in bill.vendors.list()] == []


async def test_a_change_leaves_the_rest_as_it_was(bill: BillClient) -> None:
    vendor = await make_vendor(bill, email="old@music.example")
    changed = await bill.vendors.update(vendor.id, VendorChange(email="new@music.example"))
    assert changed.email == "new@music.example"
    got = await bill.vendors.get(vendor.id)
    assert (got.email, got.name) == ("new@music.example", "Happy Music")


async def test_an_archived_vendor_can_be_restored(bill: BillClient) -> None:
    vendor = await make_vendor(bill)
    assert (await bill.vendors.archive(vendor.id)).archived is True
    assert (await bill.vendors.archive(vendor.id)).archived is True
    assert (await bill.vendors.get(vendor.id)).archived is True
    assert (await bill.vendors.restore(vendor.id)).archived is False
    assert (await bill.vendors.get(vendor.id)).archived is False


async def test_vendors_are_listed_by_filter_and_in_order(bill: BillClient) -> None:
    for name in ("Alto", "Bass", "Alto Two"):
        await make_vendor(bill, name=name)
    starts = [Filter("name", "sw", "Alto"), Filter("archived", "eq", False)]
    assert [row.name async for row in bill.vendors.list(starts, ["name:desc"])] == ["Alto Two", "Alto"]


async def test_a_vendor_bank_account_is_made_read_and_removed(bill: BillClient) -> None:
    vendor = await make_vendor(bill, payment_information=None)
    made = await bill.vendors.create_bank_account(vendor.id, bank_account())
    assert (made.type, made.owner_type, made.payment_currency) == ("CHECKING", "BUSINESS", "USD")
    assert (await bill.vendors.get_bank_account(vendor.id)).matches(bank_account())
    await bill.vendors.delete_bank_account(vendor.id)
    with pytest.raises(NotFoundError, match="BDC_1205 Vendor bank account not found"):
        await bill.vendors.get_bank_account(vendor.id)


async def test_a_second_bank_account_of_a_vendor_is_refused(bill: BillClient, controls: Controls) -> None:
    vendor = await make_vendor(bill)
    controls.forget()
    with pytest.raises(RejectedError, match="already has a bank account") as caught:
        await bill.vendors.create_bank_account(vendor.id, bank_account(account_number="99998888"))
    assert (caught.value.status, caught.value.code) == (422, "BDC_9015")
    assert controls.acted() == []
    assert (await bill.vendors.get_bank_account(vendor.id)).matches(bank_account())


async def test_an_unknown_vendor_is_not_found(bill: BillClient) -> None:
    with pytest.raises(NotFoundError, match="belongs to this organization") as caught:
        await bill.vendors.get("00901UNKNOWN00000000")
    assert (caught.value.status, caught.value.code) == (404, "BDC_1205")
    assert caught.value.path == "/v3/vendors/00901UNKNOWN00000000"


async def test_a_vendor_without_a_country_code_is_refused(bill: BillClient, controls: Controls) -> None:
    vendor = new_vendor()
    abroad = vendor.model_copy(update={"address": vendor.address.model_copy(update={"country": "USA"})})
    with pytest.raises(RejectedError, match="country") as caught:
        await bill.vendors.create(abroad)
    assert (caught.value.status, caught.value.method, caught.value.path) == (400, "POST", "/v3/vendors")
    assert controls.acted() == []

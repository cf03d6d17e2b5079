"""Customers, their bank accounts and their charge authorization, against the local BILL."""

import pytest

from billcom import BillClient
from billcom.errors import NotFoundError, NotPermittedError, RejectedError
from billcom.models.customer import CustomerChange
from billcom.query import Filter
from tests.billcom.build import bank_account, make_customer, make_invoice, new_customer
from tests.billcom.controls import Controls

pytestmark = pytest.mark.anyio


async def test_a_customer_that_was_made_can_be_got(bill: BillClient) -> None:
    made = await bill.customers.create(new_customer(company_name="Paperless LLC", phone="555-0100"))
    got = await bill.customers.get(made.id)
    assert got.id.startswith("0cu") and got.archived is False
    assert (got.name, got.email, got.company_name) == ("Paperless Band", "band@band.example", "Paperless LLC")
    assert got.billing_address is not None and got.billing_address.city == "San Jose"
    assert got.balance is not None and got.balance.amount == 0


async def test_a_customer_shows_what_it_owes(bill: BillClient) -> None:
    invoice = await make_invoice(bill)
    got = await bill.customers.get(invoice.customer_id or "")
    assert got.balance is not None and str(got.balance.amount) == "29.98"


async def test_a_change_leaves_the_rest_as_it_was(bill: BillClient) -> None:
    customer = await make_customer(bill)
    await bill.customers.update(customer.id, CustomerChange(email="new@band.example"))
    got = await bill.customers.get(customer.id)
    assert (got.email, got.name) == ("new@band.example", "Paperless Band")


async def test_an_archived_customer_can_be_restored(bill: BillClient) -> None:
    customer = await make_customer(bill)
    assert (await bill.customers.archive(customer.id)).archived is True
    assert (await bill.customers.get(customer.id)).archived is True
    assert (await bill.customers.restore(customer.id)).archived is False


async def test_customers_are_listed_by_filter_and_in_order(bill: BillClient) -> None:
    for name in ("Alto", "Bass", "Alto Two"):
        await make_customer(bill, name=name)
    rows = bill.customers.list([Filter("name", "sw", "Alto")], ["name:desc"])
    assert [row.name async for row in rows] == ["Alto Two", "Alto"]


async def test_a_customer_without_an_email_is_refused(bill: BillClient, controls: Controls) -> None:
    with pytest.raises(RejectedError, match="email") as caught:
        await bill.customers.create(new_customer(email=""))
    assert (caught.value.status, caught.value.path) == (400, "/v3/customers")
    assert controls.acted() == []


async def test_an_unknown_customer_is_not_found(bill: BillClient) -> None:
    with pytest.raises(NotFoundError) as caught:
        await bill.customers.get("0cu01UNKNOWN00000000")
    assert (caught.value.status, caught.value.code) == (404, "BDC_1205")


async def test_a_customer_bank_account_is_made_read_and_archived(bill: BillClient) -> None:
    customer = await make_customer(bill)
    made = await bill.customers.create_bank_account(customer.id, bank_account())
    account_id = made.id or ""
    assert account_id.startswith("cba") and made.matches(bank_account())
    assert (await bill.customers.get_bank_account(customer.id, account_id)).name_on_account == "Happy Music"
    assert [row.id async for row in bill.customers.bank_accounts(customer.id)] == [account_id]
    assert (await bill.customers.archive_bank_account(customer.id, account_id)).archived is True
    assert (await bill.customers.get_bank_account(customer.id, account_id)).archived is True


async def test_a_bank_account_needs_a_billing_address(bill: BillClient, controls: Controls) -> None:
    customer = await make_customer(bill, billing_address=None)
    controls.forget()
    with pytest.raises(RejectedError, match="needs a billing address") as caught:
        await bill.customers.create_bank_account(customer.id, bank_account())
    assert (caught.value.status, caught.value.code) == (422, "BDC_9022")
    assert controls.acted() == []
    assert [row async for row in bill.customers.bank_accounts(customer.id)] == []


async def test_bank_accounts_have_to_be_switched_on_by_bill(bill: BillClient, controls: Controls) -> None:
    customer = await make_customer(bill)
    controls.rules(customer_bank_feature="off").forget()
    with pytest.raises(NotPermittedError, match="switched on by BILL on request") as caught:
        await bill.customers.create_bank_account(customer.id, bank_account())
    assert caught.value.status == 403
    assert caught.value.message == "Current user or organization does not have valid permissions."
    with pytest.raises(NotPermittedError):
        _ = [row async for row in bill.customers.bank_accounts(customer.id)]
    assert controls.acted() == []


async def test_an_authorization_to_charge_is_stated(bill: BillClient) -> None:
    customer = await make_customer(bill)
    assert (await bill.customers.authorize_charge(customer.id)).authorized_to_charge is True

"""Finding the customer that is meant, and its bank account, against the local BILL."""

import pytest

from billcom import BillClient
from billcom.errors import ConflictError, NotPermittedError
from billcom.lookup.customers import customer_bank_account_intent
from tests.billcom.build import bank_account, make_customer, wanted_customer
from tests.billcom.controls import Controls

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("name", ["Paperless Band", "Smith, Jones: a Duo"])
async def test_the_customer_of_the_name_is_found(bill: BillClient, name: str) -> None:
    assert await wanted_customer(bill, name=name).look() is None
    made = await make_customer(bill, name=name)
    await make_customer(bill, name="Paperless Band Two")
    found = await wanted_customer(bill, name=name).look()
    assert found is not None and found.id == made.id


async def test_two_of_one_name_are_for_a_person_to_decide(bill: BillClient) -> None:
    first, second = await make_customer(bill), await make_customer(bill)
    with pytest.raises(ConflictError, match="several customers are named 'Paperless Band'") as caught:
        await wanted_customer(bill).look()
    assert first.id in str(caught.value) and second.id in str(caught.value)


async def test_an_archived_customer_is_not_used(bill: BillClient) -> None:
    gone = await bill.customers.archive((await make_customer(bill)).id)
    with pytest.raises(ConflictError, match=rf"archived at BILL \({gone.id}\): restore it there"):
        await wanted_customer(bill).look()


async def test_another_email_contradicts(bill: BillClient, controls: Controls) -> None:
    await make_customer(bill)
    controls.forget()
    with pytest.raises(ConflictError, match=r"has email 'band@band\.example' at BILL"):
        await wanted_customer(bill, email="other@band.example").look()
    assert controls.acted() == []


async def test_an_archived_or_other_bank_account_is_not_used(bill: BillClient) -> None:
    customer = await make_customer(bill)
    old = await bill.customers.create_bank_account(customer.id, bank_account())
    await bill.customers.archive_bank_account(customer.id, old.id or "")
    await bill.customers.create_bank_account(customer.id, bank_account(account_number="99998888"))
    assert await customer_bank_account_intent(bill, customer.id, bank_account()).look() is None


async def test_the_same_bank_account_is_found(bill: BillClient) -> None:
    customer = await make_customer(bill)
    await bill.customers.create_bank_account(customer.id, bank_account(account_number="99998888"))
    made = await bill.customers.create_bank_account(customer.id, bank_account())
    found = await customer_bank_account_intent(bill, customer.id, bank_account()).look()
    assert found is not None and found.id == made.id


async def test_two_alike_bank_accounts_are_for_a_person_to_decide(bill: BillClient) -> None:
    customer = await make_customer(bill)
    ids = [(await bill.customers.create_bank_account(customer.id, bank_account())).id for _ in range(2)]
    with pytest.raises(ConflictError, match="two alike bank accounts") as caught:
        await customer_bank_account_intent(bill, customer.id, bank_account()).look()
    assert all((account_id or "?") in str(caught.value) for account_id in ids)


async def test_where_bank_accounts_are_not_switched_on_that_is_said(
    bill: BillClient, controls: Controls
) -> None:
    customer = await make_customer(bill)
    controls.rules(customer_bank_feature="off")
    with pytest.raises(NotPermittedError, match="does not have valid permissions"):
        await customer_bank_account_intent(bill, customer.id, bank_account()).look()

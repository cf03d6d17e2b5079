"""The chart of accounts, against the local BILL."""

from decimal import Decimal

import pytest

from billcom import BillClient
from billcom.errors import InputError, NotFoundError, RejectedError
from billcom.models.bill import NewBillLine
from billcom.models.chart_of_account import NewAccountKind, NewChartOfAccount
from billcom.models.classification import NewClassifications
from billcom.query import Filter
from tests.billcom.build import make_bill, make_vendor, new_bill
from tests.billcom.controls import Controls

pytestmark = pytest.mark.anyio


def new_account(number: str = "6300", name: str = "Freight") -> NewChartOfAccount:
    """Return an expense account to create."""
    return NewChartOfAccount(name=name, account=NewAccountKind(type="EXPENSE", number=number))


def line_under(account_id: str) -> NewBillLine:
    """Return a line booked under an account."""
    return NewBillLine(
        amount=Decimal("10.00"), classifications=NewClassifications(chart_of_account_id=account_id)
    )


async def test_the_chart_is_listed_in_order(bill: BillClient) -> None:
    rows = [row async for row in bill.chart_of_accounts.list(sort=["name:asc"])]
    assert [(row.account.number, row.name, row.account.type) for row in rows] == [
        ("6100", "Instruments", "EXPENSE"),
        ("6000", "Office Supplies", "EXPENSE"),
        ("6200", "Repairs", "EXPENSE"),
    ]
    assert all(row.id.startswith("0ca") and row.archived is False for row in rows)
    wanted = [Filter("id", "eq", rows[0].id)]
    assert [row async for row in bill.chart_of_accounts.list(wanted)] == [rows[0]]


async def test_an_account_that_was_made_can_be_got_archived_and_restored(bill: BillClient) -> None:
    made = await bill.chart_of_accounts.create(new_account())
    assert await bill.chart_of_accounts.get(made.id) == made
    assert (made.name, made.account.number, made.description) == ("Freight", "6300", None)
    assert (await bill.chart_of_accounts.archive(made.id)).archived is True
    assert (await bill.chart_of_accounts.archive(made.id)).archived is True
    assert (await bill.chart_of_accounts.restore(made.id)).archived is False


async def test_accounts_are_made_all_at_once(bill: BillClient) -> None:
    made = await bill.chart_of_accounts.create_many([new_account("1", "A"), new_account("2", "B")])
    assert {(row.account.number, row.name) for row in made} == {("1", "A"), ("2", "B")}
    assert {row.id for row in made} < {row.id async for row in bill.chart_of_accounts.list()}


async def test_of_many_accounts_none_is_made_when_one_is_refused(
    bill: BillClient, controls: Controls
) -> None:
    with pytest.raises(RejectedError, match="name: must not be blank") as caught:
        await bill.chart_of_accounts.create_many([new_account(), new_account(name=" ")])
    assert (caught.value.status, caught.value.code) == (400, "")
    assert controls.acted() == []
    assert len([row async for row in bill.chart_of_accounts.list()]) == 3


@pytest.mark.parametrize("field", ["name", "archived", "createdTime", "account.number"])
async def test_a_filter_nobody_confirms_is_not_sent(bill: BillClient, controls: Controls, field: str) -> None:
    with pytest.raises(InputError, match="it filters by: id"):
        assert [row async for row in bill.chart_of_accounts.list([Filter(field, "eq", "x")])] == []
    assert controls.sent() == []


async def test_an_unknown_account_is_not_found(bill: BillClient) -> None:
    with pytest.raises(NotFoundError, match="Chart of account not found: 0caNOTHING") as caught:
        await bill.chart_of_accounts.get("0caNOTHING")
    assert (caught.value.status, caught.value.code) == (404, "BDC_1205")


async def test_a_bill_line_is_booked_under_an_account(bill: BillClient) -> None:
    account = [row async for row in bill.chart_of_accounts.list()][0]
    made = await make_bill(bill, bill_line_items=[line_under(account.id)])
    got = await bill.bills.get(made.id)
    assert [line.classifications.chart_of_account_id for line in got.bill_line_items] == [account.id]
    assert (await make_bill(bill)).bill_line_items[0].classifications.chart_of_account_id is None


async def test_a_bill_line_under_an_unknown_account_is_refused(bill: BillClient, controls: Controls) -> None:
    vendor = await make_vendor(bill)
    controls.forget()
    with pytest.raises(RejectedError, match="Chart of account not found: 0caNOTHING") as caught:
        await bill.bills.create(new_bill(vendor.id, bill_line_items=[line_under("0caNOTHING")]))
    assert (caught.value.status, caught.value.code) == (422, "BDC_9034")
    assert controls.acted() == []
    assert [row async for row in bill.bills.list()] == []

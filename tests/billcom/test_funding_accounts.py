"""The organization's bank accounts, their users and its permissions, against the local BILL."""

from decimal import Decimal

import pytest

from billcom import BillClient
from billcom.errors import NotFoundError, RejectedError, UntrustedSessionError
from billcom.models.funding_account import NewFundingAccount
from billcom.query import Filter
from tests.billcom.build import ACCOUNT_NUMBER, ROUTING_NUMBER
from tests.billcom.controls import Controls

pytestmark = pytest.mark.anyio

NEW = NewFundingAccount(
    name_on_account="Reserve",
    bank_name="Local Bank",
    routing_number=ROUTING_NUMBER,  # pyright: ignore[reportArgumentType]
    account_number=ACCOUNT_NUMBER,  # pyright: ignore[reportArgumentType]
)


async def test_accounts_are_listed_by_status(bill: BillClient) -> None:
    rows = [row async for row in bill.funding_accounts.list(sort=["nameOnAccount:asc"])]
    assert [(row.name_on_account, row.status) for row in rows] == [
        ("New account", "PENDING"),
        ("Operating account", "VERIFIED"),
    ]
    verified = [row async for row in bill.funding_accounts.list([Filter("status", "eq", "VERIFIED")])]
    assert [row.id for row in verified] == [rows[1].id]
    assert verified[0].default is not None and verified[0].default.payables is True


async def test_an_account_can_be_got(bill: BillClient) -> None:
    rows = [row async for row in bill.funding_accounts.list()]
    assert [await bill.funding_accounts.get(row.id) for row in rows] == rows


async def test_an_unknown_account_is_not_found(bill: BillClient) -> None:
    with pytest.raises(NotFoundError) as caught:
        await bill.funding_accounts.get("bac01UNKNOWN00000000")
    assert (caught.value.status, caught.value.code) == (404, "BDC_1205")


async def test_a_new_account_is_verified_by_its_deposit(trusted: BillClient) -> None:
    made = await trusted.funding_accounts.create(NEW)
    assert (made.status, made.bank_name, made.type, made.owner_type) == (
        "PENDING",
        "Local Bank",
        "CHECKING",
        "BUSINESS",
    )
    assert (await trusted.funding_accounts.verify(made.id, Decimal("0.49"))).verified is False
    assert (await trusted.funding_accounts.get(made.id)).status == "PENDING"
    assert (await trusted.funding_accounts.verify(made.id, Decimal("0.50"))).verified is True
    assert (await trusted.funding_accounts.get(made.id)).status == "VERIFIED"


async def test_three_wrong_deposits_kill_an_account(trusted: BillClient) -> None:
    made = await trusted.funding_accounts.create(NEW)
    for _ in range(3):
        await trusted.funding_accounts.verify(made.id, Decimal("0.01"))
    assert (await trusted.funding_accounts.get(made.id)).status == "INVALID"
    with pytest.raises(RejectedError, match="not waiting for verification"):
        await trusted.funding_accounts.verify(made.id, Decimal("0.50"))


async def test_adding_an_account_needs_a_trusted_session(bill: BillClient, controls: Controls) -> None:
    with pytest.raises(UntrustedSessionError, match="Untrusted session") as caught:
        await bill.funding_accounts.create(NEW)
    assert (caught.value.status, caught.value.code) == (403, "BDC_1361")
    assert controls.acted() == []
    assert controls.sign_ins() == 1
    assert len([row async for row in bill.funding_accounts.list()]) == 2


async def test_users_say_who_may_pay_from_which_account(bill: BillClient) -> None:
    verified = [row async for row in bill.funding_accounts.list([Filter("status", "eq", "VERIFIED")])][0]
    user_id = (await bill.sessions.current()).user_id
    mine = [row async for row in bill.funding_accounts.users(current_user=True)]
    assert [(row.bank_account_id, row.user_id, row.verification_status) for row in mine] == [
        (verified.id, user_id, "VERIFIED")
    ]
    assert mine == [row async for row in bill.funding_accounts.users()]


async def test_current_user_is_asked_of_bill(bill: BillClient, controls: Controls) -> None:
    _ = [row async for row in bill.funding_accounts.users(current_user=True)]
    _ = [row async for row in bill.funding_accounts.users()]
    assert [row["query"] for row in controls.journal()] == ["max=100&currentUser=true", "max=100"]


async def test_a_user_of_a_verified_account_is_nominated(bill: BillClient, controls: Controls) -> None:
    verified = [row async for row in bill.funding_accounts.list([Filter("status", "eq", "VERIFIED")])][0]
    user_id = (await bill.sessions.current()).user_id
    assert (await bill.funding_accounts.nominate(verified.id, user_id)).status == "NOMINATED"
    assert [mail["to"] for mail in controls.mail("nomination")] == [[bill.settings.username]]


async def test_a_pending_account_takes_no_users(bill: BillClient, controls: Controls) -> None:
    pending = [row async for row in bill.funding_accounts.list([Filter("status", "eq", "PENDING")])][0]
    user_id = (await bill.sessions.current()).user_id
    with pytest.raises(RejectedError, match="not verified"):
        await bill.funding_accounts.nominate(pending.id, user_id)
    assert controls.acted() == []


async def test_permissions_say_whether_the_user_may_pay(bill: BillClient) -> None:
    assert (await bill.funding_accounts.permissions()).user.pay_online is True


async def test_what_a_version_does_not_know_of_permissions_is_kept(bill: BillClient) -> None:
    extra = (await bill.funding_accounts.permissions()).model_extra or {}
    assert extra["organization"]["wallet"] == {"fundingEnabled": False}

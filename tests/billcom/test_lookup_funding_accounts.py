"""Finding the account that pays, and saying of each other one why it can't, against the local BILL."""

import pytest

from billcom import BillClient
from billcom.errors import ConflictError
from billcom.lookup.funding_accounts import find_funding_account, why_not
from billcom.models.funding_account import FundingAccount, NewFundingAccount
from tests.billcom.build import ACCOUNT_NUMBER, ROUTING_NUMBER, verified_account
from tests.billcom.controls import Controls

pytestmark = pytest.mark.anyio


async def second_account(trusted: BillClient, controls: Controls) -> str:
    """Add a verified account this user may pay from."""
    new = NewFundingAccount.model_validate(
        {
            "name_on_account": "Reserve",
            "bank_name": "Local Bank",
            "routing_number": ROUTING_NUMBER,
            "account_number": ACCOUNT_NUMBER,
        }
    )
    made = await trusted.funding_accounts.create(new)
    controls.move("bank-accounts", made.id, "verify")
    return made.id


async def test_the_only_account_that_can_pay_is_found(bill: BillClient) -> None:
    assert (await find_funding_account(bill)).id == await verified_account(bill)


async def test_of_several_the_default_one_is_found(trusted: BillClient, controls: Controls) -> None:
    default = await verified_account(trusted)
    await second_account(trusted, controls)
    assert (await find_funding_account(trusted)).id == default


async def test_the_account_that_is_named_is_found(trusted: BillClient, controls: Controls) -> None:
    second = await second_account(trusted, controls)
    assert (await find_funding_account(trusted, second)).id == second


async def test_of_several_without_a_default_one_has_to_be_named(
    trusted: BillClient, controls: Controls
) -> None:
    default = await verified_account(trusted)
    ids = [await second_account(trusted, controls) for _ in range(2)]
    await trusted.request("POST", f"/v3/funding-accounts/banks/{default}/archive")
    with pytest.raises(
        ConflictError, match=r"several funding accounts can pay .*: name one in payment"
    ) as caught:
        await find_funding_account(trusted)
    assert all(account_id in str(caught.value) for account_id in ids)
    assert default not in str(caught.value)


async def test_an_account_that_cannot_pay_says_why(bill: BillClient, controls: Controls) -> None:
    verified = await verified_account(bill)
    pending = [row.id async for row in bill.funding_accounts.list() if row.status == "PENDING"][0]
    with pytest.raises(ConflictError, match=f"funding account {pending} can't pay") as caught:
        await find_funding_account(bill, pending)
    assert f"{pending} is PENDING, not VERIFIED" in str(caught.value)
    assert f"{verified} could pay" in str(caught.value)
    assert "verify it with the amount of its test deposit" in str(caught.value)
    assert controls.acted() == []


async def test_a_user_who_may_not_use_any_account_is_told_of_each(bill: BillClient) -> None:
    (user,) = [row async for row in bill.funding_accounts.users()]
    await bill.request("POST", f"/v3/funding-accounts/banks/users/{user.id}/archive")
    with pytest.raises(ConflictError, match="no funding account can pay") as caught:
        await find_funding_account(bill)
    assert f"{user.bank_account_id} is verified, but this user is not a verified user of it" in str(
        caught.value
    )


async def test_an_unknown_account_cannot_pay(bill: BillClient) -> None:
    with pytest.raises(ConflictError, match="funding account bac1 can't pay"):
        await find_funding_account(bill, "bac1")


@pytest.mark.parametrize(
    ("account", "reason"),
    [
        ({"status": "VERIFIED"}, None),
        ({"status": "VERIFIED", "archived": True}, "is archived"),
        ({"status": "INVALID"}, "is INVALID, not VERIFIED"),
        ({"status": "BRAND_NEW"}, "is BRAND_NEW, not VERIFIED"),
        ({"status": "VERIFIED", "id": "bac2"}, "is verified, but this user is not a verified user of it"),
    ],
)
async def test_each_account_has_its_reason(account: dict[str, object], reason: str | None) -> None:
    assert why_not(FundingAccount.model_validate({"id": "bac1", **account}), {"bac1"}) == reason

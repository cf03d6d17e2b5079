"""The organization's bank accounts and who may pay from them."""

from typing import Any

import pytest

from tests.emulator.caller import Caller, refused

BANKS = "/v3/funding-accounts/banks"


def bank_body(**changes: Any) -> Any:
    """Return a bank account to add."""
    body = {"nameOnAccount": "Agatha Ffringe", "routingNumber": "074000010", "accountNumber": "111222333"}
    return {**body, "type": "CHECKING", "ownerType": "BUSINESS", "bankName": "Chase", **changes}


def test_the_seed_has_a_verified_and_a_pending_account(bill: Caller) -> None:
    accounts = bill.rows(BANKS)
    assert [account["status"] for account in accounts] == ["VERIFIED", "PENDING"]
    assert accounts[0]["default"] == {"payables": True, "receivables": True}
    assert accounts[0]["accountNumber"] == "*****2333" and accounts[0]["id"].startswith("bac")
    users = bill.rows(f"{BANKS}/users", currentUser="true")
    assert [(user["bankAccountId"], user["verificationStatus"]) for user in users] == [
        (accounts[0]["id"], "VERIFIED")
    ]


def test_a_new_account_is_pending_until_its_deposit_is_verified(trusted: Caller) -> None:
    account = trusted.created(BANKS, bank_body())
    assert account["status"] == "PENDING" and account["default"] == {"payables": False, "receivables": False}
    path = f"{BANKS}/{account['id']}"
    assert trusted.created(f"{path}/verify", {"depositAmount": 0.5}, 200) == {"verified": True}
    assert trusted.read(path)["status"] == "VERIFIED"
    source = {"type": "BANK_ACCOUNT", "id": account["id"]}
    trusted.pay(trusted.new_bill(), fundingAccount=source)


def test_three_wrong_deposits_end_the_account(trusted: Caller) -> None:
    path = f"{BANKS}/{trusted.created(BANKS, bank_body())['id']}"
    for _ in range(3):
        assert trusted.created(f"{path}/verify", {"depositAmount": 0.51}, 200) == {"verified": False}
    assert trusted.read(path)["status"] == "INVALID"
    refused(trusted.post(f"{path}/verify", json={"depositAmount": 0.5}), 422, "BDC_9014", "not waiting")


def test_adding_an_account_needs_a_trusted_session(bill: Caller) -> None:
    refused(bill.post(BANKS, json=bank_body()), 403, "BDC_1361", "Untrusted session.")
    assert len(bill.rows(BANKS)) == 2


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"routingNumber": "074000011"}, "routingNumber: must be a valid routing number"),
        ({"type": "CURRENT"}, "type: must be one of CHECKING, SAVINGS"),
        ({"ownerType": "PERSON"}, "ownerType: must be one of BUSINESS, PERSONAL"),
        ({"bankName": None}, "bankName: must not be null"),
    ],
)
def test_a_wrong_account_is_refused_and_not_kept(trusted: Caller, changes: dict, message: str) -> None:
    refused(trusted.post(BANKS, json=bank_body(**changes)), 400, None, message)
    assert len(trusted.rows(BANKS)) == 2


def test_only_a_verified_account_is_changed_or_archived(bill: Caller) -> None:
    verified, pending = bill.rows(BANKS)
    refused(bill.patch(f"{BANKS}/{pending['id']}", json={"bankName": "X"}), 422, "BDC_9013", "not verified")
    refused(bill.post(f"{BANKS}/{pending['id']}/archive"), 422, "BDC_9013", "not verified")
    changed = bill.patch(f"{BANKS}/{verified['id']}", json={"ownerType": "PERSONAL"})
    assert changed.json()["ownerType"] == "PERSONAL"
    for _ in range(2):
        assert bill.created(f"{BANKS}/{verified['id']}/archive", status=200)["archived"] is True


def test_the_numbers_of_an_account_cannot_be_changed(bill: Caller) -> None:
    path = f"{BANKS}/{bill.verified_bank()}"
    refused(bill.patch(path, json={"accountNumber": "1"}), 400, None, "accountNumber: cannot be changed")
    assert bill.read(path)["accountNumber"] == "*****2333"


def test_a_nominated_user_may_pay_once_verified(trusted: Caller) -> None:
    account_id = trusted.verified_bank()
    right = trusted.rows(f"{BANKS}/users")[0]
    trusted.created(f"{BANKS}/users/{right['id']}/archive", status=200)
    body = {"bankAccountId": account_id, "userId": right["userId"]}
    assert trusted.created(f"{BANKS}/users/nominate", body, 200) == {"status": "NOMINATED"}
    assert trusted.local("GET", "/mail")["mail"][-1]["kind"] == "nomination"
    bill = trusted.new_bill()
    refused(trusted.post("/v3/payments", json=trusted.payment_body(bill)), 422, "BDC_1151", "Funding account")
    trusted.local("POST", f"/bank-accounts/{account_id}/verify")
    trusted.pay(bill)


def test_only_a_verified_account_takes_nominations(bill: Caller) -> None:
    pending = bill.rows(BANKS, filters="status:eq:PENDING")[0]["id"]
    user_id = bill.read("/v3/login/session")["userId"]
    body = {"bankAccountId": pending, "userId": user_id}
    refused(bill.post(f"{BANKS}/users/nominate", json=body), 422, "BDC_9013", "not verified")
    assert len(bill.rows(f"{BANKS}/users")) == 1


def test_cards_are_empty_in_their_own_shapes(bill: Caller) -> None:
    assert bill.read("/v3/funding-accounts/cards", cardUserStatus="VERIFIED") == {"cards": []}
    assert bill.read("/v3/funding-accounts/ap-cards") == []
    assert bill.read("/v3/funding-accounts/cards/users") == {"results": []}
    refused(bill.get("/v3/funding-accounts/cards"), 400, None, "cardUserStatus: must not be null")


def test_permissions_tell_what_can_be_paid_with(bill: Caller) -> None:
    permissions = bill.read("/v3/funding-accounts/permissions")
    assert permissions["user"] == {"payOnline": True}
    assert permissions["organization"]["wallet"] == {"fundingEnabled": False}

"""Customers, their bank accounts, and their authorization to be charged."""

import pytest

from tests.emulator.caller import ADDRESS, CUSTOMER_BANK, Caller, customer_body, refused


def test_a_customer_is_created_with_status_201(bill: Caller) -> None:
    customer = bill.new_customer(contact={"firstName": "Check", "lastName": "Mailworth"})
    assert customer["id"].startswith("0cu") and len(customer["id"]) == 20
    assert customer["balance"] == {"amount": 0.0}
    assert customer["contact"] == {"firstName": "Check", "lastName": "Mailworth"}
    assert "shippingAddress" not in customer
    assert bill.read(f"/v3/customers/{customer['id']}") == customer


@pytest.mark.parametrize(
    ("changes", "code", "message"),
    [
        ({"name": None}, None, "name: must not be null"),
        ({"email": None}, None, "email: must not be null"),
        ({"companyName": "x" * 251}, "BDC_1143", "companyName: must be at most 250"),
        ({"billingAddress": {**ADDRESS, "country": "USA"}}, None, "billingAddress.country: must be an ISO"),
    ],
)
def test_a_wrong_customer_is_refused_and_not_kept(
    bill: Caller, changes: dict, code: str | None, message: str
) -> None:
    refused(bill.post("/v3/customers", json=customer_body(**changes)), 400, code, message)
    assert bill.rows("/v3/customers") == []


def test_patch_changes_only_what_is_named(bill: Caller) -> None:
    path = f"/v3/customers/{bill.new_customer()['id']}"
    changed = bill.patch(
        path, json={"name": "Paper Band", "billingAddress": {"line1": "2 Side Street"}}
    ).json()
    assert changed["name"] == "Paper Band" and changed["email"] == "band@band.example"
    assert changed["billingAddress"]["line1"] == "2 Side Street"
    assert changed["billingAddress"]["city"] == "San Jose"


def test_archive_and_restore_can_be_repeated(bill: Caller) -> None:
    path = f"/v3/customers/{bill.new_customer()['id']}"
    for action, archived in (("archive", True), ("archive", True), ("restore", False), ("restore", False)):
        assert bill.created(f"{path}/{action}", status=200)["archived"] is archived


def test_the_balance_is_what_is_due_on_open_invoices(bill: Caller) -> None:
    invoice = bill.new_invoice()
    assert bill.read(f"/v3/customers/{invoice['customerId']}")["balance"] == {"amount": 29.98}


def test_a_bank_account_is_created_listed_and_masked(bill: Caller) -> None:
    path = f"/v3/customers/{bill.new_customer()['id']}/bank-accounts"
    account = bill.created(path, {**CUSTOMER_BANK, "nickname": "Main"})
    assert account["id"].startswith("cba") and account["accountNumber"] == "*****2333"
    assert bill.rows(path) == [account] and bill.read(f"{path}/{account['id']}") == account


def test_a_bank_account_needs_a_billing_address_first(bill: Caller) -> None:
    path = f"/v3/customers/{bill.new_customer(billingAddress=None)['id']}/bank-accounts"
    refused(bill.post(path, json=CUSTOMER_BANK), 422, "BDC_9022", "billing address")
    assert bill.rows(path) == []


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"routingNumber": "123456789"}, "routingNumber: must be a valid routing number"),
        ({"accountNumber": ""}, "accountNumber: must not be blank"),
        ({"type": None}, "type: must not be null"),
    ],
)
def test_a_wrong_bank_account_is_refused_and_not_kept(bill: Caller, changes: dict, message: str) -> None:
    path = f"/v3/customers/{bill.new_customer()['id']}/bank-accounts"
    refused(bill.post(path, json={**CUSTOMER_BANK, **changes}), 400, None, message)
    assert bill.rows(path) == []


def test_only_nickname_and_owner_type_of_a_bank_account_change(bill: Caller) -> None:
    path = f"/v3/customers/{bill.new_customer()['id']}/bank-accounts"
    path = f"{path}/{bill.created(path, CUSTOMER_BANK)['id']}"
    changed = bill.patch(path, json={"nickname": "Old", "ownerType": "PERSONAL"}).json()
    assert (changed["nickname"], changed["ownerType"]) == ("Old", "PERSONAL")
    refused(bill.patch(path, json={"routingNumber": "1"}), 400, None, "routingNumber: cannot be changed")
    assert bill.created(f"{path}/archive", status=200)["archived"] is True


def test_bank_accounts_are_refused_while_the_feature_is_off(bill: Caller) -> None:
    path = f"/v3/customers/{bill.new_customer()['id']}/bank-accounts"
    bill.local("PUT", "/rules", {"customer_bank_feature": "off"})
    message = "Current user or organization does not have valid permissions."
    refused(bill.post(path, json=CUSTOMER_BANK), 403, "BDC_9023", message)
    bill.local("PUT", "/rules", {"customer_bank_feature": "on"})
    assert bill.rows(path) == []


def test_an_authorization_is_echoed(bill: Caller) -> None:
    path = f"/v3/customers/{bill.new_customer()['id']}/charge-authorization"
    assert bill.created(path, {"authorizedToCharge": True}, 200) == {"authorizedToCharge": True}
    refused(bill.post(path, json={}), 400, None, "authorizedToCharge: must not be null")

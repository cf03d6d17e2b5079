"""Vendors and their bank accounts."""

import pytest

from tests.emulator.caller import ADDRESS, BANK, Caller, refused, vendor_body


def test_a_vendor_is_created_with_status_201(bill: Caller) -> None:
    vendor = bill.new_vendor()
    assert vendor["id"].startswith("009") and len(vendor["id"]) == 20
    assert vendor["archived"] is False
    assert vendor["paymentInformation"]["payByType"] == "ACH"
    assert vendor["balance"]["amount"] == 0.0
    assert vendor["createdTime"].endswith("+00:00")
    assert "phone" not in vendor
    read = bill.read(f"/v3/vendors/{vendor['id']}")
    assert read["name"] == "Happy Music" and read["address"]["countryName"] == "United States"


def test_bank_numbers_are_masked_but_for_the_last_four(bill: Caller) -> None:
    account = bill.new_vendor()["paymentInformation"]["bankAccount"]
    assert account["accountNumber"] == "*****2333"
    assert account["routingNumber"] == "074000010"


def test_the_same_name_is_accepted_twice(bill: Caller) -> None:
    assert bill.new_vendor()["id"] != bill.new_vendor()["id"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"name": None}, "name: must not be null"),
        ({"name": "x" * 101}, "name: must be at most 100"),
        ({"address": None}, "address: must not be null"),
        ({"address": {**ADDRESS, "city": None}}, "address.city: must not be null"),
        ({"address": {**ADDRESS, "country": "USA"}}, "address.country: must be an ISO"),
        ({"accountType": "COMPANY"}, "accountType: must be one of"),
        ({"email": 5}, "email: must be a string"),
        (
            {"paymentInformation": {"bankAccount": {**BANK, "routingNumber": "123456789"}}},
            "paymentInformation.bankAccount.routingNumber: must be a valid routing number",
        ),
    ],
)
def test_a_wrong_vendor_is_refused_and_not_kept(bill: Caller, changes: dict, message: str) -> None:
    answer = bill.post("/v3/vendors", json=vendor_body(**changes))
    refused(answer, 400, "BDC_1143" if "at most" in message else None, message)
    assert bill.rows("/v3/vendors") == []


def test_several_problems_are_answered_as_several_entries(bill: Caller) -> None:
    answer = bill.post("/v3/vendors", json={})
    assert [entry["message"] for entry in answer.json()] == [
        "address: must not be null",
        "name: must not be null",
    ]
    assert all("code" not in entry for entry in answer.json())


def test_bulk_creates_all_vendors(bill: Caller) -> None:
    vendors = bill.created("/v3/vendors/bulk", [vendor_body(name="A"), vendor_body(name="B")])["vendors"]
    assert {vendor["name"] for vendor in vendors} == {"A", "B"}
    assert len(bill.rows("/v3/vendors")) == 2


def test_bulk_is_all_or_nothing(bill: Caller) -> None:
    answer = bill.post("/v3/vendors/bulk", json=[vendor_body(), vendor_body(name=None)])
    refused(answer, 400, None, "[1].name: must not be null")
    assert bill.rows("/v3/vendors") == []


def test_bulk_takes_twenty_vendors_at_most(bill: Caller) -> None:
    answer = bill.post("/v3/vendors/bulk", json=[vendor_body()] * 21)
    refused(answer, 400, "BDC_9001", "At most 20 vendors")
    assert bill.rows("/v3/vendors") == []
    assert len(bill.created("/v3/vendors/bulk", [vendor_body()] * 20)["vendors"]) == 20


def test_patch_changes_only_what_is_named(bill: Caller) -> None:
    vendor = bill.new_vendor()
    answer = bill.patch(
        f"/v3/vendors/{vendor['id']}", json={"name": "Happier Music", "address": {"city": "Reno"}}
    )
    assert answer.status_code == 200
    changed = bill.read(f"/v3/vendors/{vendor['id']}")
    assert changed["name"] == "Happier Music" and changed["email"] == "pay@music.example"
    assert changed["address"]["city"] == "Reno" and changed["address"]["line1"] == "123 Main Street"


def test_patch_cannot_touch_bank_details(bill: Caller) -> None:
    vendor = bill.new_vendor()
    body = {"name": "X", "paymentInformation": {"bankAccount": BANK}}
    refused(bill.patch(f"/v3/vendors/{vendor['id']}", json=body), 400, None, "paymentInformation.bankAccount")
    assert bill.read(f"/v3/vendors/{vendor['id']}")["name"] == "Happy Music"


def test_archive_and_restore_can_be_repeated(bill: Caller) -> None:
    path = f"/v3/vendors/{bill.new_vendor()['id']}"
    for action, archived in (("archive", True), ("archive", True), ("restore", False), ("restore", False)):
        assert bill.created(f"{path}/{action}", status=200)["archived"] is archived


def test_a_bank_account_is_replaced_by_delete_and_create(bill: Caller) -> None:
    path = f"/v3/vendors/{bill.new_vendor()['id']}/bank-account"
    refused(bill.post(path, json=BANK), 422, "BDC_9015", "already has a bank account")
    answer = bill.delete(path)
    assert answer.status_code == 204 and answer.content == b""
    refused(bill.get(path), 404, "BDC_1205", "Vendor bank account")
    account = bill.created(path, {**BANK, "accountNumber": "987654321"}, 200)
    assert account["accountNumber"] == "*****4321" and account["status"] == "VERIFIED"
    assert bill.read(path) == account


def test_an_unknown_vendor_is_not_found(bill: Caller) -> None:
    refused(bill.get("/v3/vendors/009UNKNOWN"), 404, "BDC_1205", "Vendor not found: 009UNKNOWN")


def test_configurations_ask_for_nothing(bill: Caller) -> None:
    nothing = {"paymentPurpose": {"required": False, "codes": []}, "validations": {"fields": []}}
    path = f"/v3/vendors/{bill.new_vendor()['id']}/configuration"
    assert bill.read(path) == {"internationalPayments": nothing}
    query = {"country": "DK", "billCurrency": "EUR", "accountType": "BUSINESS"}
    assert bill.read("/v3/vendors/configuration/international-payments", **query) == nothing


def test_unknown_fields_are_ignored_unless_strict(bill: Caller) -> None:
    assert "colour" not in bill.new_vendor(colour="red")
    bill.local("PUT", "/rules", {"strict_fields": "refuse"})
    answer = bill.post("/v3/vendors", json=vendor_body(colour="red"))
    refused(answer, 400, None, "colour: unknown field")
    assert len(bill.rows("/v3/vendors")) == 1


def test_an_idempotent_key_is_ignored(bill: Caller) -> None:
    headers = {"X-Idempotent-Key": "4f6a1c9e-7f3b-4c7e-9a51-0a1b2c3d4e5f"}
    for _ in range(2):
        assert bill.post("/v3/vendors", json=vendor_body(), headers=headers).status_code == 201
    assert len(bill.rows("/v3/vendors")) == 2


def test_the_balance_is_what_is_due_on_open_bills(bill: Caller) -> None:
    vendor_id = bill.new_vendor()["id"]
    bill.new_bill(10.01, vendor_id)
    archived = bill.new_bill(5, vendor_id, number="2")
    bill.created(f"/v3/bills/{archived['id']}/archive", status=200)
    assert bill.read(f"/v3/vendors/{vendor_id}")["balance"]["amount"] == 10.01

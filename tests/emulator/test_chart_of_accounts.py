"""The chart of accounts, and bill lines booked under it."""

from typing import Any

import pytest

from tests.emulator.caller import Caller, bill_body, refused

CHART = "/v3/classifications/chart-of-accounts"


def account_body(**changes: Any) -> Any:
    """Return an account to create."""
    account = {"type": "EXPENSE", "number": "1-020"}
    return {"name": "Prepaid Expenses", "description": "Next quarter", "account": account, **changes}


def lines(account_id: str) -> Any:
    """Return one line booked under an account."""
    return [{"amount": 10, "classifications": {"chartOfAccountId": account_id}}]


def test_an_organization_starts_with_three_expense_accounts(bill: Caller) -> None:
    rows = bill.rows(CHART)
    assert [(row["account"]["number"], row["name"]) for row in rows] == [
        ("6000", "Office Supplies"),
        ("6100", "Instruments"),
        ("6200", "Repairs"),
    ]
    assert {row["account"]["type"] for row in rows} == {"EXPENSE"}
    assert all(row["id"].startswith("0ca") and len(row["id"]) == 20 for row in rows)


def test_an_account_that_was_made_can_be_got_and_listed(bill: Caller) -> None:
    made = bill.created(CHART, account_body())
    assert set(made) == {"id", "archived", "name", "description", "account", "createdTime", "updatedTime"}
    assert made["account"] == {"type": "EXPENSE", "number": "1-020"} and made["archived"] is False
    assert bill.read(f"{CHART}/{made['id']}") == made
    assert bill.rows(CHART, filters=f"id:eq:{made['id']}") == [made]
    assert "account" not in bill.created(CHART, {"name": "Bare"})


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"name": None}, "name: must not be null"),
        ({"name": " "}, "name: must not be blank"),
        ({"account": "EXPENSE"}, "account: must be an object"),
        ({"account": {"number": 1}}, "account.number: must be a string"),
    ],
)
def test_a_wrong_account_is_refused_and_not_kept(bill: Caller, changes: Any, message: str) -> None:
    before = bill.rows(CHART)
    refused(bill.post(CHART, json=account_body(**changes)), 400, None, message)
    bulk = [account_body(), account_body(**changes)]
    refused(bill.post(f"{CHART}/bulk", json=bulk), 400, None, f"[1].{message}")
    assert bill.rows(CHART) == before


def test_bulk_creates_fifty_accounts_at_most(bill: Caller) -> None:
    refused(bill.post(f"{CHART}/bulk", json=[account_body()] * 51), 400, "BDC_9001", "At most 50 accounts")
    assert len(bill.rows(CHART)) == 3
    made = bill.created(f"{CHART}/bulk", [account_body(name=f"N{number}") for number in range(50)])
    assert {row["name"] for row in made["chartOfAccounts"]} == {f"N{number}" for number in range(50)}
    assert len(bill.rows(CHART, max=100)) == 53


def test_archive_and_restore_can_be_repeated(bill: Caller) -> None:
    path = f"{CHART}/{bill.rows(CHART)[0]['id']}"
    for action, archived in (("archive", True), ("archive", True), ("restore", False), ("restore", False)):
        assert bill.created(f"{path}/{action}", status=200)["archived"] is archived
        assert bill.read(path)["archived"] is archived


@pytest.mark.parametrize("path", ["", "/archive", "/restore"])
def test_an_unknown_account_is_not_found(bill: Caller, path: str) -> None:
    answer = bill.request("POST" if path else "GET", f"{CHART}/0caNOTHING{path}")
    refused(answer, 404, "BDC_1205", "Chart of account not found: 0caNOTHING")


def test_the_chart_is_sorted_by_name_and_description(bill: Caller) -> None:
    bill.created(CHART, account_body(name="Advertising"))
    names = [row["name"] for row in bill.rows(CHART, sort="name:asc")]
    assert names == ["Advertising", "Instruments", "Office Supplies", "Repairs"]
    assert bill.rows(CHART, sort="description:desc")[0]["name"] == "Advertising"
    refused(bill.get(CHART, params={"sort": "account.number:asc"}), 400, "BDC_1129", "account.number")


@pytest.mark.parametrize(
    ("filters", "code"),
    [
        ("name:eq:Repairs", "BDC_1130"),
        ("account.number:eq:6000", "BDC_1130"),
        ("archived:eq:false", "BDC_1130"),
        ("createdTime:gte:2026-01-01", "BDC_1130"),
        ("id:in:0ca", "BDC_1131"),
    ],
)
def test_filters_no_source_confirms_are_refused(bill: Caller, filters: str, code: str) -> None:
    refused(bill.get(CHART, params={"filters": filters}), 400, code, "Invalid list filter")


def test_unconfirmed_filters_can_be_accepted(bill: Caller) -> None:
    bill.local("PUT", "/rules", {"unconfirmed_filters": "accept"})
    account_id = bill.rows(CHART)[0]["id"]
    bill.created(f"{CHART}/{account_id}/archive", status=200)
    assert [row["id"] for row in bill.rows(CHART, filters="archived:eq:true")] == [account_id]


def test_a_bill_line_is_booked_under_an_account(bill: Caller) -> None:
    account_id = bill.rows(CHART)[0]["id"]
    made = bill.new_bill(billLineItems=lines(account_id))
    read = bill.read(f"/v3/bills/{made['id']}")
    assert read["billLineItems"][0]["classifications"] == {"chartOfAccountId": account_id}


@pytest.mark.parametrize(
    "changes",
    [
        {"billLineItems": lines("0caNOTHING")},
        {"classifications": {"chartOfAccountId": "0caNOTHING"}},
        {"payFromChartOfAccountId": "0caNOTHING"},
    ],
)
def test_a_bill_under_an_unknown_account_is_refused(bill: Caller, changes: Any) -> None:
    made = bill.new_bill()
    before = bill.state()
    message = "Chart of account not found: 0caNOTHING"
    body = bill_body(made["vendorId"], **changes)
    refused(bill.post("/v3/bills", json=body), 422, "BDC_9034", message)
    refused(bill.post("/v3/bills/bulk", json=[bill_body(made["vendorId"]), body]), 422, "BDC_9034", message)
    refused(bill.patch(f"/v3/bills/{made['id']}", json=changes), 422, "BDC_9034", message)
    refused(bill.put(f"/v3/bills/{made['id']}", json=body), 422, "BDC_9034", message)
    assert bill.state() == before


def test_another_organizations_account_is_unknown(bill: Caller) -> None:
    account_id = bill.rows(CHART)[0]["id"]
    with Caller(str(bill.base_url), bill.local("POST", "/organizations")) as other:
        other.sign_in()
        refused(other.get(f"{CHART}/{account_id}"), 404, "BDC_1205", account_id)
        body = bill_body(other.new_vendor()["id"], billLineItems=lines(account_id))
        refused(other.post("/v3/bills", json=body), 422, "BDC_9034", account_id)
        assert other.rows("/v3/bills") == []

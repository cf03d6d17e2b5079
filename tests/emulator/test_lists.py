"""Paging, filters and sorting of lists."""

import pytest

from tests.emulator.caller import Caller, refused, vendor_body


def names(bill: Caller, **query: object) -> list[str]:
    """Return the names of the vendors a list answers."""
    return [vendor["name"] for vendor in bill.rows("/v3/vendors", **query)]


def make(bill: Caller, *vendors: str) -> None:
    """Create vendors one after another, a minute apart."""
    for name in vendors:
        bill.new_vendor(name=name)
        bill.advance(minutes=1)


def test_a_page_holds_twenty_rows_unless_told_otherwise(bill: Caller) -> None:
    bill.created("/v3/vendors/bulk", [vendor_body()] * 20)
    bill.new_vendor()
    page = bill.read("/v3/vendors")
    assert len(page["results"]) == 20 and "nextPage" in page and "prevPage" not in page
    assert len(bill.rows("/v3/vendors", max=100)) == 21


@pytest.mark.parametrize("size", ["0", "101", "-1", "many"])
def test_max_outside_one_to_a_hundred_is_refused(bill: Caller, size: str) -> None:
    refused(bill.get("/v3/vendors", params={"max": size}), 400, "BDC_1129", "max: must be between 1 and 100")


@pytest.mark.parametrize("size", [1, 100])
def test_max_of_one_and_of_a_hundred_is_taken(bill: Caller, size: int) -> None:
    assert bill.rows("/v3/vendors", max=size) == []


def test_pages_lead_forward_to_an_end_and_back(bill: Caller) -> None:
    make(bill, "A", "B", "C")
    first = bill.read("/v3/vendors", max=2)
    last = bill.read("/v3/vendors", max=2, page=first["nextPage"])
    assert [row["name"] for row in last["results"]] == ["C"] and "nextPage" not in last
    assert names(bill, max=2, page=last["prevPage"]) == ["A", "B"]


def test_a_page_token_carries_filters_and_sort_along(bill: Caller) -> None:
    make(bill, "A1", "B", "A2", "A3")
    first = bill.read("/v3/vendors", max=2, filters="name:sw:A", sort="name:desc")
    assert [row["name"] for row in first["results"]] == ["A3", "A2"]
    assert names(bill, max=2, page=first["nextPage"]) == ["A1"]
    answer = bill.get("/v3/vendors", params={"page": first["nextPage"], "filters": "name:sw:B"})
    refused(answer, 400, "BDC_1129", "page: belongs to a list with other filters")


def test_a_made_up_page_token_is_refused(bill: Caller) -> None:
    refused(bill.get("/v3/vendors", params={"page": "2"}), 400, "BDC_1129", "page: not a page token")


def test_rows_come_oldest_first_unless_sorted(bill: Caller) -> None:
    make(bill, "B", "C", "A")
    assert names(bill) == ["B", "C", "A"]
    assert names(bill, sort="createdTime:desc") == ["A", "C", "B"]
    assert names(bill, sort="name:asc") == ["A", "B", "C"]


def test_several_sort_fields_apply_in_order(bill: Caller) -> None:
    bill.new_vendor(name="B", phone="1")
    bill.new_vendor(name="A", phone="1")
    bill.new_vendor(name="C", phone="0")
    assert names(bill, sort="phone:asc,name:asc") == ["C", "A", "B"]


def test_an_unknown_sort_is_refused(bill: Caller) -> None:
    refused(bill.get("/v3/vendors", params={"sort": "colour"}), 400, "BDC_1129", "colour")
    refused(bill.get("/v3/vendors", params={"sort": "name:up"}), 400, "BDC_1129", "name:up")


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ("name:eq:A", ["A"]),
        ('name:eq:"A"', ["A"]),
        ("name:sw:B", ["B: two, three"]),
        ('name:eq:"B: two, three"', ["B: two, three"]),
        ("accountType:in:BUSINESS", ["A"]),
        ('accountType:in:"BUSINESS,PERSON"', ["A", "C"]),
        ('accountType:nin:"BUSINESS,PERSON"', ["B: two, three"]),
        ("accountType:ne:BUSINESS,name:sw:C", ["C"]),
        ("address.country:eq:US", ["A", "B: two, three", "C"]),
        ("archived:eq:false", ["A", "B: two, three"]),
        ("archived:ne:false", ["C"]),
        ('createdTime:gte:"2026-11-23T15:01:00.000Z"', ["B: two, three", "C"]),
        ('createdTime:lt:"2026-11-23T09:01-06:00"', ["A"]),
        ('createdTime:gt:"2026-11-24"', []),
        ("paymentStatus:eq:PAID", []),
        ("paymentStatus:ne:PAID", ["A", "B: two, three", "C"]),
    ],
)
def test_filters_narrow_the_list(bill: Caller, filters: str, found: list[str]) -> None:
    bill.new_vendor(name="A", accountType="BUSINESS")
    bill.local("PUT", "/clock", {"now": "2026-11-23T15:02:00+00:00"})
    bill.new_vendor(name="B: two, three")
    archived = bill.new_vendor(name="C", accountType="PERSON")
    bill.created(f"/v3/vendors/{archived['id']}/archive", status=200)
    assert names(bill, filters=filters) == found


def test_ids_are_filtered_one_or_many(bill: Caller) -> None:
    first, second = bill.new_vendor()["id"], bill.new_vendor()["id"]
    assert len(bill.rows("/v3/vendors", filters=f"id:eq:{first}")) == 1
    assert len(bill.rows("/v3/vendors", filters=f'id:in:"{first},{second}"')) == 2
    assert len(bill.rows("/v3/vendors", filters=f"id:ne:{first}")) == 1


@pytest.mark.parametrize(
    ("path", "filters", "code"),
    [
        ("/v3/vendors", "colour:eq:red", "BDC_1130"),
        ("/v3/vendors", "email:eq:a", "BDC_1130"),
        ("/v3/vendors", "name:gt:A", "BDC_1131"),
        ("/v3/vendors", "createdTime:eq:2026-11-23", "BDC_1131"),
        ("/v3/vendors", "archived:eq:maybe", "BDC_1119"),
        ("/v3/vendors", "createdTime:gte:yesterday", "BDC_1119"),
        ("/v3/vendors", "createdTime:gte:2026-11-23T15:00:00Z", "BDC_1129"),
        ("/v3/vendors", "name", "BDC_1129"),
        ("/v3/bills", "invoice.invoiceNumber:eq:1", "BDC_1130"),
        ("/v3/payments", "billId:eq:00n", "BDC_1130"),
        ("/v3/payments", "description:eq:x", "BDC_1130"),
        ("/v3/payments", "singleStatus:eq:SCHEDULED", "BDC_1130"),
        ("/v3/invoices", "invoiceNumber:eq:1", "BDC_1130"),
        ("/v3/receivable-payments", "customerId:eq:0cu", "BDC_1130"),
        ("/v3/funding-accounts/banks", "id:eq:bac", "BDC_1130"),
    ],
)
def test_filters_no_source_confirms_are_refused(bill: Caller, path: str, filters: str, code: str) -> None:
    refused(bill.get(path, params={"filters": filters}), 400, code, "ilter")


def test_unconfirmed_filters_can_be_accepted_but_never_billid(bill: Caller) -> None:
    bill.local("PUT", "/rules", {"unconfirmed_filters": "accept"})
    created = bill.new_bill()
    assert bill.rows("/v3/bills", filters="invoice.invoiceNumber:eq:202501")[0]["id"] == created["id"]
    refused(bill.get("/v3/payments", params={"filters": "billId:eq:00n"}), 400, "BDC_1130", "billId")


def test_bills_are_filtered_by_vendor_due_date_and_status(bill: Caller) -> None:
    first, second = bill.new_bill(dueDate="2026-12-01"), bill.new_bill(dueDate="2026-12-15")
    assert [row["id"] for row in bill.rows("/v3/bills", filters=f"vendorId:eq:{first['vendorId']}")] == [
        first["id"]
    ]
    assert [row["id"] for row in bill.rows("/v3/bills", filters='dueDate:gt:"2026-12-01"')] == [second["id"]]
    assert len(bill.rows("/v3/bills", filters="paymentStatus:eq:UNPAID")) == 2
    assert bill.rows("/v3/bills", filters='paymentStatus:in:"PAID,SCHEDULED"') == []


def test_payments_are_filtered_by_what_bill_can(trusted: Caller) -> None:
    payment = trusted.pay(trusted.new_bill(100.5), transactionNumber="RUN1")
    trusted.pay(trusted.new_bill(2))
    for filters in (
        f"vendorId:eq:{payment['vendorId']}",
        "amount:gte:100.50",
        "transactionNumber:eq:RUN1",
        f"id:eq:{payment['id']},status:eq:SCHEDULED,onlinePayment:eq:true,disbursementType:eq:ACH",
        'processDate:lte:"2026-11-24",amount:gt:2',
    ):
        assert [row["id"] for row in trusted.rows("/v3/payments", filters=filters)] == [payment["id"]]


def test_a_new_record_is_missing_from_lists_as_long_as_the_rule_says(bill: Caller) -> None:
    bill.local("PUT", "/rules", {"list_delay_ms": 3000})
    vendor = bill.new_vendor()
    assert bill.rows("/v3/vendors") == []
    assert bill.read(f"/v3/vendors/{vendor['id']}")["id"] == vendor["id"]
    assert bill.verified_bank()
    bill.advance(seconds=3)
    assert len(bill.rows("/v3/vendors")) == 1


@pytest.mark.parametrize(("rule", "listed"), [("shown", 1), ("hidden", 0)])
def test_whether_archived_rows_are_listed_unasked_is_a_rule(bill: Caller, rule: str, listed: int) -> None:
    made = bill.post("/v3/vendors", json=vendor_body()).json()
    bill.post(f"/v3/vendors/{made['id']}/archive")
    bill.local("PUT", "/rules", {"archived_rows": rule})
    assert len(bill.get("/v3/vendors").json()["results"]) == listed
    asked = bill.get("/v3/vendors", params={"filters": "archived:eq:true"}).json()["results"]
    assert [row["id"] for row in asked] == [made["id"]]

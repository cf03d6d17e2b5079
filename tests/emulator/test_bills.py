"""Bills, their lines, and payments recorded on them."""

import pytest

from tests.emulator.caller import Caller, bill_body, refused


def test_a_bill_is_created_unpaid_with_its_lines_summed(bill: Caller) -> None:
    vendor = bill.new_vendor()
    lines = [{"amount": 100.1}, {"quantity": 3, "price": "0.33"}]
    created = bill.created("/v3/bills", bill_body(vendor["id"], billLineItems=lines))
    assert created["id"].startswith("00n") and len(created["id"]) == 20
    assert created["amount"] == created["dueAmount"] == 101.09
    assert created["paidAmount"] == created["scheduledAmount"] == 0.0
    assert created["paymentStatus"] == "UNPAID" and created["approvalStatus"] == "UNASSIGNED"
    assert created["invoice"] == {"invoiceNumber": "202501", "invoiceDate": "2026-11-20"}


def test_reads_give_the_vendor_name_and_writes_do_not(bill: Caller) -> None:
    created = bill.new_bill()
    assert "vendorName" not in created
    assert bill.read(f"/v3/bills/{created['id']}")["vendorName"] == "Happy Music"
    assert bill.rows("/v3/bills")[0]["vendorName"] == "Happy Music"


@pytest.mark.parametrize(
    ("changes", "code", "message"),
    [
        ({"vendorId": None}, None, "vendorId: must not be null"),
        ({"dueDate": None}, None, "dueDate: must not be null"),
        ({"dueDate": "31/12/2026"}, None, "dueDate: must be a date"),
        ({"billLineItems": None}, None, "billLineItems: must not be null"),
        ({"billLineItems": []}, None, "billLineItems: must not be empty"),
        ({"billLineItems": [{}]}, None, "billLineItems[0].amount: must not be null"),
        (
            {"billLineItems": [{"amount": 1.005}]},
            None,
            "billLineItems[0].amount: must have at most two decimals",
        ),
        ({"billLineItems": [{"amount": "ten"}]}, None, "billLineItems[0].amount: must be a number"),
        ({"invoice": {"invoiceDate": "2026-11-20"}}, None, "invoice.invoiceNumber: must not be null"),
        (
            {"invoice": {"invoiceDate": "2026-11-20", "invoiceNumber": "x" * 22}},
            "BDC_1143",
            "invoice.invoiceNumber: must be at most 21",
        ),
    ],
)
def test_a_wrong_bill_is_refused_and_not_kept(
    bill: Caller, changes: dict, code: str | None, message: str
) -> None:
    vendor_id = bill.new_vendor()["id"]
    refused(bill.post("/v3/bills", json=bill_body(vendor_id) | changes), 400, code, message)
    assert bill.rows("/v3/bills") == []


def test_a_bill_needs_a_vendor_that_exists(bill: Caller) -> None:
    refused(bill.post("/v3/bills", json=bill_body("009NOBODY")), 404, "BDC_1205", "Vendor not found")
    assert bill.rows("/v3/bills") == []


def test_the_same_number_is_accepted_twice_by_default(bill: Caller) -> None:
    vendor_id = bill.new_vendor()["id"]
    bill.new_bill(1, vendor_id)
    bill.new_bill(1, vendor_id)
    assert len(bill.rows("/v3/bills")) == 2


@pytest.mark.parametrize("by_rule", [True, False])
def test_the_same_number_can_be_refused_by_rule_or_by_flag(bill: Caller, by_rule: bool) -> None:
    vendor_id = bill.new_vendor()["id"]
    bill.new_bill(1, vendor_id)
    body = bill_body(vendor_id)
    if by_rule:
        bill.local("PUT", "/rules", {"duplicate_bill_number": "refuse"})
    else:
        body["allowDuplicateInvoiceNumber"] = False
    answer = bill.post("/v3/bills", json=body)
    refused(answer, 422, "BDC_1171", "202501")
    assert len(bill.rows("/v3/bills")) == 1
    bill.new_bill(1)


def test_bulk_creates_all_bills_as_a_bare_array(bill: Caller) -> None:
    vendor_id = bill.new_vendor()["id"]
    bills = bill.created("/v3/bills/bulk", [bill_body(vendor_id, 1), bill_body(vendor_id, 2)])
    assert {row["amount"] for row in bills} == {1.0, 2.0}


def test_bulk_is_all_or_nothing(bill: Caller) -> None:
    vendor_id = bill.new_vendor()["id"]
    answer = bill.post("/v3/bills/bulk", json=[bill_body(vendor_id), bill_body("009NOBODY")])
    refused(answer, 404, "BDC_1205", "Vendor not found")
    assert bill.rows("/v3/bills") == []


def test_bulk_takes_a_hundred_bills_at_most(bill: Caller) -> None:
    vendor_id = bill.new_vendor()["id"]
    refused(
        bill.post("/v3/bills/bulk", json=[bill_body(vendor_id)] * 101), 400, "BDC_9001", "At most 100 bills"
    )
    assert bill.rows("/v3/bills") == []
    assert len(bill.created("/v3/bills/bulk", [bill_body(vendor_id)] * 100)) == 100


def test_patch_keeps_line_ids_and_other_lines(bill: Caller) -> None:
    lines = [{"amount": 10, "description": "one"}, {"amount": 20}]
    created = bill.created("/v3/bills", bill_body(bill.new_vendor()["id"], billLineItems=lines))
    first, second = (line["id"] for line in created["billLineItems"])
    body = {"billLineItems": [{"id": first, "amount": 15}]}
    changed = bill.patch(f"/v3/bills/{created['id']}", json=body).json()
    assert [line["id"] for line in changed["billLineItems"]] == [first, second]
    assert changed["amount"] == 35.0 and changed["billLineItems"][0]["description"] == "one"
    assert changed["dueDate"] == "2026-12-31"


def test_put_replaces_the_lines(bill: Caller) -> None:
    lines = [{"amount": 10}, {"amount": 20}]
    created = bill.created("/v3/bills", bill_body(bill.new_vendor()["id"], billLineItems=lines))
    kept = created["billLineItems"][1]["id"]
    body = bill_body(created["vendorId"], billLineItems=[{"id": kept, "amount": 20}, {"amount": 1}])
    changed = bill.put(f"/v3/bills/{created['id']}", json=body).json()
    assert changed["amount"] == 21.0 and len(changed["billLineItems"]) == 2
    assert changed["billLineItems"][0]["id"] == kept


def test_archive_and_restore_can_be_repeated(bill: Caller) -> None:
    path = f"/v3/bills/{bill.new_bill()['id']}"
    for action, archived in (("archive", True), ("archive", True), ("restore", False), ("restore", False)):
        assert bill.created(f"{path}/{action}", status=200)["archived"] is archived


def test_a_recorded_payment_pays_the_bill_and_moves_no_money(bill: Caller) -> None:
    unpaid = bill.new_bill(100)
    part = {"billId": unpaid["id"], "amount": "70"}
    body = {"vendorId": unpaid["vendorId"], "processDate": "2026-11-20", "payments": [part]}
    payment = bill.created("/v3/bills/record-payment", body, 200)
    assert payment["onlinePayment"] is False and payment["disbursementType"] == "OFFLINE"
    assert payment["status"] == "PAID" and payment["amount"] == 70.0
    after = bill.read(f"/v3/bills/{unpaid['id']}")
    assert (after["paymentStatus"], after["paidAmount"], after["dueAmount"]) == ("PARTIALLY_PAID", 70.0, 30.0)


def test_a_recorded_payment_is_of_one_vendor_and_within_what_is_due(bill: Caller) -> None:
    unpaid, other = bill.new_bill(100), bill.new_bill(100)
    body = {"vendorId": unpaid["vendorId"], "processDate": "2026-11-20"}
    before = bill.state()
    part = [{"billId": other["id"], "amount": 1}]
    refused(
        bill.post("/v3/bills/record-payment", json={**body, "payments": part}), 422, "BDC_9005", "vendor of"
    )
    part = [{"billId": unpaid["id"], "amount": 100.01}]
    refused(
        bill.post("/v3/bills/record-payment", json={**body, "payments": part}), 422, "BDC_9002", "more than"
    )
    assert bill.state() == before

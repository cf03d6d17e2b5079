"""Invoices, mailing them, and payments recorded on them."""

import pytest

from tests.emulator.caller import Caller, invoice_body, refused


def test_an_invoice_is_created_open_with_its_lines_summed(bill: Caller) -> None:
    customer_id = bill.new_customer()["id"]
    invoice = bill.new_invoice(customer_id)
    assert invoice["id"].startswith("00e") and len(invoice["id"]) == 20
    assert invoice["customerId"] == customer_id and "customer" not in invoice
    assert invoice["totalAmount"] == invoice["dueAmount"] == 29.98
    assert invoice["status"] == "OPEN" and invoice["payments"] == []
    assert invoice["invoiceDate"] == invoice["dueDate"] == "2026-11-23"
    assert bill.local("GET", "/mail")["mail"] == []


def test_a_customer_can_be_created_with_the_invoice(bill: Caller) -> None:
    body = invoice_body("", customer={"name": "New Band", "email": "new@band.example"})
    invoice = bill.created("/v3/invoices", body)
    assert bill.read(f"/v3/customers/{invoice['customerId']}")["name"] == "New Band"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"customer": None}, "customer: The customer field is required"),
        ({"customer": "0cuX"}, "Cannot construct instance of"),
        ({"invoiceLineItems": None}, "invoiceLineItems: must not be null"),
        ({"invoiceLineItems": [{"price": 1}]}, "invoiceLineItems[0].quantity: must not be null"),
        ({"dueDate": "soon"}, "dueDate: must be a date"),
    ],
)
def test_a_wrong_invoice_is_refused_and_not_kept(bill: Caller, changes: dict, message: str) -> None:
    body = invoice_body(bill.new_customer()["id"]) | changes
    refused(bill.post("/v3/invoices", json=body), 400, None, message)
    assert bill.rows("/v3/invoices") == []


def test_a_number_used_before_is_refused(bill: Caller) -> None:
    invoice = bill.new_invoice()
    body = invoice_body(bill.new_customer()["id"])
    refused(bill.post("/v3/invoices", json=body), 422, "BDC_1171", "202502")
    assert bill.rows("/v3/invoices") == [invoice]


def test_a_number_used_before_can_be_accepted(bill: Caller) -> None:
    bill.local("PUT", "/rules", {"duplicate_invoice_number": "accept"})
    bill.new_invoice()
    bill.new_invoice()
    assert len(bill.rows("/v3/invoices")) == 2


def test_a_number_is_made_up_when_left_out(bill: Caller) -> None:
    body = invoice_body(bill.new_customer()["id"])
    del body["invoiceNumber"]
    assert bill.created("/v3/invoices", body)["invoiceNumber"]


def test_patch_keeps_line_ids_and_put_replaces_lines(bill: Caller) -> None:
    invoice = bill.new_invoice()
    path, line_id = f"/v3/invoices/{invoice['id']}", invoice["invoiceLineItems"][0]["id"]
    changed = bill.patch(path, json={"invoiceLineItems": [{"id": line_id, "price": 19.99}]}).json()
    assert changed["totalAmount"] == 39.98 and changed["invoiceLineItems"][0]["id"] == line_id
    lines = [{"quantity": 1, "price": 5}]
    body = {"customer": {"id": invoice["customerId"]}, "invoiceLineItems": lines}
    changed = bill.put(path, json=body).json()
    assert changed["totalAmount"] == 5.0 and changed["invoiceLineItems"][0]["id"] != line_id


def test_archive_and_restore_can_be_repeated(bill: Caller) -> None:
    path = f"/v3/invoices/{bill.new_invoice()['id']}"
    for action, archived in (("archive", True), ("archive", True), ("restore", False), ("restore", False)):
        assert bill.created(f"{path}/{action}", status=200)["archived"] is archived


def test_an_invoice_is_mailed_on_creation_when_asked(bill: Caller) -> None:
    invoice = bill.new_invoice(processingOptions={"sendEmail": True})
    mail = bill.local("GET", "/mail")["mail"]
    assert [(row["kind"], row["to"], row["record_id"]) for row in mail] == [
        ("invoice", ["band@band.example"], invoice["id"])
    ]


def test_an_invoice_is_mailed_to_the_recipients_named(bill: Caller) -> None:
    path = f"/v3/invoices/{bill.new_invoice()['id']}/email"
    assert bill.created(path, {"recipient": {"to": ["a@x.example"]}}, 200) is None
    assert bill.local("GET", "/mail")["mail"][-1]["to"] == ["a@x.example"]
    refused(bill.post(path, json={"recipient": {"to": []}}), 400, None, "recipient.to: must be")
    assert len(bill.local("GET", "/mail")["mail"]) == 1


def test_a_payment_link_is_for_the_invoices_own_customer(bill: Caller) -> None:
    invoice = bill.new_invoice()
    path = f"/v3/invoices/{invoice['id']}/payment-link"
    body = {"customerId": invoice["customerId"], "email": "band@band.example"}
    assert invoice["id"] in bill.created(path, body, 200)["paymentLink"]
    body["customerId"] = bill.new_customer()["id"]
    refused(bill.post(path, json=body), 422, "BDC_9025", "not one of this customer's")


def test_a_recorded_payment_pays_the_invoice_and_keeps_the_rest_as_credit(bill: Caller) -> None:
    invoice = bill.new_invoice()
    part = {"id": invoice["id"], "amount": "29.98"}
    body = {"paymentDate": "2026-11-20", "paymentType": "CHECK", "amount": "50", "invoices": [part]}
    recorded = bill.created("/v3/invoices/record-payment", body, 200)
    assert (recorded["amount"], recorded["unappliedAmount"], recorded["status"]) == (50.0, 20.02, "PAID")
    assert recorded["invoices"][0]["payments"][0]["amount"] == 29.98
    paid = bill.read(f"/v3/invoices/{invoice['id']}")
    assert (paid["status"], paid["dueAmount"]) == ("PAID", 0.0)
    assert bill.rows("/v3/receivable-payments")[0]["onlinePayment"] is False


def test_a_part_payment_leaves_the_invoice_partly_open(bill: Caller) -> None:
    invoice = bill.new_invoice()
    part = {"id": invoice["id"], "amount": 10}
    body = {"paymentDate": "2026-11-20", "paymentType": "CASH", "amount": 10, "invoices": [part]}
    bill.created("/v3/invoices/record-payment", body, 200)
    paid = bill.read(f"/v3/invoices/{invoice['id']}")
    assert (paid["status"], paid["dueAmount"]) == ("PARTIAL_PAYMENT", 19.98)


def test_a_recorded_payment_is_of_one_customer_and_within_what_is_due(bill: Caller) -> None:
    invoice, other = bill.new_invoice(), bill.new_invoice(invoiceNumber="2")
    body = {"paymentDate": "2026-11-20", "paymentType": "CASH", "amount": 100}
    before = bill.state()
    both = [{"id": invoice["id"], "amount": 1}, {"id": other["id"], "amount": 1}]
    path = "/v3/invoices/record-payment"
    refused(bill.post(path, json={**body, "invoices": both}), 422, "BDC_9025", "customer's")
    over = [{"id": invoice["id"], "amount": 29.99}]
    refused(bill.post(path, json={**body, "invoices": over}), 422, "BDC_9024", "open amount")
    refused(
        bill.post(path, json={**body, "amount": 1, "invoices": [{"id": invoice["id"], "amount": 2}]}),
        422,
        "BDC_9024",
        "more than the payment's amount",
    )
    assert bill.state() == before

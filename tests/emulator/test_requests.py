"""The journal of requests, and answers to requests that make no sense."""

import pytest

from tests.emulator.caller import Caller, refused, vendor_body


def test_every_request_is_journaled_with_what_became_of_it(bill: Caller) -> None:
    bill.local("DELETE", "/requests")
    bill.new_vendor()
    bill.get("/v3/vendors", params={"filters": "colour:eq:red"})
    created, listed = bill.local("GET", "/requests")["requests"]
    assert (created["method"], created["path"], created["status"]) == ("POST", "/v3/vendors", 201)
    assert created["acted"] is True and created["code"] is None and created["query"] == ""
    assert created["organization_id"] == "00801LOCALDEMO000001"
    assert (listed["status"], listed["code"], listed["acted"]) == (400, "BDC_1130", False)
    assert listed["path"] == "/v3/vendors" and "colour" in listed["query"]
    assert created["time"].startswith("2026-11-23T15:00:0")


def test_a_refused_write_is_journaled_as_not_acted(bill: Caller) -> None:
    bill.post("/v3/vendors", json={})
    row = bill.local("GET", "/requests", path="/v3/vendors")["requests"][0]
    assert (row["status"], row["acted"]) == (400, False)


def test_the_journal_is_filtered_by_method_and_path(bill: Caller) -> None:
    bill.rows("/v3/vendors")
    bill.rows("/v3/bills")
    rows = bill.local("GET", "/requests", method="GET", path="/v3/bills")["requests"]
    assert [row["path"] for row in rows] == ["/v3/bills"]


def test_the_journal_holds_no_secret(bill: Caller) -> None:
    bill.new_vendor()
    journal = str(bill.local("GET", "/requests"))
    assert bill.headers["sessionId"] not in journal and "local-only" not in journal
    assert "111222333" not in journal and bill.credentials["dev_key"] not in journal
    digests = {row["session"] for row in bill.local("GET", "/requests", path="/v3/vendors")["requests"]}
    assert len(digests) == 1 and len(digests.pop()) == 10


def test_control_calls_are_not_journaled_and_the_journal_is_cleared(bill: Caller) -> None:
    bill.local("DELETE", "/requests")
    bill.local("GET", "/clock")
    assert bill.local("GET", "/requests") == {"requests": [], "peak_in_flight": {}}


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/v3/session"), ("GET", "/v3/Vendors"), ("DELETE", "/v3/vendors"), ("GET", "/v2/vendors")],
)
def test_an_unknown_path_is_not_supported(bill: Caller, method: str, path: str) -> None:
    refused(bill.request(method, path), 404, "BDC_1121", "API not supported")


@pytest.mark.parametrize("content", ["{", "{'name': 1}", '{"amount": NaN}', "[" * 100_000])
def test_json_that_cannot_be_parsed_is_refused(bill: Caller, content: str) -> None:
    refused(bill.post("/v3/vendors", content=content), 400, "BDC_1122", "could not be parsed")
    assert bill.rows("/v3/vendors") == []


@pytest.mark.parametrize("body", [[], "vendor", 5])
def test_json_of_another_shape_is_refused(bill: Caller, body: object) -> None:
    refused(bill.post("/v3/vendors", json=body), 400, None, "must be a JSON object")
    refused(bill.post("/v3/vendors/bulk", json={}), 400, None, "must be a JSON array")


def test_errors_are_a_bare_array_with_live_times(bill: Caller) -> None:
    shape, rule = bill.post("/v3/vendors", json={}).json()[0], bill.get("/v3/vendors/X").json()[0]
    assert shape["params"] == {} and "code" not in shape and shape["category"] == "REQUEST"
    assert rule["params"] == [] and rule["severity"] == "ERROR" and rule["category"] == "DOWNSTREAM"
    assert rule["timestamp"].endswith("+00:00") and len(rule["timestamp"]) == 29


def test_amounts_are_numbers_on_the_wire(bill: Caller) -> None:
    bill.post("/v3/vendors", json=vendor_body())
    text = bill.get(f"/v3/bills/{bill.new_bill('0.10')['id']}").text
    assert '"amount":0.1,' in text and '"paidAmount":0.0,' in text

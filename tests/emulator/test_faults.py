"""Scripted faults: what the caller sees, and what was done all the same."""

from typing import Any

import httpx
import pytest

from tests.emulator.caller import Caller, refused, vendor_body


def script(bill: Caller, action: str, **changes: Any) -> Any:
    """Put a fault on creating vendors in force."""
    fault = {"method": "POST", "path": "/v3/vendors", "action": action, **changes}
    return bill.local("POST", "/faults", fault)


def hung_up(bill: Caller) -> None:
    """Assert that creating a vendor ends in a connection closed without an answer."""
    with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
        bill.post("/v3/vendors", json=vendor_body())


def test_refuse_closes_the_connection_and_does_nothing(bill: Caller) -> None:
    script(bill, "refuse")
    hung_up(bill)
    assert bill.rows("/v3/vendors") == []
    bill.new_vendor()


def test_act_then_drop_does_it_and_closes_the_connection(bill: Caller) -> None:
    script(bill, "act_then_drop")
    hung_up(bill)
    assert len(bill.rows("/v3/vendors")) == 1
    row = bill.local("GET", "/requests", method="POST", path="/v3/vendors")["requests"][0]
    assert (row["status"], row["acted"], row["fault"]) == (None, True, "act_then_drop")


def test_act_late_does_it_when_the_clock_gets_there(bill: Caller) -> None:
    script(bill, "act_late", seconds=60)
    hung_up(bill)
    bill.advance(seconds=30)
    assert bill.rows("/v3/vendors") == []
    bill.advance(seconds=30)
    late = bill.rows("/v3/vendors")
    assert len(late) == 1
    first, done = bill.local("GET", "/requests", path="/v3/vendors", method="POST")["requests"]
    assert (first["status"], first["acted"], first["late"]) == (None, False, False)
    assert (done["status"], done["acted"], done["late"]) == (201, True, True)
    assert late[0]["createdTime"] == done["time"]


def test_act_late_waits_as_long_as_the_rule_says_when_it_names_no_time(bill: Caller) -> None:
    bill.local("PUT", "/rules", {"late_act_ms": 5000})
    script(bill, "act_late")
    hung_up(bill)
    assert bill.rows("/v3/vendors") == []
    bill.advance(seconds=5)
    assert len(bill.rows("/v3/vendors")) == 1


def test_a_late_act_that_is_refused_by_then_changes_nothing(trusted: Caller) -> None:
    bill = trusted.new_bill()
    fault = {"method": "POST", "path": "/v3/payments", "action": "act_late", "seconds": 60}
    trusted.local("POST", "/faults", fault)
    with pytest.raises(httpx.RemoteProtocolError):
        trusted.post("/v3/payments", json=trusted.payment_body(bill))
    trusted.pay(bill)
    trusted.advance(seconds=60)
    assert len(trusted.rows("/v3/payments")) == 1
    row = trusted.local("GET", "/requests", method="POST", path="/v3/payments")["requests"][-1]
    assert (row["status"], row["code"], row["acted"], row["late"]) == (422, "BDC_9002", False, True)


def test_a_request_refused_anyway_is_refused_at_once_under_act_late(bill: Caller) -> None:
    script(bill, "act_late", seconds=60)
    refused(bill.post("/v3/vendors", headers={"sessionId": "X"}, json={}), 401, "BDC_1109", "Session")


def test_delay_does_it_and_answers_late_in_real_time(bill: Caller) -> None:
    script(bill, "delay", seconds=0.1)
    answer = bill.post("/v3/vendors", json=vendor_body())
    assert answer.status_code == 201 and answer.elapsed.total_seconds() >= 0.1


@pytest.mark.parametrize("acted", [True, False])
def test_html_500_answers_a_gateways_page_whether_it_acted_or_not(bill: Caller, acted: bool) -> None:
    script(bill, "html_500", acted=acted)
    answer = bill.post("/v3/vendors", json=vendor_body())
    assert answer.status_code == 502 and answer.headers["content-type"].startswith("text/html")
    assert len(bill.rows("/v3/vendors")) == acted
    row = bill.local("GET", "/requests", method="POST", path="/v3/vendors")["requests"][0]
    assert (row["status"], row["acted"]) == (502, acted)


def test_error_answers_any_code_and_does_nothing(bill: Caller) -> None:
    script(bill, "error", code="BDC_1107", status=423, message="Organization is locked out.")
    refused(bill.post("/v3/vendors", json=vendor_body()), 423, "BDC_1107", "Organization is locked out.")
    assert bill.rows("/v3/vendors") == []


def test_sign_out_ends_the_session_and_does_nothing(bill: Caller) -> None:
    script(bill, "sign_out")
    refused(bill.post("/v3/vendors", json=vendor_body()), 401, "BDC_1109", "Session")
    refused(bill.get("/v3/vendors"), 401, "BDC_1109", "Session")
    bill.sign_in()
    assert bill.rows("/v3/vendors") == []
    bill.new_vendor()


def test_distrust_takes_the_sessions_trust_and_does_nothing(trusted: Caller) -> None:
    bill = trusted.new_bill()
    trusted.local("POST", "/faults", {"method": "POST", "path": "/v3/payments", "action": "distrust"})
    for _ in range(2):
        answer = trusted.post("/v3/payments", json=trusted.payment_body(bill))
        refused(answer, 403, "BDC_1361", "Untrusted")
    assert trusted.rows("/v3/payments") == []
    trusted.step_up()
    trusted.pay(bill)


def test_a_fault_meets_the_nth_match_and_as_many_as_told(bill: Caller) -> None:
    script(bill, "error", nth=2, times=2)
    statuses = [bill.post("/v3/vendors", json=vendor_body()).status_code for _ in range(4)]
    assert statuses == [201, 500, 500, 201]
    assert bill.local("GET", "/faults")["faults"][0]["matched"] == 4


def test_paths_match_by_pattern_and_other_requests_go_free(bill: Caller) -> None:
    vendor_id = bill.new_vendor()["id"]
    bill.local("POST", "/faults", {"path": "/v3/vendors/*", "action": "error"})
    assert bill.get("/v3/bills").status_code == 200
    assert bill.get("/v3/vendors").status_code == 200
    assert bill.get(f"/v3/vendors/{vendor_id}").status_code == 500


def test_a_fault_can_be_one_organizations_alone(bill: Caller) -> None:
    other = bill.local("POST", "/organizations")
    script(bill, "error", organization_id=other["organization_id"])
    bill.new_vendor()
    with Caller(str(bill.base_url), other) as caller:
        caller.sign_in()
        assert caller.post("/v3/vendors", json=vendor_body()).status_code == 500


def test_faults_are_cleared_all_or_one_by_one(bill: Caller) -> None:
    fault = script(bill, "error")
    script(bill, "error")
    bill.local("DELETE", f"/faults/{fault['id']}")
    assert len(bill.local("GET", "/faults")["faults"]) == 1
    bill.local("DELETE", "/faults")
    bill.new_vendor()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"action": "explode"}, "action: must be one of"),
        ({"nth": 0}, "nth: must be at least 1"),
        ({"status": 200}, "status: must be 400 to 599"),
        ({"colour": "red"}, "colour: unknown field"),
    ],
)
def test_a_fault_that_makes_no_sense_is_refused(bill: Caller, changes: dict, message: str) -> None:
    url = str(bill.base_url).replace("/connect/", "/_local/faults")
    refused(bill.post(url, json={"action": "refuse", **changes}), 400, None, message)
    assert bill.local("GET", "/faults")["faults"] == []

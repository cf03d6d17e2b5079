"""Requests and sign-ins an hour, and requests at once."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.emulator.caller import Caller, refused


def test_the_documented_limits_are_the_defaults(stranger: Caller) -> None:
    rules = stranger.local("GET", "/rules")
    assert (rules["requests_per_hour"], rules["logins_per_hour"]) == (20_000, 200)
    assert (rules["concurrent_requests"], rules["text_budget"]) == (3, 5)


def test_requests_over_the_hours_limit_are_refused_until_it_turns(bill: Caller) -> None:
    bill.local("PUT", "/rules", {"requests_per_hour": 3})
    bill.rows("/v3/vendors")
    bill.rows("/v3/vendors")
    message = "Max number of allowed requests per hour reached: 3."
    refused(bill.post("/v3/vendors", json={}), 422, "BDC_1144", message)
    bill.local("PUT", "/clock", {"now": "2026-11-23T15:20:00+00:00"})
    refused(bill.get("/v3/vendors"), 422, "BDC_1144", message)
    bill.local("PUT", "/clock", {"now": "2026-11-23T16:00:00+00:00"})
    bill.sign_in()
    assert bill.rows("/v3/vendors") == []


def test_the_two_hundred_and_first_sign_in_of_an_hour_is_refused(stranger: Caller) -> None:
    for _ in range(200):
        stranger.sign_in()
    refused(stranger.post("/v3/login", json=stranger.login_body()), 422, "BDC_1144", "per hour reached: 200.")
    assert stranger.rows("/v3/vendors") == []
    stranger.advance(hours=1)
    stranger.sign_in()


def test_limits_are_each_dev_keys_own(bill: Caller) -> None:
    bill.local("PUT", "/rules", {"requests_per_hour": 1})
    assert bill.get("/v3/vendors").status_code == 422
    with Caller(str(bill.base_url), bill.local("POST", "/organizations")) as other:
        other.sign_in()


def test_control_calls_count_for_nothing(bill: Caller) -> None:
    bill.local("PUT", "/rules", {"requests_per_hour": 2})
    for _ in range(5):
        bill.local("GET", "/clock")
    assert bill.rows("/v3/vendors") == []


@pytest.mark.parametrize("own_organization", [True, False])
def test_the_fourth_request_at_once_is_refused_per_organization(bill: Caller, own_organization: bool) -> None:
    organization_id = bill.credentials["organization_id"]
    bill.local("POST", "/faults", {"path": "/v3/bills", "action": "delay", "seconds": 0.5, "times": 3})
    with (
        Caller(str(bill.base_url), bill.local("POST", "/organizations")) as other,
        ThreadPoolExecutor(3) as threads,
    ):
        other.sign_in()
        slow = [threads.submit(bill.get, "/v3/bills") for _ in range(3)]
        while bill.local("GET", "/requests")["peak_in_flight"].get(organization_id, 0) < 3:
            pass
        answer = (bill if own_organization else other).get("/v3/vendors")
        if own_organization:
            refused(answer, 422, "BDC_1322", "Max number of concurrent requests per organization reached.")
        else:
            assert answer.status_code == 200
        assert [one.result().status_code for one in slow] == [200, 200, 200]
    peak = bill.local("GET", "/requests")["peak_in_flight"][organization_id]
    assert peak == (4 if own_organization else 3)


def test_latency_makes_every_request_take_its_time(bill: Caller) -> None:
    bill.local("PUT", "/rules", {"latency_ms": 50})
    assert bill.get("/v3/vendors").elapsed.total_seconds() >= 0.05

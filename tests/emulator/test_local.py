"""The control API: clock, rules, reset, seed and organizations."""

from typing import Any

import pytest

from tests.emulator.caller import Caller, refused


def local_url(bill: Caller, path: str) -> str:
    """Return the URL of a control call."""
    return str(bill.base_url).replace("/connect/", "/_local") + path


def test_health_answers_the_local_time(bill: Caller) -> None:
    health = bill.local("GET", "/health")
    assert health["status"] == "ok" and health["now"].startswith("2026-11-23T15:00:")


def test_the_clock_is_set_and_advanced(bill: Caller) -> None:
    now = bill.local("PUT", "/clock", {"now": "2027-01-04T09:00:00-06:00"})["now"]
    assert now.startswith("2027-01-04T15:00:00")
    now = bill.local("PUT", "/clock", {"advance_seconds": 90.5})["now"]
    assert now.startswith("2027-01-04T15:01:30")


@pytest.mark.parametrize(
    "body",
    [{}, {"now": "noon"}, {"advance_seconds": -1}, {"advance_seconds": "x"}, {"advance_seconds": None}, []],
)
def test_a_clock_setting_that_makes_no_sense_is_refused(bill: Caller, body: object) -> None:
    refused(bill.put(local_url(bill, "/clock"), json=body), 400, None, "")
    assert bill.local("GET", "/clock")["now"].startswith("2026-11-23T15:00:")


def test_rules_are_listed_set_and_preset(bill: Caller) -> None:
    assert bill.local("GET", "/rules")["overpayment"] == "refuse"
    rules = bill.local("PUT", "/rules", {"preset": "permissive", "list_delay_ms": 10})
    assert rules["overpayment"] == rules["overcharge"] == rules["duplicate_invoice_number"] == "accept"
    assert rules["list_delay_ms"] == 10 and rules["bulk_transaction_number"] == "first"
    assert rules["unconfirmed_filters"] == "refuse"
    assert bill.local("PUT", "/rules", {"preset": "default"})["list_delay_ms"] == 0


@pytest.mark.parametrize(
    "body",
    [
        {"preset": "permissive", "colour": "red"},
        {"overpayment": "maybe"},
        {"list_delay_ms": "soon"},
        {"charge_needs_mfa": "perhaps"},
        {"preset": "kind"},
    ],
)
def test_a_rule_that_makes_no_sense_is_refused_and_changes_none(bill: Caller, body: dict) -> None:
    before = bill.local("GET", "/rules")
    assert bill.put(local_url(bill, "/rules"), json=body).status_code == 400
    assert bill.local("GET", "/rules") == before


def test_reset_returns_to_the_start_with_new_ids(bill: Caller) -> None:
    bank, vendor = bill.verified_bank(), bill.new_vendor()["id"]
    bill.local("PUT", "/rules", {"preset": "permissive"})
    bill.local("POST", "/faults", {"action": "refuse"})
    bill.advance(days=3)
    bill.local("POST", "/reset")
    assert bill.local("GET", "/requests")["requests"] == []
    refused(bill.get("/v3/vendors"), 401, "BDC_1109", "Session")
    bill.sign_in()
    assert bill.local("GET", "/clock")["now"].startswith("2026-11-23T15:00:")
    assert bill.local("GET", "/rules")["overpayment"] == "refuse"
    assert bill.rows("/v3/vendors") == [] and bill.verified_bank() != bank
    refused(bill.get(f"/v3/vendors/{vendor}"), 404, "BDC_1205", vendor)


def test_a_new_organization_is_seeded_and_has_its_own_credentials(bill: Caller) -> None:
    credentials = bill.local("POST", "/organizations")
    assert set(credentials) == {"username", "password", "organization_id", "dev_key"}
    assert credentials["organization_id"].startswith("008") and len(credentials["organization_id"]) == 20
    with Caller(str(bill.base_url), credentials) as other:
        other.sign_in()
        other.step_up()
        other.pay(other.new_bill())
    assert bill.rows("/v3/payments") == []


def test_the_seed_adds_open_bills_and_invoices(bill: Caller) -> None:
    counts = {"vendors": 2, "bills_per_vendor": 3, "customers": 1, "invoices_per_customer": 2}
    made = bill.local("POST", "/seed", counts)
    assert [len(made[kind]) for kind in ("vendors", "bills", "customers", "invoices")] == [2, 6, 1, 2]
    assert [row["id"] for row in bill.rows("/v3/bills")] == made["bills"]
    assert bill.rows("/v3/vendors")[0]["paymentInformation"]["payByType"] == "ACH"


def test_an_unknown_record_is_not_found(bill: Caller) -> None:
    for path in ("/payments/X/fund", "/received-payments/X/settle", "/bank-accounts/X/verify"):
        refused(bill.post(local_url(bill, path)), 404, "BDC_1205", "X")
    refused(bill.post(local_url(bill, "/nothing")), 404, "BDC_1121", "API not supported")


def test_a_second_user_signs_in_with_credentials_of_their_own(bill: Caller) -> None:
    body = {"role": "PAYER", "full_name": "Pat Payer"}
    known = bill.local("POST", "/users", body)
    assert set(known) == {"username", "password", "organization_id", "dev_key", "user_id"}
    assert (known["organization_id"], known["dev_key"]) == (
        bill.credentials["organization_id"],
        bill.credentials["dev_key"],
    )
    assert known["username"] != bill.credentials["username"]
    with Caller(str(bill.base_url), known) as payer:
        assert payer.sign_in()["userId"] == known["user_id"] != bill.read("/v3/login/session")["userId"]
        assert payer.read("/v3/funding-accounts/permissions")["user"] == {"payOnline": True}


@pytest.mark.parametrize(
    ("body", "status", "code", "message"),
    [
        ({"role": "CHIEF"}, 400, None, "role: must be one of ADMINISTRATOR"),
        ({"colour": "red"}, 400, None, "colour: unknown field"),
        ({"organization_id": "008NOBODY"}, 404, "BDC_1205", "Organization not found"),
    ],
)
def test_a_second_user_that_makes_no_sense_is_refused(
    bill: Caller, body: Any, status: int, code: str | None, message: str
) -> None:
    refused(bill.post(local_url(bill, "/users"), json=body), status, code, message)


def test_many_organizations_are_made_at_once(stranger: Caller) -> None:
    made = stranger.local("POST", "/organizations", {"count": 3})["organizations"]
    assert len({each["organization_id"] for each in made}) == 3
    assert len({each["dev_key"] for each in made}) == 3
    for each in made:
        with Caller(str(stranger.base_url), each) as caller:
            caller.sign_in()
            assert caller.rows("/v3/vendors") == []


def test_organizations_may_share_a_developer_key(stranger: Caller) -> None:
    body = {"count": 2, "dev_key": "01SHARED000000000001"}
    made = stranger.local("POST", "/organizations", body)["organizations"]
    assert [each["dev_key"] for each in made] == ["01SHARED000000000001"] * 2
    with Caller(str(stranger.base_url), made[1]) as caller:
        caller.sign_in()


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"count": 0}, "count"),
        ({"count": 1.5}, "count"),
        ({"counts": 3}, "counts"),
        ({"role": "KING"}, "role"),
    ],
)
def test_organizations_of_a_wrong_body_are_not_made(stranger: Caller, body: object, field: str) -> None:
    answer = stranger.post(
        f"{str(stranger.base_url).removesuffix('/connect/')}/_local/organizations", json=body
    )
    assert answer.status_code == 400
    assert field in answer.text

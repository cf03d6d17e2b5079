"""Sign-in, sessions and sign-out."""

import pytest

from tests.emulator.caller import DEVICE, Caller, refused


def test_sign_in_answers_an_untrusted_session(stranger: Caller) -> None:
    session = stranger.sign_in()
    assert session["trusted"] is False
    assert session["organizationId"] == "00801LOCALDEMO000001"
    assert session["userId"].startswith("006") and len(session["userId"]) == 20
    details = stranger.read("/v3/login/session")
    assert details["mfaStatus"] == "CHALLENGE" and details["mfaBypass"] is False


def test_sign_in_with_a_remembered_device_is_trusted(bill: Caller) -> None:
    remember_me_id = bill.remember_device()
    assert bill.sign_in(rememberMeId=remember_me_id, device=DEVICE)["trusted"] is True
    assert bill.read("/v3/login/session")["mfaStatus"] == "COMPLETE"


def test_sign_in_with_another_device_is_untrusted_but_no_error(bill: Caller) -> None:
    remember_me_id = bill.remember_device()
    assert bill.sign_in(rememberMeId=remember_me_id, device="another laptop")["trusted"] is False


def test_a_remembered_device_dies_after_thirty_days(bill: Caller) -> None:
    remember_me_id = bill.remember_device()
    bill.advance(days=29, hours=23)
    assert bill.sign_in(rememberMeId=remember_me_id, device=DEVICE)["trusted"] is True
    bill.advance(hours=2)
    assert bill.sign_in(rememberMeId=remember_me_id, device=DEVICE)["trusted"] is False


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"password": "wrong"}, 401, "BDC_1101"),
        ({"username": "nobody@example.com"}, 401, "BDC_1101"),
        ({"devKey": "wrong"}, 401, "BDC_1102"),
        ({"organizationId": "008NOSUCHORGANIZATIO"}, 400, "BDC_1123"),
    ],
)
def test_wrong_credentials_are_refused(stranger: Caller, changes: dict, status: int, code: str) -> None:
    refused(stranger.post("/v3/login", json=stranger.login_body(**changes)), status, code, "")


def test_sign_in_needs_remembered_id_and_device_together(stranger: Caller) -> None:
    answer = stranger.post("/v3/login", json=stranger.login_body(rememberMeId="X"))
    refused(answer, 400, None, "device: must not be null")


def test_missing_sign_in_fields_are_all_named(stranger: Caller) -> None:
    answer = stranger.post("/v3/login", json={"username": "demo@example.com"})
    assert answer.status_code == 400
    messages = {entry["message"] for entry in answer.json()}
    assert messages == {
        "password: must not be null",
        "organizationId: must not be null",
        "devKey: must not be null",
    }


def test_a_call_without_session_is_refused(stranger: Caller) -> None:
    headers = {"devKey": stranger.credentials["dev_key"]}
    refused(
        stranger.get("/v3/vendors", headers=headers), 401, "BDC_1109", "Session is invalid. Please log in."
    )


def test_a_call_with_an_unknown_dev_key_is_refused(bill: Caller) -> None:
    refused(bill.get("/v3/vendors", headers={"devKey": "unknown"}), 401, "BDC_1102", "Developer key")


def test_a_session_is_refused_with_another_dev_key(bill: Caller) -> None:
    other = bill.local("POST", "/organizations")
    refused(bill.get("/v3/vendors", headers={"devKey": other["dev_key"]}), 401, "BDC_1109", "Session")


def test_each_call_starts_the_thirty_five_minutes_anew(bill: Caller) -> None:
    for _ in range(3):
        bill.advance(minutes=34)
        assert bill.get("/v3/login/session").status_code == 200
    bill.advance(minutes=35)
    refused(bill.get("/v3/login/session"), 401, "BDC_1109", "Session is invalid")


def test_sign_out_ends_the_session(bill: Caller) -> None:
    answer = bill.post("/v3/logout")
    assert answer.status_code == 200 and answer.content == b""
    refused(bill.get("/v3/vendors"), 401, "BDC_1109", "Session is invalid")


def test_another_organization_sees_nothing_of_this_one(bill: Caller) -> None:
    vendor = bill.new_vendor()
    other = bill.local("POST", "/organizations")
    with Caller(str(bill.base_url), other) as caller:
        caller.sign_in()
        assert caller.rows("/v3/vendors") == []
        refused(caller.get(f"/v3/vendors/{vendor['id']}"), 404, "BDC_1205", vendor["id"])


def test_health_answers_without_a_session(stranger: Caller) -> None:
    assert set(stranger.read("/v3/health")) == {"appId", "appEnv", "appVersion", "bdcRegion"}

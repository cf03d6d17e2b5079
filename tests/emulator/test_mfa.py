"""Challenges, remembered devices, trust and phones."""

import pytest

from billcom.emulator import LocalBill
from tests.emulator.caller import DEVICE, Caller, refused


def challenge(bill: Caller) -> str:
    """Ask for a code."""
    return bill.created("/v3/mfa/challenge", {"useBackup": False}, 200)["challengeId"]


def test_a_challenge_texts_six_digits_to_the_phone(bill: Caller) -> None:
    challenge_id = challenge(bill)
    text = bill.local("GET", "/phone")["texts"][-1]
    assert text["challenge_id"] == challenge_id and text["phone"] == "0100"
    assert len(text["code"]) == 6 and text["code"].isdecimal()
    assert text["organization_id"] == "00801LOCALDEMO000001"


def test_validate_alone_does_not_trust_the_session(bill: Caller) -> None:
    bill.remember_device()
    assert bill.read("/v3/login/session")["mfaStatus"] == "CHALLENGE"


def test_validate_trusts_the_session_when_the_rule_says_so(bill: Caller) -> None:
    bill.local("PUT", "/rules", {"validate_trusts_session": True})
    bill.remember_device()
    assert bill.read("/v3/login/session")["mfaStatus"] == "COMPLETE"


def test_step_up_with_a_live_pair_trusts_the_session(bill: Caller) -> None:
    bill.step_up()
    assert bill.read("/v3/login/session")["mfaStatus"] == "COMPLETE"


def test_step_up_with_a_dead_id_answers_false_and_no_error(bill: Caller) -> None:
    body = {"rememberMeId": "DEAD", "device": DEVICE}
    assert bill.created("/v3/mfa/step-up", body, 200) == {"trusted": False}
    assert bill.read("/v3/login/session")["mfaStatus"] == "CHALLENGE"


def test_a_remembered_device_is_bound_to_its_name(bill: Caller) -> None:
    body = {"rememberMeId": bill.remember_device(), "device": "another"}
    assert bill.created("/v3/mfa/step-up", body, 200) == {"trusted": False}


def test_a_device_name_over_twenty_characters_is_refused(bill: Caller) -> None:
    body = {"challengeId": challenge(bill), "token": bill.texted_code(), "rememberMe": True}
    refused(
        bill.post("/v3/mfa/challenge/validate", json={**body, "device": "x" * 21}), 400, "BDC_1143", "device"
    )
    assert "rememberMeId" in bill.created("/v3/mfa/challenge/validate", {**body, "device": "x" * 20}, 200)


def test_remember_me_needs_a_device(bill: Caller) -> None:
    body = {"challengeId": challenge(bill), "token": bill.texted_code(), "rememberMe": True}
    refused(bill.post("/v3/mfa/challenge/validate", json=body), 400, None, "device: must not be null")


def test_a_challenge_of_another_session_can_be_answered(bill: Caller) -> None:
    challenge_id = challenge(bill)
    bill.sign_in()
    body = {"challengeId": challenge_id, "token": bill.texted_code(), "rememberMe": True, "device": DEVICE}
    assert "rememberMeId" in bill.created("/v3/mfa/challenge/validate", body, 200)


def test_a_code_expires_in_minutes(bill: Caller) -> None:
    body = {"challengeId": challenge(bill), "token": bill.texted_code()}
    bill.advance(minutes=5)
    refused(bill.post("/v3/mfa/challenge/validate", json=body), 400, "BDC_1356", "expired")


def test_a_wrong_code_is_refused_and_many_end_the_challenge(bill: Caller) -> None:
    body = {"challengeId": challenge(bill), "token": "wrong"}
    for _ in range(5):
        refused(bill.post("/v3/mfa/challenge/validate", json=body), 400, "BDC_9010", "does not match")
    right = {**body, "token": bill.texted_code()}
    refused(bill.post("/v3/mfa/challenge/validate", json=right), 400, "BDC_1358", "Too many attempts")


def test_a_code_works_once(bill: Caller) -> None:
    body = {"challengeId": challenge(bill), "token": bill.texted_code()}
    assert bill.created("/v3/mfa/challenge/validate", body, 200) == {}
    refused(bill.post("/v3/mfa/challenge/validate", json=body), 404, "BDC_1205", "MFA challenge")


def test_the_sixth_text_within_a_minute_is_refused(bill: Caller) -> None:
    for _ in range(5):
        challenge(bill)
    refused(bill.post("/v3/mfa/challenge", json={}), 422, "BDC_9011", "texts per minute")
    assert len(bill.local("GET", "/phone")["texts"]) == 5
    bill.advance(seconds=61)
    challenge(bill)


@pytest.mark.parametrize("path", ["/v3/mfa/setup/validate", "/v3/mfa/validate"])
def test_a_phone_is_added_by_either_path(bill: Caller, path: str) -> None:
    body = {"phone": "5555550199", "type": "TEXT", "primary": True}
    setup_id = bill.created("/v3/mfa/setup", body, 200)["setupId"]
    answer = {"setupId": setup_id, "type": "TEXT", "token": bill.texted_code()}
    assert bill.created(path, answer, 200) == {"status": "SUCCESS"}
    assert bill.rows("/v3/mfa/phones") == [
        {"type": "MOBILE", "last4digits": "0100", "primary": False},
        {"type": "MOBILE", "last4digits": "0199", "primary": True},
    ]
    challenge(bill)
    assert bill.local("GET", "/phone")["texts"][-1]["phone"] == "0199"


def test_codes_can_be_fixed_for_tests() -> None:
    with (
        LocalBill(mfa_token="123456") as local_bill,
        Caller(local_bill.base_url, local_bill.credentials) as caller,
    ):
        caller.sign_in()
        challenge(caller)
        assert caller.texted_code() == "123456"

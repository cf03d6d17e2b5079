"""Signing in and out, and what a session tells, against the local BILL."""

import asyncio

import pytest
from pydantic import SecretStr

from billcom import BillClient
from billcom.errors import SessionExpiredError, SignInError
from tests.billcom.build import DEVICE, new_vendor, remember_device
from tests.billcom.conftest import NewSettings
from tests.billcom.controls import Controls

pytestmark = pytest.mark.anyio


async def test_signing_in_opens_an_untrusted_session(bill: BillClient) -> None:
    session = await bill.authentication.sign_in()
    assert session.organization_id == bill.settings.organization_id
    assert session.user_id.startswith("006")
    assert session.session_id.get_secret_value() != ""
    assert session.trusted is False


async def test_signing_in_with_a_remembered_device_is_trusted_at_once(bill: BillClient) -> None:
    remember_me_id = await remember_device(bill)
    assert (await bill.authentication.sign_in(DEVICE, remember_me_id)).trusted is True


@pytest.mark.parametrize(
    ("device", "remember_me_id"), [(DEVICE, "dead"), ("another laptop", None)], ids=["id", "device"]
)
async def test_a_dead_remembered_device_is_no_error(
    bill: BillClient, device: str, remember_me_id: str | None
) -> None:
    live = await remember_device(bill)
    session = await bill.authentication.sign_in(device, SecretStr(remember_me_id) if remember_me_id else live)
    assert session.trusted is False


async def test_the_device_of_the_settings_is_used(bill: BillClient, new_settings: NewSettings) -> None:
    remember_me_id = await remember_device(bill)
    known = bill.settings.model_dump() | {"device": DEVICE, "remember_me_id": remember_me_id}
    known.pop("state_dir")
    async with BillClient(new_settings(**known)) as again:
        assert (await again.authentication.sign_in()).trusted is True


async def test_session_details_say_where_mfa_stands(bill: BillClient, controls: Controls) -> None:
    details = await bill.authentication.session_details()
    assert details.organization_id == controls.credentials["organization_id"]
    assert (details.mfa_status, details.mfa_bypass) == ("CHALLENGE", False)


async def test_session_details_after_mfa(trusted: BillClient) -> None:
    assert (await trusted.authentication.session_details()).mfa_status == "COMPLETE"


async def test_after_logging_out_a_write_is_refused(bill: BillClient, controls: Controls) -> None:
    await bill.authentication.logout()
    with pytest.raises(SessionExpiredError, match="Sign in again") as caught:
        await bill.vendors.create(new_vendor())
    assert (caught.value.status, caught.value.code) == (401, "BDC_1109")
    assert controls.acted() == ["POST /v3/logout"]


@pytest.mark.parametrize(
    ("changes", "status", "code", "message"),
    [
        ({"password": "wrong"}, 401, "BDC_1101", "User name and/or password do not match."),
        ({"username": "nobody@example.com"}, 401, "BDC_1101", "User name and/or password do not match."),
        ({"dev_key": "01WRONG"}, 401, "BDC_1102", "Developer key is invalid."),
        ({"organization_id": "00801WRONG0000000000"}, 400, "BDC_1123", "Invalid organization id."),
    ],
    ids=["password", "user", "developer key", "organization"],
)
async def test_refused_credentials_are_tried_once_and_not_again(
    controls: Controls,
    bill: BillClient,
    new_settings: NewSettings,
    changes: dict[str, str],
    status: int,
    code: str,
    message: str,
) -> None:
    wrong = new_settings(base_url=bill.settings.base_url, **(controls.credentials | changes))
    async with BillClient(wrong) as client:
        with pytest.raises(SignInError, match="Check BILL_USERNAME") as caught:
            await client.vendors.get("009")
    assert (caught.value.status, caught.value.code, caught.value.message) == (status, code, message)
    assert controls.sign_ins() == 1
    assert controls.sent() == []


async def test_calls_at_once_sign_in_once(bill: BillClient, controls: Controls) -> None:
    await asyncio.gather(*(bill.authentication.session_details() for _ in range(6)))
    assert controls.sign_ins() == 1
    assert controls.sent() == ["GET /v3/login/session"] * 6


async def test_calls_at_once_on_an_expired_session_sign_in_once_more(
    bill: BillClient, controls: Controls
) -> None:
    await bill.sessions.current()
    controls.advance(minutes=36)
    await asyncio.gather(*(bill.authentication.session_details() for _ in range(6)))
    assert controls.sign_ins() == 2


async def test_a_session_stays_alive_while_it_is_used(bill: BillClient, controls: Controls) -> None:
    for _ in range(3):
        await bill.authentication.session_details()
        controls.advance(minutes=34)
    await bill.authentication.session_details()
    assert controls.sign_ins() == 1

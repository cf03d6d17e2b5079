"""A credentials block whose device can't be read, used or kept: said clearly, and nothing is lost."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from billcom.errors import BillError, ConflictError
from billcom.inputs import CodeSource
from billcom.remembered_device import RememberedDevices
from billcom.settings import Settings
from flows import trust
from flows.check_trust import check_trust
from flows.enroll import enroll_mfa
from tasks.blocks import BillCredentials
from tests.flows.blocks import (
    BLOCK,
    KEY,
    OTHER_KEY,
    another_machine,
    artifact,
    change_block,
    pay,
    saved_block,
    stored,
    texts,
    warnings,
)
from tests.organization import Organization
from tests.pauses import answer, paused_run

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("prefect")]

ENROLMENT = "remember this machine"


@pytest.fixture(autouse=True)
async def block(organization: Organization, monkeypatch: pytest.MonkeyPatch) -> AsyncGenerator[None]:
    """A credentials block of the organization, on a machine that has a key."""
    monkeypatch.setattr(trust, "POLL_SECONDS", 0.05)
    monkeypatch.setenv("BILL_SESSION_KEY", KEY)
    async with saved_block(organization):
        yield


async def test_with_another_key_an_unattended_run_stops_naming_the_key(
    organization: Organization, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    await enroll_mfa(BLOCK, CodeSource.LOCAL_PHONE)
    before = await stored()
    with (
        another_machine(tmp_path, OTHER_KEY),
        pytest.raises(
            BillError,
            match=rf"nobody is here .* credentials block {BLOCK} can't be read: it was encrypted with another "
            r"BILL_SESSION_KEY .* Give this worker the key that the other workers have, or enrol again",
        ),
    ):
        await pay()
    assert any("encrypted with another BILL_SESSION_KEY" in text for text in warnings(caplog))
    assert "Traceback" not in caplog.text
    assert texts(organization) == 1 and organization.writes() == []
    assert await stored() == before


async def test_with_another_key_a_run_warns_and_asks(
    organization: Organization, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    await enroll_mfa(BLOCK, CodeSource.LOCAL_PHONE)
    with another_machine(tmp_path, OTHER_KEY):
        assert (await pay(code_from=CodeSource.LOCAL_PHONE)).payment_status == "SCHEDULED"
        await check_trust(BLOCK)
    assert f"trusted by the device of the credentials block {BLOCK}" in await artifact("check-trust")
    (warned,) = warnings(caplog)
    assert f"the device of the credentials block {BLOCK} can't be read" in warned
    assert texts(organization) == 2


async def test_the_check_says_that_the_key_is_another(organization: Organization, tmp_path: Path) -> None:
    await enroll_mfa(BLOCK, CodeSource.LOCAL_PHONE)
    with (
        another_machine(tmp_path, OTHER_KEY),
        pytest.raises(ConflictError, match=r"MFA trust: .*encrypted with another BILL_SESSION_KEY"),
    ):
        await check_trust(BLOCK)
    report = await artifact("check-trust")
    assert "Give this worker the key that the other workers have, or enrol again" in report
    assert "Traceback" not in report


@pytest.mark.parametrize("typed", ["billcom", "schlüssel", "gAAAAA"])
async def test_what_a_person_typed_into_the_field_counts_as_none(
    organization: Organization, typed: str
) -> None:
    await change_block(remembered_device=typed)
    with pytest.raises(
        ConflictError, match=f"device of the credentials block {BLOCK} can't be read"
    ) as caught:
        await check_trust(BLOCK)
    assert typed not in str(caught.value).replace("billcom mfa enroll", "")


async def test_without_a_key_the_device_stays_on_this_machine(
    organization: Organization, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.delenv("BILL_SESSION_KEY")
    until = await enroll_mfa(BLOCK, CodeSource.LOCAL_PHONE)
    device = RememberedDevices(Settings.load()).kept()
    assert device is not None and device.expires == until
    assert (await stored())["remembered_device"] == ""
    (warned,) = warnings(caplog)
    assert "BILL_SESSION_KEY is not set: set the same one for every worker" in warned
    assert "# BILL remembers this machine until" in await artifact("enroll-mfa")
    assert (await pay()).payment_status == "SCHEDULED"


async def test_a_block_deleted_during_the_run_leaves_the_device_on_this_machine(
    organization: Organization, caplog: pytest.LogCaptureFixture
) -> None:
    running = asyncio.ensure_future(enroll_mfa(BLOCK))
    run = await paused_run(ENROLMENT)
    await BillCredentials.adelete(BLOCK)
    await answer(run, code=organization.last_code())
    until = await running
    device = RememberedDevices(Settings.load()).kept()
    assert device is not None and device.expires == until
    assert any("kept in the state directory of this machine alone" in text for text in warnings(caplog))
    assert device.remember_me_id.get_secret_value() not in caplog.text and "Traceback" not in caplog.text
    with pytest.raises(ValueError, match="Unable to find block document"):
        await BillCredentials.aload(BLOCK)


async def test_what_a_person_changes_in_the_block_during_the_run_stays_changed(
    organization: Organization,
) -> None:
    running = asyncio.ensure_future(enroll_mfa(BLOCK))
    run = await paused_run(ENROLMENT)
    await change_block(password="changed meanwhile")
    await answer(run, code=organization.last_code())
    await running
    data = await stored()
    assert data.pop("remembered_device").startswith("gAAAA")
    expected = {"environment": "local", "base_url": organization.base_url, **organization.credentials}
    assert {name: data[name] for name in data if name != "block_type_slug"} == expected | {
        "password": "changed meanwhile"
    }


async def test_a_block_that_was_given_to_another_user_during_the_run_is_left_alone(
    organization: Organization, caplog: pytest.LogCaptureFixture
) -> None:
    running = asyncio.ensure_future(enroll_mfa(BLOCK))
    run = await paused_run(ENROLMENT)
    await change_block(username="somebody@example.com")
    await answer(run, code=organization.last_code())
    await running
    assert (await stored())["remembered_device"] == ""
    assert RememberedDevices(Settings.load()).kept() is not None
    assert any("holds another user or organization by now" in text for text in warnings(caplog))


async def test_a_device_of_the_block_past_its_thirty_days_is_not_used(
    organization: Organization, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    await enroll_mfa(BLOCK, CodeSource.LOCAL_PHONE)
    steps = len(organization.requests("POST", "/v3/mfa/step-up"))
    monkeypatch.setenv("BILL_NOW", "2026-12-24T15:00:00+00:00")
    with another_machine(tmp_path):
        with pytest.raises(BillError, match="nobody is here to type a code"):
            await pay()
        with pytest.raises(
            ConflictError, match=f"device of the credentials block {BLOCK} expired on 2026-12-23"
        ):
            await check_trust(BLOCK)
    assert len(organization.requests("POST", "/v3/mfa/step-up")) == steps


async def test_a_device_that_bill_forgot_is_named_by_its_block(organization: Organization) -> None:
    await enroll_mfa(BLOCK, CodeSource.LOCAL_PHONE)
    organization.control("PUT", "/clock", {"advance_seconds": 31 * 86400})
    with pytest.raises(
        ConflictError, match=f"BILL accepts the device of the credentials block {BLOCK} no longer"
    ):
        await check_trust(BLOCK)


async def test_a_fallback_says_what_is_wrong_with_the_block(organization: Organization) -> None:
    await enroll_mfa(code_from=CodeSource.LOCAL_PHONE)
    await change_block(remembered_device="typed")
    await check_trust(BLOCK)
    report = await artifact("check-trust")
    assert "trusted by the device of the state directory, until" in report
    assert f"but the device of the credentials block {BLOCK} can't be read" in report

"""The device remembered for a credentials block: kept in it, encrypted, and used by every machine that names it."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import BlockDocumentCreate, BlockSchemaCreate

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
    another_machine,
    artifact,
    credentials,
    pay,
    saved_block,
    secret,
    stored,
    texts,
    warnings,
)
from tests.flows.test_secrets import kept
from tests.organization import Organization

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("prefect")]


@pytest.fixture(autouse=True)
async def block(organization: Organization, monkeypatch: pytest.MonkeyPatch) -> AsyncGenerator[None]:
    """A credentials block of the organization, on a machine that has a key."""
    monkeypatch.setattr(trust, "POLL_SECONDS", 0.05)
    monkeypatch.setenv("BILL_SESSION_KEY", KEY)
    async with saved_block(organization):
        yield


async def test_a_device_enrolled_with_a_block_is_trusted_on_another_machine(
    organization: Organization,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    until = await enroll_mfa(BLOCK, CodeSource.LOCAL_PHONE)
    report = await artifact("enroll-mfa")
    assert f"# BILL remembers the device of the credentials block {BLOCK} until 2026-12-23 15:" in report
    assert "on every machine with the same BILL_SESSION_KEY, ask nobody for a code" in report
    monkeypatch.setenv("BILL_NOW", "2026-11-24T03:00:00+00:00")
    with another_machine(tmp_path):
        assert (await pay()).payment_status == "SCHEDULED"
        assert await check_trust(BLOCK) == 29
    said = await artifact("check-trust")
    assert f"trusted by the device of the credentials block {BLOCK}, until {until:%Y-%m-%d %H:%M} UTC" in said
    assert texts(organization) == 1
    assert [path for path in tmp_path.rglob("devices") if path.is_dir()] == []
    assert warnings(caplog) == []


async def test_a_sign_in_on_another_machine_is_trusted_at_once(
    organization: Organization, tmp_path: Path
) -> None:
    await enroll_mfa(BLOCK, CodeSource.LOCAL_PHONE)
    steps = len(organization.requests("POST", "/v3/mfa/step-up"))
    with another_machine(tmp_path):
        await pay()
    assert len(organization.requests("POST", "/v3/mfa/step-up")) == steps


async def test_a_run_that_asks_for_the_code_leaves_the_device_in_the_block(
    organization: Organization, tmp_path: Path
) -> None:
    await pay(code_from=CodeSource.LOCAL_PHONE)
    with another_machine(tmp_path):
        await check_trust(BLOCK)
    assert f"trusted by the device of the credentials block {BLOCK}" in await artifact("check-trust")
    assert texts(organization) == 1


async def test_nothing_of_the_device_is_kept_in_clear(
    organization: Organization, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    await enroll_mfa(BLOCK, CodeSource.LOCAL_PHONE)
    with another_machine(tmp_path):
        await pay()
        await check_trust(BLOCK)
    async with get_client() as prefect:
        answer = await prefect._client.post("/block_documents/filter", json={"include_secrets": True})
    handed_out = answer.raise_for_status().text
    token, remember_me_id = (await stored())["remembered_device"], await secret()
    assert token.startswith("gAAAA") and token in handed_out
    assert remember_me_id and remember_me_id not in handed_out
    assert [path for path, content in kept(tmp_path) if remember_me_id.encode() in content] == []
    reports = await artifact("enroll-mfa") + await artifact("check-trust") + await artifact("ap-workflow")
    assert remember_me_id not in reports + caplog.text
    assert token not in reports + caplog.text
    assert token not in str(await stored(secrets=False))


async def test_the_device_of_one_user_is_none_in_the_block_of_another(organization: Organization) -> None:
    await enroll_mfa(BLOCK, CodeSource.LOCAL_PHONE)
    other = organization.control("POST", "/organizations")
    token = (await stored())["remembered_device"]
    await credentials(organization, **other, remembered_device=token).asave("other", overwrite=True)
    steps = len(organization.requests("POST", "/v3/mfa/step-up"))
    with pytest.raises(ConflictError, match="no device is remembered"):
        await check_trust("other")
    assert len(organization.requests("POST", "/v3/mfa/step-up")) == steps


async def test_environment_credentials_keep_to_the_state_directory(
    organization: Organization, tmp_path: Path
) -> None:
    await enroll_mfa(code_from=CodeSource.LOCAL_PHONE)
    assert RememberedDevices(Settings.load()).kept() is not None
    assert (await stored())["remembered_device"] == ""
    await enroll_mfa(BLOCK, CodeSource.LOCAL_PHONE)
    with another_machine(tmp_path), pytest.raises(BillError, match="nobody is here to type a code"):
        await pay(credentials="")


async def test_a_block_without_a_device_falls_back_to_the_state_directory(organization: Organization) -> None:
    await enroll_mfa(code_from=CodeSource.LOCAL_PHONE)
    assert (await pay()).payment_status == "SCHEDULED"
    await check_trust(BLOCK)
    assert "trusted by the device of the state directory" in await artifact("check-trust")
    assert texts(organization) == 1


async def test_a_dead_device_of_the_block_falls_back_to_the_state_directory(
    organization: Organization,
) -> None:
    await enroll_mfa(BLOCK, CodeSource.LOCAL_PHONE)
    organization.control("PUT", "/clock", {"advance_seconds": 31 * 86400})
    await enroll_mfa(code_from=CodeSource.LOCAL_PHONE)
    await check_trust(BLOCK)
    assert "trusted by the device of the state directory" in await artifact("check-trust")


async def test_the_device_of_the_block_goes_before_the_one_of_the_state_directory(
    organization: Organization,
) -> None:
    await enroll_mfa(BLOCK, CodeSource.LOCAL_PHONE)
    await enroll_mfa(code_from=CodeSource.LOCAL_PHONE)
    await check_trust(BLOCK)
    assert f"trusted by the device of the credentials block {BLOCK}" in await artifact("check-trust")


async def test_a_block_saved_before_the_field_was_there_takes_a_device(organization: Organization) -> None:
    await BillCredentials.adelete(BLOCK)
    fields = BillCredentials.model_json_schema()
    del fields["properties"]["remembered_device"]
    fields["secret_fields"] = ["password", "dev_key"]
    async with get_client() as prefect:
        kind = await prefect.read_block_type_by_slug("bill-credentials")
        schema = await prefect.create_block_schema(BlockSchemaCreate(fields=fields, block_type_id=kind.id))
        data = {"environment": "local", "base_url": organization.base_url, **organization.credentials}
        await prefect.create_block_document(
            BlockDocumentCreate(name=BLOCK, data=data, block_schema_id=schema.id, block_type_id=kind.id)
        )
    await enroll_mfa(BLOCK, CodeSource.LOCAL_PHONE)
    assert (await pay()).payment_status == "SCHEDULED"
    assert (await stored())["remembered_device"].startswith("gAAAA")
    assert set((await stored(secrets=False))["remembered_device"]) == {"*"}

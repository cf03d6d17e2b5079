"""The scheduled check: quiet while payments would go through, a warning in time, a failure that says why."""

from __future__ import annotations

import logging
from typing import Any

import anyio
import httpx
import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.sorting import FlowRunSort
from prefect.settings import get_current_settings

from billcom import client
from billcom.errors import ConflictError, SettingsError, SignInError, UnavailableError
from billcom.inputs import CodeSource
from billcom.remembered_device import RememberedDevices
from billcom.settings import Settings
from flows.check_trust import check_trust
from flows.enroll import enroll_mfa
from tasks.readiness import check_role
from tests.organization import Organization

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("prefect")]


async def enroll() -> str:
    """Have the local BILL remember this machine on Monday 23 November 2026; return the secret of it."""
    await enroll_mfa(code_from=CodeSource.LOCAL_PHONE)
    kept = RememberedDevices(Settings.load()).kept()
    assert kept is not None
    return kept.remember_me_id.get_secret_value()


async def artifact() -> tuple[str, str]:
    """Return the report and the one-line summary of the latest run."""
    async with get_client() as prefect:
        answer = await prefect._client.get("/artifacts/check-trust/latest")
    found = answer.raise_for_status().json()
    return found["data"], found["description"]


async def last_state() -> tuple[str, str]:
    """Return how the latest run ended."""
    async with get_client() as prefect:
        (run,) = await prefect.read_flow_runs(sort=FlowRunSort.START_TIME_DESC, limit=1)
    assert run.state is not None
    return run.state.name or "", run.state.message or ""


async def events(organization: Organization, at_least: int) -> list[dict[str, Any]]:
    """Return the expiry events of this organization, once there are so many; oldest first."""
    ours = [f"billcom.organization.{organization.credentials['organization_id']}"]
    wanted = {"filter": {"event": {"name": ["billcom.trust.expiring"]}, "resource": {"id": ours}}}
    url = f"{get_current_settings().api.url}/events/filter"
    with anyio.fail_after(30):
        async with httpx.AsyncClient() as api:
            while True:
                found = (await api.post(url, json=wanted)).raise_for_status().json()["events"]
                if len(found) >= at_least:
                    return sorted(found, key=lambda event: event["occurred"])
                await anyio.sleep(0.1)


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return what was logged that is more than information."""
    return [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]


def account_ids(organization: Organization) -> tuple[str, str]:
    """Return the ids of the verified and of the pending account."""
    rows = {row["status"]: row["id"] for row in organization.records("funding-accounts/banks")}
    return rows["VERIFIED"], rows["PENDING"]


async def test_completes_quietly_while_all_is_well(
    organization: Organization, caplog: pytest.LogCaptureFixture
) -> None:
    secret = await enroll()
    assert await check_trust() == 29
    assert warnings(caplog) == []
    assert (await last_state())[0] == "Completed"
    report, summary = await artifact()
    verified, pending = account_ids(organization)
    assert "# Payments would go through" in report
    assert "until 2026-12-23 15:" in report and "29 days left" in report
    assert f"| funding account | ok | {verified} Local Bank can pay (the default) |" in report
    assert (
        f"| funding account | note | {pending} Local Bank can't pay: it is PENDING, not VERIFIED |" in report
    )
    assert summary.startswith("ok: trusted by the device of the state directory")
    assert secret not in report + summary
    assert organization.writes() == []


async def test_asks_nobody_for_a_code_when_no_device_is_remembered(organization: Organization) -> None:
    with pytest.raises(ConflictError, match=r"^no payment could be made now\. MFA trust: .*no device is rem"):
        await check_trust()
    name, message = await last_state()
    assert name == "Failed" and message.startswith("ConflictError: no payment could be made now.")
    assert "enroll-mfa" in message and "Traceback" not in message
    report, summary = await artifact()
    assert "| MFA trust | PROBLEM | the next payment would wait for a texted code" in report
    assert summary == "stopped by ConflictError"
    assert organization.requests("POST", "/v3/mfa/challenge") == []


async def test_a_device_that_bill_forgot_fails_though_it_is_kept_here(organization: Organization) -> None:
    await enroll()
    organization.control("PUT", "/clock", {"advance_seconds": 31 * 86400})
    with pytest.raises(ConflictError, match="BILL accepts the device of the state directory no longer"):
        await check_trust()


async def test_a_device_past_its_thirty_days_fails(
    organization: Organization, monkeypatch: pytest.MonkeyPatch
) -> None:
    await enroll()
    monkeypatch.setenv("BILL_NOW", "2026-12-24T15:00:00+00:00")
    with pytest.raises(ConflictError, match="the device of the state directory expired on 2026-12-23"):
        await check_trust()


async def test_a_device_of_the_environment_has_no_known_age(
    organization: Organization, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = await enroll()
    monkeypatch.setenv("BILL_STATE_DIR", "elsewhere")
    monkeypatch.setenv("BILL_DEVICE", "billcom")
    monkeypatch.setenv("BILL_REMEMBER_ME_ID", secret)
    assert await check_trust() is None
    report, _ = await artifact()
    assert "by BILL_REMEMBER_ME_ID, whose age is not known here" in report
    assert secret not in report


async def test_a_dead_device_of_the_environment_fails(
    organization: Organization, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BILL_DEVICE", "laptop")
    monkeypatch.setenv("BILL_REMEMBER_ME_ID", "stale-secret")
    with pytest.raises(ConflictError, match="BILL accepts BILL_REMEMBER_ME_ID no longer") as caught:
        await check_trust()
    assert "stale-secret" not in str(caught.value) + "".join(await artifact())


async def test_a_device_under_another_key_says_so(
    organization: Organization, monkeypatch: pytest.MonkeyPatch
) -> None:
    await enroll()
    monkeypatch.setenv("BILL_SESSION_KEY", "kTQSsgNnKRhVo-dxBQWxhzN3yY8wJ3dTn3yQeQ4mY9w=")
    with pytest.raises(
        ConflictError, match=r"can't be read: BILL_SESSION_KEY .* is not the key this was encrypted"
    ):
        await check_trust()


async def test_warns_from_ten_days_left_and_not_before(
    organization: Organization, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    await enroll()
    monkeypatch.setenv("BILL_NOW", "2026-12-12T03:00:00+00:00")
    assert await check_trust() == 11
    assert warnings(caplog) == [] and (await artifact())[1].startswith("ok: ")
    monkeypatch.setenv("BILL_NOW", "2026-12-13T03:00:00+00:00")
    assert await check_trust() == 10
    (told,) = warnings(caplog)
    report, summary = await artifact()
    assert "only 10 days left: run the enroll-mfa flow" in told and told in report
    assert summary == f"warning: {told}"


@pytest.mark.slow
async def test_warns_and_emits_its_event_once_at_ten_five_and_one_days_left(
    organization: Organization, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    await enroll()
    seen: list[tuple[int | None, list[str], str]] = []
    for day in (12, 13, 13, 14, 18, 22):
        monkeypatch.setenv("BILL_NOW", f"2026-12-{day}T03:00:00+00:00")
        caplog.clear()
        left = await check_trust()
        report, summary = await artifact()
        told = [text for text in warnings(caplog) if text in report.replace("\\|", "|")]
        seen.append((left, [text.partition("only ")[2].partition(":")[0] for text in told], summary[:7]))
    assert seen == [
        (11, [], "ok: tru"),
        (10, ["10 days left"], "warning"),
        (10, ["10 days left"], "warning"),
        (9, ["9 days left"], "warning"),
        (5, ["5 days left"], "warning"),
        (1, ["1 day left"], "warning"),
    ]
    found = await events(organization, at_least=3)
    assert [event["payload"]["days_left"] for event in found] == [10, 5, 1]
    assert found[0]["payload"]["expires"].startswith("2026-12-23T15:")
    assert set(found[0]["payload"]) == {"days_left", "expires", "environment", "username"}


async def test_a_refused_sign_in_fails(organization: Organization, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BILL_PASSWORD", "wrong-password")
    with pytest.raises(SignInError, match="BDC_1101") as caught:
        await check_trust()
    assert "wrong-password" not in str(caught.value)
    assert organization.sign_ins() == 1
    report, summary = await artifact()
    assert "SignInError: POST /v3/login: 401 BDC_1101" in report
    assert summary == "stopped by SignInError"


async def test_no_account_that_can_pay_fails(organization: Organization) -> None:
    await enroll()
    verified, _ = account_ids(organization)
    organization.record("POST", f"funding-accounts/banks/{verified}/archive")
    with pytest.raises(ConflictError, match="funding account: none of them can pay: in BILL add a bank"):
        await check_trust()
    report, _ = await artifact()
    assert f"| funding account | note | {verified} Local Bank can't pay: it is archived |" in report


async def test_a_user_who_may_not_use_the_account_fails(organization: Organization) -> None:
    await enroll()
    (right,) = organization.records("funding-accounts/banks/users")
    organization.record("POST", f"funding-accounts/banks/users/{right['id']}/archive")
    with pytest.raises(ConflictError, match="none of them can pay"):
        await check_trust()
    assert "is verified, but this user is not a verified user of it" in (await artifact())[0]


async def test_a_role_that_may_not_pay_fails(
    organization: Organization, monkeypatch: pytest.MonkeyPatch
) -> None:
    clerk = organization.control("POST", "/organizations", {"role": "CLERK"})
    for name, value in clerk.items():
        monkeypatch.setenv(f"BILL_{name.upper()}", value)
    await enroll()
    with pytest.raises(ConflictError, match=r"role: .* may not pay at BILL: an administrator gives the role"):
        await check_trust()


async def test_a_block_that_is_not_there_fails(organization: Organization) -> None:
    with pytest.raises(
        SettingsError, match="credentials 'no-such-block': there is no BILL credentials block"
    ):
        await check_trust("no-such-block")
    assert organization.requests() == []


async def test_bill_that_is_down_fails_saying_so(
    organization: Organization, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(check_role, "retries", 0)
    monkeypatch.setattr(client, "_BACKOFF_SECONDS", 0)
    await enroll()
    organization.fault("GET", "/v3/funding-accounts/permissions", "html_500", times=4)
    with pytest.raises(UnavailableError, match=r"GET /v3/funding-accounts/permissions: no proper answer"):
        await check_trust()
    report, _ = await artifact()
    assert "| MFA trust | ok |" in report and "UnavailableError" in report

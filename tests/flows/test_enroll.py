"""Having BILL remember this machine, from a form: one code, and until when it holds."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import pytest
from prefect.client.orchestration import get_client
from prefect.settings import get_current_settings

from billcom.errors import ConflictError, SettingsError
from billcom.inputs import CodeSource
from billcom.remembered_device import RememberedDevices
from billcom.settings import Settings
from flows import trust
from flows.ap import ap_workflow
from flows.enroll import enroll_mfa
from tests.flows.test_trust import answer, paused_run, stored, wrong_code
from tests.organization import Organization
from tests.samples import account, bill, vendor

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("prefect")]

NAME = "remember this machine"


@pytest.fixture(autouse=True)
def quick_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    """A waiting run notices its answer at once."""
    monkeypatch.setattr(trust, "POLL_SECONDS", 0.05)


async def artifact() -> tuple[str, str]:
    """Return the report and the one-line summary of the latest run."""
    async with get_client() as client:
        found = (await client._client.get("/artifacts/enroll-mfa/latest")).raise_for_status().json()
    return found["data"], found["description"]


async def test_a_typed_code_is_remembered_for_thirty_days_and_runs_ask_nobody(
    organization: Organization, tmp_path: Path
) -> None:
    running = asyncio.ensure_future(enroll_mfa())
    run, key = await paused_run(NAME)
    code = organization.last_code()
    await answer(run, code)
    until = await running
    assert (until - datetime(2026, 12, 23, 15, tzinfo=UTC)).total_seconds() < 60
    report, summary = await artifact()
    assert "# BILL remembers this machine until 2026-12-23 15:0" in report
    assert summary.startswith("remembered until 2026-12-23 15:0")
    kept = RememberedDevices(Settings.load()).kept()
    assert kept is not None and kept.expires == until
    secret = kept.remember_me_id.get_secret_value()
    assert secret not in report + summary and code not in report + summary
    with pytest.raises(Exception, match="404"):
        await stored(run, key)
    roots = (get_current_settings().home / "storage", tmp_path)
    files = [path for root in roots for path in root.rglob("*") if path.is_file()]
    assert [path for path in files if secret.encode() in path.read_bytes()] == []
    assert organization.writes() == []
    paid = await ap_workflow(vendor(), account(), bill(), code_from=CodeSource.PERSON)
    assert paid.payment_status == "SCHEDULED"
    assert len(organization.requests("POST", "/v3/mfa/challenge")) == 1


async def test_enrolling_again_starts_the_thirty_days_anew(
    organization: Organization, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = await enroll_mfa(code_from=CodeSource.LOCAL_PHONE)
    monkeypatch.setenv("BILL_NOW", "2026-12-01T15:00:00+00:00")
    again = await enroll_mfa(code_from=CodeSource.LOCAL_PHONE)
    assert (first.date().isoformat(), again.date().isoformat()) == ("2026-12-23", "2026-12-31")
    assert len(organization.requests("POST", "/v3/mfa/challenge")) == 2


async def test_three_wrong_codes_leave_what_was_remembered(organization: Organization) -> None:
    await enroll_mfa(code_from=CodeSource.LOCAL_PHONE)
    before = RememberedDevices(Settings.load()).kept()
    running = asyncio.ensure_future(enroll_mfa())
    seen: frozenset = frozenset()
    for _ in range(3):
        run, _ = await paused_run(NAME, after=seen)
        assert run.state is not None
        seen |= {run.state.id}
        await answer(run, wrong_code(organization))
    with pytest.raises(ConflictError, match="BILL accepted none of 3 codes"):
        await running
    assert RememberedDevices(Settings.load()).kept() == before
    report, summary = await artifact()
    assert report.startswith("# Stopped: MFA enrolment") and summary == "stopped by ConflictError"


async def test_nothing_is_texted_for_a_block_that_is_not_there(organization: Organization) -> None:
    with pytest.raises(
        SettingsError, match="credentials 'no-such-block': there is no BILL credentials block"
    ):
        await enroll_mfa("no-such-block")
    assert organization.requests() == []

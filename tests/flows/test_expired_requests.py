"""The daily repair notes in the journal that a request for approval has run out."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from billcom import approval
from billcom.journal import Journal, State
from billcom.runs.lines import Total
from billcom.settings import Settings
from flows.repair import resolve_unknowns
from tests.organization import Organization
from tests.samples import run


async def test_a_request_nobody_answered_is_noted_as_over(
    prefect: None, organization: Organization, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name, value in organization.environment(tmp_path).items():
        monkeypatch.setenv(name, value)
    settings = Settings.load()
    await approval.request(Journal(settings), "0123456789abcdef", "Ben", Total(3), 1, days=3)
    await run(resolve_unknowns, {})
    row = (await Journal(settings).of_subject(approval.APPROVAL, "0123456789abcdef"))["request"]
    assert row.state is State.NOT_SENT

    monkeypatch.setenv("BILL_NOW", (settings.clock.now() + timedelta(days=4)).isoformat())
    await run(resolve_unknowns, {})
    row = (await Journal(settings).of_subject(approval.APPROVAL, "0123456789abcdef"))["request"]
    assert (row.state, row.note) == (State.RELEASED, "not approved in time")

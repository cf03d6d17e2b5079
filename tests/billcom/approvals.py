"""Owns how tests ask for approvals, enrol approvers and put the clock forward."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from billcom import Settings
from billcom.approval import Approval, request, standing
from billcom.approvers import Approvers
from billcom.clock import Clock
from billcom.errors import ApprovalError
from billcom.journal import Journal
from billcom.runs.lines import Total

RUN = "0123456789abcdef"
NOON = datetime(2026, 11, 23, 12, 0, 0, tzinfo=UTC)
TOTAL = Total(3, Decimal("12500.00"))


@dataclass(frozen=True)
class SetClock(Clock):
    """A clock that stands at noon until it is put forward."""

    time_zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("UTC"))
    instants: list[datetime] = field(default_factory=lambda: [NOON])

    def now(self) -> datetime:
        return self.instants[-1]

    def put_forward(self, **by: float) -> None:
        """Let time pass."""
        self.instants.append(self.now() + timedelta(**by))


def journal_at(settings: Settings, clock: SetClock) -> Journal:
    """Return a journal whose clock can be put forward."""
    vars(settings)["clock"] = clock
    return Journal(settings, run="run-1")


async def ask(journal: Journal, needed: int = 1, prepared_by: str = "Pat", days: float = 3) -> None:
    """Ask for approval of the run."""
    await request(journal, RUN, prepared_by, TOTAL, needed, days)


async def enrol(journal: Journal, *names: str) -> None:
    """Enrol approvers."""
    for name in names:
        await Approvers(journal.settings).add(name)


async def now_stands(journal: Journal) -> Approval:
    """Return how the request stands now."""
    return await standing(journal, RUN, journal.settings.clock.now())


async def refusal(journal: Journal, answer: Any) -> str:
    """Return why an answer is refused; nothing was recorded."""
    before = await journal.entries()
    with pytest.raises(ApprovalError) as caught:
        await answer
    assert await journal.entries() == before
    return str(caught.value)

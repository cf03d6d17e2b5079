"""What time it is, and what day it is where the business is: passed in, so that it can be set."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo


@dataclass(frozen=True)
class Clock:
    """The present instant, moved by `offset`, and today's date in `time_zone`."""

    time_zone: ZoneInfo
    offset: timedelta = timedelta()

    @classmethod
    def starting_at(cls, instant: datetime, time_zone: ZoneInfo) -> Clock:
        """Return a clock that reads `instant` (aware) now and ticks from there."""
        return cls(time_zone, instant.astimezone(UTC) - datetime.now(UTC))

    def now(self) -> datetime:
        """Return the present instant, aware, in UTC."""
        return datetime.now(UTC) + self.offset

    def today(self) -> date:
        """Return today's date in the clock's time zone."""
        return self.now().astimezone(self.time_zone).date()


def uptime() -> float:
    """Return seconds that go on while the machine sleeps, and that nobody sets."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))

"""Owns the local BILL's time: an instant that ticks from a chosen start and can be set or moved forward."""

import time
from datetime import UTC, datetime, timedelta


def parse_instant(text: str) -> datetime:
    """Return the aware UTC instant an ISO 8601 text names; a text without a zone is taken as UTC.

    Raises ValueError when the text is no ISO 8601 date or time.
    """
    instant = datetime.fromisoformat(text)
    return (instant if instant.tzinfo else instant.replace(tzinfo=UTC)).astimezone(UTC)


def iso(instant: datetime) -> str:
    """Return the instant as BILL writes it: milliseconds and `+00:00`."""
    return instant.isoformat(timespec="milliseconds")


class Clock:
    """A clock that starts at `start` (the real now when None) and ticks at real speed from there."""

    def __init__(self, start: datetime | None = None) -> None:
        self._start = start
        self.restart()

    def restart(self) -> None:
        """Go back to the start given, or to the real now when none was."""
        self.set(self._start or datetime.now(UTC))

    def now(self) -> datetime:
        """Return the present instant in UTC, whole milliseconds: what the wire can show and compare."""
        now = self._set_to + timedelta(seconds=time.monotonic() - self._set_at)
        return now.replace(microsecond=now.microsecond // 1000 * 1000)

    def set(self, now: datetime) -> None:
        """Make it `now`, ticking on from there."""
        self._set_to = now.astimezone(UTC)
        self._set_at = time.monotonic()

    def advance(self, seconds: float) -> None:
        """Move forward by `seconds`; raise ValueError when negative."""
        if seconds < 0:
            raise ValueError("the clock is only advanced forwards; set `now` to go back")
        self._set_to += timedelta(seconds=seconds)

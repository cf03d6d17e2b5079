"""Owns BILL's limits: requests and sign-ins an hour for each dev key, and how many run at once."""

from collections import Counter
from datetime import datetime

from billcom.emulator import codes
from billcom.emulator.errors import refuse
from billcom.emulator.rules import Rules


class Limits:
    """The counts that limits are held against. Hours turn at the top of the hour."""

    def __init__(self) -> None:
        self.hour: datetime | None = None
        self.requests: Counter[str] = Counter()
        self.logins: Counter[str] = Counter()
        self._in_flight: Counter[tuple[str, str]] = Counter()

    def take_off(self, dev_key: str, organization_id: str) -> int:
        """Count a request in; return how many are now in flight, this one included."""
        self._in_flight[dev_key, organization_id] += 1
        return self._in_flight[dev_key, organization_id]

    def land(self, dev_key: str, organization_id: str) -> None:
        """Count a request out."""
        self._in_flight[dev_key, organization_id] -= 1

    def check(self, rules: Rules, dev_key: str, now: datetime, *, in_flight: int, login: bool) -> None:
        """Count the request against its hour; raise BDC_1144 or BDC_1322 when it is one too many.

        Unverified: the status. Clients report 422, never 429, and no Retry-After.
        """
        self._turn(now)
        self.requests[dev_key] += 1
        _hold(self.requests[dev_key], rules.number("requests_per_hour"))
        if login:
            self.logins[dev_key] += 1
            _hold(self.logins[dev_key], rules.number("logins_per_hour"))
        if in_flight > rules.number("concurrent_requests"):
            raise refuse(
                codes.CONCURRENCY_LIMIT, "Max number of concurrent requests per organization reached."
            )

    def _turn(self, now: datetime) -> None:
        """Start counting anew when the hour is another."""
        hour = now.replace(minute=0, second=0, microsecond=0)
        if hour != self.hour:
            self.hour = hour
            self.requests.clear()
            self.logins.clear()


def _hold(number: int, limit: int) -> None:
    """Raise BDC_1144 when the number is past the limit."""
    if number > limit:
        raise refuse(codes.HOURLY_LIMIT, f"Max number of allowed requests per hour reached: {limit}.")

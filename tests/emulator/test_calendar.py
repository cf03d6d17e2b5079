"""Banking days and business dates."""

from datetime import date, datetime

import pytest

from billcom.emulator.calendar import banking_days_after, business_date, is_banking_day, start_of
from billcom.emulator.clock import parse_instant


@pytest.mark.parametrize(
    ("day", "banking"),
    [
        (date(2026, 11, 23), True),
        (date(2026, 11, 21), False),  # Saturday
        (date(2026, 11, 22), False),  # Sunday
        (date(2026, 11, 26), False),  # Thanksgiving
        (date(2026, 11, 27), True),  # the Friday after it
        (date(2026, 7, 3), True),  # Independence Day is a Saturday: banks do not move it to Friday
        (date(2027, 7, 5), False),  # Independence Day is a Sunday: banks move it to Monday
        (date(2026, 10, 12), False),  # Columbus Day
        (date(2026, 6, 19), False),  # Juneteenth
    ],
)
def test_banking_days_follow_the_federal_reserve(day: date, banking: bool) -> None:
    assert is_banking_day(day) is banking


def test_banking_days_after_skip_weekends_and_holidays() -> None:
    assert banking_days_after(date(2026, 11, 25), 1) == date(2026, 11, 27)
    assert banking_days_after(date(2026, 11, 25), 2) == date(2026, 11, 30)
    assert banking_days_after(date(2026, 11, 26), 0) == date(2026, 11, 26)


def test_the_business_date_turns_at_midnight_in_chicago() -> None:
    assert business_date(parse_instant("2026-11-24T05:59:59Z")) == date(2026, 11, 23)
    assert business_date(parse_instant("2026-11-24T06:00:00Z")) == date(2026, 11, 24)
    assert start_of(date(2026, 7, 1)) == datetime.fromisoformat("2026-07-01T05:00:00+00:00")

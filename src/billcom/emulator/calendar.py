"""Owns business dates: what today is for a process date, and which days are US banking days."""

from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import holidays

# Unverified: BILL does not state whose midnight counts; one production client works in Central time.
BUSINESS_ZONE = ZoneInfo("America/Chicago")


def business_date(now: datetime) -> date:
    """Return the date it is in the business time zone at `now`."""
    return now.astimezone(BUSINESS_ZONE).date()


def start_of(day: date) -> datetime:
    """Return the UTC instant at which `day` begins in the business time zone."""
    return datetime.combine(day, time(), BUSINESS_ZONE).astimezone(UTC)


@cache
def bank_holidays() -> holidays.HolidayBase:
    """Return the Federal Reserve's holidays. The first call takes most of a second: the library loads slowly.

    Not holidays.US, which moves a Saturday holiday to Friday, a day on which banks do settle.
    """
    return holidays.financial_holidays("XFED")


@cache
def is_banking_day(day: date) -> bool:
    """Return whether US banks settle on `day`: neither a weekend nor a Federal Reserve holiday."""
    return day.weekday() < 5 and day not in bank_holidays()


def banking_days_after(day: date, count: int) -> date:
    """Return the `count`-th banking day after `day`; `day` itself when `count` is 0."""
    while count > 0:
        day += timedelta(days=1)
        count -= is_banking_day(day)
    return day

"""US banking days: the days on which funds can leave an account."""

from __future__ import annotations

from datetime import date, timedelta
from functools import lru_cache

import holidays

MAX_DAYS_AHEAD = 366
"""Bound of this project: a process date more than a year ahead is taken for a slip."""


@lru_cache(maxsize=1)
def _federal_reserve() -> holidays.HolidayBase:
    # The Federal Reserve's own calendar: the general US one moves 4 July, the Fed does not.
    return holidays.financial_holidays("XFED")


def is_banking_day(day: date) -> bool:
    """Return whether banks settle on `day`: no weekend, no Federal Reserve holiday."""
    return day.weekday() < 5 and day not in _federal_reserve()


def next_banking_day(after: date) -> date:
    """Return the first banking day after `after`, which itself never counts."""
    day = after + timedelta(days=1)
    while not is_banking_day(day):
        day += timedelta(days=1)
    return day


def process_date_problem(day: date, today: date) -> str | None:
    """Return why funds can't leave on `day`, with the next day they can, or None.

    BILL refuses today, the past, weekends and bank holidays. Source: contract of POST /v3/payments,
    BDC_1152.
    """
    suggestion = next_banking_day(max(day, today))
    if day <= today:
        return f"is not after today ({today}): the first possible day is {next_banking_day(today)}"
    if not is_banking_day(day):
        return f"is a {day:%A}, not a US banking day: the next one is {suggestion}"
    if day > today + timedelta(days=MAX_DAYS_AHEAD):
        return f"is more than {MAX_DAYS_AHEAD} days ahead: check the year"
    return None

"""Banking days and the clock."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from billcom.calendar import is_banking_day, next_banking_day, process_date_problem
from billcom.clock import Clock

MONDAY = date(2026, 11, 23)


@pytest.mark.parametrize(
    ("day", "why"),
    [
        (date(2026, 1, 1), "New Year's Day"),
        (date(2026, 1, 19), "Martin Luther King Jr. Day"),
        (date(2026, 2, 16), "Presidents' Day"),
        (date(2026, 5, 25), "Memorial Day"),
        (date(2026, 6, 19), "Juneteenth"),
        (date(2026, 7, 4), "Independence Day, a Saturday"),
        (date(2026, 9, 7), "Labor Day"),
        (date(2026, 10, 12), "Columbus Day"),
        (date(2026, 11, 11), "Veterans Day"),
        (date(2026, 11, 26), "Thanksgiving"),
        (date(2026, 12, 25), "Christmas"),
        (date(2027, 7, 5), "the Monday after a Sunday holiday"),
        (date(2026, 11, 28), "Saturday"),
        (date(2026, 11, 29), "Sunday"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_banks_are_closed(day: date, why: str) -> None:
    assert not is_banking_day(day), why


@pytest.mark.parametrize(
    ("day", "why"),
    [
        (date(2026, 7, 3), "the Friday before a Saturday holiday"),
        (date(2026, 7, 6), "the Monday after a Saturday holiday"),
        (date(2027, 6, 18), "the Friday before a Saturday Juneteenth"),
        (date(2026, 11, 27), "the day after Thanksgiving"),
        (date(2026, 12, 24), "Christmas Eve"),
        (date(2026, 4, 3), "Good Friday"),
        (date(2021, 12, 31), "the Friday before a Saturday New Year's Day"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_banks_are_open(day: date, why: str) -> None:
    assert is_banking_day(day), why


@pytest.mark.parametrize(
    ("after", "following"),
    [
        (date(2026, 11, 23), date(2026, 11, 24)),
        (date(2026, 11, 25), date(2026, 11, 27)),
        (date(2026, 11, 27), date(2026, 11, 30)),
        (date(2026, 12, 31), date(2027, 1, 4)),
        (date(2026, 7, 2), date(2026, 7, 3)),
        (date(2026, 7, 3), date(2026, 7, 6)),
        (date(2026, 6, 18), date(2026, 6, 22)),
        (date(2026, 12, 24), date(2026, 12, 28)),
    ],
)
def test_the_next_banking_day_passes_over_weekends_and_holidays(after: date, following: date) -> None:
    assert next_banking_day(after) == following


@pytest.mark.parametrize(
    ("day", "problem"),
    [
        (date(2026, 11, 24), None),
        (date(2026, 11, 27), None),
        (date(2027, 11, 24), None),
        (MONDAY, "is not after today (2026-11-23): the first possible day is 2026-11-24"),
        (date(2026, 1, 2), "is not after today (2026-11-23): the first possible day is 2026-11-24"),
        (date(2026, 11, 26), "is a Thursday, not a US banking day: the next one is 2026-11-27"),
        (date(2026, 11, 28), "is a Saturday, not a US banking day: the next one is 2026-11-30"),
        (date(2027, 11, 26), "is more than 366 days ahead: check the year"),
    ],
)
def test_a_process_date_is_possible_or_says_why_not(day: date, problem: str | None) -> None:
    assert process_date_problem(day, MONDAY) == problem


@pytest.mark.parametrize(
    ("instant", "zone", "today"),
    [
        ("2026-11-24T04:59:00+00:00", "America/New_York", date(2026, 11, 23)),
        ("2026-11-24T05:01:00+00:00", "America/New_York", date(2026, 11, 24)),
        ("2026-07-04T03:59:00+00:00", "America/New_York", date(2026, 7, 3)),
        ("2026-07-04T04:01:00+00:00", "America/New_York", date(2026, 7, 4)),
        ("2026-11-23T23:30:00-05:00", "UTC", date(2026, 11, 24)),
    ],
)
def test_today_is_the_day_where_the_business_is(instant: str, zone: str, today: date) -> None:
    assert Clock.starting_at(datetime.fromisoformat(instant), ZoneInfo(zone)).today() == today


def test_a_clock_ticks_on_from_where_it_starts() -> None:
    start = datetime(2026, 11, 23, 15, tzinfo=UTC)
    clock = Clock.starting_at(start, ZoneInfo("UTC"))
    first, second = clock.now(), clock.now()
    assert timedelta() <= first - start < timedelta(seconds=10)
    assert first <= second
    assert first.tzinfo is UTC


def test_a_clock_left_alone_reads_the_present() -> None:
    before = datetime.now(UTC)
    assert before <= Clock(ZoneInfo("UTC")).now() <= datetime.now(UTC)

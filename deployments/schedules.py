"""The schedules of `prefect.yaml`: when each next starts a run, and what is wrong with one that never does."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Protocol, cast

from prefect.client.schemas.schedules import SCHEDULE_TYPES
from prefect.schedules import Cron, Interval, RRule, Schedule
from prefect.server.schemas.schedules import CronSchedule, IntervalSchedule, RRuleSchedule
from pydantic import ValidationError

from billcom.errors import SettingsError


class _Dated(Protocol):
    async def get_dates(self, n: int, start: datetime) -> list[datetime]: ...


def to_serve(declared: dict[str, Any]) -> Schedule:
    """Return a declared schedule as a served deployment takes it."""
    common = {"timezone": declared["timezone"], "slug": declared["slug"]}
    if "cron" in declared:
        return Cron(declared["cron"], **common)
    if "rrule" in declared:
        return RRule(declared["rrule"], **common)
    return Interval(declared["interval"], anchor_date=declared.get("anchor_date"), **common)


async def check(declared: dict[str, Any], now: datetime | None = None) -> datetime:
    """Return when the schedule next starts a run (`now` unless given: the present).

    Raises SettingsError when its time zone or slug is missing, it can't be read, or all its times are past.
    """
    missing = [name for name in ("timezone", "slug") if not declared.get(name)]
    kinds = [name for name in ("cron", "rrule", "interval") if declared.get(name)]
    if missing or len(kinds) != 1:
        raise SettingsError(
            f"schedule {declared}: write one of cron, rrule, interval, with a timezone (America/New_York) and a slug"
        )
    schedule = _read(kinds[0], declared)
    try:
        dates = await schedule.get_dates(n=1, start=now or datetime.now(UTC))
    except ValueError as error:
        raise SettingsError(
            f"schedule {declared['slug']}: {kinds[0]} {declared[kinds[0]]!r}: {error}"
        ) from None
    if not dates:
        raise SettingsError(
            f"schedule {declared['slug']}: all its times are past: correct {kinds[0]}, or remove it"
        )
    return dates[0]


async def next_run(schedule: SCHEDULE_TYPES, now: datetime) -> datetime | None:
    """Return when a registered schedule next starts a run, in its own time zone; None when it starts none any more."""
    read = _CLASSES[next(kind for kind in _CLASSES if hasattr(schedule, kind))]
    dates = await cast("_Dated", read.model_validate(schedule.model_dump())).get_dates(n=1, start=now)
    return dates[0] if dates else None


_CLASSES = {"cron": CronSchedule, "rrule": RRuleSchedule, "interval": IntervalSchedule}


def _read(kind: str, declared: dict[str, Any]) -> _Dated:
    names = (kind, "timezone", *(["anchor_date"] if kind == "interval" else []))
    try:
        return cast(
            "_Dated", _CLASSES[kind].model_validate({n: declared[n] for n in names if declared.get(n)})
        )
    except ValidationError as error:
        raise SettingsError(
            f"schedule {declared['slug']}: {kind} {declared[kind]!r}, timezone {declared['timezone']!r}: "
            f"{error.errors()[0]['msg']}"
        ) from None

"""Filters, sort orders and pages of BILL's lists, checked before anything is sent.

Source: BILL docs, Search operations with lists; Filterable fields; Sortable fields.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Literal

from billcom.errors import InputError, Problem

Operator = Literal["eq", "ne", "gt", "gte", "lt", "lte", "in", "nin", "sw"]
FilterValue = str | bool | int | date | datetime | Sequence[str]

EQUALITY: frozenset[Operator] = frozenset({"eq", "ne"})
CHOICE: frozenset[Operator] = frozenset({"eq", "ne", "in"})
EXACT: frozenset[Operator] = frozenset({"eq"})
CHOICES: frozenset[Operator] = frozenset({"eq", "ne", "in", "nin"})
RANGE: frozenset[Operator] = frozenset({"gt", "gte", "lt", "lte"})

# No escape is documented for these, so a value that holds one can't be sent safely.
_UNSAFE = frozenset(',:"')


@dataclass(frozen=True)
class Filter:
    """One condition of a list: `Filter("status", "eq", "VERIFIED")`. Conditions are joined by AND."""

    field: str
    operator: Operator
    value: FilterValue


@dataclass(frozen=True)
class ListRules:
    """What one list of BILL's accepts: operators per filter field, and the fields it sorts by."""

    filters: Mapping[str, frozenset[Operator]] = field(default_factory=dict[str, frozenset[Operator]])
    sort: frozenset[str] = frozenset()


def can_be_filtered(text: str) -> bool:
    """Return whether `text` can stand in a filter; if not, list without it and compare in code."""
    return bool(text) and not _UNSAFE & set(text)


def build_filters(filters: Iterable[Filter], rules: ListRules) -> str:
    """Return BILL's `filters` text. Raise InputError on a field, operator or value the list doesn't take."""
    filters = list(filters)
    problems = [problem for f in filters if (problem := _problem_of(f, rules))]
    if problems:
        raise InputError(problems)
    return ",".join(f"{f.field}:{f.operator}:{_format(f.value)}" for f in filters)


def build_sort(sort: Sequence[str], rules: ListRules) -> str:
    """Return BILL's `sort` text for items such as `createdTime:desc`. Raise InputError on an unknown one."""
    for item in sort:
        name, _, direction = item.partition(":")
        if name not in rules.sort or direction not in ("asc", "desc"):
            allowed = ", ".join(sorted(rules.sort)) or "none"
            raise InputError([Problem("sort", item, f"use FIELD:asc or FIELD:desc; fields: {allowed}")])
    return ",".join(sort)


def _problem_of(item: Filter, rules: ListRules) -> Problem | None:
    operators = rules.filters.get(item.field)
    if operators is None:
        allowed = ", ".join(sorted(rules.filters)) or "none"
        return Problem("filter", item.field, f"BILL doesn't filter this list by it; it filters by: {allowed}")
    if item.operator not in operators:
        allowed = ", ".join(sorted(operators))
        return Problem("filter", f"{item.field}:{item.operator}", f"this field takes only: {allowed}")
    if isinstance(item.value, datetime) and item.value.tzinfo is None:
        return Problem("filter", item.field, "an instant needs its offset: give an aware datetime")
    several = isinstance(item.value, Sequence) and not isinstance(item.value, str)
    if several and item.operator not in ("in", "nin"):
        return Problem("filter", f"{item.field}:{item.operator}", "several values go with in or nin")
    texts = [item.value] if isinstance(item.value, str) else item.value
    if isinstance(texts, Sequence) and not (texts and all(can_be_filtered(text) for text in texts)):
        return Problem(
            "filter", item.field, 'a value is empty or holds , : or ": list without it and compare in code'
        )
    return None


def _format(value: FilterValue) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return f'"{value.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.{value.microsecond // 1000:03d}Z"'
    if isinstance(value, date | int):
        return f'"{value}"'
    if isinstance(value, str):
        return f'"{value}"'
    return f'"{",".join(value)}"'

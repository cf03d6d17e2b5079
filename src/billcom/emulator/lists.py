"""Owns lists: BILL's filter and sort grammar, paging, and which fields of a list take which operators."""

import base64
import binascii
import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Generic, TypeVar

from billcom.emulator import codes
from billcom.emulator.clock import parse_instant
from billcom.emulator.errors import BillError, bad_shape
from billcom.emulator.money import cents, parse_decimal
from billcom.emulator.records.base import Record
from billcom.emulator.routing import Answer, Call
from billcom.emulator.wire import Json

DEFAULT_PAGE = 20  # Source: BILL API reference
LONGEST_PAGE = 100  # Source: BILL API reference

R = TypeVar("R", bound=Record)

_CLAUSE = re.compile(r'(?P<field>[\w.]+):(?P<operator>\w+):(?P<value>"[^"]*"|[^",:]*)(?:,|$)')
_MANY = ("in", "nin")
_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "eq": lambda held, asked: held == asked,
    "ne": lambda held, asked: held != asked,
    "gt": lambda held, asked: held > asked,
    "gte": lambda held, asked: held >= asked,
    "lt": lambda held, asked: held < asked,
    "lte": lambda held, asked: held <= asked,
    "in": lambda held, asked: held in asked,
    "nin": lambda held, asked: held not in asked,
    "sw": lambda held, asked: held.startswith(asked),
}
_MISSING = {"ne": True, "nin": True}


@dataclass(frozen=True)
class Filter(Generic[R]):
    """A field a list can be filtered by: its operators, how to read it, and what its values are."""

    operators: str
    read: Callable[[R], object]
    parse: Callable[[str], object] = str
    confirmed: bool = True


@dataclass(frozen=True)
class Listing(Generic[R]):
    """What one list can be filtered and sorted by."""

    filters: Mapping[str, Filter[R]]
    sorts: Mapping[str, Callable[[R], Any]] = field(default_factory=dict[str, Callable[[R], Any]])


def parse_flag(text: str) -> bool:
    """Return true or false."""
    if text not in ("true", "false"):
        raise ValueError("true or false")
    return text == "true"


def parse_cents(text: str) -> int:
    """Return an amount of dollars in cents."""
    amount = parse_decimal(text)
    if amount is None or (whole := cents(amount)) is None:
        raise ValueError("an amount of dollars")
    return whole


TIME = "gt,gte,lt,lte"
ONE = "eq,ne,in"


def common_filters(record: type[R]) -> dict[str, Filter[R]]:
    """Return the filters most lists share: id, archived and the two times."""
    del record
    return {
        "id": Filter(ONE, lambda row: row.id),
        "archived": Filter("eq,ne", lambda row: row.archived, parse_flag),
        "createdTime": Filter(TIME, lambda row: row.created, parse_instant),
        "updatedTime": Filter(TIME, lambda row: row.updated, parse_instant),
    }


def common_sorts(record: type[R]) -> dict[str, Callable[[R], Any]]:
    """Return the sort fields most lists share."""
    del record
    return {
        "archived": lambda row: row.archived,
        "createdTime": lambda row: row.created,
        "updatedTime": lambda row: row.updated,
    }


def answer_list(call: Call, records: Iterable[R], listing: Listing[R], wire: Callable[[R], Json]) -> Answer:
    """Answer one page of the records the query asks for, oldest first unless it sorts.

    Unverified: the default order; one client saw invoices oldest first.
    """
    query = _read_query(call.query)
    tests = _parse_filters(query.filters, listing, call)
    delay = timedelta(milliseconds=call.world.rules.number("list_delay_ms"))
    rows = [row for row in records if _listed(row, call.now, delay) and all(test(row) for test in tests)]
    if call.world.rules.choice("archived_rows") == "hidden" and "archived:" not in query.filters:
        rows = [row for row in rows if not row.archived]
    rows.sort(key=lambda row: row.created)
    for name, descending in reversed(_parse_sort(query.sort)):
        key = listing.sorts.get(name)
        if key is None:
            raise bad_shape(f"Invalid sort field: {name}", codes.INVALID_PARAMETER)
        rows.sort(key=_none_first(key), reverse=descending)
    page: Json = {}
    end = query.start + query.max
    if end < len(rows):
        page["nextPage"] = query.token(end)
    if query.start > 0:
        page["prevPage"] = query.token(max(query.start - query.max, 0))
    return Answer(200, {**page, "results": [wire(row) for row in rows[query.start : end]]})


def _listed(row: Record, now: datetime, delay: timedelta) -> bool:
    """Return whether a record is in lists yet; one from a future the clock was set back from is."""
    return not timedelta(0) <= now - row.created < delay


@dataclass(frozen=True)
class _Query:
    """The list query, its page token opened."""

    max: int
    start: int
    filters: str
    sort: str

    def token(self, start: int) -> str:
        """Return an opaque token for the page at `start`; it carries the filters and the sort along."""
        content = json.dumps([start, self.filters, self.sort])
        return base64.urlsafe_b64encode(content.encode()).decode()


def _read_query(query: Mapping[str, str]) -> _Query:
    """Return the query; a page token brings filters and sort with it, and refuses others beside it."""
    filters, sort, start = query.get("filters", ""), query.get("sort", ""), 0
    if token := query.get("page"):
        start, token_filters, token_sort = _open_token(token)
        if filters not in ("", token_filters) or sort not in ("", token_sort):
            raise bad_shape("page: belongs to a list with other filters or sort", codes.INVALID_PARAMETER)
        filters, sort = token_filters, token_sort
    return _Query(_read_max(query.get("max")), start, filters, sort)


def _read_max(text: str | None) -> int:
    """Return the page size; BILL refuses any outside 1 to 100."""
    if text is None:
        return DEFAULT_PAGE
    if not text.isdecimal() or not 1 <= int(text) <= LONGEST_PAGE:
        raise bad_shape(f"max: must be between 1 and {LONGEST_PAGE}", codes.INVALID_PARAMETER)
    return int(text)


def _open_token(token: str) -> tuple[int, str, str]:
    """Return what a page token carries."""
    try:
        start, filters, sort = json.loads(base64.urlsafe_b64decode(token.encode()))
        return int(start), str(filters), str(sort)
    except (binascii.Error, ValueError, TypeError) as error:
        raise bad_shape("page: not a page token", codes.INVALID_PARAMETER) from error


def _parse_filters(text: str, listing: Listing[R], call: Call) -> list[Callable[[R], bool]]:
    """Return a test per clause; a value that holds `:` or `,` must be quoted."""
    tests: list[Callable[[R], bool]] = []
    position = 0
    while position < len(text):
        clause = _CLAUSE.match(text, position)
        if clause is None:
            raise bad_shape(f"filters: cannot be read at: {text[position:]}", codes.INVALID_PARAMETER)
        value = clause["value"].removeprefix('"').removesuffix('"')
        tests.append(_test(clause["field"], clause["operator"], value, listing, call))
        position = clause.end()
    return tests


def _test(name: str, operator: str, value: str, listing: Listing[R], call: Call) -> Callable[[R], bool]:
    """Return the test of one clause."""
    chosen = listing.filters.get(name)
    if chosen is None or not (chosen.confirmed or call.world.rules.accepts("unconfirmed_filters")):
        raise bad_shape(f"Invalid list filter field: {name}", codes.INVALID_FILTER_FIELD)
    if operator not in chosen.operators.split(","):
        raise bad_shape(f"Invalid list filter operator: {name}:{operator}", codes.INVALID_FILTER_OPERATOR)
    asked = _parse_value(name, value, chosen.parse, many=operator in _MANY)
    compare, read, when_missing = _COMPARE[operator], chosen.read, _MISSING.get(operator, False)

    def test(row: R) -> bool:
        held = read(row)
        return when_missing if held is None else compare(held, asked)

    return test


def _parse_value(name: str, value: str, parse: Callable[[str], object], *, many: bool) -> object:
    """Return the value of a clause; raise 400 when it is not of the field's kind."""
    try:
        return {parse(item.strip()) for item in value.split(",")} if many else parse(value)
    except ValueError as error:
        raise _bad_value(name, value) from error


def _bad_value(name: str, value: str) -> BillError:
    """Return the refusal of a filter value of the wrong kind."""
    return bad_shape(f"Invalid value of list filter field {name}: {value}", codes.INVALID_VALUE)


def _parse_sort(text: str) -> list[tuple[str, bool]]:
    """Return field and whether descending, first sorted by first."""
    order: list[tuple[str, bool]] = []
    for part in text.split(",") if text else []:
        name, _, direction = part.partition(":")
        if direction not in ("", "asc", "desc"):
            raise bad_shape(f"Invalid sort direction: {part}", codes.INVALID_PARAMETER)
        order.append((name, direction == "desc"))
    return order


def _none_first(read: Callable[[R], Any]) -> Callable[[R], tuple[bool, Any]]:
    """Return a sort key under which rows without the field come first."""

    def key(row: R) -> tuple[bool, Any]:
        value: date | datetime | str | int | bool | None = read(row)
        return (value is not None, value if value is not None else 0)

    return key

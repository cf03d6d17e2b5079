"""Filters, sort orders and pages: what is sent, and what is refused before anything is."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest

from billcom import BillClient
from billcom.errors import InputError
from billcom.query import (
    CHOICES,
    EQUALITY,
    RANGE,
    Filter,
    ListRules,
    build_filters,
    build_sort,
    can_be_filtered,
)
from tests.billcom.build import make_vendor
from tests.billcom.controls import Controls

RULES = ListRules(
    filters={
        "name": EQUALITY,
        "createdTime": RANGE,
        "dueDate": RANGE,
        "archived": EQUALITY,
        "currency": CHOICES,
        "rank": RANGE,
    },
    sort=frozenset({"name", "createdTime"}),
)


@pytest.mark.parametrize(
    ("filters", "text"),
    [
        ([], ""),
        ([Filter("name", "eq", "Happy Music")], 'name:eq:"Happy Music"'),
        ([Filter("archived", "eq", False)], "archived:eq:false"),
        ([Filter("archived", "ne", True)], "archived:ne:true"),
        ([Filter("rank", "gt", 3)], 'rank:gt:"3"'),
        ([Filter("dueDate", "lte", date(2026, 12, 31))], 'dueDate:lte:"2026-12-31"'),
        (
            [Filter("createdTime", "gte", datetime(2026, 9, 1, 1, 2, 3, 4999, UTC))],
            'createdTime:gte:"2026-09-01T01:02:03.004Z"',
        ),
        (
            [Filter("createdTime", "gte", datetime(2026, 8, 31, 20, tzinfo=timezone(timedelta(hours=-4))))],
            'createdTime:gte:"2026-09-01T00:00:00.000Z"',
        ),
        ([Filter("currency", "in", ["USD", "CAD"])], 'currency:in:"USD,CAD"'),
        (
            [Filter("name", "eq", "A"), Filter("archived", "eq", False)],
            'name:eq:"A",archived:eq:false',
        ),
    ],
)
def test_conditions_are_written_as_bill_reads_them(filters: list[Filter], text: str) -> None:
    assert build_filters(filters, RULES) == text


@pytest.mark.parametrize(
    ("condition", "problem"),
    [
        (
            Filter("email", "eq", "a@b.example"),
            "filter 'email': BILL doesn't filter this list by it; it filters by: archived, createdTime, "
            "currency, dueDate, name, rank",
        ),
        (Filter("name", "sw", "A"), "filter 'name:sw': this field takes only: eq, ne"),
        (
            Filter("name", "eq", "Smith, Jones"),
            "filter 'name': a value is empty or holds , : or \": list without it and compare in code",
        ),
        (
            Filter("currency", "in", ["USD", "a:b"]),
            "filter 'currency': a value is empty or holds , : or \": list without it and compare in code",
        ),
        (
            Filter("currency", "in", []),
            "filter 'currency': a value is empty or holds , : or \": list without it and compare in code",
        ),
    ],
    ids=["field", "operator", "value", "one of several values", "no value"],
)
def test_what_a_list_does_not_take_is_named(condition: Filter, problem: str) -> None:
    with pytest.raises(InputError) as caught:
        build_filters([Filter("name", "eq", "Good"), condition], RULES)
    assert str(caught.value) == problem


def test_all_wrong_conditions_are_named_at_once() -> None:
    with pytest.raises(InputError) as caught:
        build_filters([Filter("email", "eq", "a"), Filter("name", "sw", "a")], RULES)
    assert [problem.value for problem in caught.value.problems] == ["email", "name:sw"]


@pytest.mark.parametrize("text", ["Smith, Jones", "Re: music", 'The "Band"', ""])
def test_a_text_that_cannot_be_escaped_is_not_filtered_by(text: str) -> None:
    assert not can_be_filtered(text)
    with pytest.raises(InputError, match="list without it and compare in code"):
        build_filters([Filter("name", "eq", text)], RULES)


@pytest.mark.parametrize("text", ["Smith & Jones", "Müller's", "A/B (C)", "a;b", "100%"])
def test_other_texts_are_filtered_by(text: str) -> None:
    assert can_be_filtered(text)


def test_orders_are_joined() -> None:
    assert build_sort(["name:asc", "createdTime:desc"], RULES) == "name:asc,createdTime:desc"
    assert build_sort([], RULES) == ""


@pytest.mark.parametrize("item", ["name", "name:down", "email:asc", "", "name:asc:desc"])
def test_an_unknown_order_is_refused_with_those_there_are(item: str) -> None:
    with pytest.raises(InputError, match="use FIELD:asc or FIELD:desc; fields: createdTime, name"):
        build_sort([item], RULES)


LISTS: dict[str, Callable[[BillClient], Any]] = {
    "vendors": lambda bill: bill.vendors.list,
    "bills": lambda bill: bill.bills.list,
    "payments": lambda bill: bill.payments.list,
    "customers": lambda bill: bill.customers.list,
    "invoices": lambda bill: bill.invoices.list,
    "received payments": lambda bill: bill.received_payments.list,
    "funding accounts": lambda bill: bill.funding_accounts.list,
}


async def first(rows: Any) -> Any:
    """Take one row."""
    async for row in rows:
        return row
    return None


@pytest.mark.anyio
@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize(
    ("filters", "sort"),
    [([Filter("billId", "eq", "00n1")], []), ([Filter("id", "sw", "0")], []), ([], ["secret:asc"])],
    ids=["field", "operator", "order"],
)
async def test_a_wrong_list_is_refused_before_anything_is_sent(
    bill: BillClient, controls: Controls, name: str, filters: list[Filter], sort: list[str]
) -> None:
    with pytest.raises(InputError):
        await first(LISTS[name](bill)(filters, sort))
    assert (controls.sent(), controls.sign_ins()) == ([], 0)


@pytest.mark.anyio
@pytest.mark.parametrize("name", LISTS)
async def test_every_order_that_is_offered_is_one_bill_takes(bill: BillClient, name: str) -> None:
    module = __import__(f"billcom.resources.{name.replace(' ', '_')}", fromlist=["LIST"])
    for field in sorted(module.LIST.sort):
        await first(LISTS[name](bill)([], [f"{field}:desc"]))


SAMPLES: dict[str, str] = {
    "createdTime": "2026-11-23", "updatedTime": "2026-11-23", "dueDate": "2026-11-23",
    "processDate": "2026-11-23", "archived": "true", "onlinePayment": "true", "amount": "1.00",
}  # fmt: skip


@pytest.mark.anyio
@pytest.mark.parametrize("name", LISTS)
async def test_every_condition_that_is_offered_is_one_bill_takes(bill: BillClient, name: str) -> None:
    module = __import__(f"billcom.resources.{name.replace(' ', '_')}", fromlist=["LIST"])
    for field, operators in sorted(module.LIST.filters.items()):
        for operator in sorted(operators):
            await first(LISTS[name](bill)([Filter(field, operator, SAMPLES.get(field, "x"))], []))


@pytest.mark.anyio
@pytest.mark.parametrize(("rows", "pages"), [(1, 1), (100, 1), (101, 2), (200, 2), (201, 3), (250, 3)])
async def test_a_page_is_asked_for_only_when_its_rows_are_wanted(
    bill: BillClient, controls: Controls, rows: int, pages: int
) -> None:
    controls.seed(vendors=250)
    listed = bill.vendors.list(sort=["createdTime:asc"])
    assert controls.sent() == []
    taken = {(await anext(listed)).id for _ in range(rows)}
    assert len(taken) == rows
    assert controls.sent() == ["GET /v3/vendors"] * pages


@pytest.mark.anyio
@pytest.mark.parametrize(("rows", "pages"), [(0, 1), (100, 1), (101, 2)])
async def test_a_list_is_followed_to_its_end(
    bill: BillClient, controls: Controls, rows: int, pages: int
) -> None:
    made = controls.seed(vendors=rows)["vendors"]
    listed = [row.id async for row in bill.vendors.list([Filter("archived", "eq", False)])]
    assert sorted(listed) == sorted(made)
    assert len(controls.sent()) == pages


@pytest.mark.anyio
async def test_archived_records_are_listed_unless_filtered(bill: BillClient) -> None:
    await bill.vendors.archive((await make_vendor(bill)).id)
    assert [row.archived async for row in bill.vendors.list()] == [True]
    assert [row async for row in bill.vendors.list([Filter("archived", "eq", False)])] == []

"""How every resource calls BILL: typed answers, lists followed page by page."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, Protocol, TypeVar

from pydantic import BaseModel, TypeAdapter, ValidationError

from billcom.errors import OutcomeUnknownError, UnavailableError
from billcom.models.base import RequestBody
from billcom.query import Filter, ListRules, build_filters, build_sort

PAGE_SIZE = 100
"""Largest page BILL gives; 0 and 101 are refused. Source: seen live by third parties."""

R = TypeVar("R")


class Transport(Protocol):
    """What a resource needs of a client: one call and its JSON answer."""

    async def request(
        self,
        method: str,
        path: str,
        *,
        body: object = None,
        query: Mapping[str, str] | None = None,
        repeatable: bool = False,
        with_session: bool = True,
    ) -> Any:
        """Send one call. See `billcom.client.BillClient.request`."""
        ...


class Resource:
    """Base of the resources: holds the transport."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def _get(self, kind: type[R], path: str, query: Mapping[str, str] | None = None) -> R:
        answer = await self._transport.request("GET", path, query=query)
        return _parse(kind, answer, f"GET {path}", UnavailableError)

    async def _send(
        self,
        kind: type[R],
        method: str,
        path: str,
        body: RequestBody | Sequence[RequestBody] | None = None,
        *,
        repeatable: bool = False,
    ) -> R:
        """Send a write. `repeatable`: doing it twice is doing it once, so a lost answer is no harm."""
        answer = await self._transport.request(method, path, body=_wire(body), repeatable=repeatable)
        lost = UnavailableError if repeatable else OutcomeUnknownError
        return _parse(kind, answer, f"{method} {path}", lost)

    async def _pages(
        self,
        kind: type[R],
        path: str,
        rules: ListRules,
        filters: Iterable[Filter] = (),
        sort: Sequence[str] = (),
        query: Mapping[str, str] | None = None,
    ) -> AsyncIterator[R]:
        """Yield the rows of a list, asking for a page only when its rows are wanted, to the end."""
        asked = {"max": str(PAGE_SIZE), **(query or {})}
        if text := build_filters(filters, rules):
            asked["filters"] = text
        if text := build_sort(sort, rules):
            asked["sort"] = text
        seen: set[str] = set()
        while True:
            answer = await self._transport.request("GET", path, query=asked)
            page = _parse(_Page, answer, f"GET {path}", UnavailableError)
            for row in page.results:
                yield _parse(kind, row, f"GET {path}", UnavailableError)
            # An empty page that names a next one goes on; its absence, or an empty text, is the end.
            if not page.nextPage:
                return
            if page.nextPage in seen:
                raise UnavailableError(f"GET {path}: BILL's pages go in a circle. Try again later.")
            seen.add(page.nextPage)
            asked["page"] = page.nextPage


class _Page(BaseModel):
    results: tuple[Any, ...]
    nextPage: str | None = None


@lru_cache
def _adapter(kind: type[R]) -> TypeAdapter[R]:
    return TypeAdapter(kind)


def _parse(kind: type[R], answer: object, what: str, error: type[Exception]) -> R:
    try:
        return _adapter(kind).validate_python(answer)
    except ValidationError as problem:
        fields = ", ".join(".".join(map(str, item["loc"])) or "whole answer" for item in problem.errors())
        raise error(
            f"{what}: BILL's answer is not what this version knows ({fields}). If it was a write it may "
            "have happened: look for the record."
        ) from None


def _wire(body: RequestBody | Sequence[RequestBody] | None) -> object:
    if body is None:
        return None
    if isinstance(body, RequestBody):
        return body.to_wire()
    return [item.to_wire() for item in body]

"""Stages of a run, each a chunk at a time: what one has finished the next takes up, while the first goes on."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Hashable
from typing import Any, Generic, TypeVar, cast

AT_ONCE = 6
"""Chunks worked on at the same time: three on their way to BILL, and the next three made ready."""

A = TypeVar("A")
B = TypeVar("B")
I = TypeVar("I")  # noqa: E741 (an item)


async def both(one: Awaitable[A], other: Awaitable[B]) -> tuple[A, B]:
    """Return what both give, awaited at once; raise, once neither goes on any more, what the first of them raised."""
    given = await asyncio.gather(one, other, return_exceptions=True)
    for result in given:
        if isinstance(result, BaseException):
            raise result
    return cast("tuple[A, B]", given)


async def close_all(*stages: Stage[Any]) -> None:
    """Close stages in their order, all of them whatever one raises; raise then the first of it."""
    raised: list[BaseException] = []
    for stage in stages:
        try:
            await stage.close()
        except Exception as error:  # noqa: BLE001 (raised below, once nothing is under way any more)
            raised.append(error)
    if raised:
        raise raised[0]


class Stage(Generic[I]):
    """Gathers items; works on `size` of one `key` as soon as there are so many, and on the rest when it is closed.

    An exception of `work` is handed to `fail` with its items, which returns those to work on once more, each alone:
    what is wrong with one item fails no other.
    """

    def __init__(
        self,
        size: int,
        work: Callable[[list[I]], Awaitable[None]],
        fail: Callable[[list[I], Exception], Awaitable[list[I]]],
        turns: asyncio.Semaphore,
        key: Callable[[I], Hashable] = lambda _item: None,
    ) -> None:
        self._size = size
        self._work = work
        self._fail = fail
        self._turns = turns
        self._key = key
        self._waiting: dict[Hashable, list[I]] = defaultdict(list)
        self._running: list[asyncio.Task[None]] = []

    def put(self, item: I) -> None:
        """Take an item; never waits."""
        waiting = self._waiting[self._key(item)]
        waiting.append(item)
        if len(waiting) == self._size:
            self._start(self._key(item))

    async def close(self) -> None:
        """Work on what is left, and return when all of it is done. Raises then what the work raised first."""
        for key in list(self._waiting):
            if self._waiting[key]:
                self._start(key)
        for result in await asyncio.gather(*self._running, return_exceptions=True):
            if isinstance(result, BaseException):
                raise result

    def _start(self, key: Hashable) -> None:
        self._running.append(asyncio.create_task(self._do(self._waiting.pop(key))))

    async def _do(self, items: list[I]) -> None:
        async with self._turns:
            for item in await self._left_by(items):
                await self._left_by([item])

    async def _left_by(self, items: list[I]) -> list[I]:
        """Work on items; return those to work on once more."""
        try:
            await self._work(items)
        except Exception as error:  # noqa: BLE001 (a defect that one item brings out must not stop the others)
            return await self._fail(items, error)
        return []

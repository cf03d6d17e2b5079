"""What can go out in one request: how it is found, guarded and sent, kind by kind."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Generic

from billcom.errors import ApiError, BillError, ConflictError
from billcom.intent import RUN, Intent, Kind, Outcome, T
from billcom.journal import Entry

Found = Mapping[str, T | ConflictError]
"""By subject: the record, or why it is not what is asked for; what is absent is left out."""

Results = dict[str, Outcome[T] | BillError]
"""By subject: the record, or the error that kept it from being there."""


@dataclass(frozen=True)
class Chunk(Generic[T]):
    """Intents of one kind without labels, no more than BILL takes in one request.

    `look` looks for some of them at BILL, knowing the journal's last row of each. `guard`, asked before every
    request, says which must not be sent now; it raises what holds for all of them. `send` sends some under one
    reference and returns the records by subject. `named` tells which subjects a refusal is about, where it says so.
    Raises ValueError when two are the same.
    """

    kind: Kind
    intents: tuple[Intent[T], ...]
    look: Callable[[Sequence[Intent[T]], Mapping[str, Entry]], Awaitable[Found[T]]]
    send: Callable[[Sequence[Intent[T]], str], Awaitable[Mapping[str, T]]]
    guard: Callable[[Sequence[Intent[T]]], Awaitable[Mapping[str, BillError]]]
    named: Callable[[ApiError, Iterable[str]], Mapping[str, ApiError]]

    def __post_init__(self) -> None:
        """Refuse two of one subject: one of them would be lost."""
        counts = Counter(intent.subject for intent in self.intents)
        if twice := [subject for subject, count in counts.items() if count > 1]:
            raise ValueError(f"{self.kind} {', '.join(twice)} is asked for twice in one request")


def of_run(chunk: Chunk[T], run_name: str) -> Chunk[T]:
    """Return the chunk, its claims noted as of a run."""
    intents = (replace(i, details={**i.details, RUN: run_name}) for i in chunk.intents)
    return replace(chunk, intents=tuple(intents))


async def no_guard(_intents: Sequence[Intent[T]]) -> Mapping[str, BillError]:
    """Hold nothing back."""
    return {}


def none_named(_error: ApiError, _subjects: Iterable[str]) -> Mapping[str, ApiError]:
    """Name nobody: BILL says what is wrong, not with which record."""
    return {}

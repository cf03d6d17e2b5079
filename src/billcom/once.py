"""Writes that must not repeat: look first, send at most once, and after a lost answer look again.

Every create of a vendor, bill, payment, customer, bank account, invoice or charge goes through `once`; nothing
else sends one. A look is the only evidence it has.
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from billcom.client import BillClient
from billcom.errors import (
    ConcurrencyLimitError,
    ConflictError,
    DuplicateError,
    OutcomeUnknownError,
    SessionExpiredError,
)
from billcom.locks import locked

_ROUNDS = 3

T = TypeVar("T")


@dataclass(frozen=True)
class Outcome(Generic[T]):
    """A record at BILL, and whether this call made it or found it."""

    record: T
    made: bool


async def once(
    client: BillClient,
    subject: str,
    *,
    look: Callable[[], Awaitable[T | None]],
    send: Callable[[], Awaitable[T]],
) -> Outcome[T]:
    """Return the record that `look` finds at BILL; when there is none, `send` it.

    `subject` says what is made, such as `payment 00n…`: on one machine nobody else makes it meanwhile. A
    refusal for an expired session or for concurrency is BILL's own, nothing was done: it starts again from
    the look.
    Raises OutcomeUnknownError when an answer was lost and the record is not to be found either: it may
    still appear; never send it again without a look.
    """
    name = hashlib.sha256(subject.encode()).hexdigest()[:32]
    settings = client.settings
    async with locked(settings.state_path / "locks" / settings.organization_key / name):
        renewed = False
        for last in (*[False] * (_ROUNDS - 1), True):
            found = await look()
            if found is not None:
                return Outcome(found, made=False)
            session = await client.sessions.current()
            try:
                return Outcome(await send(), made=True)
            except (SessionExpiredError, ConcurrencyLimitError) as error:
                expired = isinstance(error, SessionExpiredError)
                if last or (expired and renewed):
                    raise
                if expired:
                    await client.sessions.renewed(session)
                    renewed = True
                else:
                    await client.back_off()
            except (OutcomeUnknownError, DuplicateError) as error:
                found = await _look_after(error, look)
                return Outcome(found, made=isinstance(error, OutcomeUnknownError))
    raise AssertionError("the last round returns or raises")


async def _look_after(
    error: OutcomeUnknownError | DuplicateError, look: Callable[[], Awaitable[T | None]]
) -> T:
    """Return what BILL holds after a lost answer; raise `error` when it holds nothing, or can't be asked."""
    try:
        found = await look()
    except ConflictError:
        raise
    except Exception as unreadable:
        raise error from unreadable
    if found is None:
        raise error
    return found

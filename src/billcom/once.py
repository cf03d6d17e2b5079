"""Writes that must not repeat: look first, send at most once, and after a lost answer look again.

Every create of a vendor, bill, payment, customer, invoice or charge goes through `once`; nothing else sends
one. A look is the only evidence it has.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from billcom.client import BillClient
from billcom.errors import DuplicateError, OutcomeUnknownError, SessionExpiredError

T = TypeVar("T")


@dataclass(frozen=True)
class Outcome(Generic[T]):
    """A record at BILL, and whether this call made it or found it."""

    record: T
    made: bool


async def once(
    client: BillClient, look: Callable[[], Awaitable[T | None]], send: Callable[[], Awaitable[T]]
) -> Outcome[T]:
    """Return the record that `look` finds at BILL; when there is none, `send` it.

    An expired session is BILL's own refusal: nothing was done, so it starts again from the look, once.
    Raises OutcomeUnknownError when an answer was lost and the record is not to be found either: it may
    still appear; never send it again without a look.
    """
    for last in (False, True):
        found = await look()
        if found is not None:
            return Outcome(found, made=False)
        session = await client.sessions.current()
        try:
            return Outcome(await send(), made=True)
        except SessionExpiredError:
            if last:
                raise
            await client.sessions.renewed(session)
        except (OutcomeUnknownError, DuplicateError) as error:
            found = await look()
            if found is None:
                raise
            # A duplicate is BILL's own refusal: this call made nothing, somebody else was quicker.
            return Outcome(found, made=isinstance(error, OutcomeUnknownError))
    raise AssertionError("the last attempt returns or raises")

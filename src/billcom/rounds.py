"""How a write begins again from its look: after what, how often, and after which wait."""

from __future__ import annotations

from billcom.client import BillClient
from billcom.errors import (
    ConcurrencyLimitError,
    HourlyLimitError,
    SessionExpiredError,
    TooLateError,
    UntrustedSessionError,
)
from billcom.journal import LostRaceError
from billcom.session import Session

ROUNDS = 8
"""How often a write begins before it gives up."""

REFUSED_ALL = (SessionExpiredError, ConcurrencyLimitError, HourlyLimitError, UntrustedSessionError)
"""BILL did nothing and said so, whatever was asked: a claim is given back."""

FORGIVEN = (
    LostRaceError,
    TooLateError,
    SessionExpiredError,
    ConcurrencyLimitError,
    HourlyLimitError,
)
"""What a write may begin again after, within bounds."""


class Rounds:
    """What is waited for, or renewed, before a write begins again from its look."""

    def __init__(self, client: BillClient) -> None:
        self._client = client
        self._renewed = False

    async def forgive(self, error: Exception, number: int, session: Session | None) -> None:
        """Wait as `error` asks for; raise it when the write has begun too often. `number` counts from 1."""
        last = number == ROUNDS
        if isinstance(error, LostRaceError | TooLateError):
            await self._client.back_off()
        elif last or not isinstance(error, SessionExpiredError | ConcurrencyLimitError | HourlyLimitError):
            raise error
        elif isinstance(error, ConcurrencyLimitError):
            await self._client.back_off(number)
        elif isinstance(error, HourlyLimitError):
            await self._client.wait_for_hour(error)
        elif self._renewed:
            raise error
        else:
            self._renewed = True
            if session is not None:
                await self._client.sessions.renewed(session)

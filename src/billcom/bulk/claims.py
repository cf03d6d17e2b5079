"""What the journal is told of many writes that go out in one request: claimed, given back, lost, done.

All in one transaction, except where somebody has taken some of them for lost meanwhile.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any, Generic

from billcom.attempt import Attempt, kept_details
from billcom.client import BillClient
from billcom.errors import CaseError, JournalError, OutcomeUnknownError
from billcom.intent import CHUNK, Intent, T
from billcom.journal import Entry, LostRaceError, NewEntry, State
from billcom.reference import chunk_reference

logger = logging.getLogger("billcom")


class Claims(Generic[T]):
    """The claims of one call; `lost`, by subject: what was sent and nobody knows the outcome of."""

    def __init__(self, client: BillClient, intents: Mapping[str, Intent[T]]) -> None:
        self._client = client
        self._journal = client.journal
        self._intents = intents
        self.lost: dict[str, OutcomeUnknownError] = {}

    async def claim(
        self, intents: Sequence[Intent[T]], lasts: Mapping[str, Entry]
    ) -> tuple[str, dict[str, Entry]]:
        """Claim all of them after their last rows; return our reference for the request, and the claims."""
        settings, kind = self._client.settings, intents[0].kind
        attempts = [f"{i.subject} {last.sequence if (last := lasts.get(i.subject)) else 0}" for i in intents]
        reference = chunk_reference(settings.base_url, settings.organization_id, kind, attempts)
        rows: list[NewEntry] = []
        for intent in intents:
            last = lasts.get(intent.subject)
            kept = kept_details(last)
            details = {**intent.details, **kept, CHUNK: f"{kept.get(CHUNK, '')} {reference}".strip()}
            identity = last.identity if last else self._journal.identity(kind, intent.subject)
            rows.append(NewEntry(identity, last, State.SENDING, intent.content, details))
        claims = await self._journal.append(*rows)
        logger.info("%s %ss claimed as %s", len(claims), kind, reference)
        return reference, {intent.subject: claim for intent, claim in zip(intents, claims, strict=True)}

    async def give_back(self, claims: Mapping[str, Entry], state: State, note: str) -> dict[str, Entry]:
        """Note that BILL did nothing of it; return the last rows."""
        rows = [NewEntry(claim.identity, claim, state, note=note) for claim in claims.values()]
        try:
            written = await self._journal.append(*rows)
        except LostRaceError:
            return await self._singly(
                claims, lambda subject, attempt: attempt.give_back(claims[subject], state, note)
            )
        return dict(zip(claims, written, strict=True))

    async def lose(self, claims: Mapping[str, Entry], error: OutcomeUnknownError) -> None:
        """Note that nobody knows what came of them."""
        self.lost |= dict.fromkeys(claims, error)
        note = type(error).__name__
        rows = [NewEntry(claim.identity, claim, State.UNKNOWN, note=note) for claim in claims.values()]
        await self._journal.append(*rows)

    async def record(self, claims: Mapping[str, Entry], made: Mapping[str, T]) -> dict[str, CaseError]:
        """Note what was made; return the cases of those that another process has sent too."""
        cases: dict[str, CaseError] = {}

        async def record_one(subject: str, attempt: Attempt[T]) -> None:
            try:
                await attempt.record(claims[subject], made[subject])
            except CaseError as error:
                cases[subject] = error

        rows = [
            NewEntry(claims[subject].identity, claims[subject], State.DONE, record_id=record.id or "")
            for subject, record in made.items()
        ]
        try:
            try:
                await self._journal.append(*rows)
            except LostRaceError:
                await self._singly(made, record_one)
        except JournalError as error:
            raise self._unnoted(claims, error) from error
        return cases

    async def _singly(
        self, subjects: Iterable[str], write: Callable[[str, Attempt[T]], Awaitable[Any]]
    ) -> dict[str, Any]:
        """Write each by itself: somebody has taken some for lost. Raises LostRaceError once all are written."""
        written: dict[str, Any] = {}
        race: LostRaceError | None = None
        for subject in subjects:
            try:
                written[subject] = await write(subject, Attempt(self._client, self._intents[subject]))
            except LostRaceError as error:
                race = error
        if race is not None:
            raise race
        return written

    def _unnoted(self, claims: Iterable[str], error: JournalError) -> OutcomeUnknownError:
        """Return what to say of requests that went out when the journal fails afterwards."""
        unknown = OutcomeUnknownError(
            f"sent, then the journal failed: BILL may have acted. Mend the journal and run again: it looks for it "
            f"first ({error})"
        )
        self.lost |= dict.fromkeys(claims, unknown)
        return unknown

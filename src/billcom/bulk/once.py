"""Once for many: the same steps as `billcom.once` takes for one, for all that can go out in one request.

Look, guard, claim all in one transaction, send, record; after a refusal ever smaller requests, until what is
refused stands alone.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from typing import Generic

from billcom.attempt import (
    LOOKS,
    SEND_WITHIN_SECONDS,
    SETTLED,
    Attempt,
    check_content,
    kept_details,
    unsettled,
)
from billcom.bulk.chunk import Chunk, Results
from billcom.client import BillClient
from billcom.errors import (
    ApiError,
    BillError,
    CaseError,
    ConflictError,
    DuplicateError,
    FundingError,
    JournalError,
    NotPermittedError,
    OutcomeUnknownError,
    TooLateError,
    UnavailableError,
    UntrustedSessionError,
)
from billcom.intent import CHUNK, Intent, Outcome, T
from billcom.journal import Entry, LostRaceError, NewEntry, State
from billcom.reference import chunk_reference
from billcom.rounds import FORGIVEN, REFUSED_ALL, ROUNDS, Rounds
from billcom.session import Session
from billcom.standing import PAST_OTHERS, look_at_bill, read_standing

logger = logging.getLogger("billcom")


async def once_each(client: BillClient, chunk: Chunk[T]) -> Results[T]:
    """Return what became of every intent of a chunk: its record, known, found or made now, or its own error.

    Raises UntrustedSessionError alone, for the caller to pass MFA and call again. Every other error is some
    subject's: ConflictError and CaseError as `once` raises them, an ApiError for what BILL refuses,
    UnsettledError for money nobody knows of, JournalError when nothing was sent for want of a journal.
    """
    return await _Chunk(client, chunk).run()


class _Chunk(Generic[T]):
    """One call of `once_each`."""

    def __init__(self, client: BillClient, chunk: Chunk[T]) -> None:
        self._client = client
        self._journal = client.journal
        self._chunk = chunk
        self._intents = {intent.subject: intent for intent in chunk.intents}
        self._results: Results[T] = {}
        self._lost: dict[str, OutcomeUnknownError] = {}
        self._rounds = Rounds(client)
        self._session: Session | None = None

    async def run(self) -> Results[T]:
        """Go round until every subject has a result."""
        for number in range(1, ROUNDS + 1):
            try:
                await self._go_round()
            except FORGIVEN as error:
                try:
                    await self._rounds.forgive(error, number, self._session)
                except BillError as refused:
                    self._give_up(refused)
            except UntrustedSessionError:
                raise
            except OutcomeUnknownError:
                pass  # it is open in the journal now: settled in the next round
            except BillError as error:
                self._give_up(error)
            if not self._left():
                return self._results
        self._give_up(
            UnavailableError(
                f"others kept writing it for {ROUNDS} rounds; nothing of it is open. Run again later"
            )
        )
        return self._results

    def _left(self) -> list[Intent[T]]:
        """Return what has no result yet, in the order in which it is claimed."""
        return [self._intents[subject] for subject in sorted(self._intents) if subject not in self._results]

    def _give_up(self, error: BillError) -> None:
        for intent in self._left():
            self._results[intent.subject] = self._lost.get(intent.subject, error)

    async def _go_round(self) -> None:
        lasts = await self._lasts(self._left())
        for intent in self._left():
            last = lasts.get(intent.subject)
            if last is not None and last.state is State.DONE:
                await self._stand(intent, last)
        open_ = [i for i in self._left() if (last := lasts.get(i.subject)) is not None and last.is_open]
        if open_:
            await self._settle(open_, lasts)
            return
        await self._look(self._left(), lasts)
        for subject, refused in (await self._chunk.guard(self._left())).items():
            self._results[subject] = refused
        if left := self._left():
            await self._send_all(left, lasts)

    async def _lasts(self, intents: Sequence[Intent[T]]) -> dict[str, Entry]:
        """Return the last row of each subject that has one; another label's open attempt is its result."""
        rows = await self._journal.of_subjects(self._chunk.kind, [intent.subject for intent in intents])
        lasts: dict[str, Entry] = {}
        for subject, labels in rows.items():
            for label, row in labels.items():
                if not label:
                    lasts[subject] = row
                elif row.is_open:
                    self._results[subject] = ConflictError(
                        f"{row.identity} was sent and nobody knows yet whether BILL acted: run resolve_unknowns first"
                    )
        return lasts

    async def _stand(self, intent: Intent[T], last: Entry) -> None:
        try:
            record = await read_standing(intent, last)
        except ConflictError as error:
            self._results[intent.subject] = error
        else:
            self._results[intent.subject] = Outcome(record, made=intent.subject in self._lost)

    async def _look(self, intents: Sequence[Intent[T]], lasts: Mapping[str, Entry]) -> None:
        """Look for all of them at once; what is found is noted, what contradicts is reported."""
        if not intents:
            return
        found = dict(await self._chunk.look(intents, lasts))
        for intent in intents:
            last = lasts.get(intent.subject)
            if last is not None and PAST_OTHERS in last.details:
                found.pop(intent.subject, None)
                found |= await _look_past(intent, last)
        rows: list[NewEntry] = []
        for intent in intents:
            seen = found.get(intent.subject)
            if seen is None:
                continue
            record_id = seen.record_id if isinstance(seen, ConflictError) else seen.id
            last = lasts.get(intent.subject)
            if record_id and (last is None or last.state is not State.DONE):
                rows.append(self._row(intent, last, State.DONE, record_id=record_id, note="found at BILL"))
        if rows:
            await self._journal.append(*rows)
        for intent in intents:
            seen = found.get(intent.subject)
            if isinstance(seen, CaseError):
                last = lasts.get(intent.subject)
                seen = seen.of(f"{intent.kind} {intent.subject}", last.sequence if last else 0)
            if isinstance(seen, ConflictError):
                self._results[intent.subject] = seen
            elif seen is not None:
                self._results[intent.subject] = Outcome(seen, made=intent.subject in self._lost)

    async def _settle(self, intents: Sequence[Intent[T]], lasts: Mapping[str, Entry]) -> None:
        """Look for open attempts over the settle time; close what may be sent again, report money that may not."""
        for intent in intents:
            try:
                check_content(intent, lasts[intent.subject])
            except ConflictError as error:
                self._results[intent.subject] = error
        passed = 0.0
        for share in LOOKS:
            watched = [i for i in intents if i.subject not in self._results]
            if not watched:
                return
            await self._client.pause((share - passed) * self._client.settings.settle_seconds)
            passed = share
            present = await self._lasts(watched)
            if any(present.get(i.subject) != lasts[i.subject] for i in watched):
                raise LostRaceError(f"{len(watched)} {self._chunk.kind}s")
            await self._look(watched, lasts)
            if all(lasts[i.subject].details.get(SETTLED) for i in watched):
                break
        for intent in intents:
            if intent.subject not in self._results:
                await self._close(intent, lasts[intent.subject])

    async def _close(self, intent: Intent[T], last: Entry) -> None:
        attempt = Attempt(self._client, intent)
        if not last.details.get(SETTLED):
            last = await attempt.close_or_mark(last)
        if last.is_open and not await attempt.allow_resend(last):
            self._results[intent.subject] = unsettled(last, self._client.settings.settle_seconds)

    async def _send_all(self, intents: Sequence[Intent[T]], lasts: Mapping[str, Entry]) -> None:
        """Send all in one request; when BILL refuses it, in smaller ones."""
        error = await self._send(intents, lasts)
        if error is None:
            return
        alone = len(intents) == 1 and not isinstance(error, DuplicateError)
        if alone or isinstance(error, FundingError | NotPermittedError):
            self._results |= {intent.subject: error for intent in intents}
            return
        lasts = await self._lasts(intents)
        await self._look(intents, lasts)
        named = self._chunk.named(error, [intent.subject for intent in intents])
        self._results |= {subject: why for subject, why in named.items() if subject not in self._results}
        left = [i for i in intents if i.subject not in self._results]
        if named:
            if left:
                await self._send_all(left, await self._lasts(left))
            return
        await self._halve(left, lasts, error)

    async def _halve(self, intents: Sequence[Intent[T]], lasts: Mapping[str, Entry], error: ApiError) -> None:
        """Send two halves of what was refused as a whole; the second is known to be refused when the first isn't."""
        if len(intents) <= 1:
            self._results |= {intent.subject: error for intent in intents}
            return
        middle = (len(intents) + 1) // 2
        first, second = intents[:middle], intents[middle:]
        refused = await self._send(first, lasts)
        if refused is not None:
            await self._halve(first, await self._lasts(first), refused)
            await self._send_all(second, await self._lasts(second))
        elif len(second) > 1:
            await self._halve(second, lasts, error)
        else:
            await self._send_all(second, lasts)

    async def _send(self, intents: Sequence[Intent[T]], lasts: Mapping[str, Entry]) -> ApiError | None:
        """Claim and send in one request; note what came of it. Return BILL's refusal; raise what is no refusal."""
        attempts = [f"{i.subject} {last.sequence if (last := lasts.get(i.subject)) else 0}" for i in intents]
        settings = self._client.settings
        reference = chunk_reference(settings.base_url, settings.organization_id, self._chunk.kind, attempts)
        self._session = await self._client.sessions.current()
        within_seconds = min(SEND_WITHIN_SECONDS, settings.settle_seconds / 4)
        async with self._client.one_write(within_seconds) as window:
            claims = await self._claim(intents, lasts, reference)
            window.open()
            try:
                made = await self._chunk.send(intents, reference)
            except (TooLateError, UnavailableError) as error:
                await self._give_back(claims, State.NOT_SENT, type(error).__name__)
                raise
            except OutcomeUnknownError as error:
                await self._note_lost(claims, error)
                raise
            except REFUSED_ALL as error:
                await self._give_back(claims, State.NOT_SENT, error.code)
                raise
            except ApiError as error:
                await self._give_back(claims, State.REJECTED, f"{error.status} {error.code}")
                return error
        await self._record(claims, made)
        return None

    async def _claim(
        self, intents: Sequence[Intent[T]], lasts: Mapping[str, Entry], reference: str
    ) -> dict[str, Entry]:
        rows: list[NewEntry] = []
        for intent in intents:
            last = lasts.get(intent.subject)
            kept = kept_details(last)
            references = f"{kept.get(CHUNK, '')} {reference}".strip()
            details = {**intent.details, **kept, CHUNK: references}
            rows.append(self._row(intent, last, State.SENDING, details=details))
        claims = await self._journal.append(*rows)
        logger.info("%s %ss claimed as %s", len(claims), self._chunk.kind, reference)
        return {claim.identity.subject: claim for claim in claims}

    async def _record(self, claims: Mapping[str, Entry], made: Mapping[str, T]) -> None:
        """Note what was made; what the answer doesn't show is unknown, and looked for."""
        missing = {subject: claim for subject, claim in claims.items() if subject not in made}
        done = [
            self._row(self._intents[subject], claim, State.DONE, record_id=made[subject].id or "")
            for subject, claim in claims.items()
            if subject in made
        ]
        try:
            await self._journal.append(*done)
        except LostRaceError:
            await self._record_singly(claims, made)
        except JournalError as error:
            raise self._unnoted(claims, error) from error
        for subject in claims:
            if subject in made and subject not in self._results:
                self._results[subject] = Outcome(made[subject], made=True)
        if missing:
            error = OutcomeUnknownError(
                f"BILL's answer lacks {len(missing)} of {len(claims)} records it was sent"
            )
            await self._note_lost(missing, error)
            raise error

    async def _record_singly(self, claims: Mapping[str, Entry], made: Mapping[str, T]) -> None:
        """Note each by itself: somebody has taken some of the claims for lost meanwhile."""
        for subject in claims.keys() & made.keys():
            try:
                await Attempt(self._client, self._intents[subject]).record(claims[subject], made[subject])
            except CaseError as error:
                self._results[subject] = error

    async def _give_back(self, claims: Mapping[str, Entry], state: State, note: str) -> None:
        """Note that BILL did nothing of it."""
        rows = [self._row(self._intents[s], claim, state, note=note) for s, claim in claims.items()]
        try:
            await self._journal.append(*rows)
        except LostRaceError:
            for subject, claim in claims.items():
                await Attempt(self._client, self._intents[subject]).give_back(claim, state, note)

    async def _note_lost(self, claims: Mapping[str, Entry], error: OutcomeUnknownError) -> None:
        self._lost |= dict.fromkeys(claims, error)
        note = type(error).__name__
        rows = [self._row(self._intents[s], claim, State.UNKNOWN, note=note) for s, claim in claims.items()]
        try:
            await self._journal.append(*rows)
        except JournalError as journal_error:
            raise self._unnoted(claims, journal_error) from journal_error

    def _unnoted(self, claims: Iterable[str], error: JournalError) -> OutcomeUnknownError:
        """Return what to say of requests that went out when the journal fails afterwards."""
        unknown = OutcomeUnknownError(
            f"sent, then the journal failed: BILL may have acted. Mend the journal and run again: it looks for it "
            f"first ({error})"
        )
        self._lost |= dict.fromkeys(claims, unknown)
        return unknown

    def _row(self, intent: Intent[T], after: Entry | None, state: State, **more: object) -> NewEntry:
        identity = self._journal.identity(intent.kind, intent.subject)
        given = {"details": intent.details} | more if after is None else more
        return NewEntry(identity, after, state, intent.content, **given)  # pyright: ignore[reportArgumentType]


async def _look_past(intent: Intent[T], last: Entry) -> Mapping[str, T | ConflictError]:
    """Look for one of which a person has said what it is not."""
    try:
        record = await look_at_bill(intent, last)
    except ConflictError as error:
        return {intent.subject: error}
    return {} if record is None else {intent.subject: record}

"""Once for many: the same steps as `billcom.once` takes for one, for all that can go out in one request.

Look, guard, claim all in one transaction, send, record; after a refusal ever smaller requests, until what is
refused stands alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Generic

from billcom.attempt import LOOKS, SEND_WITHIN_SECONDS, SETTLED, Attempt, check_content, unsettled
from billcom.bulk.chunk import Chunk, Found, Results
from billcom.bulk.claims import Claims
from billcom.bulk.parts import Parts
from billcom.client import BillClient
from billcom.errors import (
    ApiError,
    BillError,
    CaseError,
    ConflictError,
    DuplicateError,
    FundingError,
    NotPermittedError,
    OutcomeUnknownError,
    SignInError,
    TooLateError,
    UnavailableError,
    UntrustedSessionError,
)
from billcom.intent import Intent, Outcome, T
from billcom.journal import Entry, LostRaceError, NewEntry, State
from billcom.rounds import FORGIVEN, REFUSED_ALL, ROUNDS, Rounds
from billcom.session import Session
from billcom.standing import PAST_OTHERS, look_at_bill, read_standing

_OF_NONE = (FundingError, NotPermittedError, SignInError)
"""Refusals that no smaller request would escape."""


async def once_each(client: BillClient, chunk: Chunk[T]) -> Results[T]:
    """Return what became of every intent of a chunk: its record, known, found or made now, or its own error.

    Raises UntrustedSessionError alone, for the caller to pass MFA and call again. Every other error is some
    subject's: ConflictError and CaseError as `once` raises them, an ApiError for what BILL refuses,
    UnsettledError for money nobody knows of, OutcomeUnknownError for what could not be looked for,
    JournalError when nothing was sent for want of a journal.
    """
    return await _Chunk(client, chunk).run()


async def settle_each(client: BillClient, chunk: Chunk[T]) -> Results[T]:
    """Return what BILL holds of a chunk's open attempts once the settle time is over, adopted. Sends nothing.

    Left out is what is not at BILL and may be sent. Errors are those of `once_each`: UnsettledError for money that
    may still move.
    """
    return await _Chunk(client, chunk, sends=False).run()


class _Chunk(Generic[T]):
    """One call of `once_each`, or of `settle_each`, which only reads."""

    def __init__(self, client: BillClient, chunk: Chunk[T], *, sends: bool = True) -> None:
        self._client = client
        self._sends = sends
        self._journal = client.journal
        self._chunk = chunk
        self._intents = {intent.subject: intent for intent in chunk.intents}
        self._results: Results[T] = {}
        self._claims = Claims(client, self._intents)
        self._parts = Parts(len(self._intents))
        self._rounds = Rounds(client)
        self._session: Session | None = None
        self._is_settled = False

    async def run(self) -> Results[T]:
        """Go round until every subject has a result."""
        for number in range(1, ROUNDS + 1):
            try:
                await self._go_round(number)
            except UntrustedSessionError:
                raise
            except OutcomeUnknownError:
                pass  # it is open in the journal now: settled in the next round
            except BillError as error:
                self._give_up(error)
            if not self._left() or self._is_settled:
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
            self._results[intent.subject] = self._claims.lost.get(intent.subject, error)

    async def _go_round(self, number: int) -> None:
        try:
            lasts = await self._lasts(self._left())
            await self._read_standing(lasts)
            open_ = [i for i in self._left() if (last := lasts.get(i.subject)) is not None and last.is_open]
            if open_:
                await self._settle(open_, lasts)
            elif self._sends:
                await self._look(self._left(), lasts)
                await self._send_parts(lasts)
            else:
                self._is_settled = True
        except FORGIVEN as error:
            await self._rounds.forgive(error, number, self._session)

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

    async def _read_standing(self, lasts: Mapping[str, Entry]) -> None:
        """Read what the journal knows to be made."""
        for intent in self._left():
            last = lasts.get(intent.subject)
            if last is None or last.state is not State.DONE:
                continue
            try:
                self._result(intent, await read_standing(intent, last))
            except ConflictError as error:
                self._results[intent.subject] = error

    def _result(self, intent: Intent[T], record: T) -> None:
        self._results[intent.subject] = Outcome(record, made=intent.subject in self._claims.lost)

    async def _look(self, intents: Sequence[Intent[T]], lasts: Mapping[str, Entry]) -> None:
        """Look for those the journal knows, all at once; the others nobody has sent."""
        known = {i.subject: lasts[i.subject] for i in intents if i.subject in lasts}
        if not known:
            return
        some = [intent for intent in intents if intent.subject in known]
        found = dict(await self._chunk.look(some, known))
        for intent in some:
            if PAST_OTHERS in known[intent.subject].details:
                found.pop(intent.subject, None)
                found |= await _look_alone(intent, known[intent.subject])
        await self._adopt(found, known)

    async def _adopt(self, found: Found[T], lasts: Mapping[str, Entry]) -> None:
        """Note what was found, in one transaction; what contradicts closes no attempt but an open one."""
        rows: list[NewEntry] = []
        for subject, seen in found.items():
            last = lasts[subject]
            closes = last.is_open or not isinstance(seen, ConflictError)
            record_id = seen.record_id if isinstance(seen, ConflictError) else seen.id
            if closes and record_id:
                rows.append(
                    NewEntry(last.identity, last, State.DONE, record_id=record_id, note="found at BILL")
                )
        if rows:
            await self._journal.append(*rows)
        for subject, seen in found.items():
            if isinstance(seen, CaseError):
                seen.of(str(lasts[subject].identity), lasts[subject].sequence)
            if isinstance(seen, ConflictError):
                self._results[subject] = seen
            else:
                self._result(self._intents[subject], seen)

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
            await self._check_unmoved(watched, lasts)
            await self._look(watched, lasts)
            if all(lasts[i.subject].details.get(SETTLED) for i in watched):
                break
        for intent in intents:
            if intent.subject not in self._results:
                await self._close(intent, lasts[intent.subject])

    async def _check_unmoved(self, intents: Sequence[Intent[T]], lasts: Mapping[str, Entry]) -> None:
        """Raise LostRaceError when somebody has written the next row of one of them."""
        present = await self._lasts(intents)
        moved = [i.subject for i in intents if present.get(i.subject) != lasts.get(i.subject)]
        if moved:
            raise LostRaceError(f"{self._chunk.kind} {', '.join(moved)}")

    async def _close(self, intent: Intent[T], last: Entry) -> None:
        attempt = Attempt(self._client, intent)
        if not last.details.get(SETTLED):
            last = await attempt.close_or_mark(last)
        if last.is_open and not await attempt.allow_resend(last):
            self._results[intent.subject] = unsettled(last, self._client.settings.settle_seconds)

    async def _send_parts(self, lasts: dict[str, Entry]) -> None:
        """Send all that is left in one request; when BILL refuses it, in smaller ones."""
        while left := [intent.subject for intent in self._left()]:
            part = [self._intents[subject] for subject in self._parts.next_of(left)]
            part = await self._allowed(part, lasts)
            if not part:
                continue
            error = await self._send(part, lasts)
            if error is None:
                self._parts.accept([intent.subject for intent in part])
            else:
                await self._explain(error, part, lasts)

    async def _allowed(self, intents: Sequence[Intent[T]], lasts: Mapping[str, Entry]) -> list[Intent[T]]:
        """Return those the guard lets pass; where it holds one because of another process, raise LostRaceError."""
        held = await self._chunk.guard(intents)
        await self._check_unmoved([i for i in intents if i.subject in held], lasts)
        self._results |= held
        return [intent for intent in intents if intent.subject not in self._results]

    async def _explain(self, error: ApiError, part: Sequence[Intent[T]], lasts: Mapping[str, Entry]) -> None:
        """Find out which of them BILL refused, and why; else smaller requests will tell."""
        subjects = [intent.subject for intent in part]
        if isinstance(error, _OF_NONE):
            self._give_up(error)
            return
        if isinstance(error, DuplicateError) and len(part) == 1:
            await self._adopt(await _look_alone(part[0], lasts[subjects[0]]), lasts)
        elif isinstance(error, DuplicateError):
            await self._look(part, lasts)
        why = {subjects[0]: error} if len(part) == 1 else self._chunk.named(error, subjects)
        for subject, refusal in why.items():
            self._results.setdefault(subject, refusal)
        if any(subject in self._results for subject in subjects):
            self._parts.explain(subjects)
        else:
            self._parts.suspect(subjects)

    async def _send(self, intents: Sequence[Intent[T]], lasts: dict[str, Entry]) -> ApiError | None:
        """Claim and send in one request; note what came of it. Return BILL's refusal; raise what is no refusal.

        After a refusal `lasts` holds the rows that say so: the next claim follows them, or loses the race.
        """
        self._session = await self._client.sessions.current()
        within_seconds = min(SEND_WITHIN_SECONDS, self._client.settings.settle_seconds / 4)
        async with self._client.one_write(within_seconds) as window:
            reference, claims = await self._claims.claim(intents, lasts)
            window.open()
            try:
                made = await self._chunk.send(intents, reference)
            except (TooLateError, UnavailableError) as error:
                await self._claims.give_back(claims, State.NOT_SENT, type(error).__name__)
                raise
            except OutcomeUnknownError as error:
                await self._claims.lose(claims, error)
                raise
            except REFUSED_ALL as error:
                await self._claims.give_back(claims, State.NOT_SENT, error.code)
                raise
            except ApiError as error:
                note = f"{error.status} {error.code}"
                lasts |= await self._claims.give_back(claims, State.REJECTED, note)
                return error
        await self._record(claims, made)
        return None

    async def _record(self, claims: Mapping[str, Entry], made: Mapping[str, T]) -> None:
        """Note what was made; what the answer doesn't show is unknown, and looked for."""
        shown = {subject: made[subject] for subject in claims if subject in made}
        self._results |= await self._claims.record(claims, shown)
        for subject, record in shown.items():
            self._results.setdefault(subject, Outcome(record, made=True))
        missing = {subject: claim for subject, claim in claims.items() if subject not in shown}
        if missing:
            error = OutcomeUnknownError(
                f"BILL's answer lacks {len(missing)} of {len(claims)} records it was sent"
            )
            await self._claims.lose(missing, error)
            raise error


async def _look_alone(intent: Intent[T], last: Entry) -> dict[str, T | ConflictError]:
    """Look for one as `once` does: past what a person has said it is not, or all BILL holds of it."""
    try:
        record = await look_at_bill(intent, last)
    except ConflictError as error:
        return {intent.subject: error}
    return {} if record is None else {intent.subject: record}

"""One attempt at a write: what the journal and BILL know of it, its claim, its sending, its settling."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Generic

from billcom.client import BillClient
from billcom.errors import (
    ApiError,
    CaseError,
    ConflictError,
    DuplicateError,
    JournalError,
    OutcomeUnknownError,
    TooLateError,
    UnavailableError,
    UnsettledError,
)
from billcom.intent import CHUNK, MONEY, Intent, Kind, Outcome, T
from billcom.journal import Entry, LostRaceError, NewEntry, State
from billcom.rounds import FORGIVEN, REFUSED_ALL, ROUNDS, Rounds
from billcom.session import Session
from billcom.standing import PAST_OTHERS, SENT_AGAIN, look_at_bill, read_standing

SEND_WITHIN_SECONDS = 5.0
"""From the claim on disk to the request's first byte; later it is not sent at all.

Less where the settle time is short: who watches a claim must not give it up while it may still be sent.
"""

# Shares of the settle time after which BILL is asked once more.
LOOKS = (0.0, 0.02, 0.05, 0.1, 0.2, 0.35, 0.5, 0.75, 1.0)
SETTLED, _SENT_AT = "settled", "sent at"
_OWN_DETAILS = (SETTLED, _SENT_AT, SENT_AGAIN, PAST_OTHERS, CHUNK)
# Details of an attempt that those after it keep.
_KEPT = (SENT_AGAIN, PAST_OTHERS)

logger = logging.getLogger("billcom")


def evidence(last: Entry) -> str:
    """Return what is known of a write whose outcome isn't."""
    known = [*last.content.items(), *last.details.items()]
    facts = [f"{name.replace('_', ' ')} {value}" for name, value in known if name not in _OWN_DETAILS]
    sent_at = datetime.fromisoformat(last.details.get(_SENT_AT, last.at.isoformat()))
    return f"{last.identity} ({', '.join([*facts, f'sent at {sent_at:%Y-%m-%d %H:%M:%S} UTC'])})"


def unsettled(last: Entry, settle_seconds: float) -> UnsettledError:
    """Return the case of money that was sent and is nowhere to be seen."""
    return UnsettledError(
        f"{evidence(last)} was sent without a proper answer, and BILL shows none {settle_seconds:g} seconds and more "
        "afterwards: it may still act. Nothing was sent again. Look for it in BILL; then say which one it is, "
        "or that it did not happen (resolve_unknowns asks)"
    ).of(str(last.identity), last.sequence)


def kept_details(last: Entry | None) -> dict[str, str]:
    """Return what the next attempt keeps of the last one's details: where to look for what may still come."""
    if last is None:
        return {}
    names = [*_KEPT, CHUNK] if SENT_AGAIN in last.details else _KEPT
    return {name: last.details[name] for name in names if name in last.details}


def check_content(intent: Intent[Any], last: Entry) -> None:
    """Raise ConflictError when an open attempt was for something else than is asked for now."""
    for field, asked in intent.content.items():
        had = last.content.get(field, asked)
        if had != asked:
            raise ConflictError(
                f"{last.identity} is {last.state} with {field} {had} ({last.record_id or 'no id yet'}), now {field} "
                f"{asked} is asked for: correct the request; to do it once more on purpose, give it a label"
            )


class Attempt(Generic[T]):
    """One call of `once`, which holds the subject's lock."""

    def __init__(
        self,
        client: BillClient,
        intent: Intent[T],
        send: Callable[[], Awaitable[T]] | None = None,
        guard: Callable[[], Awaitable[object]] | None = None,
    ) -> None:
        self._client = client
        self._journal = client.journal
        self._intent = intent
        self._send = send
        self._guard = guard
        self._identity = client.journal.identity(intent.kind, intent.subject, intent.label)
        self._lost: OutcomeUnknownError | None = None
        self._session: Session | None = None
        self._rounds = Rounds(client)
        self._sent = False

    async def last(self) -> Entry | None:
        """Return the identity's last row. Raises ConflictError while another label's attempt is open."""
        labels = await self._journal.of_subject(self._intent.kind, self._intent.subject)
        for label, row in labels.items():
            if label != self._intent.label and row.is_open:
                raise ConflictError(
                    f"{row.identity} was sent and nobody knows yet whether BILL acted: run resolve_unknowns first"
                )
        return labels.get(self._intent.label)

    async def note(self, after: Entry | None, state: State, record: T | None = None, **more: Any) -> Entry:
        """Append what is known now."""
        if record is not None:
            more["record_id"] = record.id or ""
        if after is None:
            more = {"details": self._intent.details} | more
        # A row may be of another spelling of the subject or label: its identity goes on.
        identity = after.identity if after is not None else self._identity
        row = NewEntry(identity, after, state, self._intent.content, **more)
        (entry,) = await self._journal.append(row)
        logger.info("%s: %s %s", identity, state, row.record_id or row.note)
        return entry

    async def release(self, last: Entry | None) -> None:
        """Note that a person said it did not happen; what was sent may still be done, and is looked out for."""
        details = {**(last.details if last else self._intent.details), PAST_OTHERS: "true"}
        if last is not None and last.is_open:
            details[SENT_AGAIN] = "true"
        await self.note(last, State.RELEASED, details=details, note="a person: it did not happen")

    async def run(self) -> Outcome[T]:
        """Go round from the last row until the record is there or an error says why not."""
        try:
            return await self._go_round()
        except JournalError as error:
            if not self._sent:
                raise
            raise OutcomeUnknownError(
                f"{self._identity} was sent, then the journal failed: BILL may have acted. Mend the journal and run "
                f"again: it looks for it first ({error})"
            ) from error

    async def _go_round(self) -> Outcome[T]:
        for number in range(1, ROUNDS + 1):
            last = await self.last()
            try:
                if last is not None and last.state is State.DONE:
                    return Outcome(await read_standing(self._intent, last), made=self._lost is not None)
                if last is not None and last.is_open:
                    check_content(self._intent, last)
                    await self.settle(last)
                elif (found := await look_at_bill(self._intent, last)) is not None:
                    await self.note(last, State.DONE, found, note="found at BILL")
                    return Outcome(found, made=self._lost is not None)
                else:
                    return await self._claim_and_send(last)
            except OutcomeUnknownError:
                continue  # it is open in the journal now: settle it
            except UnavailableError as error:
                if self._lost is None:
                    raise
                raise self._lost from error
            except FORGIVEN as error:
                await self._rounds.forgive(error, number, self._session)
        raise UnavailableError(
            f"{self._identity}: others kept writing it for {ROUNDS} rounds; nothing of it is open. Run again later"
        )

    async def settle(self, last: Entry) -> None:
        """Look several times over the settle time: adopt what appears, else close what may be sent again.

        Raises UnsettledError for money; LostRaceError when the attempt has moved on meanwhile.
        """
        if not last.details.get(SETTLED):
            if await self._watch(last):
                return
            last = await self.close_or_mark(last)
        elif await self.adopt(last) is not None:
            return
        if last.is_open and not await self.allow_resend(last):
            raise unsettled(last, self._client.settings.settle_seconds)

    async def _watch(self, last: Entry) -> bool:
        """Look again and again over the settle time; return whether it appeared and was adopted."""
        passed = 0.0
        for share in LOOKS:
            await self._client.pause((share - passed) * self._client.settings.settle_seconds)
            passed = share
            if await self.last() != last:
                raise LostRaceError(str(self._identity))
            if await self.adopt(last) is not None:
                return True
        return False

    async def adopt(self, last: Entry) -> T | None:
        """Look for an open attempt's record and close the attempt with it; None when there is none.

        Raises ConflictError when it is there but not as it should be, such as cancelled: closed all the same.
        """
        try:
            found = await look_at_bill(self._intent, last)
        except ConflictError as error:
            if error.record_id:
                await self.note(last, State.DONE, record_id=error.record_id, note="found at BILL")
            raise
        if found is not None:
            await self.note(last, State.DONE, found, note="found at BILL")
        return found

    async def close_or_mark(self, last: Entry) -> Entry:
        """Close what may be sent again by itself; mark money as looked for all the settle time."""
        note = "not at BILL after the settle time"
        if self._intent.kind not in MONEY:
            return await self.note(last, State.NOT_SENT, details=self._details_of_sent(last), note=note)
        details = {
            **last.details,
            SETTLED: "true",
            _SENT_AT: last.details.get(_SENT_AT, last.at.isoformat()),
        }
        return await self.note(last, State.UNKNOWN, details=details, note=note)

    async def allow_resend(self, last: Entry) -> bool:
        """Close a payment that was sent long enough ago, once, where the settings allow it."""
        minutes = self._client.settings.resend_after_minutes
        if minutes is None or self._intent.kind != Kind.PAYMENT or last.details.get(SENT_AGAIN):
            return False
        sent_at = datetime.fromisoformat(last.details[_SENT_AT])
        if self._client.settings.clock.now() - sent_at < timedelta(minutes=minutes):
            return False
        details = self._details_of_sent(last)
        note = f"not at BILL {minutes:g} minutes later: BILL_RESEND_AFTER_MINUTES allows one more"
        await self.note(last, State.NOT_SENT, details=details, note=note)
        return True

    async def _claim_and_send(self, last: Entry | None) -> Outcome[T]:
        """Claim, send within seconds, note what came of it. Raises what BILL answered."""
        if self._send is None:
            raise TypeError("this attempt only reads")
        await self._check_guard(last)
        self._session = await self._client.sessions.current()
        within_seconds = min(SEND_WITHIN_SECONDS, self._client.settings.settle_seconds / 4)
        async with self._client.one_write(within_seconds) as window:
            claim = await self.note(last, State.SENDING, details=self._details(last))
            window.open()
            self._sent = True
            try:
                record = await self._send()
            except (TooLateError, UnavailableError) as error:
                await self.give_back(claim, State.NOT_SENT, type(error).__name__)
                raise
            except OutcomeUnknownError as error:
                self._lost = error
                await self.note(claim, State.UNKNOWN, note=type(error).__name__)
                raise
            except REFUSED_ALL as error:
                await self.give_back(claim, State.NOT_SENT, error.code)
                raise
            except ApiError as error:
                refused = await self.give_back(claim, State.REJECTED, f"{error.status} {error.code}")
                if not isinstance(error, DuplicateError):
                    raise
                duplicate = error
            else:
                await self.record(claim, record)
                return Outcome(record, made=True)
        # Looking takes a slot: three that held one each meanwhile would wait for each other.
        return await self._already_there(refused, duplicate)

    def _details(self, last: Entry | None) -> dict[str, str]:
        """Return the details of the next attempt: the intent's, and what the last one leaves to it."""
        return {**self._intent.details, **kept_details(last)}

    def _details_of_sent(self, last: Entry) -> dict[str, str]:
        """Return the details of the next attempt after one on which BILL may act yet."""
        return self._details(replace(last, details={**last.details, SENT_AGAIN: "true"}))

    async def _check_guard(self, last: Entry | None) -> None:
        """Raise what the guard says, but LostRaceError when another process is why."""
        if self._guard is None:
            return
        try:
            await self._guard()
        except ConflictError:
            if await self.last() != last:
                raise LostRaceError(str(self._identity)) from None
            raise

    async def give_back(self, claim: Entry, state: State, note: str) -> Entry:
        """Note that BILL did nothing, also where somebody has taken the claim for lost meanwhile."""
        self._sent = False
        try:
            return await self.note(claim, state, note=note)
        except LostRaceError:
            last = await self.last()
            if last is None or last.state is not State.UNKNOWN or last.sequence != claim.sequence + 1:
                raise
            return await self.note(last, state, note=note)

    async def record(self, claim: Entry, record: T) -> None:
        """Note a success; should somebody have given it up meanwhile, after what they wrote."""
        try:
            await self.note(claim, State.DONE, record)
        except LostRaceError:
            last = await self.last()
            if last is not None and last.state is State.DONE and last.record_id == record.id:
                return
            if last is None or last.state in (State.SENDING, State.DONE):
                raise CaseError(
                    f"{self._identity} was sent twice, as {record.id} and by another process, which took this one for "
                    "lost: look at both in BILL"
                ).of(str(self._identity), last.sequence if last else 0) from None
            await self.note(last, State.DONE, record, note="answered after it was given up")

    async def _already_there(self, refused: Entry, error: DuplicateError) -> Outcome[T]:
        """Adopt the record for which BILL refused a second one; raise `error` when it is not what is asked."""
        found = await look_at_bill(self._intent, refused)
        if found is None:
            raise error
        await self.note(refused, State.DONE, found, note="found at BILL")
        return Outcome(found, made=False)

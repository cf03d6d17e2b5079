"""Writes that must not repeat: look at BILL, claim in the journal, send at most once, settle by reading.

Every create of a vendor, bill, payment, customer, bank account, invoice or charge goes through `once`; nothing
else sends one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, suppress
from typing import Any

from billcom.attempt import Attempt
from billcom.client import BillClient
from billcom.errors import ConflictError, NotFoundError
from billcom.intent import Decision, Intent, Outcome, T, Verdict
from billcom.journal import Entry, LostRaceError, State
from billcom.locks import locked
from billcom.standing import BY_PERSON, SENT_AGAIN, is_gone, look_at_bill, read_standing


async def find(
    client: BillClient, intent: Intent[T], *, if_absent: Callable[[], object] | None = None
) -> T | None:
    """Return the record of an intent, by the journal's id or by looking at BILL, or None. Sends nothing.

    What is found of an attempt that was open is adopted. Raises ConflictError as the intent's look and check do,
    and as `if_absent` does, which says whether it could be made: unless somebody is making it just now.
    """
    found = await _find(client, intent)
    if found is None and if_absent is not None:
        try:
            if_absent()
        except ConflictError:
            last = (await client.journal.of_subject(intent.kind, intent.subject)).get(intent.label)
            if last is None or not (last.is_open or last.state is State.DONE):
                raise
            found = await _find(client, intent)
    return found


async def _find(client: BillClient, intent: Intent[T]) -> T | None:
    last = (await client.journal.of_subject(intent.kind, intent.subject)).get(intent.label)
    if last is not None and last.state is State.DONE:
        return await read_standing(intent, last)
    if last is not None and last.is_open:
        with suppress(LostRaceError):
            return await Attempt(client, intent).adopt(last)
    return await look_at_bill(intent, last)


async def once(
    client: BillClient,
    intent: Intent[T],
    *,
    send: Callable[[], Awaitable[T]],
    guard: Callable[[], Awaitable[object]] | None = None,
) -> Outcome[T]:
    """Return the record of an intent: known by the journal, found at BILL, or sent now.

    `guard` raises when it must not be sent now. Raises ConflictError when the identity was asked for with
    other content; UnsettledError when a payment or charge was sent, BILL shows none after the settle time,
    and a person has to decide; BILL's own refusals as they are (nothing was done); JournalError when the
    journal can't be used (nothing was sent).
    """
    async with _alone(client, intent):
        return await Attempt(client, intent, send, guard).run()


async def decide(client: BillClient, intent: Intent[T], decision: Decision) -> bool:
    """Record what a person decided; return whether it still applied.

    A record that is said to be it is read and must be what was asked for, else ConflictError; "it did not
    happen" is believed only after one more look. What has moved on since the case was put is left alone.
    """
    async with _alone(client, intent):
        attempt = Attempt(client, intent)
        last = await attempt.last()
        if (last.sequence if last else 0) != decision.sequence or decision.verdict is Verdict.LEAVE:
            return False
        if decision.verdict is Verdict.HAPPENED:
            record = await _read_named(intent, decision.record_id.strip())
            await _check_unclaimed(client, intent, record.id or "")
            known = last.details if last else intent.details
            details = {name: value for name, value in known.items() if name != SENT_AGAIN}
            await attempt.note(last, State.DONE, record, details=details, note=BY_PERSON)
        elif last is not None and last.state is State.DONE and not await is_gone(intent, last):
            return True
        elif (found := await look_at_bill(intent, last, past=True)) is not None:
            await attempt.note(last, State.DONE, found, note="found at BILL")
        else:
            await attempt.release(last)
        return True


def was_sent_again(entry: Entry) -> bool:
    """Return whether a write was sent a second time, so that BILL may turn out to have made both."""
    return SENT_AGAIN in entry.details


async def settle(client: BillClient, intent: Intent[T]) -> T | None:
    """Return what BILL holds of an open attempt once the settle time is over, adopted; None when nothing.

    For one who only reads: an attempt that is not money is closed as not sent; for money raises
    UnsettledError.
    """
    async with _alone(client, intent):
        attempt = Attempt(client, intent)
        last = await attempt.last()
        if last is not None and last.is_open:
            await attempt.settle(last)
        return await find(client, intent)


async def _check_unclaimed(client: BillClient, intent: Intent[Any], record_id: str) -> None:
    """Raise ConflictError when a record is the one of another label: it can't be both."""
    labels = await client.journal.of_subject(intent.kind, intent.subject)
    for label, row in labels.items():
        if label != intent.label and row.record_id == record_id:
            raise ConflictError(
                f"{intent.kind} {record_id} is the one under label {label!r}: give another id"
            )


async def _read_named(intent: Intent[T], record_id: str) -> T:
    """Return the record a person names, which must be what was asked for."""
    try:
        # An id is letters and digits: anything else would be another address.
        record = await intent.get(record_id) if record_id.isalnum() and record_id.isascii() else None
    except NotFoundError:
        record = None
    if record is None:
        raise ConflictError(f"BILL has no {intent.kind} {record_id!r}: give its id")
    (intent.match or intent.check)(record)
    return record


def _alone(client: BillClient, intent: Intent[Any]) -> AbstractAsyncContextManager[None]:
    """Hold the subject's lock: on one machine nobody else writes it meanwhile, whatever the label."""
    name = hashlib.sha256(f"{intent.kind}\0{intent.subject}".encode()).hexdigest()[:32]
    return locked(client.settings.state_path / "locks" / client.settings.organization_key / name)

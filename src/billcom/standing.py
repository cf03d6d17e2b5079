"""What stands at BILL of a write: looked for, or read by the id the journal knows. Notes and sends nothing."""

from __future__ import annotations

from typing import Any

from billcom.errors import CaseError, NotFoundError
from billcom.intent import CHUNK, MONEY, Intent, T
from billcom.journal import Entry

BY_PERSON = "a person: it happened"
"""Note of a journal row whose record a person has named."""

SENT_AGAIN, PAST_OTHERS = "sent again", "past others"
"""Details of a journal row: it was sent a second time; a person said that what contradicts it is something else."""


async def look_at_bill(intent: Intent[T], last: Entry | None, *, past: bool = False) -> T | None:
    """Look at BILL, past what a person says, or has said, to be something else."""
    is_elsewhere = last is not None and (CHUNK in last.details or last.identity.label != intent.label)
    if last is not None and is_elsewhere and intent.look_sent is not None:
        return await intent.look_sent(last)
    past = past or (last is not None and PAST_OTHERS in last.details)
    try:
        return await (intent.look_past if past and intent.look_past else intent.look)()
    except CaseError as case:
        raise case.of(f"{intent.kind} {intent.subject}", last.sequence if last else 0) from None


async def read_standing(intent: Intent[T], last: Entry) -> T:
    """Return the record that was made, as it is now. Raises ConflictError when it is not what is asked for."""
    if (
        last.details.get(SENT_AGAIN)
        and (other := await look_at_bill(intent, last))
        and (other.id or "") != last.record_id
    ):
        raise CaseError(
            f"{last.identity} was sent twice, the first time without an answer, and is {last.record_id} and {other.id} "
            "at BILL by now: archive or cancel the one that is not meant"
        ).of(str(last.identity), last.sequence)
    try:
        record = await (intent.read(last) if intent.read else intent.get(last.record_id))
    except NotFoundError:
        raise CaseError(
            f"the journal has {last.identity} as {last.record_id}, and BILL has no such record: who removed it? "
            "If all of BILL was emptied, as a local one is by a restart, run billcom journal rebuild"
        ).of(str(last.identity), last.sequence) from None
    except CaseError as case:
        raise case.of(str(last.identity), last.sequence) from None
    intent.check(record)
    return record


async def is_gone(intent: Intent[Any], last: Entry) -> bool:
    """Return whether what was made is not at BILL any more; of money that is never believed."""
    try:
        await intent.get(last.record_id)
    except NotFoundError:
        return intent.kind not in MONEY
    return False

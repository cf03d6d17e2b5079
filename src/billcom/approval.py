"""When a run needs people to approve it, and what they said: kept in the journal, bound to the run's fingerprint.

Each request has a row of its own beside those of the people, and every answer writes to both: two at once can't
both be the last word. How a person proves who it is, `billcom.approvers` says.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from typing import TypeVar

from billcom.approval_rows import (
    APPROVAL,
    ASKED_AT,
    COMMENT,
    COUNT,
    DAYS,
    DENIED_BY,
    EXPIRES_AT,
    NEEDED,
    PREPARED_BY,
    PROVEN,
    Approval,
    ApprovalRequest,
    request_of,
    standing_of,
)
from billcom.approvers import REQUEST, Approvers, person
from billcom.errors import ApprovalError, JournalError
from billcom.intent import AMOUNT
from billcom.journal import Entry, Journal, LostRaceError, NewEntry, State
from billcom.money import plain
from billcom.normalization import same_text
from billcom.runs.lines import Total
from billcom.settings import Settings

__all__ = [
    "APPROVAL",
    "Approval",
    "ApprovalRequest",
    "approvals_needed",
    "approve",
    "deny",
    "expire",
    "request",
    "standing",
]

MAX_NEEDED = 2
_TRIES = 20

T = TypeVar("T")


def approvals_needed(settings: Settings, total: Total) -> int:
    """Return how many people have to approve a run: 0, 1 or 2. A run of exactly a limit is not over it."""
    amount, second, count = (
        settings.approval_amount,
        settings.second_approval_amount,
        settings.approval_count,
    )
    if second is not None and total.amount > second:
        return MAX_NEEDED
    over_amount = amount is not None and total.amount > amount
    return int(over_amount or (count is not None and total.count > count))


async def request(
    journal: Journal, fingerprint: str, prepared_by: str, total: Total, needed: int, days: float
) -> ApprovalRequest:
    """Ask for approval, and return the request; one that waits, or is approved, stands and is returned.

    A request that was denied or has expired is followed by a new one, for which old approvals don't count. One
    that asked fewer people is raised to `needed`: who has approved counts. Raises ApprovalError when approvers are
    enrolled and nobody is said to have prepared the run.
    """
    if not 1 <= needed <= MAX_NEEDED:
        raise ValueError(f"{needed} approvals: a request is for 1 to {MAX_NEEDED}")
    enrolled = Approvers(journal.settings).names()
    prepared_by = person(prepared_by) if prepared_by.strip() or enrolled else ""

    async def ask() -> ApprovalRequest:
        rows = await journal.of_subject(APPROVAL, fingerprint)
        now, last = journal.settings.clock.now(), rows.get(REQUEST)
        found = standing_of(rows, enrolled, now)
        stands = last is not None and not found.is_denied and not found.is_expired
        # Who prepared it was not asked before approvers were enrolled, and now somebody may approve their own.
        if last is not None and stands and (request_of(last).prepared_by or not prepared_by):
            if found.needed >= needed:
                return request_of(last)
            details = {**last.details, NEEDED: str(needed)}
        else:
            details = _details(prepared_by, needed, days, now)
        content = {AMOUNT: plain(total.amount), COUNT: str(total.count)}
        made = NewEntry(
            journal.identity(APPROVAL, fingerprint, REQUEST),
            last,
            State.NOT_SENT,
            content,
            details,
            note=f"{needed} to approve by {_shown(details[EXPIRES_AT])}",
        )
        (row,) = await journal.append(made)
        return request_of(row)

    return await _retried(ask)


async def approve(
    journal: Journal, fingerprint: str, approver: str, proven: bool, comment: str = ""
) -> Approval:
    """Record that somebody approves, and return how the request stands. The last one needed grants it.

    `proven`: a code was verified just now. Raises ApprovalError, and records nothing, when nothing waits to be
    approved, when the approver prepared the run or has approved it, and when approvers are enrolled and this is
    none of them, or not proven.
    """
    enrolled = Approvers(journal.settings).names()
    name = _approver(journal, approver, proven, bool(enrolled))

    async def write() -> Approval:
        rows = await journal.of_subject(APPROVAL, fingerprint)
        now = journal.settings.clock.now()
        last, found = _answerable(rows, enrolled, now, fingerprint)
        asked = request_of(last)
        if found.is_granted:
            raise ApprovalError(
                f"{', '.join(found.approvers)} approved {fingerprint} already: nothing more is needed"
            )
        _check_another(name, asked, found, bool(enrolled))
        people = (*found.approvers, name)
        granted = len(people) >= found.needed
        details = dict(last.details)
        if granted:
            details[EXPIRES_AT] = (now + timedelta(days=asked.days)).isoformat()
            note = f"approved by {', '.join(people)}, good until {_shown(details[EXPIRES_AT])}"
        else:
            note = f"approved by {', '.join(people)}, {found.needed - len(people)} more to approve by "
            note += _shown(details[EXPIRES_AT])
        state = State.DONE if granted else State.NOT_SENT
        answer = _answer(journal, rows, last, name, State.DONE, bool(enrolled), comment)
        await journal.append(answer, NewEntry(last.identity, last, state, details=details, note=note))
        return standing_of(await journal.of_subject(APPROVAL, fingerprint), enrolled, now)

    return await _retried(write)


async def deny(
    journal: Journal, fingerprint: str, approver: str, proven: bool, comment: str = ""
) -> Approval:
    """Record that somebody says no, even to what was approved, and return how the request stands.

    Anybody may, the one who prepared it too, and without proof: it only stops money. Raises ApprovalError, and
    records nothing, when there is no request, or it was denied or has expired.
    """
    enrolled = Approvers(journal.settings).names()
    name = _spelled(person(approver), enrolled)
    is_proven = proven and name in enrolled

    async def write() -> Approval:
        rows = await journal.of_subject(APPROVAL, fingerprint)
        now = journal.settings.clock.now()
        last, _found = _answerable(rows, enrolled, now, fingerprint)
        details = {**last.details, DENIED_BY: name, COMMENT: comment.strip()}
        answer = _answer(journal, rows, last, name, State.REJECTED, is_proven, comment)
        denied = NewEntry(last.identity, last, State.REJECTED, details=details, note=f"denied by {name}")
        await journal.append(answer, denied)
        return standing_of(await journal.of_subject(APPROVAL, fingerprint), enrolled, now)

    return await _retried(write)


async def expire(journal: Journal, fingerprint: str) -> Approval:
    """Record that a request, or its approval, is past its time, and return how it stands.

    What still waits, is approved and good, or was denied or never asked for, is left as it is.
    """
    enrolled = Approvers(journal.settings).names()

    async def write() -> Approval:
        rows = await journal.of_subject(APPROVAL, fingerprint)
        now, last = journal.settings.clock.now(), rows.get(REQUEST)
        found = standing_of(rows, enrolled, now)
        if last is None or not found.is_expired or last.state is State.RELEASED:
            return found
        note = "the approval grew too old" if last.state is State.DONE else "not approved in time"
        await journal.append(NewEntry(last.identity, last, State.RELEASED, note=note))
        return standing_of(await journal.of_subject(APPROVAL, fingerprint), enrolled, now)

    return await _retried(write)


async def standing(journal: Journal, fingerprint: str, now: datetime) -> Approval:
    """Return how the last request stands at `now`.

    Raises JournalError when its rows don't say, SettingsError when the approvers can't be read.
    """
    enrolled = Approvers(journal.settings).names()
    return standing_of(await journal.of_subject(APPROVAL, fingerprint), enrolled, now)


def _details(prepared_by: str, needed: int, days: float, now: datetime) -> dict[str, str]:
    expires = now + timedelta(days=days)
    facts = {PREPARED_BY: prepared_by, NEEDED: str(needed), DAYS: f"{days:g}"}
    return facts | {ASKED_AT: now.isoformat(), EXPIRES_AT: expires.isoformat()}


def _spelled(name: str, enrolled: list[str]) -> str:
    """Return a name as it was enrolled, or as it is."""
    return next((known for known in enrolled if same_text(known, name)), name)


def _approver(journal: Journal, name: str, proven: bool, is_enrolled: bool) -> str:
    name = person(name)
    if not is_enrolled:
        return name
    name = Approvers(journal.settings).known(name)
    if not proven:
        raise ApprovalError(
            f"{name} gave no code: approvers are enrolled here, so type what the authenticator app shows"
        )
    return name


def _answerable(
    rows: Mapping[str, Entry], enrolled: list[str], now: datetime, fingerprint: str
) -> tuple[Entry, Approval]:
    """Return the request's last row and how it stands. Raises ApprovalError when nobody can answer it any more."""
    last, found = rows.get(REQUEST), standing_of(rows, enrolled, now)
    if last is None:
        raise ApprovalError(f"nobody asked for an approval of {fingerprint}: run again for a request")
    if found.is_denied:
        raise ApprovalError(f"{found.denied_by} denied {fingerprint}: run again for a new request")
    if found.is_expired:
        raise ApprovalError(
            f"the request for {fingerprint} expired on {_shown(last.details[EXPIRES_AT])}: run again for a new one"
        )
    return last, found


def _check_another(name: str, asked: ApprovalRequest, found: Approval, is_enrolled: bool) -> None:
    """Raise ApprovalError unless this is another person than those who prepared or approved it."""
    if is_enrolled and not asked.prepared_by:
        raise ApprovalError(
            f"nobody is said to have prepared {asked.fingerprint}: run again, and say who prepares it"
        )
    if asked.prepared_by and same_text(name, asked.prepared_by):
        raise ApprovalError(f"{name} prepared {asked.fingerprint}: another person has to approve it")
    if any(same_text(name, other) for other in found.approvers):
        raise ApprovalError(f"{name} approved {asked.fingerprint} already: another person has to, too")


def _answer(
    journal: Journal,
    rows: Mapping[str, Entry],
    last: Entry,
    name: str,
    state: State,
    is_proven: bool,
    comment: str,
) -> NewEntry:
    """Return a person's row, linked to the request it answers."""
    details = {ASKED_AT: last.details[ASKED_AT], PROVEN: str(is_proven).lower(), COMMENT: comment.strip()}
    note = f"{'approved' if state is State.DONE else 'denied'}, {'proven by a code' if is_proven else 'not proven'}"
    identity = journal.identity(APPROVAL, last.identity.subject, name)
    return NewEntry(identity, rows.get(name), state, last.content, details, note=note)


async def _retried(write: Callable[[], Awaitable[T]]) -> T:
    """Return what `write` returns, which reads and decides anew whenever somebody else was faster."""
    for _ in range(_TRIES):
        with suppress(LostRaceError):
            return await write()
    raise JournalError("others keep answering the same request: look at billcom journal list, then try again")


def _shown(instant: str) -> str:
    return f"{datetime.fromisoformat(instant):%Y-%m-%d %H:%M} UTC"

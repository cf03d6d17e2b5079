"""Writes whose outcome is open: looked for again, adopted where BILL has them, put to a person where it hasn't."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Sequence
from dataclasses import replace
from decimal import Decimal
from functools import partial
from typing import TypeVar

from prefect import flow
from prefect.artifacts import acreate_markdown_artifact
from prefect.states import Failed

from billcom.client import BillClient
from billcom.errors import BillError, CaseError, UnsettledError
from billcom.inputs import CasePolicy
from billcom.intent import AMOUNT, CHUNK, Decision, Kind, Verdict
from billcom.journal import Entry
from billcom.money import display
from billcom.once import was_sent_again
from billcom.results import RepairResult, Resolution
from flows.cases import decided
from flows.reports import repair_report, repair_summary
from flows.start import start
from tasks.approvals import expire_requests
from tasks.attempts import check_again, list_open_attempts, list_watched, settle_attempt, settle_together
from tasks.session import connect

ARTIFACT = "resolve-unknowns"

T = TypeVar("T")


@flow(flow_run_name="resolve unknown writes", retries=0)
async def resolve_unknowns(on_case: CasePolicy = CasePolicy.ASK, credentials: str = "") -> RepairResult:
    """Settle every write of which nobody knows whether BILL acted; read again what may be there twice.

    Ends requests for approval that nobody answered in time, too. Sends nothing: what did not happen is sent by the
    next run of its own workflow. Made to be scheduled, daily and before process dates: a payment that is too much
    can still be cancelled then. Ends Failed while anything is left open.

    Args:
        on_case: What to do about a case that reading BILL can't decide.
        credentials: Name of a BILL credentials block. Empty: the environment of the worker.
    """
    try:
        settings = await start(credentials)
        async with await connect(settings) as client:
            await client.journal.head()
            resolutions = await _settle_all(client, on_case)
            resolutions += await _check_all(client, on_case)
            await expire_requests(client)
            chain = str(await client.journal.head())
    except BillError as error:
        return Failed(message=f"{type(error).__name__}: {error}", data=error)  # pyright: ignore[reportReturnType] (a state, as Prefect takes it)
    result = RepairResult(resolutions=tuple(resolutions))
    report = repair_report(result, chain)
    await acreate_markdown_artifact(report, key=ARTIFACT, description=repair_summary(result))
    if left := result.left:
        error = CaseError("; ".join(f"{r.what}: {r.outcome}" for r in left))
        return Failed(message=f"{len(left)} left open: {error}", data=error)  # pyright: ignore[reportReturnType]
    return result


async def _settle_all(client: BillClient, on_case: CasePolicy) -> list[Resolution]:
    """Watch all open writes at once, then ask about one after the other; about those of one request once."""
    groups = _by_request(await list_open_attempts(client))
    watched = await asyncio.gather(*(_watch(client, group) for group in groups))
    resolutions: list[Resolution] = []
    for group, seen in zip(groups, watched, strict=True):
        absent: list[tuple[Entry, UnsettledError]] = []
        for entry, found in zip(group, seen, strict=True):
            if isinstance(found, str):
                resolutions.append(_settled(entry, found))
            elif isinstance(found, UnsettledError) and len(group) > 1:
                absent.append((entry, found))
            else:
                call = partial(settle_attempt, client, entry)
                resolutions.append(await _ask(entry, call, on_case, _settled))
        while absent:
            resolved, absent = await _ask_together(client, absent, on_case)
            resolutions += resolved
    return resolutions


def _by_request(entries: Sequence[Entry]) -> list[list[Entry]]:
    """Return open writes, the payments that went out in one request together."""
    groups: dict[Hashable, list[Entry]] = {}
    for entry in entries:
        references = entry.details.get(CHUNK, "").split()
        is_shared = bool(references) and entry.identity.kind == Kind.PAYMENT
        # One that was sent again may have been sent alone: its reference is that of the time before.
        key = (references[-1], was_sent_again(entry)) if is_shared else entry.identity
        groups.setdefault(key, []).append(entry)
    return list(groups.values())


async def _watch(client: BillClient, group: Sequence[Entry]) -> list[str | BillError]:
    """Return of each what `settle_attempt` returns or raises; of one request, one look is for all."""
    seen: dict[str, str | BillError] = {}
    if len(group) > 1:
        try:
            seen = await settle_together(client, group)
        except BillError as error:
            return [error] * len(group)
    return [
        seen[entry.identity.subject] if entry.identity.subject in seen else await _look(client, entry)
        for entry in group
    ]


async def _look(client: BillClient, entry: Entry, decision: Decision | None = None) -> str | BillError:
    try:
        return await settle_attempt(client, entry, decision)
    except BillError as error:
        return error


async def _ask_together(
    client: BillClient, absent: Sequence[tuple[Entry, UnsettledError]], on_case: CasePolicy
) -> tuple[list[Resolution], list[tuple[Entry, UnsettledError]]]:
    """Ask once about payments of one request; return what came of them, and those still absent.

    That none of them happened is said of all, and each is looked for once more. Of one that did, the others are
    looked for again.
    """
    (first, case), *others = absent
    question = _question(case, [entry for entry, _ in absent])

    async def call(decision: Decision | None) -> list[str | BillError]:
        if decision is None:
            raise question
        if decision.verdict is Verdict.HAPPENED:
            record_id = await settle_attempt(client, first, decision)
            return [record_id, *await _watch(client, [entry for entry, _ in others])]
        return await asyncio.gather(
            *(_look(client, entry, replace(decision, sequence=own.sequence)) for entry, own in absent)
        )

    try:
        seen = await decided(on_case, call)
    except BillError as error:
        went_with = f"went out in one request with {first.identity}: as that one"
        left = [Resolution.of(entry, went_with, is_left=True) for entry, _ in others]
        return [Resolution.of(first, str(error), is_left=True), *left], []
    resolved: list[Resolution] = []
    still: list[tuple[Entry, UnsettledError]] = []
    for (entry, _), found in zip(absent, seen, strict=True):
        if isinstance(found, str):
            resolved.append(_settled(entry, found))
        elif isinstance(found, UnsettledError) and seen[0]:
            still.append((entry, found))
        else:
            resolved.append(Resolution.of(entry, str(found), is_left=True))
    return resolved, still


def _question(case: UnsettledError, entries: Sequence[Entry]) -> UnsettledError:
    """Return the case of the first of several payments, which is the case of all."""
    if len(entries) == 1:
        return case
    total = sum((Decimal(entry.content[AMOUNT]) for entry in entries), Decimal("0.00"))
    return UnsettledError(
        f"{case} It went out in one request with {len(entries) - 1} others, {len(entries)} payments of USD "
        f"{display(total)} together, and BILL does all of a request or nothing: that it did not happen is said of all "
        "of them; if it happened, give the id of this one, and the others are looked for"
    ).of(case.identity, case.sequence)


async def _check_all(client: BillClient, on_case: CasePolicy) -> list[Resolution]:
    """Read again what may be there twice; only what is wrong is reported."""
    resolutions: list[Resolution] = []
    for entry in await list_watched(client):
        call = partial(check_again, client, entry)
        checked = await _ask(
            entry, call, on_case, lambda entry, _seen: Resolution.of(entry, "is as it should be")
        )
        resolutions += [checked] if checked.is_left else []
    return resolutions


async def _ask(
    entry: Entry,
    call: Callable[[Decision | None], Awaitable[T]],
    on_case: CasePolicy,
    resolve: Callable[[Entry, T], Resolution],
) -> Resolution:
    try:
        return resolve(entry, await decided(on_case, call))
    except BillError as error:
        return Resolution.of(entry, str(error), is_left=True)


def _settled(entry: Entry, record_id: str) -> Resolution:
    if record_id:
        return Resolution.of(entry, "is at BILL", record_id=record_id)
    return Resolution.of(entry, "is not at BILL: the next run of its workflow sends it")

"""Writes whose outcome is open: looked for again, adopted where BILL has them, put to a person where it hasn't."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TypeVar

from prefect import flow
from prefect.artifacts import acreate_markdown_artifact
from prefect.states import Failed

from billcom.client import BillClient
from billcom.errors import BillError, CaseError
from billcom.inputs import CasePolicy
from billcom.intent import Decision
from billcom.journal import Entry
from billcom.results import RepairResult, Resolution
from flows.cases import decided
from flows.reports import repair_report, repair_summary
from tasks.attempts import check_again, list_open_attempts, list_watched, settle_attempt
from tasks.session import connect, load_settings

ARTIFACT = "resolve-unknowns"

T = TypeVar("T")


@flow(flow_run_name="resolve unknown writes", retries=0)
async def resolve_unknowns(on_case: CasePolicy = CasePolicy.ASK, credentials: str = "") -> RepairResult:
    """Settle every write of which nobody knows whether BILL acted; read again what may be there twice.

    Sends nothing: what did not happen is sent by the next run of its own workflow. Made to be scheduled, daily
    and before process dates: a payment that is too much can still be cancelled then. Ends Failed while anything
    is left open.

    Args:
        on_case: What to do about a case that reading BILL can't decide.
        credentials: Name of a BILL credentials block. Empty: the environment of the worker.
    """
    try:
        settings = await load_settings(credentials)
        async with await connect(settings) as client:
            await client.journal.head()
            resolutions = await _settle_all(client, on_case)
            resolutions += await _check_all(client, on_case)
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
    """Watch all open writes at once, then ask about one after the other."""
    entries = await list_open_attempts(client)
    first = await asyncio.gather(*(settle_attempt(client, e) for e in entries), return_exceptions=True)
    resolutions: list[Resolution] = []
    for entry, seen in zip(entries, first, strict=True):
        if isinstance(seen, str):
            resolutions.append(_settled(entry, seen))
            continue
        if not isinstance(seen, BillError):
            raise seen
        call = partial(settle_attempt, client, entry)
        resolutions.append(await _ask(entry, call, on_case, _settled))
    return resolutions


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

"""Writes whose outcome is open, and those that may still turn out to be there twice: read again, never sent."""

from __future__ import annotations

from datetime import date

from prefect import task
from prefect.cache_policies import NO_CACHE

from billcom.client import BillClient
from billcom.intent import MONEY, Decision
from billcom.journal import Entry, State
from billcom.lookup.again import check_amounts, intent_of
from billcom.once import decide, find, settle, was_sent_again


@task(task_run_name="list open writes", cache_policy=NO_CACHE, retries=0)
async def list_open_attempts(client: BillClient) -> list[Entry]:
    """Return the writes of which nobody knows whether BILL acted, oldest first."""
    return await client.journal.open_attempts()


@task(task_run_name="list writes to read again", cache_policy=NO_CACHE, retries=0)
async def list_watched(client: BillClient) -> list[Entry]:
    """Return what was done and may still turn out to be there twice, oldest first.

    That is money until its process date has passed, and whatever was sent a second time.
    """
    today = client.settings.clock.today()
    done = [entry for entry in await client.journal.standing() if entry.state is State.DONE]
    return [e for e in done if was_sent_again(e) or (e.identity.kind in MONEY and _is_ahead(e, today))]


@task(task_run_name="look for {entry.identity} again", cache_policy=NO_CACHE, retries=0)
async def settle_attempt(client: BillClient, entry: Entry, decision: Decision | None = None) -> str:
    """Return the id of an open write that is at BILL by now, adopted; empty when it is not and may be sent.

    Raises UnsettledError for money that may still move; `decision` says what a person made of it.
    """
    intent = await intent_of(client, entry)
    if decision is not None:
        await decide(client, intent, decision)
    record = await settle(client, intent)
    return (record.id or "") if record is not None else ""


@task(task_run_name="read {entry.identity} again", cache_policy=NO_CACHE, retries=0)
async def check_again(client: BillClient, entry: Entry, decision: Decision | None = None) -> None:
    """Raise CaseError when a write is at BILL twice, or its bill or invoice is paid more than it asks for."""
    intent = await intent_of(client, entry)
    if decision is not None:
        await decide(client, intent, decision)
    if was_sent_again(entry):
        await find(client, intent)
    await check_amounts(client, entry)


def _is_ahead(entry: Entry, today: date) -> bool:
    day = entry.details.get("process_date") or entry.details.get("payment_date")
    return bool(day) and date.fromisoformat(day) >= today

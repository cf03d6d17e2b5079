"""Writes whose outcome is open, and those that may still turn out to be there twice: read again, never sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal

from prefect import task
from prefect.cache_policies import NO_CACHE

from billcom.bulk.chunk import of_run
from billcom.bulk.once import settle_each
from billcom.bulk.payments import BillToPay, PaymentTerms, payment_chunk
from billcom.bulk.recent import recent_bills
from billcom.client import BillClient
from billcom.errors import BillError, JournalError
from billcom.intent import AMOUNT, MONEY, RUN, Decision, Outcome
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


@task(task_run_name="look for payments of one request again", cache_policy=NO_CACHE, retries=0)
async def settle_together(client: BillClient, entries: Sequence[Entry]) -> dict[str, str | BillError]:
    """Return, by bill id, what `settle_attempt` returns or raises for each open payment of one request.

    All are looked for at once. Left out are those whose bills BILL doesn't have. Raises JournalError when the rows
    don't say enough.
    """
    first = entries[0].details
    bills = await recent_bills(client).present(entry.identity.subject for entry in entries)
    try:
        terms = PaymentTerms(first["funding_account_id"], date.fromisoformat(first["process_date"]))
        wanted = [
            BillToPay(
                bills[e.identity.subject],
                Decimal(e.content[AMOUNT]),
                e.details.get("account", ""),
                vendor_name="",  # only looked for: nothing compares it
            )
            for e in entries
            if e.identity.subject in bills
        ]
    except (KeyError, ValueError) as error:
        raise JournalError(
            f"the journal's row {entries[0].position} ({entries[0].identity}) lacks {error}"
        ) from error
    chunk = of_run(payment_chunk(client, wanted, terms, _send_none), first.get(RUN, ""))
    results = await settle_each(client, chunk)
    found: dict[str, str | BillError] = {item.bill.id: "" for item in wanted}
    for bill_id, result in results.items():
        found[bill_id] = result.record.id if isinstance(result, Outcome) else result
    return found


@task(task_run_name="read {entry.identity} again", cache_policy=NO_CACHE, retries=0)
async def check_again(client: BillClient, entry: Entry, decision: Decision | None = None) -> None:
    """Raise CaseError when a write is at BILL twice, or its bill or invoice is paid more than it asks for."""
    intent = await intent_of(client, entry)
    if decision is not None:
        await decide(client, intent, decision)
    if was_sent_again(entry):
        await find(client, intent)
    await check_amounts(client, entry)


async def _send_none(_items: Sequence[BillToPay]) -> Mapping[str, BillError]:
    raise TypeError("these payments are only looked for")


def _is_ahead(entry: Entry, today: date) -> bool:
    day = entry.details.get("process_date") or entry.details.get("payment_date")
    return bool(day) and date.fromisoformat(day) >= today

"""Bills."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import date

from prefect import task
from prefect.cache_policies import NO_CACHE

from billcom.bulk.bills import bill_chunk
from billcom.bulk.chunk import Results, of_run
from billcom.bulk.once import once_each
from billcom.bulk.recent import is_whole_bill, recent_bills
from billcom.client import BillClient
from billcom.inputs import BillInput
from billcom.intent import Decision, Intent, Outcome
from billcom.lookup.bills import bill_intent
from billcom.lookup.rows import ACTIVE, ARCHIVED
from billcom.models.bill import Bill, BillPaymentStatus, NewBill
from billcom.once import decide, find, once
from billcom.query import Filter
from tasks.retries import READ_DELAYS, READ_RETRIES, may_be_repeated


@task(
    task_run_name="find bill {wanted.invoice_number}",
    cache_policy=NO_CACHE,
    retries=READ_RETRIES,
    retry_delay_seconds=READ_DELAYS,
    retry_condition_fn=may_be_repeated,
)
async def find_bill(
    client: BillClient, vendor_id: str, wanted: BillInput, decision: Decision | None = None
) -> Bill | None:
    """Return the vendor's bill of this number, date and amount, or None.

    Raises CaseError for the number with another date or amount; `decision` says what a person made of it.
    """
    if decision is not None:
        await decide(client, _bill(client, vendor_id, wanted), decision)
    return await find(client, _bill(client, vendor_id, wanted))


@task(task_run_name="create bill {wanted.invoice_number}", cache_policy=NO_CACHE, retries=0)
async def create_bill(client: BillClient, vendor_id: str, wanted: BillInput) -> Outcome[Bill]:
    """Make the bill, unless BILL has it."""
    return await once(
        client,
        _bill(client, vendor_id, wanted),
        send=lambda: client.bills.create(wanted.to_new_bill(vendor_id)),
    )


@task(
    task_run_name="read bill {bill_id}",
    cache_policy=NO_CACHE,
    retries=READ_RETRIES,
    retry_delay_seconds=READ_DELAYS,
    retry_condition_fn=may_be_repeated,
)
async def get_bill(client: BillClient, bill_id: str) -> Bill:
    """Return the bill as BILL has it now."""
    return await client.bills.get(bill_id)


@task(
    task_run_name="list bills of vendors",
    cache_policy=NO_CACHE,
    retries=READ_RETRIES,
    retry_delay_seconds=READ_DELAYS,
    retry_condition_fn=may_be_repeated,
)
async def list_bills_of(client: BillClient, vendor_ids: Sequence[str]) -> tuple[Bill, ...]:
    """Return all bills of up to 100 vendors, archived ones too."""
    which = Filter("vendorId", "in", sorted(vendor_ids))
    halves = await asyncio.gather(*(_listed(client, which, half) for half in (ACTIVE, ARCHIVED)))
    return tuple(bill for half in halves for bill in half)


@task(
    task_run_name="list bills due by {until}",
    cache_policy=NO_CACHE,
    retries=READ_RETRIES,
    retry_delay_seconds=READ_DELAYS,
    retry_condition_fn=may_be_repeated,
)
async def list_due_bills(client: BillClient, until: date) -> tuple[Bill, ...]:
    """Return unpaid bills that fall due up to `until`, overdue ones too, the earliest first."""
    unpaid = Filter("paymentStatus", "eq", BillPaymentStatus.UNPAID)
    due = Filter("dueDate", "lte", until)
    bills = await _listed(client, ACTIVE, unpaid, due)
    return tuple(sorted(bills, key=lambda bill: (bill.due_date or until, bill.id)))


@task(
    task_run_name="read bills",
    cache_policy=NO_CACHE,
    retries=READ_RETRIES,
    retry_delay_seconds=READ_DELAYS,
    retry_condition_fn=may_be_repeated,
)
async def read_bills(client: BillClient, ids: Sequence[str]) -> dict[str, Bill]:
    """Return bills by id, as they are now; what BILL doesn't have is left out."""
    return await recent_bills(client).present(ids)


@task(task_run_name="create bills of {run_name}", cache_policy=NO_CACHE, retries=0)
async def create_bills(client: BillClient, wanted: Sequence[NewBill], run_name: str) -> Results[Bill]:
    """Make up to 100 bills in one request, those that BILL doesn't have; return them, or why not, by subject."""
    return await once_each(client, of_run(bill_chunk(client, wanted), run_name))


async def _listed(client: BillClient, *filters: Filter) -> list[Bill]:
    # A list that moves while it is read may show a bill twice.
    rows = {row.id: row async for row in client.bills.list(filters)}.values()
    return [row if is_whole_bill(row) else await client.bills.get(row.id) for row in rows]


def _bill(client: BillClient, vendor_id: str, wanted: BillInput) -> Intent[Bill]:
    return bill_intent(client, vendor_id, wanted.invoice_number, wanted.invoice_date, wanted.amount)

"""Bills."""

from __future__ import annotations

from prefect import task
from prefect.cache_policies import NO_CACHE

from billcom.client import BillClient
from billcom.inputs import BillInput
from billcom.intent import Decision, Intent, Outcome
from billcom.lookup.bills import bill_intent
from billcom.models.bill import Bill
from billcom.once import decide, find, once
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


def _bill(client: BillClient, vendor_id: str, wanted: BillInput) -> Intent[Bill]:
    return bill_intent(client, vendor_id, wanted.invoice_number, wanted.invoice_date, wanted.amount)

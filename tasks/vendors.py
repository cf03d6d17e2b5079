"""Vendors and their bank accounts."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from prefect import task
from prefect.cache_policies import NO_CACHE

from billcom.bulk.chunk import Results, of_run
from billcom.bulk.once import once_each
from billcom.bulk.recent import is_whole_vendor, recent_vendors
from billcom.bulk.vendors import vendor_chunk
from billcom.client import BillClient
from billcom.inputs import VendorInput
from billcom.intent import Decision, Intent, Outcome
from billcom.lookup.rows import ACTIVE, ARCHIVED
from billcom.lookup.vendors import vendor_bank_account_intent, vendor_intent, wanted_vendor
from billcom.models.bank_account import BankAccount, NewBankAccount
from billcom.models.vendor import NewVendor, Vendor
from billcom.once import decide, find, once
from billcom.query import Filter
from tasks.retries import READ_DELAYS, READ_RETRIES, may_be_repeated


@task(
    task_run_name="find vendor {wanted.name}",
    cache_policy=NO_CACHE,
    retries=READ_RETRIES,
    retry_delay_seconds=READ_DELAYS,
    retry_condition_fn=may_be_repeated,
)
async def find_vendor(
    client: BillClient, wanted: VendorInput, decision: Decision | None = None
) -> Vendor | None:
    """Return the vendor of this name, or None. Raises CaseError when a person must decide; `decision` says what."""
    if decision is not None:
        await decide(client, _vendor(client, wanted), decision)
    return await find(client, _vendor(client, wanted))


@task(
    task_run_name="find bank account of vendor {vendor_id}",
    cache_policy=NO_CACHE,
    retries=READ_RETRIES,
    retry_delay_seconds=READ_DELAYS,
    retry_condition_fn=may_be_repeated,
)
async def find_vendor_bank_account(
    client: BillClient, vendor_id: str, account: NewBankAccount
) -> BankAccount | None:
    """Return the vendor's bank account, or None. Raises ConflictError when BILL holds another."""
    return await find(client, vendor_bank_account_intent(client, vendor_id, account))


@task(task_run_name="create vendor {wanted.name}", cache_policy=NO_CACHE, retries=0)
async def create_vendor(client: BillClient, wanted: VendorInput, account: NewBankAccount) -> Outcome[Vendor]:
    """Make the vendor with its bank account, unless BILL has it."""
    return await once(
        client,
        _vendor(client, wanted),
        send=lambda: client.vendors.create(wanted.to_new_vendor(account)),
    )


@task(task_run_name="create bank account of vendor {vendor_id}", cache_policy=NO_CACHE, retries=0)
async def create_vendor_bank_account(
    client: BillClient, vendor_id: str, account: NewBankAccount
) -> Outcome[BankAccount]:
    """Give the vendor its bank account, unless it has it. Raises ConflictError when it has another."""
    return await once(
        client,
        vendor_bank_account_intent(client, vendor_id, account),
        send=lambda: client.vendors.create_bank_account(vendor_id, account),
    )


@task(
    task_run_name="list vendors",
    cache_policy=NO_CACHE,
    retries=READ_RETRIES,
    retry_delay_seconds=READ_DELAYS,
    retry_condition_fn=may_be_repeated,
)
async def list_vendors(client: BillClient) -> tuple[Vendor, ...]:
    """Return every vendor, archived ones too."""
    halves = await asyncio.gather(*(_half(client, half) for half in (ACTIVE, ARCHIVED)))
    return tuple(vendor for half in halves for vendor in half)


@task(
    task_run_name="read vendors",
    cache_policy=NO_CACHE,
    retries=READ_RETRIES,
    retry_delay_seconds=READ_DELAYS,
    retry_condition_fn=may_be_repeated,
)
async def read_vendors(client: BillClient, ids: Sequence[str]) -> dict[str, Vendor]:
    """Return vendors by id, as they are now; what BILL doesn't have is left out."""
    return await recent_vendors(client).present(ids)


@task(task_run_name="create vendors of {run_name}", cache_policy=NO_CACHE, retries=0)
async def create_vendors(client: BillClient, wanted: Sequence[NewVendor], run_name: str) -> Results[Vendor]:
    """Make up to 20 vendors in one request, those that BILL doesn't have.

    Return them, or why not, by normalized name.
    """
    return await once_each(client, of_run(vendor_chunk(client, wanted), run_name))


async def _half(client: BillClient, half: Filter) -> list[Vendor]:
    rows = [row async for row in client.vendors.list([half])]
    return [row if is_whole_vendor(row) else await client.vendors.get(row.id) for row in rows]


def _vendor(client: BillClient, wanted: VendorInput) -> Intent[Vendor]:
    return vendor_intent(client, wanted_vendor(wanted.name, wanted.email, wanted.account_number, wanted.id))

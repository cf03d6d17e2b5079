"""Customers, their bank accounts and their charge authorization."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from prefect import task
from prefect.cache_policies import NO_CACHE

from billcom.client import BillClient
from billcom.errors import NotFoundError
from billcom.inputs import CustomerInput
from billcom.intent import RUN, Decision, Intent, Outcome
from billcom.lookup.customers import customer_bank_account_intent, customer_intent, wanted_customer
from billcom.lookup.rows import ACTIVE, ARCHIVED
from billcom.models.bank_account import BankAccount, NewBankAccount
from billcom.models.customer import ChargeAuthorization, Customer
from billcom.once import decide, find, once
from billcom.query import Filter
from tasks.retries import READ_DELAYS, READ_RETRIES, may_be_repeated


@task(
    task_run_name="find customer {wanted.name}",
    cache_policy=NO_CACHE,
    retries=READ_RETRIES,
    retry_delay_seconds=READ_DELAYS,
    retry_condition_fn=may_be_repeated,
)
async def find_customer(
    client: BillClient, wanted: CustomerInput, decision: Decision | None = None
) -> Customer | None:
    """Return the customer of this name, or None. Raises CaseError when a person must decide; `decision` says what."""
    if decision is not None:
        await decide(client, _customer(client, wanted), decision)
    return await find(client, _customer(client, wanted))


@task(
    task_run_name="find bank account of customer {customer_id}",
    cache_policy=NO_CACHE,
    retries=READ_RETRIES,
    retry_delay_seconds=READ_DELAYS,
    retry_condition_fn=may_be_repeated,
)
async def find_customer_bank_account(
    client: BillClient, customer_id: str, account: NewBankAccount
) -> BankAccount | None:
    """Return the customer's account that is `account`, or None. Raises NotPermittedError if not enabled."""
    return await find(client, customer_bank_account_intent(client, customer_id, account))


@task(
    task_run_name="check that customer bank accounts are enabled",
    cache_policy=NO_CACHE,
    retries=READ_RETRIES,
    retry_delay_seconds=READ_DELAYS,
    retry_condition_fn=may_be_repeated,
)
async def check_bank_accounts_enabled(client: BillClient) -> None:
    """Raise NotPermittedError where BILL has not enabled customer bank accounts for the organization.

    Asked of any customer, before a new one is made for nothing; an organization without one can't be asked.
    """
    async for customer in client.customers.list():
        async for _account in client.customers.bank_accounts(customer.id):
            break
        return


@task(task_run_name="create customer {wanted.name}", cache_policy=NO_CACHE, retries=0)
async def create_customer(client: BillClient, wanted: CustomerInput, run_name: str = "") -> Outcome[Customer]:
    """Make the customer with its billing address, unless BILL has it. `run_name` is noted with it."""
    intent = _customer(client, wanted)
    return await once(
        client,
        replace(intent, details={**intent.details, RUN: run_name}) if run_name else intent,
        send=lambda: client.customers.create(wanted.to_new_customer()),
    )


@task(task_run_name="create bank account of customer {customer_id}", cache_policy=NO_CACHE, retries=0)
async def create_customer_bank_account(
    client: BillClient, customer_id: str, account: NewBankAccount
) -> Outcome[BankAccount]:
    """Add the bank account to the customer, unless it has it."""
    return await once(
        client,
        customer_bank_account_intent(client, customer_id, account),
        send=lambda: client.customers.create_bank_account(customer_id, account),
    )


@task(
    task_run_name="authorize charges of customer {customer_id}",
    cache_policy=NO_CACHE,
    retries=READ_RETRIES,
    retry_delay_seconds=READ_DELAYS,
    retry_condition_fn=may_be_repeated,
)
async def authorize_charge(client: BillClient, customer_id: str) -> ChargeAuthorization:
    """State that the organization holds the customer's authorization. Saying it twice is saying it once."""
    return await client.customers.authorize_charge(customer_id)


@task(
    task_run_name="list customers",
    cache_policy=NO_CACHE,
    retries=READ_RETRIES,
    retry_delay_seconds=READ_DELAYS,
    retry_condition_fn=may_be_repeated,
)
async def list_customers(client: BillClient) -> tuple[Customer, ...]:
    """Return every customer, archived ones too."""
    halves = await asyncio.gather(*(_half(client, half) for half in (ACTIVE, ARCHIVED)))
    return tuple(customer for half in halves for customer in half)


@task(
    task_run_name="read customers",
    cache_policy=NO_CACHE,
    retries=READ_RETRIES,
    retry_delay_seconds=READ_DELAYS,
    retry_condition_fn=may_be_repeated,
)
async def read_customers(client: BillClient, ids: Sequence[str]) -> dict[str, Customer]:
    """Return customers by id, one by one, as they are now; what BILL doesn't have is left out."""
    read = await asyncio.gather(*(_customer_at_bill(client, id) for id in ids))
    return {customer.id: customer for customer in read if customer is not None}


@task(
    task_run_name="list bank accounts of customer {customer_id}",
    cache_policy=NO_CACHE,
    retries=READ_RETRIES,
    retry_delay_seconds=READ_DELAYS,
    retry_condition_fn=may_be_repeated,
)
async def list_customer_bank_accounts(client: BillClient, customer_id: str) -> tuple[BankAccount, ...]:
    """Return a customer's bank accounts in full, archived ones too. Raises NotPermittedError if not enabled."""
    rows = [row async for row in client.customers.bank_accounts(customer_id)]
    return tuple([await _whole_account(client, customer_id, row) for row in rows])


async def _half(client: BillClient, half: Filter) -> list[Customer]:
    return [row async for row in client.customers.list([half])]


async def _customer_at_bill(client: BillClient, customer_id: str) -> Customer | None:
    try:
        return await client.customers.get(customer_id)
    except NotFoundError:
        return None


async def _whole_account(client: BillClient, customer_id: str, row: BankAccount) -> BankAccount:
    is_whole = row.archived or row.account_number is not None
    return row if is_whole else await client.customers.get_bank_account(customer_id, row.id or "")


def _customer(client: BillClient, wanted: CustomerInput) -> Intent[Customer]:
    return customer_intent(client, wanted_customer(wanted.name, wanted.email, wanted.id))

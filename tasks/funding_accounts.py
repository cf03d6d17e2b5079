"""The organization's accounts that pay."""

from __future__ import annotations

from prefect import task
from prefect.cache_policies import NO_CACHE

from billcom.client import BillClient
from billcom.lookup import funding_accounts as lookup
from billcom.models.funding_account import FundingAccount
from tasks.retries import READ_DELAYS, READ_RETRIES, may_be_repeated


@task(
    task_run_name="find verified funding account",
    cache_policy=NO_CACHE,
    retries=READ_RETRIES,
    retry_delay_seconds=READ_DELAYS,
    retry_condition_fn=may_be_repeated,
)
async def find_funding_account(client: BillClient, wanted_id: str = "") -> FundingAccount:
    """Return the verified account this user can pay from. Raises ConflictError saying why none can."""
    return await lookup.find_funding_account(client, wanted_id)

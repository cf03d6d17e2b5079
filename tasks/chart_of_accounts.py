"""The chart of accounts: the general ledger's categories that bills are booked under."""

from __future__ import annotations

from prefect import task
from prefect.cache_policies import NO_CACHE

from billcom.client import BillClient
from billcom.models.chart_of_account import ChartOfAccount
from tasks.retries import READ_DELAYS, READ_RETRIES, may_be_repeated


@task(
    task_run_name="list GL accounts",
    cache_policy=NO_CACHE,
    retries=READ_RETRIES,
    retry_delay_seconds=READ_DELAYS,
    retry_condition_fn=may_be_repeated,
)
async def list_gl_accounts(client: BillClient) -> tuple[ChartOfAccount, ...]:
    """Return the accounts in use."""
    return tuple([account async for account in client.chart_of_accounts.list() if not account.archived])

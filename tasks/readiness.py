"""Whether a payment could be made now: the role and the accounts for it. Reads only."""

from __future__ import annotations

from prefect import task
from prefect.cache_policies import NO_CACHE

from billcom import readiness
from billcom.client import BillClient
from billcom.readiness import Finding
from tasks.retries import READ_DELAYS, READ_RETRIES, may_be_repeated


@task(
    task_run_name="check the role",
    cache_policy=NO_CACHE,
    retries=READ_RETRIES,
    retry_delay_seconds=READ_DELAYS,
    retry_condition_fn=may_be_repeated,
)
async def check_role(client: BillClient) -> Finding:
    """Return whether the user's role may pay."""
    return await readiness.check_role(client)


@task(
    task_run_name="check the funding accounts",
    cache_policy=NO_CACHE,
    retries=READ_RETRIES,
    retry_delay_seconds=READ_DELAYS,
    retry_condition_fn=may_be_repeated,
)
async def check_funding_accounts(client: BillClient) -> list[Finding]:
    """Return, for each bank account of the organization, whether this user can pay from it, or why not."""
    return await readiness.check_funding_accounts(client)

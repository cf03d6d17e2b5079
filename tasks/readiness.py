"""Whether a payment could be made now: the stop switches, the role and the accounts for it. Reads only."""

from __future__ import annotations

from prefect import task
from prefect.cache_policies import NO_CACHE

from billcom import readiness
from billcom.client import BillClient
from billcom.errors import StoppedError
from billcom.readiness import Finding, Verdict
from billcom.stop_switch import StopSwitch
from tasks.money import check_not_stopped
from tasks.retries import READ_DELAYS, READ_RETRIES, may_be_repeated


@task(
    task_run_name="check the stop switches",
    cache_policy=NO_CACHE,
    retries=READ_RETRIES,
    retry_delay_seconds=READ_DELAYS,
    retry_condition_fn=may_be_repeated,
)
async def check_stop(client: BillClient) -> Finding:
    """Return whether Prefect's stop variable or the journal's stop switch halts all money."""
    try:
        await check_not_stopped()
    except StoppedError as error:
        return Finding("stop switch", Verdict.PROBLEM, str(error), stops_payment=True)
    return readiness.stop_finding(await StopSwitch(client.settings).read())


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

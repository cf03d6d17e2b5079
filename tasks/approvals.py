"""Requests for approval that nobody has answered in time."""

from __future__ import annotations

from prefect import task
from prefect.cache_policies import NO_CACHE

from billcom import approval
from billcom.approvers import REQUEST
from billcom.client import BillClient


@task(task_run_name="end requests for approval that are over", cache_policy=NO_CACHE, retries=0)
async def expire_requests(client: BillClient) -> int:
    """Note in the journal which requests, or approvals, have run out; return how many."""
    ended = 0
    for row in await client.journal.standing():
        if row.identity.kind == approval.APPROVAL and row.identity.label == REQUEST:
            before = row.state
            await approval.expire(client.journal, row.identity.subject)
            after = (await client.journal.of_subject(approval.APPROVAL, row.identity.subject))[REQUEST].state
            ended += after is not before
    return ended

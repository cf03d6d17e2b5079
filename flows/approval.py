"""The chapter before money moves: people approve the plan, by its fingerprint, in a form or on the command line."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from typing import Annotated
from uuid import UUID, uuid4

import orjson
from prefect.client.orchestration import get_client
from prefect.flow_runs import asuspend_flow_run
from prefect.input import RunInput
from prefect.logging import get_run_logger
from prefect.runtime import deployment, flow_run
from pydantic import Field

from billcom import approval
from billcom.approvers import Approvers
from billcom.client import BillClient
from billcom.errors import ApprovalError
from billcom.money import display
from billcom.runs.lines import Run, Status, Total
from billcom.runs.report import run_outcome

_GRACE = timedelta(days=1)
"""Prefect waits longer than the request does: whoever answers late is told so, and the journal notes it."""

_ASK = """**{who} to approve {kind} {name}: {count} payments, USD {amount}.** Prepared by {prepared_by}.

{outcome}

Fingerprint `{fingerprint}`: the plan, line by line, is in this run's artifact and in the workbook named there. It is \
void as soon as the plan changes. Answer by {expires_at}; `Resume` takes the answer."""
_PROOF = "\n\nThe code is the one your authenticator app shows now; it is used once and deleted."
_NO_PROOF = "\n\nNo approver is enrolled here, so that nothing proves who answers."
_PREFIX, _SUFFIX = "paused-approve-", "-response"


class Answer(StrEnum):
    """What an approver says."""

    APPROVE = "approve: pay exactly this"
    DENY = "deny: nothing of it is paid"


class ApprovalForm(RunInput):
    """The form that asks for approval."""

    answer: Annotated[Answer, Field(title="Your answer")] = Answer.DENY
    approver: Annotated[str, Field(title="Your name")] = ""
    code: Annotated[
        str, Field(title="Code of your authenticator app", description="Six digits; empty without one")
    ] = ""
    comment: Annotated[str, Field(title="Comment")] = ""


async def ensure_approved(
    client: BillClient, run: Run, prepared_by: str, fingerprint: str, approver: str
) -> None:
    """Return when the plan may go on; else wait for people, outside any process, for days.

    A run under every threshold needs nobody. With a deployment the run is suspended and asks in its form; without
    one `fingerprint` approves, when it is the plan's. Raises ApprovalError when it is not, was denied, or expired.
    """
    settings, journal = client.settings, client.journal
    total = Total.of(line for line in run.lines if line.is_asked)
    needed = approval.approvals_needed(settings, total)
    if not needed or not run.total_of(Status.PLANNED).count:
        return
    await approval.expire(journal, run.fingerprint)
    request = await approval.request(
        journal, run.fingerprint, prepared_by, total, needed, settings.approval_days
    )
    if fingerprint:
        await _approve_by_hand(client, run, fingerprint, approver)
    else:
        await _take_answers(client, run)
    stands = await approval.standing(journal, run.fingerprint, settings.clock.now())
    if stands.is_granted:
        get_run_logger().info("approved by %s", ", ".join(stands.approvers))
        return
    if stands.is_denied:
        raise ApprovalError(
            f"{run.fingerprint} was denied by {stands.denied_by}{f': {stands.comment}' if stands.comment else ''}; "
            "nothing was paid. Correct the plan, or run again to ask anew"
        )
    left = stands.needed - len(stands.approvers)
    if not deployment.id:
        raise ApprovalError(
            f"{run.kind} {run.name} needs {left} more to approve it, USD {display(total.amount)}; nothing was paid. "
            f"Look at the plan, then run again with --approve {run.fingerprint} --approver NAME"
        )
    await _suspend(client, run, request, left)


async def _approve_by_hand(client: BillClient, run: Run, fingerprint: str, approver: str) -> None:
    stands = await approval.standing(client.journal, run.fingerprint, client.settings.clock.now())
    if fingerprint != run.fingerprint:
        raise ApprovalError(
            f"{fingerprint} is not the fingerprint of this plan, which is {run.fingerprint}: it has changed since, or "
            "is another; nothing was paid. Look at the plan, then approve it by its own"
        )
    if not stands.is_granted:
        await approval.approve(client.journal, run.fingerprint, approver, proven=False)


async def _take_answers(client: BillClient, run: Run) -> None:
    """Record what people have typed into this run's forms, and delete it from Prefect, which keeps it in clear."""
    if not flow_run.id:
        return
    async with get_client() as prefect:
        given = await prefect.filter_flow_run_input(UUID(flow_run.id), _PREFIX, limit=20, exclude_keys=set())
        answers = [item for item in given if item.key.endswith(_SUFFIX)]
        for item in answers:
            await prefect.delete_flow_run_input(UUID(flow_run.id), item.key)
    for item in answers:
        form = ApprovalForm.model_validate(orjson.loads(item.value))
        try:
            await _take(client, run, form)
        except ApprovalError as error:
            get_run_logger().warning("the answer of %s was not taken: %s", form.approver or "nobody", error)


async def _take(client: BillClient, run: Run, form: ApprovalForm) -> None:
    approvers, now = Approvers(client.settings), client.settings.clock.now()
    proven = bool(approvers.names())
    if proven:
        await approvers.verify(form.approver, form.code, now)
    decide = approval.approve if form.answer is Answer.APPROVE else approval.deny
    await decide(client.journal, run.fingerprint, form.approver, proven, form.comment)


async def _suspend(client: BillClient, run: Run, request: approval.ApprovalRequest, left: int) -> None:
    """Ask in the run's form and end this process; the run begins again from its first chapter when it is answered."""
    settings = client.settings
    text = _ASK.format(
        who="One person is" if left == 1 else f"{left} people are",
        kind=run.kind,
        name=run.name,
        count=request.total.count,
        amount=display(request.total.amount),
        prepared_by=request.prepared_by or "somebody who gave no name",
        outcome=" ".join(run_outcome(run)),
        fingerprint=run.fingerprint,
        expires_at=f"{request.expires_at.astimezone(settings.clock.time_zone):%Y-%m-%d %H:%M %Z}",
    )
    text += _PROOF if Approvers(settings).names() else _NO_PROOF
    wait = timedelta(days=settings.approval_days) + _GRACE
    await client.journal.close()
    await asuspend_flow_run(
        wait_for_input=ApprovalForm.with_initial_data(description=text),
        timeout=int(wait.total_seconds()),
        key=f"approve-{uuid4().hex[:12]}",
    )

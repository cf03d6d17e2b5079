"""The chapter before money moves: people approve the plan, by its fingerprint, in a form or on the command line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
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
from billcom.normalization import same_text
from billcom.runs.lines import Run, Status, Total
from billcom.runs.report import run_outcome

_GRACE = timedelta(days=1)
"""Prefect waits longer than the request does: whoever answers late is told so, and the journal notes it."""

_ASK = """**{who} to approve {kind} {name}: {count} in all, USD {amount}.** Prepared by {prepared_by}.

{outcome}

Fingerprint `{fingerprint}`: the plan, line by line, is in this run's artifact and in the workbook named there. It is \
void as soon as the plan changes. Answer by {expires_at}; `Resume` takes the answer."""
_PROOF = "\n\nThe code is the one your authenticator app shows now; it is used once and deleted."
_NO_PROOF = "\n\nNo approver is enrolled here, so that nothing proves who answers."
_NOT_TAKEN = "\n\n**The last answer was not taken:** {why}."
_PREFIX, _SUFFIX = "suspended-approve-", "-response"
_MOST_INPUTS = 200
_OLDEST_CODE = timedelta(minutes=15)


class Answer(StrEnum):
    """What an approver says."""

    APPROVE = "approve: exactly this"
    DENY = "deny: no money moves"


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
    one `fingerprint` approves. Raises ApprovalError when that is another plan's, and when this one was denied or its
    request expired.
    """
    settings, journal = client.settings, client.journal
    answers = await _typed_answers(client)
    moving = [line for line in run.lines if line.moves_money]
    if not any(line.status is Status.PLANNED for line in moving):
        return
    if fingerprint and fingerprint != run.fingerprint:
        raise ApprovalError(
            f"{fingerprint} is not the fingerprint of this plan, which is {run.fingerprint}: it has changed since, or "
            "is another; no money moved. Look at the plan, then approve it by its own"
        )
    total = Total.of(line for line in moving if line.is_asked)
    needed = approval.approvals_needed(settings, total)
    if not needed:
        return
    before = await approval.expire(journal, run.fingerprint)
    if before.is_expired and any(answer.request.startswith(run.fingerprint) for answer in answers):
        raise ApprovalError(
            f"the request to approve {run.fingerprint} had expired when it was answered; no money moved. Run again "
            "to ask anew"
        )
    request = await approval.request(
        journal, run.fingerprint, prepared_by, total, needed, settings.approval_days
    )
    not_taken = await _take_answers(client, request, answers)
    if fingerprint:
        await _approve_by_hand(client, run.fingerprint, approver)
    stands = await approval.standing(journal, run.fingerprint, settings.clock.now())
    if stands.is_granted:
        get_run_logger().info("approved by %s", ", ".join(stands.approvers))
        return
    if stands.is_denied:
        raise ApprovalError(
            f"{run.fingerprint} was denied by {stands.denied_by}{f': {stands.comment}' if stands.comment else ''}; "
            "no money moved. Correct the plan, or run again to ask anew"
        )
    left = stands.needed - len(stands.approvers)
    if deployment.id:
        await _suspend(client, run, request, left, not_taken)
    raise ApprovalError(
        f"{run.kind} {run.name} needs {left} more to approve it, USD {display(total.amount)}; no money moved. "
        f"Look at the plan, then run again with --approve {run.fingerprint} --approver NAME"
    )


async def _approve_by_hand(client: BillClient, fingerprint: str, approver: str) -> None:
    stands = await approval.standing(client.journal, fingerprint, client.settings.clock.now())
    # A run that waits for a second person begins again with the parameters of the first.
    counted = deployment.id and any(same_text(approver, name) for name in stands.approvers)
    if not stands.is_granted and not stands.is_denied and not counted:
        await approval.approve(client.journal, fingerprint, approver, proven=False)


@dataclass(frozen=True)
class _Typed:
    """What somebody typed into a form at `at`, and the request it asked about."""

    request: str
    form: ApprovalForm
    at: datetime


async def _typed_answers(client: BillClient) -> list[_Typed]:
    """Return what people have typed into this run's forms; delete it from Prefect, which keeps it in clear."""
    if not flow_run.id:
        return []
    run_id = UUID(flow_run.id)
    async with get_client() as prefect:
        found = await prefect.filter_flow_run_input(run_id, _PREFIX, limit=_MOST_INPUTS, exclude_keys=set())
        given = [item for item in found if item.key.endswith(_SUFFIX)]
        for item in given:
            await prefect.delete_flow_run_input(run_id, item.key)
    typed: list[_Typed] = []
    for item in given:
        try:
            form = ApprovalForm.model_validate(orjson.loads(item.value))
        except ValueError:
            get_run_logger().warning("an answer that is none was not taken")
            continue
        # By Prefect's clock: a run takes up to minutes to begin again, an authenticator's code is good for one.
        age = datetime.now(UTC) - item.created if item.created else timedelta()
        age = min(max(age, timedelta()), _OLDEST_CODE)
        key = item.key.removeprefix(_PREFIX).removesuffix(_SUFFIX)
        typed.append(_Typed(key.rpartition("-")[0], form, client.settings.clock.now() - age))
    return sorted(typed, key=lambda answer: answer.at)


async def _take_answers(
    client: BillClient, request: approval.ApprovalRequest, answers: Sequence[_Typed]
) -> str:
    """Record answers to this very request; return why the last was not taken, or nothing."""
    why = ""
    for answer in answers:
        why = "it was for the plan as it was before, or for an earlier request"
        if answer.request == _name(request):
            try:
                await _take(client, request.fingerprint, answer)
            except ApprovalError as error:
                why = str(error)
            else:
                why = ""
        if why:
            get_run_logger().warning(
                "the answer of %s was not taken: %s", answer.form.approver or "nobody", why
            )
    return why


async def _take(client: BillClient, fingerprint: str, answer: _Typed) -> None:
    approvers, form = Approvers(client.settings), answer.form
    approves = form.answer is Answer.APPROVE
    proven = bool(approvers.names()) and (approves or bool(form.code.strip()))
    if proven:
        await approvers.verify(form.approver, form.code, answer.at)
    decide = approval.approve if approves else approval.deny
    await decide(client.journal, fingerprint, form.approver, proven, form.comment)


def _name(request: approval.ApprovalRequest) -> str:
    """Return what tells a request from earlier ones for the same plan, in signs that Prefect takes in a key."""
    return f"{request.fingerprint}-{request.asked_at:%Y%m%d%H%M%S%f}"


async def _suspend(
    client: BillClient, run: Run, request: approval.ApprovalRequest, left: int, not_taken: str
) -> None:
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
    text += _NOT_TAKEN.format(why=not_taken) if not_taken else ""
    wait = timedelta(days=settings.approval_days) + _GRACE
    await client.journal.close()
    await asuspend_flow_run(
        wait_for_input=ApprovalForm.with_initial_data(description=text),
        timeout=int(wait.total_seconds()),
        key=f"approve-{_name(request)}-{uuid4().hex[:12]}",
    )

"""The chapter MFA: a session that may move money, asking a person only when nothing else will do."""

from __future__ import annotations

from uuid import UUID

from prefect.client.orchestration import get_client
from prefect.exceptions import FlowPauseTimeout
from prefect.flow_runs import apause_flow_run
from prefect.logging import get_run_logger
from prefect.runtime import flow_run
from pydantic import SecretStr

from billcom.client import BillClient
from billcom.errors import BillError, ConflictError, MfaError, RejectedError
from billcom.inputs import CodeSource
from billcom.settings import Environment
from tasks.mfa import MfaCode, read_local_phone, request_code, step_up, validate_code

ATTEMPTS = 3
"""Codes asked for in one run; BILL texts at most five a minute."""

ANSWER_SECONDS = 300
"""How long a run waits for the code; BILL's own expire within minutes."""

POLL_SECONDS = 2
"""How often a waiting run asks whether somebody has answered."""

_ASK = """BILL has texted a six-digit code to the phone of **{user}**. Type it here to let this run go on.

It is used once and deleted. The device is then remembered for 30 days, so that later runs don't ask."""
_ASK_LOCALLY = "\n\nThis is the local BILL: [its phone shows the code]({phone})."


async def ensure_trusted(client: BillClient, code_from: CodeSource) -> None:
    """Make the session trusted: as it is, by the remembered device, or by a texted code.

    Call it just before money moves, in a flow: a pause can't be in a task. Raises ConflictError when no
    right code came; nothing was paid then.
    """
    session = await client.sessions.current()
    if session.trusted or await step_up(client):
        return
    for attempt in range(1, ATTEMPTS + 1):
        challenge_id = await request_code(client)
        code = await _code(client, challenge_id, code_from, attempt)
        try:
            await validate_code(client, challenge_id, code)
        except (MfaError, RejectedError) as error:
            get_run_logger().warning(
                "BILL refused the code (%s), attempt %s of %s", error.code, attempt, ATTEMPTS
            )
            continue
        if await step_up(client):
            return
    raise ConflictError(
        f"MFA: BILL accepted none of {ATTEMPTS} codes; nothing was paid. Check whose phone BILL texts, wait "
        "ten minutes, run again"
    )


async def _code(client: BillClient, challenge_id: str, code_from: CodeSource, attempt: int) -> SecretStr:
    if code_from is CodeSource.LOCAL_PHONE:
        return await read_local_phone(client, challenge_id)
    key = f"mfa-{attempt}"
    settings = client.settings
    ask = _ASK.format(user=settings.username)
    if settings.environment is Environment.LOCAL:
        ask += _ASK_LOCALLY.format(phone=settings.base_url.replace("/connect", "/_local/phone"))
    form = MfaCode.with_initial_data(description=ask)
    try:
        answer = await apause_flow_run(
            wait_for_input=form, timeout=ANSWER_SECONDS, poll_interval=POLL_SECONDS, key=key
        )
    except FlowPauseTimeout:
        raise BillError(
            f"MFA: nobody typed the texted code within {ANSWER_SECONDS // 60} minutes; nothing was paid. Run again"
        ) from None
    await _forget(key)
    return SecretStr(answer.code)


async def _forget(key: str) -> None:
    """Delete the typed code from Prefect, which keeps answers in clear."""
    async with get_client() as prefect:
        await prefect.delete_flow_run_input(UUID(flow_run.id), f"paused-{key}-response")

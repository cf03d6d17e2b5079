"""MFA: a texted code, handed in once, and the remembered device that spares the next one."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.input import RunInput
from pydantic import Field, SecretStr

from billcom import trust
from billcom.client import BillClient
from billcom.local import texted_code
from billcom.trust import Trust
from tasks.retries import READ_DELAYS, READ_RETRIES, may_be_repeated

CODE_PATTERN = r"^\d{6}$"


class MfaCode(RunInput):
    """The form that asks for the texted code."""

    code: Annotated[str, Field(title="Code from the text message", pattern=CODE_PATTERN)]


@task(
    task_run_name="step up the session",
    cache_policy=NO_CACHE,
    retries=READ_RETRIES,
    retry_delay_seconds=READ_DELAYS,
    retry_condition_fn=may_be_repeated,
)
async def step_up(client: BillClient) -> bool:
    """Make the session trusted with a remembered device. Return False when there is none, or all are dead."""
    return await trust.step_up(client) is not None


@task(
    task_run_name="ask BILL whether this machine is trusted",
    cache_policy=NO_CACHE,
    retries=READ_RETRIES,
    retry_delay_seconds=READ_DELAYS,
    retry_condition_fn=may_be_repeated,
)
async def look_at_trust(client: BillClient) -> Trust:
    """Return whether a remembered device is alive, and until when. Asks nobody for a code."""
    return await trust.look_at_trust(client)


# What holds a code is never persisted, whatever the worker's profile says: it would lie on disk in clear.
@task(task_run_name="ask BILL to text a code", cache_policy=NO_CACHE, retries=0, persist_result=False)
async def request_code(client: BillClient) -> str:
    """Have BILL text a code to the user's phone; return the challenge it belongs to."""
    return (await client.mfa.challenge()).challenge_id


@task(task_run_name="hand in the texted code", cache_policy=NO_CACHE, retries=0, persist_result=False)
async def validate_code(client: BillClient, challenge_id: str, code: SecretStr) -> datetime | None:
    """Hand in the code, keep the device BILL remembers, encrypted; return until when, None when it keeps none.

    Raises MfaError or RejectedError for a wrong or expired code: ask for a new one.
    """
    device = await trust.hand_in(client, challenge_id, code)
    return device.expires if device else None


@task(
    task_run_name="read the code from the local phone", cache_policy=NO_CACHE, retries=0, persist_result=False
)
async def read_local_phone(client: BillClient, challenge_id: str) -> SecretStr:
    """Return the code the local BILL texted. Raises SettingsError in any other environment."""
    return await texted_code(client, challenge_id)

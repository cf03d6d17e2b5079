"""MFA: a texted code, handed in once, and the remembered device that spares the next one."""

from __future__ import annotations

from typing import Annotated

from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.input import RunInput
from pydantic import Field, SecretStr

from billcom.client import BillClient
from billcom.local import texted_code
from billcom.models.mfa import ChallengeAnswer, StepUp
from billcom.remembered_device import DEVICE_NAME, RememberedDevices
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
    for remembered in RememberedDevices(client.settings).known():
        device = StepUp(remember_me_id=remembered.remember_me_id, device=remembered.device)
        if (await client.mfa.step_up(device)).trusted:
            return True
    return False


@task(task_run_name="ask BILL to text a code", cache_policy=NO_CACHE, retries=0)
async def request_code(client: BillClient) -> str:
    """Have BILL text a code to the user's phone; return the challenge it belongs to."""
    return (await client.mfa.challenge()).challenge_id


@task(task_run_name="hand in the texted code", cache_policy=NO_CACHE, retries=0)
async def validate_code(client: BillClient, challenge_id: str, code: SecretStr) -> None:
    """Hand in the code and keep, encrypted, the device BILL remembers for 30 days.

    Raises MfaError or RejectedError for a wrong or expired code: ask for a new one.
    """
    answer = ChallengeAnswer(
        challenge_id=challenge_id, token=code, remember_me=True, device=DEVICE_NAME, machine_name=DEVICE_NAME
    )
    remembered = await client.mfa.validate(answer)
    if remembered.remember_me_id is not None:
        RememberedDevices(client.settings).save(remembered.remember_me_id)


@task(task_run_name="read the code from the local phone", cache_policy=NO_CACHE, retries=0)
async def read_local_phone(client: BillClient, challenge_id: str) -> SecretStr:
    """Return the code the local BILL texted. Raises SettingsError in any other environment."""
    return await texted_code(client, challenge_id)

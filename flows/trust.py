"""The chapter MFA: a session that may move money, asking a person only when nothing else will do."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from typing import TypeVar
from uuid import UUID, uuid4

from prefect.client.orchestration import get_client
from prefect.exceptions import PrefectHTTPStatusError
from prefect.logging import get_run_logger
from prefect.runtime import flow_run
from pydantic import SecretStr

from billcom.client import BillClient
from billcom.errors import BillError, ConflictError, MfaError, RejectedError, UntrustedSessionError
from billcom.inputs import CodeSource
from billcom.locks import locked
from billcom.remembered_device import RememberedDevices
from billcom.settings import Environment, Settings
from billcom.trust import ENROLL
from flows.pause import ask
from tasks.mfa import MfaCode, read_local_phone, request_code, step_up, validate_code

ATTEMPTS = 3
"""Codes asked for in one run; BILL texts at most five a minute."""

ANSWER_SECONDS = 300
"""How long a run waits for the code; BILL's own expire within minutes."""

POLL_SECONDS = 2
"""How often a waiting run asks whether somebody has answered."""

T = TypeVar("T")

_ASK = """BILL has texted a six-digit code to the phone of **{user}**. Type it here to let this run go on.

It is used once and deleted. The device is then remembered for 30 days, so that later runs don't ask."""
_ASK_LOCALLY = "\n\nThis is the local BILL: [its phone shows the code]({phone})."


async def ensure_trusted(client: BillClient, code_from: CodeSource) -> None:
    """Make the session trusted: as it is, by the remembered device, or by a texted code.

    Call it just before money moves, in a flow: a pause can't be in a task. Raises ConflictError when no
    right code came, BillError when nobody typed one; nothing was paid then.
    """
    session = await client.sessions.current()
    if not session.trusted:
        await regain_trust(client, code_from)


async def trusted(client: BillClient, code_from: CodeSource, call: Callable[[], Awaitable[T]]) -> T:
    """Return what `call` returns; when BILL finds the session untrusted, pass MFA and repeat it once.

    BILL refuses such a call whole, so nothing is done twice. Raises UntrustedSessionError when BILL refuses
    it again, and what `ensure_trusted` raises.
    """
    try:
        return await call()
    except UntrustedSessionError as error:
        get_run_logger().warning("BILL does not trust the session (%s): passing MFA once more", error.code)
    await regain_trust(client, code_from)
    return await call()


async def regain_trust(client: BillClient, code_from: CodeSource, *, anew: bool = False) -> None:
    """Have BILL trust the session now, whatever was known of it: by the remembered device, else by a code.

    Of the runs of this machine that need a code at the same time one asks for it; the others wait, and go
    on with the device it leaves. A device that can't be read is warned of, and counts as none. `anew` asks for a
    code though a device is remembered, to have it remembered for another 30 days.
    """
    known = await client.devices.known()
    for reason in known.unreadable:
        get_run_logger().warning("MFA: %s", reason)
    if not anew and await step_up(client):
        return
    async with _the_one_who_asks(client.settings):
        if await client.devices.known() != known and await step_up(client):
            return
        await _pass_by_code(client, code_from, known.unreadable)


@asynccontextmanager
async def _the_one_who_asks(settings: Settings) -> AsyncGenerator[None]:
    def say() -> None:
        get_run_logger().info("Another run on this machine is asking for the code: waiting for it")

    async with locked(RememberedDevices(settings).lock_path, on_wait=say):
        yield


async def _pass_by_code(client: BillClient, code_from: CodeSource, unreadable: Sequence[str]) -> None:
    if code_from is CodeSource.NOBODY:
        reasons = ["BILL does not trust this session, and nobody is here to type a code", *unreadable]
        raise BillError(f"MFA: {'; '.join(reasons)}; nothing was paid. To mend it {ENROLL}, then run again")
    for attempt in range(1, ATTEMPTS + 1):
        challenge_id = await _challenge(client)
        code = await _code(client, challenge_id, code_from)
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
            "MFA: BILL accepted the code but does not trust the session; nothing was paid. Run again; if it "
            "stays so, ask BILL"
        )
    raise ConflictError(
        f"MFA: BILL accepted none of {ATTEMPTS} codes; nothing was paid. Check whose phone BILL texts, wait "
        "ten minutes, run again"
    )


async def _challenge(client: BillClient) -> str:
    try:
        return await request_code(client)
    except (MfaError, RejectedError) as error:
        raise ConflictError(
            f"MFA: BILL texted no code ({error.status} {error.code} {error.message.rstrip('.')}); nothing was "
            "paid. BILL texts at most five codes a minute: wait a minute, then run again"
        ) from None


async def _code(client: BillClient, challenge_id: str, code_from: CodeSource) -> SecretStr:
    if code_from is CodeSource.LOCAL_PHONE:
        return await read_local_phone(client, challenge_id)
    key = f"mfa-{uuid4().hex[:12]}"
    settings = client.settings
    text = _ASK.format(user=settings.username)
    if settings.environment is Environment.LOCAL:
        text += _ASK_LOCALLY.format(phone=settings.base_url.replace("/connect", "/_local/phone"))
    form = MfaCode.with_initial_data(description=text)
    try:
        answer = await ask(form, key, within_seconds=ANSWER_SECONDS, poll_seconds=POLL_SECONDS)
    except TimeoutError:
        with suppress(PrefectHTTPStatusError):  # there is none, but for one typed in the last instant
            await _forget(key)
        raise BillError(
            f"MFA: nobody typed the texted code within {ANSWER_SECONDS // 60} minutes; nothing was paid. Run again"
        ) from None
    await _forget(key)
    return SecretStr(answer.code)


async def _forget(key: str) -> None:
    """Delete the typed code from Prefect, which keeps answers in clear."""
    async with get_client() as prefect:
        await prefect.delete_flow_run_input(UUID(flow_run.id), f"paused-{key}-response")

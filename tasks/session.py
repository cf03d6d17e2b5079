"""The session: one for all runs, cached by Prefect, encrypted at rest, signed in by one process at a time."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Literal

import orjson
from prefect import task
from prefect.cache_policies import CacheKeyFnPolicy
from prefect.context import TaskRunContext
from prefect.runtime import flow_run
from prefect.serializers import Serializer

from billcom.client import BillClient
from billcom.errors import SettingsError
from billcom.locks import locked
from billcom.session import Session
from billcom.settings import Settings, StateSettings
from billcom.vault import Vault
from tasks.blocks import BillCredentials
from tasks.money import check_not_stopped
from tasks.remembered_device import remembered_devices
from tasks.retries import READ_DELAYS, READ_RETRIES, may_be_repeated

SESSION_LIFETIME = timedelta(minutes=30)
"""Under BILL's 35 minutes idle, counted from the sign-in: Prefect's cache does not slide."""


class EncryptedSession(Serializer):  # pyright: ignore[reportMissingTypeArgument] (a parametrized one does not register)
    """Stores a session encrypted. The key is no field: Prefect would write fields beside the result."""

    type: Literal["billcom-encrypted-session"] = "billcom-encrypted-session"  # pyright: ignore[reportIncompatibleVariableOverride] (as Prefect's own serializers do)

    def dumps(self, obj: Session) -> bytes:
        """Return the session encrypted."""
        clear = obj.model_dump() | {"session_id": obj.session_id.get_secret_value()}
        return Vault(StateSettings()).encrypt(orjson.dumps(clear))

    def loads(self, blob: bytes) -> Session:
        """Return the session of `blob`. Raises SettingsError when the key is another one."""
        return Session.model_validate(orjson.loads(Vault(StateSettings()).decrypt(blob)))


def _cache_key(_context: TaskRunContext, parameters: dict[str, Any]) -> str:
    settings: Settings = parameters["settings"]
    return f"billcom-session-{settings.identity}"


@task(
    task_run_name="sign in to BILL",
    cache_policy=CacheKeyFnPolicy(cache_key_fn=_cache_key),
    cache_expiration=SESSION_LIFETIME,
    persist_result=True,
    result_serializer=EncryptedSession(),
    retries=READ_RETRIES,
    retry_delay_seconds=READ_DELAYS,
    retry_condition_fn=may_be_repeated,
)
async def sign_in(settings: Settings) -> Session:
    """Sign in, trusted where a remembered device is known; cached for half an hour over all runs."""
    async with BillClient(settings) as client:
        known = await remembered_devices(settings).known()
        for remembered in known.alive(settings):
            return await client.authentication.sign_in(remembered.device, remembered.remember_me_id)
        return await client.authentication.sign_in()


class SharedSession:
    """The cached session, for a client. Only one process of the machine signs in at a time."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._lock_path = settings.state_path / "locks" / f"sign-in-{settings.identity[:16]}"
        self._session: Session | None = None

    async def current(self) -> Session:
        """Return the session of this run: the cached one, or a new one."""
        if self._session is None:
            async with locked(self._lock_path):
                self._session = await sign_in(self._settings)
        return self._session

    async def renewed(self, expired: Session) -> Session:
        """Return a session that replaces `expired` for all runs."""
        if self._session is not None and self._session.session_id != expired.session_id:
            return self._session
        async with locked(self._lock_path):
            cached = await sign_in(self._settings)
            if cached.session_id == expired.session_id:
                cached = await sign_in.with_options(refresh_cache=True)(self._settings)
            self._session = cached
        return cached


async def load_settings(credentials: str = "") -> Settings:
    """Return the settings of the `BillCredentials` block of this name; without a name, the environment's.

    Raises SettingsError naming what is missing or contradicts, before anything is sent.
    """
    if not credentials:
        return Settings.load()
    try:
        block = await BillCredentials.aload(credentials)
    except ValueError:
        raise SettingsError(
            f"credentials {credentials!r}: there is no BILL credentials block of this name; make it under "
            "Blocks, or leave the name empty to use the environment"
        ) from None
    return block.settings()


async def connect(settings: Settings) -> BillClient:
    """Return a client signed in with the session all runs share, which sends no money while Prefect says stop.

    Raises SignInError when BILL refuses.
    """
    sessions = SharedSession(settings)
    await sessions.current()
    devices = remembered_devices(settings)
    run = str(flow_run.id or "")
    return BillClient(settings, sessions=sessions, devices=devices, run=run, before_money=check_not_stopped)

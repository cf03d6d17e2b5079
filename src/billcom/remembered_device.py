"""The device BILL remembers for 30 days, so that unattended runs are trusted: kept encrypted, with its expiry."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol

from pydantic import BaseModel, ConfigDict, SecretStr

from billcom.errors import SettingsError
from billcom.settings import Settings
from billcom.vault import Vault, write_private

LIFETIME = timedelta(days=30)
"""Source: BILL API reference, login."""

DEVICE_NAME = "billcom"

STATE_DIRECTORY = "the device of the state directory"
ENVIRONMENT = "BILL_REMEMBER_ME_ID"


class RememberedDevice(BaseModel):
    """A device name and the id BILL gave for it. Both open the door together.

    `expires` is None for one from the environment: nothing says when BILL handed it out. `where` says in words
    where it is kept.
    """

    model_config = ConfigDict(frozen=True)

    device: str
    remember_me_id: SecretStr
    expires: datetime | None
    where: str = STATE_DIRECTORY

    @classmethod
    def made(
        cls, settings: Settings, remember_me_id: SecretStr, where: str = STATE_DIRECTORY
    ) -> RememberedDevice:
        """Return the device that BILL has remembered this moment."""
        expires = settings.clock.now() + LIFETIME
        return cls(device=DEVICE_NAME, remember_me_id=remember_me_id, expires=expires, where=where)

    def as_text(self) -> str:
        """Return it in clear, to be encrypted at once. Only for one with an expiry."""
        expires = self.expires.isoformat() if self.expires else ""
        return f"{self.device}\n{expires}\n{self.remember_me_id.get_secret_value()}"

    @classmethod
    def from_text(cls, text: str, where: str = STATE_DIRECTORY) -> RememberedDevice:
        """Return the device of what `as_text` returned."""
        device, expires, secret = text.split("\n", 2)
        return cls(
            device=device,
            remember_me_id=SecretStr(secret),
            expires=datetime.fromisoformat(expires),
            where=where,
        )


class KnownDevices(BaseModel):
    """What is kept of one sign-in: its devices, the one to try first first, expired ones too.

    `unreadable` says of each that can't be used why not, and what to do; it holds no secret.
    """

    model_config = ConfigDict(frozen=True)

    devices: tuple[RememberedDevice, ...] = ()
    unreadable: tuple[str, ...] = ()

    def alive(self, settings: Settings) -> list[RememberedDevice]:
        """Return the devices that BILL may remember still, by the clock of these settings."""
        return [d for d in self.devices if d.expires is None or d.expires > settings.clock.now()]


class DeviceStore(Protocol):
    """Where the remembered devices of one sign-in are kept. A store may be shared by several machines."""

    async def known(self) -> KnownDevices:
        """Return what is kept now, never from memory: another run may have had a device remembered meanwhile."""
        ...

    async def save(self, remember_me_id: SecretStr) -> RememberedDevice:
        """Keep, encrypted, the device that BILL has just remembered; return it with its expiry."""
        ...


class RememberedDevices:
    """The remembered devices of one sign-in on this machine: the state directory's, then the environment's."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._vault = Vault(settings)
        self._path = settings.state_path / "devices" / settings.identity[:16]

    @property
    def lock_path(self) -> Path:
        """The lock file that whoever asks for a code holds meanwhile, so that only one of a machine asks."""
        return self._settings.state_path / "locks" / f"mfa-{self._settings.identity[:16]}"

    async def known(self) -> KnownDevices:
        """Return the device kept last, then the environment's."""
        unreadable: tuple[str, ...] = ()
        try:
            kept = self.kept()
        except SettingsError as error:
            kept, unreadable = None, (f"{STATE_DIRECTORY} can't be read: {error}",)
        devices = tuple(device for device in (kept, self.given()) if device)
        return KnownDevices(devices=devices, unreadable=unreadable)

    def given(self) -> RememberedDevice | None:
        """Return the environment's device (BILL_DEVICE, BILL_REMEMBER_ME_ID), or None."""
        settings = self._settings
        if not settings.device:
            return None
        secret = settings.remember_me_id
        return RememberedDevice(
            device=settings.device, remember_me_id=secret, expires=None, where=ENVIRONMENT
        )

    def kept(self) -> RememberedDevice | None:
        """Return the device of the state directory, expired or not, or None.

        Raises SettingsError when it was encrypted with another key.
        """
        try:
            encrypted = self._path.read_bytes()
        except FileNotFoundError:
            return None
        return RememberedDevice.from_text(self._vault.decrypt(encrypted).decode())

    async def save(self, remember_me_id: SecretStr) -> RememberedDevice:
        """Keep in the state directory a device that BILL has just remembered; return it with its expiry."""
        made = RememberedDevice.made(self._settings, remember_me_id)
        write_private(self._path, self._vault.encrypt(made.as_text().encode()))
        return made

    def first_warning(self, expires: datetime, days: int) -> bool:
        """Return True the first time it is asked for this device and number of days, over this machine's processes."""
        path, text = self._path.with_suffix(".warned"), f"{expires.isoformat()} {days}"
        with suppress(FileNotFoundError):
            if path.read_text() == text:
                return False
        write_private(path, text.encode())
        return True

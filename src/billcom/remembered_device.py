"""The device BILL remembers for 30 days, so that unattended runs are trusted: kept encrypted, with its expiry."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

from pydantic import BaseModel, ConfigDict, SecretStr

from billcom.errors import SettingsError
from billcom.settings import Settings
from billcom.vault import Vault, write_private

LIFETIME = timedelta(days=30)
"""Source: BILL API reference, login."""

DEVICE_NAME = "billcom"


class RememberedDevice(BaseModel):
    """A device name and the id BILL gave for it. Both open the door together.

    `expires` is None for one from the environment: nothing says when BILL handed it out.
    """

    model_config = ConfigDict(frozen=True)

    device: str
    remember_me_id: SecretStr
    expires: datetime | None


class RememberedDevices:
    """Where the remembered devices of one sign-in are kept: the state directory, then the environment."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._vault = Vault(settings)
        self._path = settings.state_path / "devices" / settings.identity[:16]

    @property
    def lock_path(self) -> Path:
        """The lock file that whoever asks for a code holds meanwhile, so that only one asks."""
        return self._settings.state_path / "locks" / f"mfa-{self._settings.identity[:16]}"

    def known(self) -> list[RememberedDevice]:
        """Return the devices that may be remembered still: the one kept last, then the environment's."""
        try:
            kept = self.kept()
        except SettingsError:
            kept = None
        if kept and kept.expires and kept.expires <= self._settings.clock.now():
            kept = None
        return [device for device in (kept, self.given()) if device]

    def given(self) -> RememberedDevice | None:
        """Return the environment's device (BILL_DEVICE, BILL_REMEMBER_ME_ID), or None."""
        settings = self._settings
        if not settings.device:
            return None
        return RememberedDevice(device=settings.device, remember_me_id=settings.remember_me_id, expires=None)

    def kept(self) -> RememberedDevice | None:
        """Return the device of the state directory, expired or not, or None.

        Raises SettingsError when it was encrypted with another key.
        """
        try:
            encrypted = self._path.read_bytes()
        except FileNotFoundError:
            return None
        device, _, rest = self._vault.decrypt(encrypted).decode().partition("\n")
        expires, _, secret = rest.partition("\n")
        return RememberedDevice(
            device=device, remember_me_id=SecretStr(secret), expires=datetime.fromisoformat(expires)
        )

    def save(self, remember_me_id: SecretStr, device: str = DEVICE_NAME) -> RememberedDevice:
        """Keep a device that BILL has just remembered; return it with its expiry."""
        expires = self._settings.clock.now() + LIFETIME
        made = RememberedDevice(device=device, remember_me_id=remember_me_id, expires=expires)
        text = f"{device}\n{expires.isoformat()}\n{remember_me_id.get_secret_value()}"
        write_private(self._path, self._vault.encrypt(text.encode()))
        return made

    def first_warning(self, expires: datetime, days: int) -> bool:
        """Return True the first time it is asked for this device and number of days, over all processes."""
        path, text = self._path.with_suffix(".warned"), f"{expires.isoformat()} {days}"
        with suppress(FileNotFoundError):
            if path.read_text() == text:
                return False
        write_private(path, text.encode())
        return True

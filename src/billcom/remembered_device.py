"""The device BILL remembers for 30 days, so that unattended runs are trusted: kept encrypted, with its expiry."""

from __future__ import annotations

from datetime import datetime, timedelta

from pydantic import BaseModel, ConfigDict, SecretStr

from billcom.errors import SettingsError
from billcom.settings import Settings
from billcom.vault import Vault, write_private

LIFETIME = timedelta(days=30)
"""Source: BILL API reference, login."""

DEVICE_NAME = "billcom"


class RememberedDevice(BaseModel):
    """A device name and the id BILL gave for it. Both open the door together."""

    model_config = ConfigDict(frozen=True)

    device: str
    remember_me_id: SecretStr
    expires: datetime


class RememberedDevices:
    """Where the remembered device of one sign-in is kept: the environment, else the state directory."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._vault = Vault(settings)
        self._path = settings.state_path / "devices" / settings.identity[:16]

    def known(self) -> list[RememberedDevice]:
        """Return the devices that may be remembered still: the one kept last, then the environment's."""
        settings = self._settings
        kept = self._load()
        if not settings.device:
            return [kept] if kept else []
        expires = settings.clock.now() + LIFETIME  # its true age is not known here: BILL will tell
        given = RememberedDevice(
            device=settings.device, remember_me_id=settings.remember_me_id, expires=expires
        )
        return [kept, given] if kept else [given]

    def _load(self) -> RememberedDevice | None:
        """Return the device that is kept and not past its 30 days, or None."""
        try:
            clear = self._vault.decrypt(self._path.read_bytes())
        except (FileNotFoundError, SettingsError):
            return None
        device, _, rest = clear.decode().partition("\n")
        expires, _, secret = rest.partition("\n")
        found = RememberedDevice(
            device=device, remember_me_id=SecretStr(secret), expires=datetime.fromisoformat(expires)
        )
        return found if found.expires > self._settings.clock.now() else None

    def save(self, remember_me_id: SecretStr, device: str = DEVICE_NAME) -> RememberedDevice:
        """Keep a device that BILL has just remembered; return it with its expiry."""
        made = RememberedDevice(
            device=device,
            remember_me_id=remember_me_id,
            expires=self._settings.clock.now() + LIFETIME,
        )
        text = f"{device}\n{made.expires.isoformat()}\n{remember_me_id.get_secret_value()}"
        write_private(self._path, self._vault.encrypt(text.encode()))
        return made

"""Where the remembered device of a run is kept: in the credentials block it names, for all machines, or on this one."""

from __future__ import annotations

from prefect.exceptions import PrefectHTTPStatusError
from prefect.logging import get_run_logger
from pydantic import SecretStr

from billcom.errors import SettingsError
from billcom.remembered_device import DeviceStore, KnownDevices, RememberedDevice, RememberedDevices
from billcom.settings import Settings
from billcom.vault import Vault
from tasks.blocks import BillCredentials, BlockSettings


def remembered_devices(settings: Settings) -> DeviceStore:
    """Return where the devices of these settings are kept: their credentials block, else the state directory."""
    return BlockDevices(settings) if isinstance(settings, BlockSettings) else RememberedDevices(settings)


class BlockDevices:
    """The remembered device of a credentials block, encrypted with BILL_SESSION_KEY; then this machine's.

    It is bound to the block's user and organization: of a block that was given to another user, it is none.
    """

    def __init__(self, settings: BlockSettings) -> None:
        self._settings = settings
        self._vault = Vault(settings)
        self._here = RememberedDevices(settings)
        self._block = f"the credentials block {settings.credentials_block}"
        self._where = f"the device of {self._block}"

    async def known(self) -> KnownDevices:
        """Return the block's device, then those of this machine."""
        here = await self._here.known()
        try:
            kept = self._opened(await self._load())
        except SettingsError as error:
            return here.model_copy(update={"unreadable": (str(error), *here.unreadable)})
        return here.model_copy(update={"devices": (kept, *here.devices)}) if kept else here

    async def save(self, remember_me_id: SecretStr) -> RememberedDevice:
        """Keep in the block a device that BILL has just remembered; in the state directory when that can't be."""
        made = RememberedDevice.made(self._settings, remember_me_id, self._where)
        try:
            await self._write(made)
        except Exception as error:  # noqa: BLE001 (the code is used up: whatever it is, the device must not be lost)
            why = str(error) if isinstance(error, SettingsError) else f"{self._block}: {type(error).__name__}"
            get_run_logger().warning(
                "The remembered device is kept in the state directory of this machine alone, not in the credentials "
                "block: %s. Other machines will ask for a code; run enroll-mfa again once that is mended",
                why,
            )
            return await self._here.save(remember_me_id)
        return made

    async def _load(self) -> BillCredentials:
        try:
            return await BillCredentials.aload(self._settings.credentials_block)
        except (ValueError, RuntimeError, PrefectHTTPStatusError) as error:
            raise SettingsError(
                f"{self._block} can't be read any more ({type(error).__name__}): look whether it is there, under Blocks"
            ) from None

    async def _write(self, made: RememberedDevice) -> None:
        # With the key file of one machine, the machines would take the block from each other, code by code.
        if not self._settings.session_key.get_secret_value():
            raise SettingsError("BILL_SESSION_KEY is not set: set the same one for every worker")
        block = await self._load()
        if block.settings().identity != self._settings.identity:
            raise SettingsError(f"{self._block} holds another user or organization by now")
        clear = f"{self._settings.identity}\n{made.as_text()}"
        await block.keep_device(self._vault.encrypt(clear.encode()).decode())

    def _opened(self, block: BillCredentials) -> RememberedDevice | None:
        encrypted = block.remembered_device.get_secret_value()
        if not encrypted:
            return None
        try:
            clear = self._vault.decrypt(encrypted.encode()).decode()
        except SettingsError:
            raise SettingsError(
                f"{self._where} can't be read: it was encrypted with another BILL_SESSION_KEY than this worker's. Give "
                "this worker the key that the other workers have, or enrol again with these credentials"
            ) from None
        identity, _, text = clear.partition("\n")
        return RememberedDevice.from_text(text, self._where) if identity == self._settings.identity else None

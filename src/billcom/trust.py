"""Whether BILL trusts this machine without a person: asked of BILL, never read from a cached session."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from pydantic import SecretStr

from billcom.client import BillClient
from billcom.errors import SettingsError
from billcom.models.mfa import ChallengeAnswer, StepUp
from billcom.remembered_device import DEVICE_NAME, RememberedDevice, RememberedDevices

WARN_DAYS = (10, 5, 1)
"""Days left of a remembered device at which somebody should know."""

ENROLL = "run the enroll-mfa flow, or billcom mfa enroll on this machine, and type the code BILL texts"
"""What a person does to have BILL remember this machine for another 30 days."""


@dataclass(frozen=True)
class Trust:
    """Whether a remembered device makes a session trusted now, and until when.

    `reason` says how, or why not, with no secret. `expires` and `days_left` (whole days) are None when it is
    not trusted, and for a device of the environment, whose age nothing tells.
    """

    trusted: bool
    reason: str
    expires: datetime | None = None
    days_left: int | None = None

    @property
    def warning(self) -> int | None:
        """The last of the numbers of days in `WARN_DAYS` that was reached, or None while there are more."""
        left = self.days_left
        return None if left is None else min((days for days in WARN_DAYS if left <= days), default=None)


async def step_up(client: BillClient) -> RememberedDevice | None:
    """Make the session trusted; return the remembered device that did, or None when none is alive."""
    for remembered in RememberedDevices(client.settings).known():
        device = StepUp(remember_me_id=remembered.remember_me_id, device=remembered.device)
        if (await client.mfa.step_up(device)).trusted:
            return remembered
    return None


async def look_at_trust(client: BillClient) -> Trust:
    """Ask BILL whether the remembered device is alive. Asks nobody for a code."""
    device = await step_up(client)
    if device is None:
        return Trust(trusted=False, reason=_why_not(client))
    if device.expires is None:
        reason = "by BILL_REMEMBER_ME_ID, whose age is not known here: BILL forgets it 30 days after it was handed out"
        return Trust(trusted=True, reason=reason)
    left = (device.expires - client.settings.clock.now()).days
    until = f"by the device of the state directory, until {device.expires:%Y-%m-%d %H:%M} UTC"
    return Trust(trusted=True, reason=until, expires=device.expires, days_left=left)


def _why_not(client: BillClient) -> str:
    devices = RememberedDevices(client.settings)
    try:
        kept = devices.kept()
    except SettingsError as error:
        return f"the remembered device can't be read: {error}"
    where = [
        "the device of the state directory" if kept else "",
        "BILL_REMEMBER_ME_ID" if devices.given() else "",
    ]
    named = " and ".join(filter(None, where))
    if not named:
        return "no device is remembered"
    if kept and kept.expires and kept.expires <= client.settings.clock.now() and not devices.given():
        return f"the device of the state directory expired on {kept.expires:%Y-%m-%d}"
    return f"BILL accepts {named} no longer"


async def hand_in(client: BillClient, challenge_id: str, code: SecretStr) -> RememberedDevice | None:
    """Hand in a texted code; keep, encrypted, and return the device BILL remembers for 30 days.

    None when BILL took the code and remembers nothing. Raises MfaError or RejectedError for a wrong or
    expired code: ask for a new challenge.
    """
    answer = ChallengeAnswer(
        challenge_id=challenge_id, token=code, remember_me=True, device=DEVICE_NAME, machine_name=DEVICE_NAME
    )
    remembered = await client.mfa.validate(answer)
    if remembered.remember_me_id is None:
        return None
    return RememberedDevices(client.settings).save(remembered.remember_me_id)

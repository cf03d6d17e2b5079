"""Whether BILL trusts this sign-in without a person: asked of BILL, never read from a cached session."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from pydantic import SecretStr

from billcom.client import BillClient
from billcom.models.mfa import ChallengeAnswer, StepUp
from billcom.remembered_device import DEVICE_NAME, KnownDevices, RememberedDevice
from billcom.settings import Settings

WARN_DAYS = (10, 5, 1)
"""Days left of a remembered device at which somebody should know."""

ENROLL = (
    "run the enroll-mfa flow with the same credentials (or, for the environment's, billcom mfa enroll on this "
    "machine), and type the code BILL texts"
)
"""What a person does to have BILL remember this machine, or a credentials block, for another 30 days."""


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
    return await _step_up(client, await client.devices.known())


async def _step_up(client: BillClient, known: KnownDevices) -> RememberedDevice | None:
    for remembered in known.alive(client.settings):
        device = StepUp(remember_me_id=remembered.remember_me_id, device=remembered.device)
        if (await client.mfa.step_up(device)).trusted:
            return remembered
    return None


async def look_at_trust(client: BillClient) -> Trust:
    """Ask BILL whether a remembered device is alive, and say where it is kept. Asks nobody for a code."""
    known = await client.devices.known()
    device = await _step_up(client, known)
    if device is None:
        return Trust(trusted=False, reason=_why_not(known, client.settings))
    but = "".join(f"; but {reason}" for reason in known.unreadable)
    if device.expires is None:
        age = "whose age is not known here: BILL forgets it 30 days after it was handed out"
        return Trust(trusted=True, reason=f"by {device.where}, {age}{but}")
    left = (device.expires - client.settings.clock.now()).days
    until = f"by {device.where}, until {device.expires:%Y-%m-%d %H:%M} UTC{but}"
    return Trust(trusted=True, reason=until, expires=device.expires, days_left=left)


def _why_not(known: KnownDevices, settings: Settings) -> str:
    reasons = list(known.unreadable)
    if alive := known.alive(settings):
        reasons.append(f"BILL accepts {' and '.join(device.where for device in alive)} no longer")
    else:
        reasons += [f"{d.where} expired on {d.expires:%Y-%m-%d}" for d in known.devices if d.expires]
    return "; ".join(reasons) or "no device is remembered"


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
    return await client.devices.save(remembered.remember_me_id)

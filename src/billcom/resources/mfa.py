"""MFA: what makes a session trusted."""

from __future__ import annotations

from billcom.models.base import Record
from billcom.models.mfa import Challenge, ChallengeAnswer, Phone, RememberedDevice, StepUp, Trust
from billcom.resources.base import Resource


class _Phones(Record):
    results: tuple[Phone, ...] = ()


class Mfa(Resource):
    """`client.mfa`. BILL texts at most five codes a minute."""

    async def challenge(self) -> Challenge:
        """Have a six-digit code texted to the user's phone. Source: BILL API reference, generate challenge."""
        return await self._send(Challenge, "POST", "/v3/mfa/challenge", repeatable=True)

    async def validate(self, answer: ChallengeAnswer) -> RememberedDevice:
        """Hand in the texted code; with `remember_me` and `device`, return the device to remember (30 days).

        Raises MfaError or RejectedError for a wrong or expired code: ask for a new challenge. Whether this
        alone makes the session trusted is not settled: call `step_up` and look at its answer.
        """
        return await self._send(RememberedDevice, "POST", "/v3/mfa/challenge/validate", answer)

    async def step_up(self, device: StepUp) -> Trust:
        """Make the present session trusted with a remembered device. False, not an error, when it is dead."""
        return await self._send(Trust, "POST", "/v3/mfa/step-up", device, repeatable=True)

    async def phones(self) -> tuple[Phone, ...]:
        """Return the phones codes can go to."""
        return (await self._get(_Phones, "/v3/mfa/phones")).results

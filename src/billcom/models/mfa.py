"""MFA: challenges, remembered devices and phones."""

from __future__ import annotations

from pydantic import Field, SecretStr

from billcom.models.base import Record, RequestBody

MAX_DEVICE_LENGTH = 19
"""Longest device name known to work; one of 49 characters was refused. Source: seen live by third parties."""


class Challenge(Record):
    """A code that was texted and waits to be typed."""

    challenge_id: str


class ChallengeAnswer(RequestBody):
    """The texted code; with `remember_me` and `device` BILL remembers the device for 30 days."""

    challenge_id: str
    token: SecretStr
    remember_me: bool | None = None
    device: str | None = None
    machine_name: str | None = None


class RememberedDevice(Record):
    """Answer to a right code."""

    remember_me_id: SecretStr | None = None


class StepUp(RequestBody):
    """A remembered device, to make the present session trusted."""

    remember_me_id: SecretStr
    device: str


class Trust(Record):
    """Whether the session is trusted now. A dead remembered device answers False, not an error."""

    trusted: bool


class Phone(Record):
    """A phone that gets the codes."""

    type: str | None = None
    last4digits: str | None = Field(default=None, alias="last4digits")
    primary: bool | None = None

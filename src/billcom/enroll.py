"""`billcom mfa enroll`: a texted code typed at the terminal, and BILL remembers this machine for 30 days."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Callable
from functools import partial
from getpass import getpass

from pydantic import SecretStr

from billcom.client import BillClient
from billcom.errors import BillError, ConflictError, InputError, MfaError, Problem, RejectedError
from billcom.locks import locked
from billcom.remembered_device import RememberedDevice, RememberedDevices
from billcom.settings import Environment, Settings
from billcom.trust import hand_in, step_up

ATTEMPTS = 3
"""Codes asked for; BILL texts at most five a minute."""

_DIGITS = 6

Say = Callable[[str], object]


def run() -> int:
    """Enrol with the environment's settings and a code that is typed; return the exit status."""
    try:
        device = asyncio.run(enroll(Settings.load(), read_code, partial(print, flush=True)))
    except (BillError, OSError) as error:
        print(f"billcom mfa enroll: {error}", file=sys.stderr)
        return 1
    print(f"BILL remembers this machine until {device.expires:%Y-%m-%d %H:%M} UTC.")
    return 0


async def enroll(settings: Settings, read_code: Callable[[], SecretStr], say: Say) -> RememberedDevice:
    """Have BILL text a code, hand it in, keep the device BILL remembers; return it.

    A wrong code asks for a new one, three at most. Raises ConflictError when none was right, and what
    `read_code` raises.
    """
    lock = RememberedDevices(settings).lock_path
    async with BillClient(settings) as client:
        await client.sessions.current()

        def wait() -> None:
            say(
                "A run on this machine is asking for a code already: answer it there, or wait until it gives up."
            )

        before = await client.devices.known()
        async with locked(lock, on_wait=wait):
            if await client.devices.known() != before and (made := await step_up(client)) and made.expires:
                return made
            for attempt in range(1, ATTEMPTS + 1):
                if device := await _attempt(client, read_code, say, f"attempt {attempt} of {ATTEMPTS}"):
                    return device
    raise ConflictError(
        f"BILL accepted none of {ATTEMPTS} codes. Check whose phone BILL texts, wait ten minutes, try again"
    )


async def _attempt(
    client: BillClient, read_code: Callable[[], SecretStr], say: Say, attempt: str
) -> RememberedDevice | None:
    challenge_id = await _challenge(client)
    say(f"BILL has texted a {_DIGITS}-digit code to the phone of {client.settings.username} ({attempt}).")
    if client.settings.environment is Environment.LOCAL:
        say(f"The local BILL's phone: {client.settings.base_url.removesuffix('/connect')}/_local/phone")
    try:
        device = await hand_in(client, challenge_id, read_code())
    except (MfaError, RejectedError) as error:
        say(f"BILL refused the code: {error.code} {error.message}")
        return None
    if device is None or await step_up(client) is None:
        raise ConflictError("BILL accepted the code but does not trust this machine with it: ask BILL")
    return device


async def _challenge(client: BillClient) -> str:
    try:
        return (await client.mfa.challenge()).challenge_id
    except (MfaError, RejectedError) as error:
        raise ConflictError(
            f"BILL texted no code ({error.status} {error.code} {error.message.rstrip('.')}). It texts at most five a "
            "minute: wait a minute, then try again"
        ) from None


def read_code() -> SecretStr:
    """Read the code from the terminal, not shown; from standard input when that is no terminal.

    Raises InputError when none was given; the terminal is asked again for what can't be a code.
    """
    if not sys.stdin.isatty():
        return _checked(sys.stdin.readline())
    # The event loop's own handler would only note Ctrl-C, and the prompt would stay.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        while (text := getpass("Code: ").strip()) and not _is_code(text):
            print(f"That is not {_DIGITS} digits.", file=sys.stderr)
    except EOFError:
        text = ""
    finally:
        signal.signal(signal.SIGINT, before)
    return _checked(text)


def _checked(text: str) -> SecretStr:
    if _is_code(text.strip()):
        return SecretStr(text.strip())
    problem = f"type the {_DIGITS} digits of the text message" if text.strip() else "none was given"
    raise InputError([Problem("code", "", f"{problem}; nothing was handed in. Run it again")])


def _is_code(text: str) -> bool:
    return len(text) == _DIGITS and text.isascii() and text.isdigit()

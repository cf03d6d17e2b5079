"""`billcom doctor`: could a payment be made now, and if not, why not and what to do. One line for each check.

Signs in by itself; writes nothing to BILL, asks for no code, prints no secret.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime

from billcom.client import BillClient
from billcom.errors import BillError, SettingsError
from billcom.journal import Journal
from billcom.local import local_time
from billcom.readiness import (
    Finding,
    Verdict,
    check_funding_accounts,
    check_role,
    could_pay,
    stop_finding,
    trust_finding,
)
from billcom.session import Session
from billcom.settings import Environment, Settings, StateSettings
from billcom.stop_switch import StopSwitch
from billcom.trust import look_at_trust

CLOCK_TOLERANCE = timedelta(minutes=5)
"""How far two clocks may be apart before it is worth a warning."""

_MISSING = re.compile(r"(BILL_(?:USERNAME|PASSWORD|ORGANIZATION_ID|DEV_KEY)) is missing: [^;]*(?:; )?")


class _NotReachedError(Exception):
    """A check needs what an earlier one could not get."""


class Case:
    """What the checks so far have found out, for those that come after."""

    def __init__(self, stack: AsyncExitStack) -> None:
        self._stack = stack
        self._settings: Settings | None = None
        self._client: BillClient | None = None
        self.trouble = ""
        try:
            self._settings = Settings.load()
        except SettingsError as error:
            self.trouble = str(error)

    @property
    def settings(self) -> Settings:
        """The settings, once they are good."""
        if self._settings is None:
            raise _NotReachedError
        return self._settings

    @property
    def client(self) -> BillClient:
        """The client, once it is signed in."""
        if self._client is None:
            raise _NotReachedError
        return self._client

    async def sign_in(self) -> Session:
        """Sign in, and let the checks that follow have the client."""
        client = await self._stack.enter_async_context(BillClient(self.settings))
        session = await client.sessions.current()
        self._client = client
        return session


@dataclass(frozen=True)
class Check:
    """One check: its name, what does it, and whether a payment can't be made when it fails."""

    name: str
    look: Callable[[Case], Awaitable[list[Finding]]]
    stops_payment: bool = True

    async def findings(self, case: Case) -> list[Finding]:
        """Return its lines; whatever goes wrong is one of them."""
        try:
            return await self.look(case)
        except _NotReachedError:
            return [Finding(self.name, Verdict.UNCHECKED, "mend what is above first")]
        except (BillError, OSError, ValueError) as error:
            text = " ".join(str(error).split())
            return [Finding(self.name, Verdict.PROBLEM, text, stops_payment=self.stops_payment)]


async def examine() -> AsyncGenerator[Finding]:
    """Yield what each check found, in their order, as soon as it is known."""
    async with AsyncExitStack() as stack:
        case = Case(stack)
        for check in CHECKS:
            for finding in await check.findings(case):
                yield finding


async def report(say: Callable[[str], object]) -> bool:
    """Say each finding in one line, then the outcome; return whether a payment could be made now."""
    findings: list[Finding] = []
    async for finding in examine():
        findings.append(finding)
        say(str(finding))
    able = could_pay(findings)
    say("A payment could be made now." if able else "A payment could not be made now, with nobody to help.")
    return able


async def _credentials(case: Case) -> list[Finding]:
    if missing := [match.group(1) for match in _MISSING.finditer(case.trouble)]:
        text = f"{', '.join(missing)} missing: set them in the environment or in .env"
        return [Finding("credentials", Verdict.PROBLEM, text, stops_payment=True)]
    if case.trouble:
        return [Finding("credentials", Verdict.UNCHECKED, "mend the environment first")]
    settings = case.settings
    text = f"user {settings.username}, organization {settings.organization_id}; password and key are set"
    return [Finding("credentials", Verdict.GOOD, text)]


async def _environment(case: Case) -> list[Finding]:
    if trouble := _MISSING.sub("", case.trouble).removesuffix("; "):
        return [Finding("environment", Verdict.PROBLEM, trouble, stops_payment=True)]
    settings = case.settings
    money = ", where real money moves" if settings.environment is Environment.PRODUCTION else ""
    text = f"{settings.environment.value}{money}, at {settings.base_url}"
    return [Finding("environment", Verdict.GOOD, text)]


async def _state_directory(_case: Case) -> list[Finding]:
    path = StateSettings().state_path
    if not path.exists():
        return [Finding("state directory", Verdict.GOOD, f"{path} will be made when it is first needed")]
    if not path.is_dir() or not os.access(path, os.R_OK | os.W_OK | os.X_OK):
        text = f"{path} is no folder this user can write: mend its owner, or set BILL_STATE_DIR"
        return [Finding("state directory", Verdict.PROBLEM, text, stops_payment=True)]
    if stat.S_IMODE(path.stat().st_mode) & 0o077:
        text = f"others on this machine can look into {path}, which holds keys: chmod 700 {path}"
        return [Finding("state directory", Verdict.PROBLEM, text, stops_payment=True)]
    return [Finding("state directory", Verdict.GOOD, f"{path}, for its owner alone")]


async def _journal(case: Case) -> list[Finding]:
    journal = Journal(case.settings)
    head, left = await journal.head(), len(await journal.open_attempts())
    if left:
        text = f"{head}; {left} open: nobody knows whether BILL acted. Run resolve_unknowns"
        return [Finding("journal", Verdict.WARNING, text)]
    return [Finding("journal", Verdict.GOOD, f"{head}; nothing is open")]


async def _stop_switch(case: Case) -> list[Finding]:
    return [stop_finding(await StopSwitch(case.settings).read())]


async def _session(case: Case) -> list[Finding]:
    session = await case.sign_in()
    return [Finding("session", Verdict.GOOD, f"BILL signed user {session.user_id} in")]


async def _trust(case: Case) -> list[Finding]:
    return [trust_finding(await look_at_trust(case.client))]


async def _role(case: Case) -> list[Finding]:
    return [await check_role(case.client)]


async def _funding_accounts(case: Case) -> list[Finding]:
    return await check_funding_accounts(case.client)


async def _clock(case: Case) -> list[Finding]:
    client = case.client
    if client.settings.environment is Environment.LOCAL:
        return [compare_clocks(client.settings, await local_time(client), "the local BILL's clock")]
    return [compare_with_header(client.settings, client.date_header)]


def compare_with_header(settings: Settings, date_header: str) -> Finding:
    """Return how our clock compares with HTTP's Date; BILL documents nothing else that tells its time."""
    try:
        told = parsedate_to_datetime(date_header)
    except ValueError:
        text = "BILL's answers tell no time (no HTTP Date): there is nothing to compare this machine's clock with"
        return Finding("clock", Verdict.UNCHECKED, text)
    return compare_clocks(settings, told, "the HTTP Date of BILL's last answer")


def compare_clocks(settings: Settings, told: datetime, source: str) -> Finding:
    """Return how far our clock is from the time `told`, and whether both would choose the same process date."""
    ours = settings.clock.now()
    apart = abs(ours - told)
    seconds = f"{apart.total_seconds():,.0f} s"
    if apart <= CLOCK_TOLERANCE:
        return Finding("clock", Verdict.GOOD, f"{seconds} from {source}")
    side = "ahead of" if ours > told else "behind"
    text = f"{seconds} {side} {source}: set this machine's clock"
    if settings.environment is Environment.LOCAL:
        text += ", or BILL_NOW, or start the local BILL anew"
    zone = settings.clock.time_zone
    if ours.astimezone(zone).date() == told.astimezone(zone).date():
        return Finding("clock", Verdict.WARNING, text)
    return Finding("clock", Verdict.PROBLEM, f"{text}; process dates would be wrong", stops_payment=True)


CHECKS: tuple[Check, ...] = (
    Check("credentials", _credentials),
    Check("environment", _environment),
    Check("state directory", _state_directory),
    Check("journal", _journal),
    Check("stop switch", _stop_switch),
    Check("session", _session),
    Check("MFA trust", _trust),
    Check("role", _role),
    Check("funding account", _funding_accounts),
    Check("clock", _clock, stops_payment=False),
)
"""Every check, in the order of its line. One that needs a session stands after "session"."""

"""Who may approve, and how they prove who they are: a code of their authenticator app, good once.

Seeds lie encrypted in the state directory; the Prefect server has neither them nor their key.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from pydantic import TypeAdapter, ValidationError
from pyotp import random_base32
from pyotp.exceptions import OTPVerificationError
from pyotp.totp import TOTP

from billcom.errors import ApprovalError, SettingsError
from billcom.locks import locked
from billcom.normalization import same_text
from billcom.settings import Settings
from billcom.vault import Vault, write_private

DIGITS = 6
WINDOW_STEPS = 1
"""Steps of 30 seconds by which a phone may be early or late."""

WRONG_CODES = 5
"""Wrong codes in a row after which an approver is locked out."""

LOCKOUT = timedelta(minutes=15)
NAME_LENGTH = 60

REQUEST = "request"
"""No person's name: the journal keeps the request itself under it."""


@dataclass(frozen=True)
class _Approver:
    """One person, and what became of the codes typed under the name; `last_step` is the last one that was used."""

    name: str
    seed: str = field(repr=False)
    last_step: int = 0
    wrong_codes: int = 0
    locked_until: datetime | None = None


_FILE = TypeAdapter(list[_Approver])


class Approvers:
    """The people of one organization who may approve, as this machine knows them.

    Every method raises SettingsError when their file was encrypted with another key.
    """

    def __init__(self, settings: Settings) -> None:
        self._vault = Vault(settings)
        self._issuer = f"billcom {settings.organization_id}"
        self._path = settings.state_path / "approvers" / settings.organization_key
        self._lock_path = settings.state_path / "locks" / settings.organization_key / "approvers"

    def names(self) -> list[str]:
        """Return the names in their alphabetical order; empty when approvals need no proof."""
        return [approver.name for approver in self._read()]

    def known(self, name: str) -> str:
        """Return a name as it was enrolled: case and blanks don't count. Raises ApprovalError for another one."""
        return _of(self._read(), name).name

    async def add(self, name: str, *, replace: bool = False) -> str:
        """Enrol somebody, or give a new seed (`replace`); return the address an authenticator app takes.

        It holds the seed and is kept nowhere. Raises ApprovalError for what is no name, or is enrolled already.
        """
        name = person(name)
        async with locked(self._lock_path):
            everyone = self._read()
            others = [approver for approver in everyone if not same_text(approver.name, name)]
            if len(others) < len(everyone) and not replace:
                raise ApprovalError(
                    f"{name} is an approver already: --replace gives a new seed, and the codes of the old one end"
                )
            made = _Approver(name, random_base32())
            self._write([*others, made])
        return TOTP(made.seed).provisioning_uri(name=name, issuer_name=self._issuer)

    async def remove(self, name: str) -> None:
        """Strike somebody off. Raises ApprovalError when it is no approver."""
        async with locked(self._lock_path):
            everyone = self._read()
            gone = _of(everyone, name)
            self._write([approver for approver in everyone if approver != gone])

    async def verify(self, name: str, code: str, now: datetime) -> None:
        """Use up the code that an approver's app shows at `now`; blanks in it don't count.

        Raises ApprovalError for an unknown approver, one who is locked out, and a code that is none, is wrong,
        or is not newer than the last one used.
        """
        async with locked(self._lock_path):
            everyone = self._read()
            approver = _of(everyone, name)
            tried, problem = _tried(approver, "".join(code.split()), now)
            if tried != approver:
                self._write([tried if one is approver else one for one in everyone])
        if problem:
            raise ApprovalError(problem)

    def _read(self) -> list[_Approver]:
        try:
            return _FILE.validate_json(self._vault.decrypt(self._path.read_bytes()))
        except FileNotFoundError:
            return []
        except (SettingsError, ValidationError):  # whose text may show a seed
            raise SettingsError(
                f"{self._path} can't be read with BILL_SESSION_KEY (or the key file of the state directory): restore "
                "the key, or remove the file and add each approver again"
            ) from None

    def _write(self, approvers: Sequence[_Approver]) -> None:
        in_order = sorted(approvers, key=lambda approver: approver.name.casefold())
        write_private(self._path, self._vault.encrypt(_FILE.dump_json(in_order)))


def person(name: str) -> str:
    """Return a person's name with single blanks. Raises ApprovalError when it can't be one."""
    text = " ".join(name.split())
    if not text or len(text) > NAME_LENGTH or not text.isprintable() or same_text(text, REQUEST):
        raise ApprovalError(
            f"{text[:NAME_LENGTH]!r} is no person's name: give one of 1 to {NAME_LENGTH} characters"
        )
    return text


def _of(approvers: Sequence[_Approver], name: str) -> _Approver:
    found = next((approver for approver in approvers if same_text(approver.name, name)), None)
    if found is None:
        raise ApprovalError(
            f"{name[:NAME_LENGTH]!r} is no approver of this organization: billcom approver list shows who is"
        )
    return found


def _tried(approver: _Approver, code: str, now: datetime) -> tuple[_Approver, str]:
    """Return the approver after a code was typed, and what is wrong with it; empty when nothing is."""
    name = approver.name
    if approver.locked_until is not None and now < approver.locked_until:
        until = f"{approver.locked_until:%Y-%m-%d %H:%M} UTC"
        return approver, f"{name} is locked out after {WRONG_CODES} wrong codes: try again after {until}"
    if len(code) != DIGITS or not (code.isascii() and code.isdigit()):
        return approver, f"a code has {DIGITS} digits: type what the authenticator app of {name} shows now"
    try:
        step = TOTP(approver.seed).verify_and_get_timecode(code, for_time=now, valid_window=WINDOW_STEPS)
    except OTPVerificationError:
        return _after_wrong(approver, now)
    if step <= approver.last_step:
        return (
            approver,
            f"this code of {name} was used before, or a newer one was: wait for the app's next one",
        )
    return replace(approver, last_step=step, wrong_codes=0, locked_until=None), ""


def _after_wrong(approver: _Approver, now: datetime) -> tuple[_Approver, str]:
    wrong = approver.wrong_codes + 1
    if wrong >= WRONG_CODES:
        until = now + LOCKOUT
        text = f"the code of {approver.name} is wrong, the {WRONG_CODES}th in a row: try again after "
        return replace(approver, wrong_codes=0, locked_until=until), f"{text}{until:%Y-%m-%d %H:%M} UTC"
    text = (
        f"the code of {approver.name} is wrong: type the one the app shows now, and check the phone's clock"
    )
    return replace(
        approver, wrong_codes=wrong, locked_until=None
    ), f"{text} ({WRONG_CODES - wrong} tries left)"

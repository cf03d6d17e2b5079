"""Every error this package raises, told apart by what the caller should do next.

    BillError
    ├── SettingsError              a setting is missing or contradicts another: nothing was sent
    ├── InputError                 an input is wrong: nothing was sent
    │   └── SheetError             … in a sheet, each problem with its row and column
    ├── CapError                   more money than BILL_MAX_AMOUNT or BILL_MAX_TOTAL allows: nothing was sent
    ├── ApprovalError              an approval can't be taken: wrong person, code or request; nothing was sent
    ├── StoppedError               the stop switch is on: nothing was sent
    ├── JournalError               the journal can't be used or has lost rows: nothing was sent
    ├── ConflictError              BILL holds something that contradicts the input: a person decides
    │   └── CaseError              … and can say which, here and now
    │       └── UnsettledError     it was sent, is not at BILL, and may still be done
    ├── UnavailableError           no proper answer to a call that may be repeated: try again later
    │   └── NeverSentError         not a byte of it was sent
    ├── TooLateError               a claim grew too old before it was sent: nothing was sent
    ├── OutcomeUnknownError        no proper answer to a write: BILL may have acted, look before anything else
    └── ApiError                   BILL refused, with its own error array
        ├── RejectedError          fix the input or the state of the record
        │   ├── NotFoundError
        │   ├── DuplicateError
        │   ├── NotPermittedError  role, plan or a feature that BILL has to switch on
        │   └── FundingError       the funding account can't pay
        ├── SignInError            user, password, organization or developer key
        ├── MfaError               the texted code is wrong, expired or used up
        ├── SessionExpiredError    sign in again, once
        ├── UntrustedSessionError  MFA is needed: signing in again never helps
        ├── HourlyLimitError       wait for the top of the hour
        └── ConcurrencyLimitError  wait seconds

BILL's codes decide, never the HTTP status alone. Source: BILL docs, Common API error codes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self, cast

from billcom.problems import CellProblem, Problem


class BillError(Exception):
    """Base of every error of this package; its text ends in what to do next.

    `made` names what a workflow had made at BILL before it stopped; it stands, and a next run finds it.
    """

    made: tuple[str, ...] = ()
    going_on = "run again with the same input to go on"

    def __str__(self) -> str:
        """Return what is wrong, what to do, and what stands at BILL."""
        text = super().__str__()
        if not self.made:
            return text
        stands = ", ".join(self.made)
        return f"{text} Made at BILL before it stopped: {stands}; {self.going_on}."


class SettingsError(BillError):
    """A setting is missing, unknown or contradicts another. Nothing was sent; correct the environment."""


class InputError(BillError):
    """Inputs are wrong; all problems at once. Nothing was sent; correct them and run again."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(map(str, self.problems)))


class SheetError(InputError):
    """A sheet can't be used as it stands. Nothing was sent; correct it and run again.

    `cells` are all problems at once, in the order of the sheet; the text lists the first of them.
    """

    MAX_SHOWN = 20

    def __init__(self, cells: Sequence[CellProblem]) -> None:
        self.cells = tuple(cells)
        super().__init__([Problem(cell.place, cell.value, cell.fix) for cell in self.cells])
        shown = [str(problem) for problem in self.problems[: self.MAX_SHOWN]]
        more = len(self.problems) - len(shown)
        end = f"… and {more} more. " if more else ""
        self.args = ("\n".join([*shown, f"{end}Correct the sheet and run again."]),)


class CapError(BillError):
    """More money than a cap allows, for one payment or for a day. Nothing was sent; check, or raise the cap."""


class ApprovalError(BillError):
    """An approval can't be taken: wrong person, wrong code, or nothing that waits for one. Nothing was sent."""


class LinesFailedError(BillError):
    """Some lines of a payment run or collection run were not done; `run` holds every line and why.

    The others were done. Mend what the reasons say, and run the same again for what is left.
    """

    run: Any = None

    def of(self, run: object) -> Self:
        """Return the error with its run."""
        self.run = run
        return self


class StoppedError(BillError):
    """Somebody has stopped all money, or cancelled the run. Nothing was sent; run again once the switch is off."""


class JournalError(BillError):
    """The journal can't be read or written, or has lost rows. Nothing was sent; its message says what to do."""


class ConflictError(BillError):
    """BILL already holds something that contradicts what was asked. Nothing was sent; a person decides.

    `record_id` names the record where it is surely the one that was meant, and is not as it should be.
    """

    record_id: str = ""


class CaseError(ConflictError):
    """What reading BILL can't decide and a person can: which record it is, or that it is none.

    `identity` names the write, `sequence` the last journal row it was decided on: an answer to another one
    is void. Both are empty where the journal has no part in it.
    """

    identity: str = ""
    sequence: int = 0

    def of(self, identity: str, sequence: int) -> Self:
        """Return the error, saying which write it is about and how far its journal had come."""
        self.identity, self.sequence = identity, sequence
        return self


class UnsettledError(CaseError):
    """A payment or charge was sent, BILL shows none after the settle time, and it may still act.

    Nothing was sent again. Look for it in BILL, then say which it is, or that it did not happen.
    """

    going_on = "look at BILL for what is missing before anything is run again"


class UnavailableError(BillError):
    """BILL gave no proper answer to a call that is safe to repeat, or was never reached. Try again later."""


class NeverSentError(UnavailableError):
    """BILL could not be reached: not a byte of the call was sent. Check the address and the network."""


class TooLateError(BillError):
    """A claim had grown too old before the first byte of its request: nothing was sent. Claim it anew."""


class OutcomeUnknownError(BillError):
    """A write was sent and no proper answer came: BILL may have acted. Look for the record; never just resend."""

    going_on = "look at BILL for what is missing before anything is run again"


@dataclass(frozen=True)
class ErrorEntry:
    """One entry of BILL's error array. `code` is empty where BILL leaves it out (request-shape errors)."""

    code: str
    message: str


class ApiError(BillError):
    """BILL refused a call with its own error array, so nothing was done."""

    advice = "See BILL's message."

    def __init__(self, *, status: int, entries: Sequence[ErrorEntry], method: str, path: str) -> None:
        self.status = status
        self.entries = tuple(entries)
        self.method = method
        self.path = path
        texts = list(dict.fromkeys(f"{e.code} {e.message}".strip(" .") for e in self.entries))
        super().__init__(f"{method} {path}: {status} {'; '.join(texts)}. {self.advice}")

    def about(self, what: str) -> Self:
        """Return the error, saying of what it is; `what` holds no secret."""
        self.args = (f"{self.args[0]} ({what})",)
        return self

    @property
    def code(self) -> str:
        """First BILL code of the answer, or empty."""
        return next((e.code for e in self.entries if e.code), "")

    @property
    def message(self) -> str:
        """First message of the answer, or empty."""
        return next((e.message for e in self.entries if e.message), "")


class RejectedError(ApiError):
    """The input, or the state of a record it names, is refused. Fix it; repeating as it is never helps."""

    advice = "Correct the named field or record, then run again."


class NotFoundError(RejectedError):
    """No record has this id in this organization. Check the id and the organization."""

    advice = "Check the id, and that it belongs to this organization."


class DuplicateError(RejectedError):
    """A record with this number exists. Look it up and use it."""

    advice = "A record with this number exists already: look it up and use it, or choose another number."


class NotPermittedError(RejectedError):
    """The user's role, the price plan or the organization's features don't allow this."""

    advice = (
        "Ask an administrator of the organization for the role; a missing feature (such as customer bank "
        "accounts) is switched on by BILL on request."
    )


class FundingError(RejectedError):
    """The funding account can't make online payments. Verify it, and nominate and verify its user."""

    advice = "The funding account must be verified, not archived, and this user a verified user of it."


class SignInError(ApiError):
    """User, password, organization or developer key are refused. Don't repeat: BILL locks users out."""

    advice = (
        "Check BILL_USERNAME, BILL_PASSWORD, BILL_ORGANIZATION_ID and BILL_DEV_KEY. BILL calls the developer "
        "key invalid when the credentials are of the other environment: check BILL_ENVIRONMENT too."
    )


class MfaError(ApiError):
    """The texted code is expired, used or tried too often. Ask for a new challenge."""

    advice = "Ask for a new code; after too many attempts wait 10 minutes first."


class SessionExpiredError(ApiError):
    """The session is over (35 minutes idle). Sign in again and repeat once."""

    advice = "Sign in again."


class UntrustedSessionError(ApiError):
    """The session has not passed MFA. Step up with a remembered device or a texted code."""

    advice = "Pass MFA (remembered device or texted code); signing in again does not help."


class HourlyLimitError(ApiError):
    """20,000 requests an hour per developer key are used up. Wait for the top of the hour."""

    advice = "Wait for the top of the hour, or let runs wait by themselves: BILL_WAIT_FOR_HOUR=true."


class ConcurrencyLimitError(ApiError):
    """More than three requests at once for this developer key and organization. Wait seconds."""

    advice = "Wait some seconds; other programs may be using the same developer key."


_BY_CODE: dict[str, type[ApiError]] = {
    "BDC_1109": SessionExpiredError,
    "BDC_1361": UntrustedSessionError,
    "BDC_1144": HourlyLimitError,
    "BDC_1322": ConcurrencyLimitError,
    "BDC_1171": DuplicateError,
    "BDC_1205": NotFoundError,
    "BDC_1120": NotFoundError,
    "BDC_1145": NotPermittedError,
    "BDC_1150": NotPermittedError,
    "BDC_1151": FundingError,
    **dict.fromkeys(("BDC_1356", "BDC_1358", "BDC_1374"), MfaError),
    **dict.fromkeys(("BDC_1101", "BDC_1102", "BDC_1103", "BDC_1104", "BDC_1106", "BDC_1107"), SignInError),
    **dict.fromkeys(("BDC_1110", "BDC_1111", "BDC_1113", "BDC_1123"), SignInError),
}
# Decided first when several codes stand in one answer: what stops everything before what stops one record.
_STOPS_ALL = ("BDC_1144", "BDC_1322", "BDC_1109", "BDC_1361")


def read_entries(body: object) -> tuple[ErrorEntry, ...]:
    """Return the entries of BILL's error array, or nothing when `body` isn't one (a gateway's own answer)."""
    if not isinstance(body, list):
        return ()
    rows = [cast("dict[str, Any]", row) for row in cast("list[object]", body) if isinstance(row, dict)]
    return tuple(
        ErrorEntry(code=str(row.get("code") or ""), message=str(row.get("message") or ""))
        for row in rows
        if row.get("code") or row.get("message")
    )


def error_from(status: int, entries: Sequence[ErrorEntry], method: str, path: str) -> ApiError:
    """Choose the error class for a refusal: by BILL's codes, then by the one message known without a code."""
    codes = [entry.code for entry in entries]
    chosen = next((code for code in _STOPS_ALL if code in codes), None)
    chosen = chosen or next((code for code in codes if code in _BY_CODE), "")
    kind = _BY_CODE.get(chosen, RejectedError)
    # Source: BILL docs, BILL AR workflow; the answer carries this text, its code is not documented.
    if kind is RejectedError and any("does not have valid permissions" in e.message for e in entries):
        kind = NotPermittedError
    return kind(status=status, entries=entries, method=method, path=path)

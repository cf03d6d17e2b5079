"""What the journal says of approvals: a request's row, those of the people who answer it, and what they come to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from billcom.approvers import REQUEST
from billcom.errors import JournalError
from billcom.intent import AMOUNT
from billcom.journal_rows import Entry, State
from billcom.runs.lines import Total

APPROVAL = "approval"
"""Kind of the journal's rows: NOT_SENT waits, DONE is approved, REJECTED denied, RELEASED expired; none is open."""

COUNT, ASKED_AT, EXPIRES_AT, DENIED_BY = "count", "asked_at", "expires_at", "denied_by"
"""Names in a row's content and details; ASKED_AT ties an answer to its request."""

PREPARED_BY, NEEDED, DAYS, PROVEN, COMMENT = "prepared_by", "needed", "days", "proven", "comment"


@dataclass(frozen=True)
class ApprovalRequest:
    """What people are asked to approve: `total` of the run that `prepared_by` prepared, by `needed` of them.

    It waits until `expires_at`; once approved, the approval is good until then. `days` is how long each lasts.
    """

    fingerprint: str
    prepared_by: str
    total: Total
    needed: int
    days: float
    asked_at: datetime
    expires_at: datetime


@dataclass(frozen=True)
class Approval:
    """How a request stands; of one that was never made, nothing is needed and nothing granted.

    `approvers` are those that count, in their order: of this request, and, where approvers are enrolled, proven and
    enrolled still.
    """

    needed: int = 0
    approvers: tuple[str, ...] = ()
    denied_by: str = ""
    comment: str = ""
    expires_at: datetime | None = None
    is_expired: bool = False

    @property
    def is_denied(self) -> bool:
        """Whether somebody has said no; that stands until a new request."""
        return bool(self.denied_by)

    @property
    def is_granted(self) -> bool:
        """Whether the run may go on."""
        return 0 < self.needed <= len(self.approvers) and not self.is_denied and not self.is_expired

    @property
    def is_waiting(self) -> bool:
        """Whether people may still approve."""
        return bool(self.needed) and not (self.is_granted or self.is_denied or self.is_expired)


def standing_of(rows: Mapping[str, Entry], enrolled: Sequence[str], now: datetime) -> Approval:
    """Return how the last request stands at `now`, from the last row of each label. Raises JournalError."""
    last = rows.get(REQUEST)
    if last is None:
        return Approval()
    asked = request_of(last)
    is_denied = last.state is State.REJECTED
    stands = last.state in (State.NOT_SENT, State.DONE) and now < asked.expires_at
    counted = [row for label, row in rows.items() if label != REQUEST and _counts(row, last, enrolled)]
    return Approval(
        needed=asked.needed,
        approvers=tuple(row.identity.label for row in sorted(counted, key=lambda row: row.position)),
        denied_by=last.details.get(DENIED_BY) or "somebody" if is_denied else "",
        comment=last.details.get(COMMENT, "") if is_denied else "",
        expires_at=asked.expires_at,
        is_expired=not is_denied and not stands,
    )


def _counts(row: Entry, request_row: Entry, enrolled: Sequence[str]) -> bool:
    """Return whether a row is an approval of this very request that is good here."""
    is_of_it = row.state is State.DONE and row.details.get(ASKED_AT) == request_row.details[ASKED_AT]
    is_known = not enrolled or (row.details.get(PROVEN) == "true" and row.identity.label in enrolled)
    return is_of_it and is_known


def request_of(row: Entry) -> ApprovalRequest:
    """Return the request that a row holds. Raises JournalError when it holds none."""
    content, details = row.content, row.details
    try:
        return ApprovalRequest(
            fingerprint=row.identity.subject,
            prepared_by=details[PREPARED_BY],
            total=Total(int(content[COUNT]), Decimal(content[AMOUNT])),
            needed=int(details[NEEDED]),
            days=float(details[DAYS]),
            asked_at=datetime.fromisoformat(details[ASKED_AT]),
            expires_at=datetime.fromisoformat(details[EXPIRES_AT]),
        )
    except (KeyError, ValueError, ArithmeticError) as error:
        raise JournalError(
            f"the journal's row {row.position} ({row.identity}) lacks {error}: run billcom journal verify"
        ) from error

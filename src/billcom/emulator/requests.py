"""Owns the journal: one row for each request to BILL's paths, without bodies, credentials or session ids."""

import hashlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime

from billcom.emulator.clock import iso
from billcom.emulator.wire import Json

DIGEST_LENGTH = 10


def digest(session_id: str) -> str:
    """Return a short digest that tells sessions apart without giving one away."""
    return hashlib.sha256(session_id.encode()).hexdigest()[:DIGEST_LENGTH]


@dataclass(slots=True)
class Entry:
    """One request. `status` is None while it is served and when the connection was closed unanswered.

    `acted` says whether it changed state; `late` marks the row of a request done after it seemed to fail.
    """

    time: str
    method: str
    path: str
    query: str
    organization_id: str | None = None
    session: str | None = None
    status: int | None = None
    code: str | None = None
    acted: bool = False
    fault: str | None = None
    late: bool = False


class Requests:
    """The journal, and the most requests in flight at once for each organization."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.peaks: Counter[str] = Counter()

    def clear(self) -> None:
        """Forget every row and every peak."""
        self.entries.clear()
        self.peaks.clear()

    def open(self, now: datetime, method: str, path: str, query: str) -> Entry:
        """Add and return the row of a request that has just come in."""
        entry = Entry(iso(now), method, path, query)
        self.entries.append(entry)
        return entry

    def late(self, now: datetime, entry: Entry, status: int, code: str | None, *, acted: bool) -> None:
        """Add the row of a request that is done only now."""
        row = replace(entry, time=iso(now), status=status, code=code, acted=acted, fault=None, late=True)
        self.entries.append(row)

    def flew(self, organization_id: str, in_flight: int) -> None:
        """Note how many requests of an organization are in flight, those about to be refused included."""
        self.peaks[organization_id] = max(in_flight, self.peaks[organization_id])

    def wire(self, filters: Mapping[str, str]) -> Json:
        """Return the rows, oldest first, whose `method`, `path` … equal the filters, and the peaks."""
        rows = [
            asdict(entry)
            for entry in self.entries
            if all(str(getattr(entry, name, None)) == value for name, value in filters.items())
        ]
        return {"requests": rows, "peak_in_flight": dict(self.peaks)}

"""Owns what every record has: an id, when it was made and changed, and whether it is archived."""

from dataclasses import dataclass
from datetime import datetime

from billcom.emulator.clock import iso
from billcom.emulator.wire import Json


@dataclass(kw_only=True)
class Record:
    """A stored record; archiving is BILL's only delete."""

    id: str
    created: datetime
    updated: datetime
    archived: bool = False

    def times(self) -> Json:
        """Return the two times as BILL answers them."""
        return {"createdTime": iso(self.created), "updatedTime": iso(self.updated)}

    def archive(self, archived: bool, now: datetime) -> None:
        """Archive or restore; repeating either changes nothing."""
        if self.archived != archived:
            self.archived = archived
            self.updated = now

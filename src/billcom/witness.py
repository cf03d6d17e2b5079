"""What this machine has seen of an organization's journal, kept beside it: how a lost or restored one is told."""

from __future__ import annotations

from dataclasses import dataclass, field

from billcom.errors import JournalError
from billcom.journal_rows import Head
from billcom.locks import locked
from billcom.settings import StateSettings
from billcom.vault import write_private

_NO_DIGEST = "rebuilding"


@dataclass(frozen=True)
class Seen:
    """How far the chain had come, and how often the journal had been rebuilt; nothing at all when new."""

    head: Head = field(default_factory=Head)
    generation: int = 0


class Witness:
    """A file of the state directory, one for each chain of the journal; several processes may be at it."""

    def __init__(self, settings: StateSettings, chain: str) -> None:
        self._path = settings.state_path / "witness" / chain
        self._lock_path = self._path.with_name(f"{self._path.name}.lock")

    def seen(self) -> Seen:
        """Return what was seen last. Raises JournalError when the file can't be read."""
        try:
            length, digest, *generation = self._path.read_text().split(" ")
            return Seen(Head(int(length), digest), int(*generation))
        except FileNotFoundError:
            return Seen()
        except (OSError, ValueError, TypeError) as error:
            raise JournalError(
                f"{self._path}, which says how long the journal is, can't be read ({error}): make it readable, or "
                "run billcom journal rebuild"
            ) from error

    async def testify(self, head: Head, generation: int) -> None:
        """Keep how far the chain has come, unless somebody has seen more. Raises JournalError."""
        try:
            async with locked(self._lock_path):
                seen = self.seen()
                if (generation, head.length) > (seen.generation, seen.head.length):
                    self._write(head, generation)
        except OSError as error:
            raise JournalError(
                f"{self._path}, which says how long the journal is, can't be written ({error}): nothing is sent "
                "after that; make room or make it writable, and run again"
            ) from error

    async def distrust(self) -> int:
        """Believe no journal of this generation until the next; return which it is."""
        async with locked(self._lock_path):
            try:
                seen = self.seen()
            except JournalError:
                seen = Seen()
            self._write(Head(max(seen.head.length, 1), _NO_DIGEST), seen.generation)
            return seen.generation

    def _write(self, head: Head, generation: int) -> None:
        write_private(self._path, f"{head.length} {head.digest} {generation}".encode())

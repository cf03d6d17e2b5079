"""What a run has made and found so far, so that whatever stops it, nothing half-made is left unnamed."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from prefect.artifacts import acreate_markdown_artifact
from prefect.states import Failed

from billcom.errors import BillError, JournalError
from billcom.journal import Journal
from billcom.results import Deed, Step
from flows.reports import stopped_report


class Ledger:
    """The records of one run, in the order of its chapters; `what` the run is about, for its report."""

    def __init__(self, artifact_key: str, what: str) -> None:
        self.steps: list[Step] = []
        self.journal: Journal | None = None
        self._artifact_key = artifact_key
        self._what = what

    def add(self, noun: str, name: str, id: str, deed: Deed) -> None:
        """Note one record."""
        self.steps.append(Step(noun=noun, name=name, id=id, deed=deed))

    def done(self, noun: str, name: str, id: str, made: bool) -> None:
        """Note a record that stands at BILL now."""
        self.add(noun, name, id, Deed.MADE if made else Deed.FOUND)

    async def chain(self) -> str:
        """Return how long the journal is and its head: what an auditor compares; empty when it can't be read."""
        with suppress(JournalError):
            return str(await self.journal.head()) if self.journal else ""
        return ""

    async def stop(self, error: BillError) -> Any:
        """Return the failed state that ends the run; report why, and what was made, in it and an artifact.

        Returned from a flow, it raises `error` to the caller and leaves no traceback in the run's log.
        """
        error.made = tuple(str(step) for step in self.steps if step.deed is Deed.MADE)
        await acreate_markdown_artifact(
            stopped_report(error, self._what, self.steps, await self.chain()),
            key=self._artifact_key,
            description=f"stopped by {type(error).__name__}",
        )
        return Failed(message=f"{type(error).__name__}: {error}", data=error)

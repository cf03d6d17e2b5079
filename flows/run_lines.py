"""The lines of a run while they are worked on: what became of each, and what an unexpected error leaves of it."""

from __future__ import annotations

import traceback
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Any, TypeVar, cast

from prefect.logging import get_run_logger

from billcom.client import BillClient
from billcom.errors import BillError, ConflictError, OutcomeUnknownError, UnsettledError
from billcom.intent import MONEY, Kind
from billcom.journal import State
from billcom.journal_keys import normalize_label
from billcom.runs.charges import PlannedInvoice
from billcom.runs.lines import RunLine, Status
from billcom.runs.payment_run import PlannedPayment
from billcom.unexpected import describe_unexpected

I = TypeVar("I")  # noqa: E741 (an item of a stage)


class RunLines:
    """Lines by their number in the plan.

    `progress` is told how many are finished. `write_of` gives kind, subject and label of what is written next for a
    line, as the journal has them.
    """

    def __init__(
        self,
        client: BillClient,
        planned: Sequence[PlannedPayment] | Sequence[PlannedInvoice],
        progress: Callable[[int], Awaitable[None]],
        write_of: Callable[[int], tuple[Kind, str, str]],
    ) -> None:
        self._client = client
        self._lines = [item.line for item in planned]
        self._accounts = [item.row.bank_account if item.row else None for item in planned]
        self._progress = progress
        self._write_of = write_of
        self._next: dict[int, Kind] = {}

    def __getitem__(self, number: int) -> RunLine:
        """Return a line as it is now."""
        return self._lines[number]

    def __setitem__(self, number: int, line: RunLine) -> None:
        """Put a line in the place of what it was."""
        self._lines[number] = line

    @property
    def unfinished(self) -> list[int]:
        """Numbers of the lines that have no outcome yet."""
        return [number for number, line in enumerate(self._lines) if line.status is Status.PLANNED]

    def update(self, numbers: Sequence[int], **changes: Any) -> None:
        """Change fields of lines."""
        for number in numbers:
            self._lines[number] = replace(self._lines[number], **changes)

    def fail(self, numbers: Sequence[int], error: BillError) -> None:
        """Note why lines were not done, or that nobody knows."""
        status = Status.FAILED
        if isinstance(error, UnsettledError | OutcomeUnknownError):
            status = Status.OPEN
        elif isinstance(error, ConflictError):
            status = Status.CONFLICT
        self.update(numbers, status=status, reason=str(error))

    def writes_next(self, numbers: Sequence[int], kind: Kind) -> None:
        """Note what is written next for lines: of that the journal is asked when the writing fails unexpectedly."""
        self._next |= dict.fromkeys(numbers, kind)

    def next_of(self, number: int) -> Kind:
        """Return what is written next for a line."""
        return self._next[number]

    async def crash(self, kind: Kind, items: Sequence[I], error: Exception) -> list[I]:
        """Note an error that nothing expects, which came before a request of this kind, during it, or after it.

        An item is one line's number, several, or a tuple that begins with one. The journal decides: an attempt that is
        open there leaves its lines open; a payment or charge that is done there is done; nothing else was sent: of
        several items those are returned, to be tried once more, of one its lines have failed.
        """
        numbers = {id(item): _numbers_of(item) for item in items}
        unfinished = set(self.unfinished)
        left = {n for some in numbers.values() for n in some if n in unfinished and self._next.get(n) is kind}
        accounts = [account for number in left if (account := self._accounts[number]) is not None]
        secrets = [s.get_secret_value() for a in accounts for s in (a.routing_number, a.account_number)]
        reason = describe_unexpected(error, self._client.settings, secrets)
        where = "".join(traceback.format_tb(error.__traceback__))
        get_run_logger().error("%s lines met an unexpected error, %s, at\n%s", len(left), reason, where)
        unsent = {number for number in sorted(left) if not await self._is_noted(number, reason)}
        if len(items) > 1:
            return [item for item in items if not unsent.isdisjoint(numbers[id(item)])]
        told = f"stopped by an unexpected error; no money moved for it. Run again to go on. {reason}"
        self.update(sorted(unsent), status=Status.FAILED, reason=told)
        await self.tell()
        return []

    async def _is_noted(self, number: int, reason: str) -> bool:
        """Note what the journal says of a line's write; return False where nothing was sent that moves money."""
        kind, subject, label = self._write_of(number)
        try:
            last = (await self._client.journal.of_subject(kind, subject)).get(normalize_label(kind, label))
        except BillError as unreadable:
            told = f"nobody knows whether BILL acted ({unreadable}); unexpected error: {reason}"
            self.update([number], status=Status.OPEN, reason=told)
            return True
        if last is not None and last.is_open:
            told = (
                f"{last.identity} may have been sent, and nobody knows whether BILL acted: run resolve_unknowns, then "
                f"the same run again. Unexpected error: {reason}"
            )
            self.update([number], status=Status.OPEN, reason=told)
            return True
        if last is not None and last.state is State.DONE and kind in MONEY:
            told = f"done, then stopped by an unexpected error: {reason}"
            self.update([number], status=Status.DONE, record_id=last.record_id, reason=told)
            return True
        return False

    async def check_finished(self) -> None:
        """Note each line that has no outcome though every stage is closed: a defect, and never a payment."""
        for number in self.unfinished:
            lost = RuntimeError("the line got lost between two steps of the run")
            await self.crash(self._next[number], [number], lost)

    async def tell(self) -> None:
        """Report how many lines are finished; that this fails stops no payment."""
        try:
            await self._progress(len(self._lines) - len(self.unfinished))
        except Exception as error:  # noqa: BLE001 (progress is shown, and decides nothing)
            reason = describe_unexpected(error, self._client.settings)
            get_run_logger().warning("progress is not shown: %s", reason)

    def result(self) -> list[RunLine]:
        """Return all lines in the order of the plan."""
        return list(self._lines)


def _numbers_of(item: object) -> list[int]:
    """Return the lines' numbers of an item of a stage."""
    if isinstance(item, int):
        return [item]
    if isinstance(item, list):
        return cast("list[int]", item)
    return [cast("tuple[int, object]", item)[0]]

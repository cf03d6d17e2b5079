"""Cases that reading BILL can't decide: put to a person as a form of the paused run, answered, recorded."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated, TypeVar
from uuid import uuid4

from prefect.input import RunInput
from prefect.logging import get_run_logger
from pydantic import Field

from billcom.errors import CaseError, ConflictError
from billcom.inputs import CasePolicy
from billcom.intent import Decision, Verdict
from flows.pause import ask

ANSWER_SECONDS = 1800
"""How long a run waits for a person; then it stops, and the case stays open."""

POLL_SECONDS = 2
"""How often a waiting run asks whether somebody has answered."""

_ATTEMPTS = 3
_ASK = """**A person decides: {what}.**

{case}

Nothing is sent while this waits. An answer to a case that has moved on since is void."""

T = TypeVar("T")


class CaseAnswer(RunInput):
    """The form that asks what became of a write."""

    verdict: Annotated[Verdict, Field(title="What became of it")] = Verdict.LEAVE
    record_id: Annotated[
        str, Field(title="BILL's id of it", description="Only if it happened: it is read and compared first")
    ] = ""


async def decided(on_case: CasePolicy, call: Callable[[Decision | None], Awaitable[T]]) -> T:
    """Return what `call` returns; put a case it raises to a person, and call again with the answer.

    Call it in a flow: a pause can't be in a task. Raises the case when it is left, nobody answers, or `on_case`
    says to stop.
    """
    decision: Decision | None = None
    wrong = ""
    for _ in range(_ATTEMPTS):
        try:
            return await call(decision)
        except CaseError as case:
            decision = await _ask(on_case, case, wrong)
            wrong = ""
        except ConflictError as error:
            # An id that is not the one: say so, and ask again.
            if decision is None or decision.verdict is not Verdict.HAPPENED:
                raise
            wrong, decision = str(error), None
    return await call(decision)


async def _ask(on_case: CasePolicy, case: CaseError, wrong: str) -> Decision:
    if on_case is CasePolicy.STOP:
        raise case
    text = _ASK.format(what=case.identity or "a case", case=case)
    if wrong:
        text += f"\n\n**The last answer was not taken:** {wrong}"
    try:
        form = CaseAnswer.with_initial_data(description=text)
        answer = await ask(
            form, f"case-{uuid4().hex[:12]}", within_seconds=ANSWER_SECONDS, poll_seconds=POLL_SECONDS
        )
    except TimeoutError:
        get_run_logger().warning(
            "nobody decided within %s minutes: the case stays open", ANSWER_SECONDS // 60
        )
        raise case from None
    if answer.verdict is Verdict.LEAVE:
        raise case
    return Decision(answer.verdict, case.sequence, answer.record_id.strip())

"""The person a run asks: answers the form of the paused run, as in Prefect's pages, with what is true at BILL."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import httpx

from billcom.intent import Verdict
from tests.faults.processes import HarnessError, Outcome, Running, wait_for

if TYPE_CHECKING:
    from tests.faults.runs import CaseRun

_ATTEMPTS = 10


def is_asked(outcome: Outcome) -> bool:
    """Return whether a run stopped because a person has to decide."""
    kinds = outcome.kinds
    return outcome.needs_person or "ConflictError" in kinds or "OutcomeUnknownError" in kinds


def answer(run: CaseRun, verdict: Verdict = Verdict.SEND) -> Outcome:
    """Run the same once more so that it asks, answer, and return what came of it."""
    if run.case.write.workflow == "bulk":
        run.finish(_answered(run, run.start(asks=True, workflow="repair"), verdict))
        return run.finish(run.start())
    return run.finish(_answered(run, run.start(asks=True), verdict))


def _answered(run: CaseRun, running: Running, verdict: Verdict) -> Running:
    """Return a run whose form was answered, if it asked."""
    ended = "ended"

    def paused() -> dict[str, Any] | str | None:
        if not running.is_alive:
            return ended
        found = run.prefect.runs(running.job.run_name, state="PAUSED")
        # A run is paused a moment before its form is there.
        return found[0] if found and run.prefect.question(found[0]) else None

    asking = wait_for("the run to pause for a person, or to end", paused)
    if isinstance(asking, dict):
        run.prefect.resume(asking["id"], {"verdict": verdict.value, "record_id": ""})
    return running


class PrefectPages:
    """What a person does in Prefect's pages, through its API."""

    def __init__(self, url: str) -> None:
        self._url = url

    def runs(self, name: str, state: str = "") -> list[dict[str, Any]]:
        """Return the runs of this name, in this state."""
        wanted: dict[str, Any] = {"name": {"any_": [name]}}
        if state:
            wanted["state"] = {"type": {"any_": [state]}}
        return self._post("flow_runs/filter", {"flow_runs": wanted})

    def question(self, run: dict[str, Any]) -> str:
        """Return what the form of a paused run says; empty while it is not there yet."""
        key = run["state"]["state_details"]["run_input_keyset"]["description"]
        answer = httpx.get(f"{self._url}/flow_runs/{run['id']}/input/{key}", timeout=30)
        return answer.json() if answer.status_code == httpx.codes.OK else ""

    def resume(self, run_id: str, answers: dict[str, str]) -> None:
        """Answer the form of a paused run."""
        taken = self._post(f"flow_runs/{run_id}/resume", {"run_input": answers})
        if taken["status"] != "ACCEPT":
            raise HarnessError(f"the answer was not taken: {taken}")

    def set_state(self, run_id: str, kind: str, *, force: bool = False) -> None:
        """Put a run into a state."""
        self._post(f"flow_runs/{run_id}/set_state", {"state": {"type": kind}, "force": force})

    def _post(self, path: str, body: Any) -> Any:
        for _ in range(_ATTEMPTS):
            answer = httpx.post(f"{self._url}/{path}", json=body, timeout=30)
            if answer.status_code != httpx.codes.SERVICE_UNAVAILABLE:  # its database is busy
                break
            time.sleep(1)
        assert answer.status_code < 300, answer.text
        return answer.json()

"""Owns refusals: the error a handler raises and the bare array of entries BILL answers with."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from billcom.emulator import codes
from billcom.emulator.clock import iso


@dataclass(frozen=True)
class Problem:
    """One entry of an error answer; errors in the shape of a request carry no code."""

    message: str
    code: str | None = None


class BillError(Exception):
    """A refusal: nothing was changed, and the caller gets `status` with one entry per problem."""

    def __init__(self, status: int, problems: Sequence[Problem]) -> None:
        super().__init__("; ".join(problem.message for problem in problems))
        self.status = status
        self.problems = list(problems)

    @property
    def code(self) -> str | None:
        """The first code among the problems, for the journal."""
        return next((problem.code for problem in self.problems if problem.code), None)

    def entries(self, now: datetime) -> list[dict[str, Any]]:
        """Return the body: a bare array, one object per problem."""
        return [_entry(self.status, problem, now) for problem in self.problems]


def _entry(status: int, problem: Problem, now: datetime) -> dict[str, Any]:
    """Return one entry; `params` is an array in BILL's collection, an object in live answers: both occur."""
    category = "SERVER" if status >= 500 else "REQUEST" if status == 400 else "DOWNSTREAM"
    entry: dict[str, Any] = {"timestamp": iso(now), "severity": "ERROR", "category": category}
    if problem.code:
        entry["code"] = problem.code
    return {**entry, "message": problem.message, "params": [] if problem.code else {}}


def refuse(code: str, message: str, status: int = 422) -> BillError:
    """Return a refusal with one code; 422 is BILL's status for a broken business rule."""
    return BillError(status, [Problem(message, code)])


def bad_shape(message: str, code: str | None = None) -> BillError:
    """Return a 400 for a request whose shape is wrong; BILL gives most of these no code."""
    return BillError(400, [Problem(message, code)])


def not_found(kind: str, record_id: str) -> BillError:
    """Return the 404 for a record id that this organization does not hold."""
    return refuse(codes.NOT_FOUND, f"{kind} not found: {record_id}", 404)


def untrusted() -> BillError:
    """Return the 403 for an operation that needs a session trusted through MFA."""
    return refuse(codes.UNTRUSTED_SESSION, "Untrusted session.", 403)

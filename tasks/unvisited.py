"""Arguments that Prefect hands to a task as they are."""

from __future__ import annotations

from typing import TypeVar, cast

from prefect.utilities.annotations import quote

T = TypeVar("T")


def unvisited(value: T) -> T:
    """Return an argument for a task, which gets `value` itself.

    Prefect looks through every record of an argument, twice, for results of other tasks: seconds for some hundreds.
    """
    return cast("T", quote(value))

"""Owns small pieces of the answers' shape: what is left out, and what is masked."""

from typing import Any

Json = dict[str, Any]

VISIBLE_DIGITS = 4


def present(fields: Json) -> Json:
    """Return the fields that hold something: BILL leaves unpopulated fields out rather than answer null."""
    return {name: value for name, value in fields.items() if value is not None}


def mask(number: str) -> str:
    """Return an account or tax number with all but its last four characters starred.

    Unverified: that BILL masks them on every read, and in this form.
    """
    return "*" * max(len(number) - VISIBLE_DIGITS, 0) + number[-VISIBLE_DIGITS:]

"""What rows of BILL's lists need before they are compared: both halves, every field, one way to read a text."""

from __future__ import annotations

from billcom.query import Filter

ACTIVE = Filter("archived", "eq", False)
ARCHIVED = Filter("archived", "eq", True)
"""Whether a list shows archived rows by default is not documented: each half is asked for by name."""


def plain(text: str | None) -> str:
    """Return a name or number as it is compared: case and blanks don't count."""
    return " ".join((text or "").split()).casefold()


def same_text(one: str | None, other: str | None) -> bool:
    """Return whether a person would read two names or numbers as the same: case and blanks don't count."""
    return plain(one) == plain(other)

"""Choosing among vendors, or customers, of one name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeVar

from billcom.errors import ConflictError
from billcom.models.customer import Customer
from billcom.models.vendor import Vendor

P = TypeVar("P", Vendor, Customer)


def choose_party(noun: str, name: str, same_name: Sequence[P], known: Mapping[str, str]) -> P | None:
    """Return the one that can be meant, None when there is none of this name.

    `known` holds the other fields of the request; what BILL holds differently contradicts. Raises
    ConflictError for several, an archived one, or a contradiction.
    """
    in_use = [party for party in same_name if not party.archived]
    if len(in_use) > 1:
        ids = ", ".join(party.id for party in in_use)
        raise ConflictError(
            f"several {noun}s are named {name!r} at BILL ({ids}): archive the wrong ones, or rename one"
        )
    if not in_use:
        if not same_name:
            return None
        raise ConflictError(
            f"{noun} {name!r} is archived at BILL ({same_name[0].id}): restore it there, or use another name"
        )
    (party,) = in_use
    for field, value in known.items():
        held = str(getattr(party, field) or "")
        if value and held and held.casefold() != value.casefold():
            raise ConflictError(
                f"{noun} {name!r} ({party.id}) has {field} {held!r} at BILL, the request says {value!r}: "
                "correct one of the two"
            )
    return party

"""Choosing among vendors, or customers, of one name: the same for both."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from typing import TypeVar

from billcom.errors import CaseError, ConflictError
from billcom.lookup.rows import ACTIVE, ARCHIVED, same_text
from billcom.models.customer import Customer
from billcom.models.vendor import Vendor
from billcom.query import Filter, can_be_filtered

P = TypeVar("P", Vendor, Customer)

CURRENCY = "USD"


async def find_party(
    noun: str,
    name: str,
    list_rows: Callable[[Iterable[Filter]], AsyncIterator[P]],
    get: Callable[[str], Awaitable[P]],
) -> P | None:
    """Return the one of this name, read in full, or None when nobody's name is like it.

    Asks by name first; only when nobody has it exactly does it read every name, archived ones too, for one
    that differs in case or blanks. Raises ConflictError for several, an archived one, or a near one.
    """
    exact = [row async for row in list_rows(_by_name(name)) if row.name == name and not row.archived]
    if not exact:
        exact = [row for half in (ACTIVE, ARCHIVED) async for row in list_rows([half])]
    party = choose_party(noun, name, [row for row in exact if same_text(row.name, name)])
    return await get(party.id) if party is not None else None


def choose_party(noun: str, name: str, alike: Sequence[P]) -> P | None:
    """Return the one of this name among all, archived ones too, whose names a person would read as the same.

    Raises CaseError for several, ConflictError for an archived one, or one whose name differs in case or blanks.
    """
    exact = _not_archived(noun, name, alike)
    if len({row.id for row in exact}) > 1:
        ids = ", ".join(sorted({row.id for row in exact}))
        raise CaseError(
            f"several {noun}s are named {name!r} at BILL ({ids}): archive the wrong ones, rename one, "
            "or say which it is"
        )
    return exact[0] if exact else None


def check_party(noun: str, party: P, known: Mapping[str, str], currency: str | None) -> P:
    """Return the party when nothing BILL holds contradicts what is known; else raise ConflictError."""
    if party.archived:
        raise _archived(noun, party)
    for field, value in known.items():
        held = str(getattr(party, field) or "")
        if value and held and not same_text(held, value):
            raise ConflictError(
                f"{noun} {party.name!r} ({party.id}) has {field} {held!r} at BILL, the request says {value!r}: "
                "correct one of the two"
            )
    if currency not in (None, "", CURRENCY):
        raise ConflictError(
            f"{noun} {party.name!r} ({party.id}) is kept in {currency} at BILL: only {CURRENCY} is handled here"
        )
    return party


def check_name(noun: str, party: P, name: str) -> P:
    """Return the party when it bears this name; else raise ConflictError."""
    if not same_text(party.name, name):
        raise ConflictError(
            f"{noun} {party.id} is {party.name!r} at BILL, not {name!r}: give the id of that {noun}"
        )
    return party


def _archived(noun: str, party: Vendor | Customer) -> ConflictError:
    return ConflictError(
        f"{noun} {party.name!r} is archived at BILL ({party.id}): restore it there, or use another name"
    )


def _by_name(name: str) -> list[Filter]:
    return [ACTIVE, Filter("name", "eq", name)] if can_be_filtered(name) else [ACTIVE]


def _not_archived(noun: str, name: str, alike: Sequence[P]) -> list[P]:
    exact = [row for row in alike if row.name == name and not row.archived]
    if exact or not alike:
        return exact
    (near, *_) = alike
    if near.archived:
        raise _archived(noun, near)
    raise ConflictError(
        f"{noun} {name!r} is not at BILL, but {near.name!r} is ({near.id}): write the name as BILL has it, or "
        "rename one of the two"
    )

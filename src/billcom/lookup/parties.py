"""Choosing among vendors, or customers, of one name: the same for both."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from billcom.errors import CaseError, ConflictError, NotFoundError
from billcom.journal import Entry, State
from billcom.lookup.rows import ACTIVE, ARCHIVED
from billcom.models.customer import Customer
from billcom.models.vendor import Vendor
from billcom.normalization import same_text
from billcom.query import Filter
from billcom.standing import BY_PERSON

P = TypeVar("P", Vendor, Customer)

CURRENCY = "USD"

_DISTINGUISHED_BY = {
    "vendor": ("account_number", "Our account number"),
    "customer": ("email", "E-mail"),
}
"""By noun: the field of BILL's that tells several of one name apart, and its title in sheets and forms."""


@dataclass(frozen=True)
class WantedParty:
    """The vendor or customer (`noun`) that is asked for.

    `id` is BILL's, empty where the request doesn't give it. `known`: what else the request says, by BILL's field.
    """

    noun: str
    name: str
    id: str = ""
    known: Mapping[str, str] = field(default_factory=dict[str, str])

    @property
    def id_title(self) -> str:
        """Title, in sheets and forms, of the field for BILL's id."""
        return f"BILL {self.noun} ID"


async def find_party(
    wanted: WantedParty,
    list_rows: Callable[[Iterable[Filter]], AsyncIterator[P]],
    get: Callable[[str], Awaitable[P]],
    last: Entry | None = None,
) -> P | None:
    """Return the party that is wanted, read in full, or None when none has its name; raise as `choose_party` does.

    `last`: the journal's row of a party made or chosen under this name. Reads every name in use: BILL's filter tells
    spellings of one name apart. Raises NotFoundError when BILL doesn't have the journal's party.
    """
    if wanted.id:
        given = await _present(get, wanted.id)
        return choose_party(wanted, [], {} if given is None else {given.id: given})
    known = {last.record_id: await get(last.record_id)} if last is not None else {}
    alike = [row async for row in list_rows([ACTIVE]) if same_text(row.name, wanted.name)]
    if not any(not row.archived for row in alike):
        alike += [row async for row in list_rows([ARCHIVED]) if same_text(row.name, wanted.name)]
    party = choose_party(wanted, alike, known, last)
    return await get(party.id) if party is not None else None


def choose_party(
    wanted: WantedParty, alike: Sequence[P], by_id: Mapping[str, P], last: Entry | None = None
) -> P | None:
    """Return the party that is wanted, None when it is not at BILL.

    `alike` are all of this name, archived ones too; `last` is the journal's row of the name; `by_id` holds the party of
    the row and that of the request's id, where BILL has them. The request's id decides; else, in use and under this
    name, the vendor's account number or the customer's e-mail; else the name, when one in use has it and the journal
    doesn't remember another. Raises ConflictError for an archived one, for an id of another name, and for a remembered
    party that was renamed; CaseError, naming them, when several may be meant.
    """
    if wanted.id:
        if wanted.id not in by_id:
            raise ConflictError(f"BILL has no {wanted.noun} {wanted.id}: correct {wanted.id_title}")
        return check_name(wanted.noun, by_id[wanted.id], wanted.name)
    in_use = {row.id: row for row in alike if not row.archived}
    distinguished = [row for row in in_use.values() if _is_distinguished(wanted, row)]
    if len(distinguished) == 1:
        return distinguished[0]
    if last is not None and last.state is State.DONE and last.record_id in by_id:
        return _check_remembered(wanted, by_id[last.record_id], in_use, by_person=last.note == BY_PERSON)
    if len(in_use) > 1:
        raise _several(wanted, in_use.values())
    if alike and not in_use:
        raise _archived(wanted.noun, alike[0])
    return next(iter(in_use.values()), None)


def check_party(noun: str, party: P, known: Mapping[str, str], currency: str | None) -> P:
    """Return the party when nothing BILL holds contradicts what is known; else raise ConflictError."""
    if party.archived:
        raise _archived(noun, party)
    for name, value in known.items():
        held = str(getattr(party, name) or "")
        if value and held and not same_text(held, value):
            raise ConflictError(
                f"{noun} {party.name!r} ({party.id}) has {name} {held!r} at BILL, the request says {value!r}: "
                "correct one of the two"
            )
    if currency not in (None, "", CURRENCY):
        raise ConflictError(
            f"{noun} {party.name!r} ({party.id}) is kept in {currency} at BILL: only {CURRENCY} is handled here"
        )
    return party


def check_name(noun: str, party: P, name: str) -> P:
    """Return the party when it has this name; else raise ConflictError."""
    if not same_text(party.name, name):
        raise ConflictError(
            f"{noun} {party.id} is {party.name!r} at BILL, not {name!r}: give the id of that {noun}"
        )
    return party


def check_unchanged(noun: str, party: P, name: str) -> P:
    """Return the party, read just before money moves, when it is in use and still has the name that was planned."""
    if party.archived:
        raise _archived(noun, party)
    if not same_text(party.name, name):
        raise ConflictError(
            f"{noun} {party.id} is named {party.name!r} at BILL by now, {name!r} was planned: look at it in BILL, then "
            "plan again"
        )
    return party


def _check_remembered(wanted: WantedParty, party: P, in_use: Mapping[str, P], *, by_person: bool) -> P:
    """Return the journal's party when it still has the name alone; a person's choice holds among several too."""
    noun, name = wanted.noun, wanted.name
    has_name = same_text(party.name, name)
    others = [row for row in in_use.values() if row.id != party.id]
    if has_name and not party.archived and (by_person or not others):
        return party
    if has_name and not party.archived:
        raise _several(wanted, [party, *others])
    if others:
        now = "is archived" if has_name else f"is named {party.name!r}"
        who = ", ".join(f"{row.name!r} ({row.id})" for row in others)
        raise CaseError(
            f"{noun} {name!r} was {party.id} until now, which {now} at BILL; the name belongs to {who} there: "
            f"{_how_to_tell(wanted)}"
        )
    if has_name:
        raise _archived(noun, party)
    raise ConflictError(
        f"{noun} {name!r} was {party.id} until now, which is named {party.name!r} at BILL, and no other {noun} has "
        f"the name: write the name as BILL has it, or rename the {noun} in BILL"
    )


def _is_distinguished(wanted: WantedParty, party: Vendor | Customer) -> bool:
    """Return whether the request names this one among several by its account number, or its e-mail."""
    fact, _title = _DISTINGUISHED_BY[wanted.noun]
    value, held = wanted.known.get(fact, ""), getattr(party, fact) or ""
    return bool(value) and same_text(value, held)


def _several(wanted: WantedParty, parties: Iterable[Vendor | Customer]) -> CaseError:
    fact, title = _DISTINGUISHED_BY[wanted.noun]
    who = ", ".join(
        f"{party.id} {party.name!r}, {title} {getattr(party, fact) or 'empty'}"
        for party in sorted(parties, key=lambda party: party.id)
    )
    return CaseError(
        f"several {wanted.noun}s are named {wanted.name!r} at BILL ({who}): {_how_to_tell(wanted)}"
    )


def _how_to_tell(wanted: WantedParty) -> str:
    _fact, title = _DISTINGUISHED_BY[wanted.noun]
    return (
        f"say which one is meant, fill in {wanted.id_title}, or {title} as BILL has it; or, in BILL, rename or archive "
        "the wrong one"
    )


def _archived(noun: str, party: Vendor | Customer) -> ConflictError:
    return ConflictError(
        f"{noun} {party.name!r} is archived at BILL ({party.id}): restore it there, or use another name"
    )


async def _present(get: Callable[[str], Awaitable[P]], party_id: str) -> P | None:
    # An id is letters and digits: anything else would be another address.
    if not (party_id.isalnum() and party_id.isascii()):
        return None
    try:
        return await get(party_id)
    except NotFoundError:
        return None

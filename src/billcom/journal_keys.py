"""Which rows of the journal are of one write though their subjects or labels are spelled differently."""

from __future__ import annotations

from collections.abc import Iterable

from billcom.intent import MONEY, Kind
from billcom.journal_rows import Entry, Identity, State
from billcom.normalization import normalize_text

NAMED = frozenset({Kind.VENDOR, Kind.CUSTOMER, Kind.BILL, Kind.INVOICE})
"""Kinds whose subject holds a name or number. Version 0.1.0 wrote these in another normalization."""


OlderSubjects = dict[str, list[str]]
"""Subjects that are kept in another normalization, by the subject they would have now."""


def normalize_subject(kind: str, subject: str) -> str:
    """Return the subject under which a write of this kind is kept now."""
    if kind not in NAMED:
        return subject
    if kind == Kind.BILL:
        # The vendor's id, the bill's date, its number.
        *before, number = subject.split(" ", 2)
        return " ".join([*before, normalize_text(number)])
    return normalize_text(subject)


def normalize_label(kind: str, label: str) -> str:
    """Return the label under which a write of this kind is kept now."""
    return normalize_text(label) if kind in MONEY else label


def older_subjects(kind: str, subjects: Iterable[str]) -> OlderSubjects:
    """Return those of subjects that are kept in another normalization."""
    older: OlderSubjects = {}
    for subject in subjects:
        if (now := normalize_subject(kind, subject)) != subject:
            older.setdefault(now, []).append(subject)
    return older


def spellings(kind: str, subjects: Iterable[str], older: OlderSubjects) -> list[str]:
    """Return every subject under which rows of these may be kept, each once."""
    now = {normalize_subject(kind, subject) for subject in subjects}
    return sorted(now.union(*(older.get(subject, ()) for subject in now)))


def last_rows(rows: Iterable[Entry]) -> dict[Identity, Entry]:
    """Return the last row of each identity, by its own count: where it stands, somebody may have altered."""
    return {row.identity: row for row in sorted(rows, key=lambda row: row.sequence)}


def merge_spellings(kind: str, rows: Iterable[Entry]) -> dict[str, dict[str, Entry]]:
    """Return one row for each normalized subject and label, from the last row of each identity.

    Of several an open one goes first, so that nothing is sent beside it, then one that is done, then the latest.
    """
    merged: dict[str, dict[str, Entry]] = {}
    for row in sorted(rows, key=_rank):
        labels = merged.setdefault(normalize_subject(kind, row.identity.subject), {})
        labels[normalize_label(kind, row.identity.label)] = row
    return merged


def _rank(row: Entry) -> tuple[bool, bool, int]:
    return row.is_open, row.state is State.DONE, row.position

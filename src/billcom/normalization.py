"""One way to compare the texts that name something: vendors, customers, invoice numbers, labels."""

from __future__ import annotations

import re
import unicodedata

# Unicode 16, DerivedCoreProperties.txt: Default_Ignorable_Code_Point. The standard library doesn't have it.
_DEFAULT_IGNORABLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
_INVISIBLE_CATEGORIES = frozenset({"Cc", "Cf", "Co", "Cs"})

_APOSTROPHES = (
    "`\u00b4\u02b9\u02bb\u02bc\u02bd\u02c8\u02ca\u02cb\u055a\u05f3\u07f4\u07f5\u1fbd\u1fbf\u1fef\u1ffd\u2018\u2019"
    "\u201a\u201b\u2032\u2035\u2039\u203a\u275b\u275c\ua78b\ua78c\uff07\uff40"
)
_QUOTES = "\u00ab\u00bb\u02ba\u02dd\u02ee\u05f4\u201c\u201d\u201e\u201f\u2033\u2036\u275d\u275e\u301d\u301e\u301f\uff02"
_DASHES = "\u058a\u05be\u1806\u2010\u2011\u2012\u2013\u2014\u2015\u2043\u2212\u2e3a\u2e3b\ufe31\ufe32\ufe58"
_UNIFORM = str.maketrans(
    dict.fromkeys(_APOSTROPHES, "'") | dict.fromkeys(_QUOTES, '"') | dict.fromkeys(_DASHES, "-")
)

# Folding can undo the composition and the other way round. Two passes are enough for every code point; a test says so.
_PASSES = 2


def normalize_text(text: str | None) -> str:
    """Return the form under which a name, number or label is compared and kept in the journal.

    Unicode NFKC, case folded; one sign for all apostrophes, one for all quotation marks, one for all dashes; single
    blanks; no default-ignorable code points. Normalizing the result again changes nothing.
    """
    normalized = text or ""
    for _ in range(_PASSES):
        # Before NFKC too: it takes some of these signs apart into a blank and an accent.
        normalized = remove_ignorable(normalized).translate(_UNIFORM)
        normalized = unicodedata.normalize("NFKC", unicodedata.normalize("NFKD", normalized).casefold())
    return " ".join(remove_ignorable(normalized).translate(_UNIFORM).split())


def same_text(one: str | None, other: str | None) -> bool:
    """Return whether two names, numbers or labels are the same after normalization."""
    return normalize_text(one) == normalize_text(other)


def remove_ignorable(text: str) -> str:
    """Return the text without default-ignorable code points, which no reader sees."""
    return _DEFAULT_IGNORABLE.sub("", text)


def check_visible(text: str) -> str:
    """Return the text; raise ValueError, naming the code point, when it holds a character that no reader sees."""
    found = _DEFAULT_IGNORABLE.search(text)
    strange = found.group() if found else None
    if strange is None and not text.isprintable():
        strange = next((sign for sign in text if unicodedata.category(sign) in _INVISIBLE_CATEGORIES), None)
    if strange is not None:
        raise ValueError(f"holds the invisible character U+{ord(strange):04X}: type it again")
    return text

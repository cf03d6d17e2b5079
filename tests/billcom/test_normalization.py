"""Comparing names, numbers and labels: what is the same, what is not, and what nobody sees."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billcom.normalization import check_visible, normalize_text, remove_ignorable, same_text


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Café Lumière", unicodedata.normalize("NFD", "Café Lumière")),
        ("Lakeside Piano", "Ｌakeside\u00a0Piano"),
        ("O'Brien & Sons", "O\u2019Brien  &  Sons"),
        ("O'Brien", "O\u00b4Brien"),
        ("O'Brien", "O`BRIEN"),
        ('The "Band"', "The \u201cBand\u201d"),
        ("INV-1001", "inv\u20131001"),
        ("INV-1001", "INV\u2212\uff11\uff10\uff10\uff11"),
        ("Straße", "STRASSE"),
        ("First Half", " first\thalf "),
        ("Happy Music", "Happy\u3164 Mu\u034fsic\ufe0f\u200b"),
    ],
)
def test_spellings_of_one_text_are_the_same(one: str, other: str) -> None:
    assert same_text(one, other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("INV-1", "INV1"),
        ("0077", "77"),
        ("Happy Music", "Нappy Music"),
        ("Music Inc", "Music Inc."),
        ("a", ""),
    ],
)
def test_different_texts_are_not_the_same(one: str, other: str) -> None:
    assert not same_text(one, other)


@given(st.text())
def test_normalizing_again_changes_nothing(text: str) -> None:
    once = normalize_text(text)
    assert normalize_text(once) == once
    assert same_text(text, unicodedata.normalize("NFD", text))
    assert same_text(text, text.casefold())


@pytest.mark.parametrize("sign", "\u3164\u034f\ufe0f\u200b\u00ad\u115f\u2065\ufff0\U000e0100\u202e\n\ue000")
def test_invisible_character_is_refused_and_named(sign: str) -> None:
    with pytest.raises(
        ValueError, match=rf"^holds the invisible character U\+{ord(sign):04X}: type it again$"
    ):
        check_visible(f"Happy{sign} Music")


def test_visible_characters_are_let_through() -> None:
    for text in ("Café Lumière", "株式会社", "O'Brien", "Ünï-1/2 №5", "गणेश"):
        assert check_visible(text) == text == remove_ignorable(text)

"""Text as it goes into a CSV file or a workbook: a spreadsheet that opens it takes no text for a formula."""

from __future__ import annotations

from typing import Any

from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE  # pyright: ignore[reportMissingTypeStubs]

MAX_CELL_CHARACTERS = 32_767
"""Longest text of a cell. Source: Excel's specifications and limits."""

# Source: OWASP, CSV injection: these open a formula, or end a cell before it; the wide ones are the same to a
# spreadsheet of East Asia.
_OPENS_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def looks_like_formula(value: str) -> bool:
    """Return whether a spreadsheet may take this text for a formula; blanks before it don't help."""
    return value.startswith(_OPENS_FORMULA) or value.lstrip().startswith(_OPENS_FORMULA)


def safe_text(value: str) -> str:
    """Return text for a CSV cell: with an apostrophe before what a spreadsheet may take for a formula."""
    return f"'{value}" if looks_like_formula(value) else value


def write_text(cell: Any, value: str) -> None:
    """Write text into a cell of a workbook as text, whatever it looks like; the cell's format becomes text.

    `cell` is openpyxl's, of either kind of worksheet. Characters that no workbook can hold become `�`; text too
    long for a cell is cut.
    """
    text = ILLEGAL_CHARACTERS_RE.sub("�", value)
    cell.number_format = "@"
    if not text:
        return
    cell.value = text if len(text) <= MAX_CELL_CHARACTERS else f"{text[: MAX_CELL_CHARACTERS - 1]}…"
    cell.data_type = "s"
    if looks_like_formula(text):
        # As if an apostrophe had been typed before it: it stays text when a person edits the cell.
        cell.quotePrefix = True

"""What stands in the workbook of a run, cell by cell, with each of BILL's ids as what it is the id of."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from openpyxl import load_workbook

Cells = dict[tuple[str, str], Any]
"""Values by sheet and coordinate; empty cells are left out."""

_ID = re.compile(r"\b[0-9a-z]{3}[0-9A-Z]{17}\b")
_FINGERPRINT = re.compile(r"[0-9a-f]{16}")


def read_cells(path: Path, names: Mapping[str, str]) -> Cells:
    """Return the cells of a workbook, ids replaced by their names; an id without a name stays."""
    cells: Cells = {}
    for sheet in load_workbook(path).worksheets:
        for row in sheet.iter_rows():
            for cell in row:
                if cell.value is not None:
                    cells[sheet.title, cell.coordinate] = _named(cell.value, names)
    return cells


def take_fingerprint(cells: Cells) -> str:
    """Return a run's fingerprint, and take it out: it depends on the funding account's id."""
    ((sheet, label),) = [at for at, value in cells.items() if value == "Fingerprint"]
    value = cells.pop((sheet, f"B{label[1:]}"))
    assert _FINGERPRINT.fullmatch(value), value
    return value


def differences(wanted: Cells, found: Cells) -> list[str]:
    """Return, in words, each cell in which two workbooks differ."""
    return [
        f"{sheet} {cell}: {found.get((sheet, cell))!r}, not {wanted.get((sheet, cell))!r}"
        for sheet, cell in sorted(wanted.keys() | found.keys())
        if wanted.get((sheet, cell)) != found.get((sheet, cell))
    ]


def _named(value: Any, names: Mapping[str, str]) -> Any:
    if not isinstance(value, str):
        return value
    return _ID.sub(lambda found: names.get(found.group(), found.group()), value)

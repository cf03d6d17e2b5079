"""The first sheet of a run's workbook: what the run is, what comes of it, and its control totals."""

from __future__ import annotations

from openpyxl.styles import Alignment, Font
from openpyxl.worksheet.worksheet import Worksheet

from billcom.money import display
from billcom.runs.lines import Run, Total
from billcom.runs.report import run_outcome
from billcom.runs.sheets.cells import (
    AMOUNT_FORMAT,
    COLORS,
    COUNT_FORMAT,
    FILLS,
    GREY,
    fill,
    font,
    put_text,
    set_print,
    style_heading,
    style_sum,
)
from billcom.runs.totals import total_out, totals_by_group
from billcom.runs.words import WORDS

WIDTHS = {"A": 30, "B": 12, "C": 18, "D": 3}


def write_summary(sheet: Worksheet, run: Run) -> tuple[int, int]:
    """Write outcome, facts and notes, and below them the control totals; return first and last row of the totals.

    Right of the totals and below them is room for charts: only what stands above may be as wide as the page.
    """
    sheet.title = "Summary"
    sheet.sheet_view.showGridLines = False
    for letter, width in WIDTHS.items():
        sheet.column_dimensions[letter].width = width
    put_text(sheet["A1"], run.name or run.kind.value)
    sheet["A1"].font = font(bold=True, size=16)
    row = _write_sentences(sheet, run_outcome(run), 2, font(bold=True))
    row = _write_facts(sheet, run, row + 1)
    row = _write_sentences(sheet, run.notes, row, font(italic=True, color=GREY))
    set_print(sheet)
    sheet.page_setup.fitToHeight = 1
    return row + 1, _write_totals(sheet, run, row + 1)


def _write_sentences(sheet: Worksheet, sentences: tuple[str, ...], row: int, font: Font) -> int:
    for offset, sentence in enumerate(sentences):
        put_text(sheet.cell(row + offset, 1), sentence)
        sheet.cell(row + offset, 1).font = font
    return row + len(sentences)


def _write_facts(sheet: Worksheet, run: Run, row: int) -> int:
    facts = {
        "Kind": run.kind.value,
        "Source": run.source,
        "Funding account": run.funding_account_id,
        "Fingerprint": run.fingerprint,
        "Dry run": "yes" if run.dry_run else "no",
    }
    for name, value in facts.items():
        if value:
            put_text(sheet.cell(row, 1), name)
            sheet.cell(row, 1).font = font(color=GREY)
            put_text(sheet.cell(row, 2), value)
            row += 1
    return row


def _write_totals(sheet: Worksheet, run: Run, first: int) -> int:
    words = WORDS[run.kind]
    out = total_out(run)
    for column, heading in enumerate(("Control totals", "Lines", "USD"), 1):
        put_text(sheet.cell(first, column), heading)
        style_heading(sheet.cell(first, column), "right" if column > 1 else "left")
    _write_total(sheet, first + 1, "In: asked for", run.total, is_sum=True)
    row = first + 2
    for group, totals in totals_by_group(run).items():
        _write_total(sheet, row, words.groups[group], run.total_of_group(group))
        for cell in sheet[f"A{row}:C{row}"][0]:
            cell.fill, cell.font = fill(FILLS[group]), font(bold=True, color=COLORS[group])
        for status, total in totals.items():
            row += 1
            _write_total(sheet, row, words.statuses[status], total)
            sheet.cell(row, 1).alignment = Alignment(horizontal="left", indent=2)
        row += 1
    _write_total(sheet, row, "Out: sum of the three", out, is_sum=True)
    put_text(sheet.cell(row + 1, 1), _balance(run.total, out))
    sheet.cell(row + 1, 1).font = font(italic=True)
    return row + 1


def _write_total(sheet: Worksheet, row: int, name: str, total: Total, *, is_sum: bool = False) -> None:
    put_text(sheet.cell(row, 1), name)
    sheet.cell(row, 2, total.count).number_format = COUNT_FORMAT
    sheet.cell(row, 3, total.amount).number_format = AMOUNT_FORMAT
    if is_sum:
        for cell in sheet[f"A{row}:C{row}"][0]:
            style_sum(cell)


def _balance(total_in: Total, out: Total) -> str:
    if total_in == out:
        return f"In = out: {out.count:,} lines, USD {display(out.amount)}"
    return "In and out differ: don't rely on this workbook"

"""A run as an .xlsx workbook: what it comes to, every line, and what needs a person. Keeps no file."""

from __future__ import annotations

from openpyxl import Workbook

from billcom.runs.lines import Run
from billcom.runs.sheets.charts import add_charts
from billcom.runs.sheets.columns import line_columns, needs_columns
from billcom.runs.sheets.line_sheet import LineStyles, add_line_sheet, line_rows
from billcom.runs.sheets.summary import write_summary
from billcom.runs.sheets.xlsx import to_bytes


def run_workbook(run: Run) -> bytes:
    """Return a run's workbook, planned or done: Summary with charts, Lines, Needs you if anything does, Chart data.

    Equal runs give equal bytes. Holds no bank number but its last four digits.
    """
    workbook = Workbook()
    summary = workbook.worksheets[0]
    first, last = write_summary(summary, run)
    sheets = {"Lines": (line_columns(run.kind), run.lines)}
    if run.failed:
        sheets["Needs you"] = (needs_columns(run.kind), run.failed)
    styles = LineStyles.of(workbook)
    for title, (columns, lines) in sheets.items():
        add_line_sheet(workbook, title, columns, len(lines))
    add_charts(summary, workbook.create_sheet("Chart data"), run, first, last)
    rows = {title: line_rows(columns, lines, styles) for title, (columns, lines) in sheets.items()}
    return to_bytes(workbook, rows)

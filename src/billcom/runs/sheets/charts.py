"""The charts of a run's workbook, native to it, and the sheet of numbers they are drawn from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from openpyxl.chart import BarChart
from openpyxl.chart.axis import ChartLines
from openpyxl.chart.data_source import (
    AxDataSource,
    NumData,
    NumDataSource,
    NumRef,
    NumVal,
    StrData,
    StrRef,
    StrVal,
)
from openpyxl.chart.label import DataLabelList
from openpyxl.chart.marker import DataPoint
from openpyxl.chart.series import Series
from openpyxl.chart.shapes import GraphicalProperties
from openpyxl.chart.text import RichText, Text
from openpyxl.chart.title import Title
from openpyxl.drawing.line import LineProperties
from openpyxl.drawing.spreadsheet_drawing import AnchorMarker, TwoCellAnchor
from openpyxl.drawing.text import CharacterProperties, Paragraph, ParagraphProperties, RegularTextRun
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from billcom.runs.lines import Group, Run
from billcom.runs.sheets.cells import (
    AMOUNT_FORMAT,
    COLORS,
    COUNT_FORMAT,
    put_text,
    set_print,
    style_heading,
)
from billcom.runs.sheets.xlsx import clean_text
from billcom.runs.totals import cash_by_day, cash_by_party, totals_by_group
from billcom.runs.words import WORDS

LONGEST_LABEL = 28
"""Characters of a name beside a bar."""

ROWS = 17
"""Rows of the sheet that a chart covers; its columns are those of the totals, or those beside them."""

LEFT, RIGHT = (0, 3), (4, 14)
GAP_PERCENT = 50
"""Between bars, of a bar's width."""

GRID_COLOR = "D9DEE5"
MOST_NUMBERS = 8
"""Standing bars that carry their dollars; those of more would write over each other."""


@dataclass(frozen=True)
class _Bar:
    label: str
    amount: Decimal
    group: Group = Group.PAID


def add_charts(sheet: Worksheet, data: Worksheet, run: Run, first_row: int, last_row: int) -> None:
    """Add charts beside and below rows of a sheet, and what they show to `data`. What has no bar gets no chart."""
    words = WORDS[run.kind]
    days = [_Bar(str(day or words.without_day), amount) for day, amount in cash_by_day(run).items()]
    parties = [_Bar(_short(party), amount) for party, amount in cash_by_party(run).items()]
    statuses = [
        _Bar(words.statuses[status], total.amount, group)
        for group, totals in totals_by_group(run).items()
        for status, total in totals.items()
    ]
    set_print(data)
    below = max(first_row + ROWS + 1, last_row + 2)
    places = (
        (f"{words.cash} by {words.day.lower()}", words.day, days, first_row, RIGHT),
        (f"{words.cash} by {words.party.lower()}", words.party, parties, below, RIGHT),
        ("Asked for, by status", "Status", statuses, below, LEFT),
    )
    for number, (title, heading, bars, row, columns) in enumerate(places):
        if bars:
            column = 1 + 3 * number
            _write_block(data, column, heading, bars)
            is_lying = number > 0
            series = _series(data, column, bars, is_lying=is_lying)
            chart = _chart(title, series, _top(bars), is_lying=is_lying)
            # Held by cells, not by centimetres: every program gives a column another width.
            chart.anchor = TwoCellAnchor(  # pyright: ignore[reportAttributeAccessIssue]
                _from=AnchorMarker(col=columns[0], row=row - 1),
                to=AnchorMarker(col=columns[1], row=row - 1 + ROWS),
            )
            sheet.add_chart(chart)


def _write_block(data: Worksheet, column: int, heading: str, bars: Sequence[_Bar]) -> None:
    for offset, (text, width) in enumerate(((heading, LONGEST_LABEL + 2), ("USD", 16))):
        put_text(data.cell(1, column + offset), text)
        style_heading(data.cell(1, column + offset), "right" if offset > 0 else "left")
        data.column_dimensions[get_column_letter(column + offset)].width = width
    for row, bar in enumerate(bars, 2):
        put_text(data.cell(row, column), bar.label)
        data.cell(row, column + 1, bar.amount).number_format = AMOUNT_FORMAT


def _chart(title: str, series: Series, top: int, *, is_lying: bool) -> BarChart:
    chart = BarChart(gapWidth=GAP_PERCENT, barDir="bar" if is_lying else "col", ser=[series])
    chart.legend = None
    chart.title = Title(tx=_text(title, size=1300, bold=True), overlay=False)
    dollars = Title(tx=_text("USD", size=900, bold=False), overlay=False)
    # openpyxl leaves axes out unless they are told to stay.
    chart.x_axis.delete = chart.y_axis.delete = False
    chart.y_axis.title, chart.y_axis.number_format = dollars, COUNT_FORMAT
    chart.y_axis.scaling.min, chart.y_axis.scaling.max = 0, top
    chart.y_axis.majorUnit = top / 4
    chart.y_axis.majorGridlines = ChartLines(GraphicalProperties(ln=LineProperties(solidFill=GRID_COLOR)))
    if is_lying:
        # The first bar on top, and the dollars at the bottom all the same.
        chart.x_axis.scaling.orientation = "maxMin"
        chart.y_axis.crosses = "max"
    return chart


def _series(data: Worksheet, column: int, bars: Sequence[_Bar], *, is_lying: bool) -> Series:
    """Return the bars; labels and dollars are kept in the chart too, for viewers that read no other sheet."""
    cells = f"'{data.title}'!${{0}}$2:${{0}}${len(bars) + 1}"
    names = [StrVal(idx=number, v=clean_text(bar.label)) for number, bar in enumerate(bars)]
    amounts = [NumVal(idx=number, v=str(bar.amount)) for number, bar in enumerate(bars)]
    categories = StrRef(cells.format(get_column_letter(column)), StrData(len(bars), names))
    dollars = NumRef(cells.format(get_column_letter(column + 1)), NumData(AMOUNT_FORMAT, len(bars), amounts))
    others = [
        DataPoint(idx=number, invertIfNegative=False, spPr=_color(bar.group))
        for number, bar in enumerate(bars)
        if bar.group is not Group.PAID
    ]
    labels = DataLabelList(
        showVal=True,
        showSerName=False,
        showCatName=False,
        showLegendKey=False,
        showPercent=False,
        showBubbleSize=False,
    )
    return Series(
        cat=AxDataSource(strRef=categories),
        val=NumDataSource(dollars),
        spPr=_color(Group.PAID),
        dPt=others,
        dLbls=labels if is_lying or len(bars) <= MOST_NUMBERS else None,
        invertIfNegative=False,
    )


def _top(bars: Sequence[_Bar]) -> int:
    """Return where the dollars' axis ends: a round number, high enough for what stands at the end of a bar."""
    needed = max(bar.amount for bar in bars) * Decimal("1.2")
    power = 1
    while True:
        for step in (4, 6, 8, 12, 16, 20, 24, 32):
            if step * power >= needed:
                return step * power
        power *= 10


def _color(group: Group) -> GraphicalProperties:
    return GraphicalProperties(solidFill=COLORS[group])


def _text(text: str, *, size: int, bold: bool) -> Text:
    """Return text of a size in hundredths of a point."""
    look = CharacterProperties(sz=size, b=bold)
    run = RegularTextRun(rPr=look, t=text)
    return Text(rich=RichText(p=[Paragraph(pPr=ParagraphProperties(defRPr=look), r=[run])]))


def _short(name: str) -> str:
    return name if len(name) <= LONGEST_LABEL else f"{name[: LONGEST_LABEL - 1]}…"

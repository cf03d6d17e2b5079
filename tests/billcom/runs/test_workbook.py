import zipfile
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from io import BytesIO

import pytest
from openpyxl import Workbook, load_workbook
from openpyxl.worksheet.worksheet import Worksheet

from billcom.runs.lines import Run, RunKind, Status
from billcom.runs.workbook import run_workbook
from tests.billcom.runs.build import line, result, run

HEADINGS = [
    "Place in the source",
    "Vendor",
    "Invoice number",
    "Invoice date",
    "Due date",
    "Amount",
    "Label",
    "Process date",
    "Bank account (last four)",
    "Status",
    "Reason",
    "Vendor is",
    "Bill is",
    "Vendor id",
    "Bill id",
    "Payment id",
    "Payment status",
    "Override reason",
]


def opened(run: Run) -> Workbook:
    return load_workbook(BytesIO(run_workbook(run)))


def stamp(day: str) -> datetime:
    """Return the start of a day, without a zone, as workbooks have it."""
    return datetime.fromisoformat(day)


def rows(sheet: Worksheet) -> list[list[object]]:
    return [list(row) for row in sheet.iter_rows(values_only=True)]


def filled(sheet: Worksheet) -> list[tuple[object, ...]]:
    """Return what stands in each row that holds anything."""
    found = (tuple(value for value in row if value is not None) for row in rows(sheet))
    return [row for row in found if row]


def parts(run: Run) -> dict[str, str]:
    with zipfile.ZipFile(BytesIO(run_workbook(run))) as file:
        return {name: file.read(name).decode() for name in file.namelist()}


def test_the_summary_says_what_it_is_and_adds_up() -> None:
    assert filled(opened(result(notes=("Two rows were empty.",)))["Summary"]) == [
        ("June vendors",),
        ("USD 1,100.00 in 2 payments made: funds leave from 2026-06-30 to 2026-07-02.",),
        ("USD 0.11 in 1 payment sent, and nobody knows yet whether BILL acted.",),
        ("5 lines need you: USD 2.11.",),
        ("Kind", "payment run"),
        ("Source", "june.xlsx"),
        ("Funding account", "bac01AAFKXQ"),
        ("Fingerprint", "dee848eef1df4ccf"),
        ("Dry run", "no"),
        ("Two rows were empty.",),
        ("Control totals", "Lines", "USD"),
        ("In: asked for", 10, 1111.11),
        ("Paid or to be paid", 2, 1100),
        ("paid", 2, 1100),
        ("Skipped", 3, 9),
        ("already paid", 1, 4),
        ("waiting for approval in BILL", 1, 3),
        ("skipped", 1, 2),
        ("Needs you", 5, 2.11),
        ("held", 1, 1),
        ("conflict", 1, 0.5),
        ("failed", 2, 0.5),
        ("open: nobody knows yet", 1, 0.11),
        ("Out: sum of the three", 10, 1111.11),
        ("In = out: 10 lines, USD 1,111.11",),
    ]


def test_the_amounts_of_the_summary_are_numbers_with_a_format() -> None:
    sheet = opened(result())["Summary"]
    (row,) = [row for row in sheet.iter_rows() if row[0].value == "In: asked for"]
    assert [cell.number_format for cell in row[:3]] == ["@", "#,##0", "#,##0.00"]


def test_lines_has_one_row_a_line_in_the_order_of_the_source() -> None:
    first = replace(result().lines[0], label="June", party_id="009", document_id="00n", override="Ana knows.")
    head, row, *others = rows(opened(run(first, *result().lines[1:]))["Lines"])
    assert head == HEADINGS
    assert row == [
        "June row 2",
        "Happy Music Supplies",
        "INV-1001",
        stamp("2026-06-01"),
        stamp("2026-07-01"),
        1000,
        "June",
        stamp("2026-06-30"),
        "2333",
        "paid",
        None,
        "new",
        "found",
        "009",
        "00n",
        "stpUWRA27QDY1QSOYSTJ",
        "SCHEDULED",
        "Ana knows.",
    ]
    assert [other[0] for other in others] == [f"June row {number}" for number in range(3, 12)]
    assert [(other[5], other[9], other[10]) for other in others[4:]] == [
        (1, "held", "New account."),
        (0.5, "conflict", "Differs."),
        (0.3, "failed", "Refused."),
        (0.2, "failed", "Not sent."),
        (0.11, "open: nobody knows yet", "No answer."),
    ]


def test_dates_amounts_and_text_have_their_formats() -> None:
    sheet = opened(run(line(invoice_date=None)))["Lines"]
    formats = {str(cell.value): cell.number_format for cell in sheet[2] if cell.value is not None}
    assert formats == {
        "June row 2": "@",
        "Happy Music Supplies": "@",
        "INV-1001": "@",
        "2026-07-01 00:00:00": "yyyy-mm-dd",
        "1250.1": "#,##0.00",
        "2026-06-30 00:00:00": "yyyy-mm-dd",
        "2333": "@",
        "to be paid": "General",
    }
    assert sheet["D2"].value is None


def test_a_plan_and_its_result_have_the_same_columns() -> None:
    plan, done = opened(run(line()))["Lines"], opened(run(line(status=Status.DONE)))["Lines"]
    assert rows(plan)[0] == rows(done)[0] == HEADINGS
    assert (plan["J2"].value, done["J2"].value) == ("to be paid", "paid")


def test_a_collection_run_has_its_own_words() -> None:
    workbook = opened(run(line(), line(status=Status.DONE, day=None), kind=RunKind.COLLECTION))
    head, planned, done = rows(workbook["Lines"])
    assert [name for name in head if name not in HEADINGS] == [
        "Customer",
        "Payment date",
        "Customer is",
        "Invoice is",
        "Customer id",
        "Invoice id",
        "Charge id",
        "Charge status",
    ]
    assert (planned[9], done[9], done[7]) == ("planned", "done", None)
    assert rows(workbook["Chart data"])[1:3] == [
        ["2026-06-30", 1250.1, None, "Happy Music Supplies", 2500.2, None, "planned", 1250.1],
        ["sent, not charged", 1250.1, None, None, None, None, "done", 1250.1],
    ]


def test_needs_you_holds_what_needs_a_person_and_why() -> None:
    head, *needed = rows(opened(result())["Needs you"])
    assert head[:8] == [*HEADINGS[:6], "Status", "Reason"]
    assert [(row[0], row[7]) for row in needed] == [
        ("June row 7", "New account."),
        ("June row 8", "Differs."),
        ("June row 9", "Refused."),
        ("June row 10", "Not sent."),
        ("June row 11", "No answer."),
    ]


def test_where_nobody_is_needed_there_is_no_such_sheet() -> None:
    assert opened(run(line())).sheetnames == ["Summary", "Lines", "Chart data"]
    assert opened(result()).sheetnames == ["Summary", "Lines", "Needs you", "Chart data"]


def test_the_heading_stays_in_sight_filters_and_is_printed_on_every_page() -> None:
    sheet = opened(result())["Lines"]
    assert (sheet.freeze_panes, sheet.auto_filter.ref, sheet.print_title_rows) == ("D2", "A1:R11", "$1:$1")
    assert sheet.print_area == "'Lines'!$A$1:$K$11"
    assert (sheet.page_setup.orientation, sheet.page_setup.fitToHeight) == ("landscape", 0)
    assert sheet.sheet_properties.pageSetUpPr is not None and sheet.sheet_properties.pageSetUpPr.fitToPage
    assert all(8 < sheet.column_dimensions[letter].width < 70 for letter in "ABCDEFGHIJKLMNOPQR")


def test_a_row_is_as_high_as_its_reason_needs() -> None:
    sheet = opened(run(line(), line(reason="word " * 40), line(reason="x\n" * 400)))["Lines"]
    assert [sheet.row_dimensions[row].height for row in (2, 3, 4)] == [None, 60, 409]


def test_charts_show_cash_by_day_by_vendor_and_everything_by_status() -> None:
    files = parts(result())
    charts = {name: text for name, text in files.items() if name.startswith("xl/charts/")}
    assert len(charts) == 3
    for number, (title, labels, amounts) in enumerate(
        [
            ("Cash out by process date", "$A$2:$A$3", "$B$2:$B$3"),
            ("Cash out by vendor", "$D$2:$D$3", "$E$2:$E$3"),
            ("Asked for, by status", "$G$2:$G$9", "$H$2:$H$9"),
        ],
        1,
    ):
        text = charts[f"xl/charts/chart{number}.xml"]
        assert title in text
        assert f"<f>'Chart data'!{labels}</f>" in text and f"<f>'Chart data'!{amounts}</f>" in text
        assert '<delete val="1"' not in text and text.count('<delete val="0"') == 2
    assert "<v>1000</v>" in charts["xl/charts/chart1.xml"]  # for viewers that read no other sheet
    assert rows(opened(result())["Chart data"])[:4] == [
        ["Process date", "USD", None, "Vendor", "USD", None, "Status", "USD"],
        ["2026-06-30", 1000, None, "Happy Music Supplies", 1000, None, "paid", 1100],
        ["2026-07-02", 100, None, "Cedar Press", 100, None, "already paid", 4],
        [None, None, None, None, None, None, "waiting for approval in BILL", 3],
    ]


def test_charts_cover_no_cell_and_not_each_other() -> None:
    sheet = opened(result())["Summary"]
    places = []
    for chart in sheet._charts:  # pyright: ignore[reportAttributeAccessIssue]
        start, end = chart.anchor._from, chart.anchor.to
        places.append((start.col, start.row, end.col, end.row))
    used = [(x, y) for y, row in enumerate(rows(sheet)) for x, value in enumerate(row) if value is not None]
    for left, top, right, bottom in places:
        assert not [(x, y) for x, y in used if left <= x < right and top <= y < bottom]
    pairs = [(one, other) for n, one in enumerate(places) for other in places[n + 1 :]]
    assert len(pairs) == 3
    for one, other in pairs:
        assert one[2] <= other[0] or other[2] <= one[0] or one[3] <= other[1] or other[3] <= one[1]


def test_two_vendors_whose_names_begin_alike_keep_a_bar_each() -> None:
    name = "The Society for the Preservation of "
    sheet = opened(run(line(party=name + "Barns"), line(party=name + "Mills", amount=Decimal("1.00"))))[
        "Chart data"
    ]
    bars = [(row[3], row[4]) for row in rows(sheet)[1:3]]
    assert bars == [("The Society for the Preserv…", 1250.1), ("The Society for the Preserv…", 1)]


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", " =1", "#N/A", '=HYPERLINK("x")'])
def test_no_text_is_a_formula_wherever_it_stands(text: str) -> None:
    bad = line(place=text, party=text, number=text, label=text, account=text[-4:], override=text, reason=text)
    bad = replace(bad, party_is=text, document_is=text, party_id=text, document_id=text, record_id=text)
    whole = run(
        bad,
        replace(bad, status=Status.FAILED, record_status=text),
        name=text,
        source=text,
        funding_account_id=text,
        notes=(text,),
    )
    workbook = opened(whole)
    holding = [
        cell
        for sheet in workbook.worksheets
        for row in sheet.iter_rows()
        for cell in row
        if cell.value is not None and str(cell.value).strip() == text.strip()
    ]
    assert len(holding) > 20
    assert {cell.data_type for cell in holding} == {"s"}
    assert {cell.quotePrefix for cell in holding} == {text != "#N/A"}
    assert not any("<f>" in xml for name, xml in parts(whole).items() if name.startswith("xl/worksheets/"))


def test_text_that_no_workbook_can_hold_is_made_harmless() -> None:
    odd = "a\x00b\x1b\ud800\uffff<&>]]>\n" + "x" * 40_000
    workbook = opened(run(line(reason=odd), name=odd, notes=(odd,)))
    value = workbook["Lines"]["K2"].value
    assert isinstance(value, str) and value.startswith("a\ufffdb\ufffd\ufffd\ufffd<&>]]>\nxxx")
    assert len(value) == 32_767
    assert str(workbook["Summary"]["A1"].value).startswith("a\ufffdb\ufffd")


def test_no_more_of_a_bank_number_than_four_digits_is_in_the_file() -> None:
    whole = run(line(account="111222333", status=Status.FAILED))
    assert opened(whole)["Lines"]["I2"].value == "2333"
    assert not [name for name, text in parts(whole).items() if "111222" in text]


def test_equal_runs_make_equal_files() -> None:
    first = run_workbook(result())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("time.localtime", lambda *_: (2031, 1, 1, 0, 0, 0, 0, 1, 0))
        patch.setattr("time.time", lambda: 1_924_992_000.0)
        assert run_workbook(result()) == first
    assert run_workbook(replace(result(), name="July")) != first
    properties = load_workbook(BytesIO(first)).properties
    assert (properties.created, properties.modified) == (stamp("2000-01-01"), stamp("2000-01-01"))


def test_a_run_of_no_lines_has_a_workbook_without_charts() -> None:
    workbook = opened(run())
    assert rows(workbook["Lines"]) == [HEADINGS]
    assert ("In = out: 0 lines, USD 0.00",) in filled(workbook["Summary"])
    assert workbook["Summary"]._charts == []  # pyright: ignore[reportAttributeAccessIssue]


def test_an_amount_keeps_its_cents_however_large() -> None:
    sheet = opened(run(line(amount=Decimal("999999999.99"))))["Lines"]
    assert str(sheet["F2"].value) == "999999999.99"


def test_ten_thousand_lines_are_all_there() -> None:
    lines = [line(place=f"June row {n + 2}", day=date(2026, 1, 1)) for n in range(10_000)]
    workbook = load_workbook(BytesIO(run_workbook(run(*lines))), read_only=True)
    count = sum(1 for _ in workbook["Lines"].iter_rows(max_col=1))
    workbook.close()
    assert count == 10_001

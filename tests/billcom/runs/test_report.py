import re
from datetime import date
from decimal import Decimal

from billcom.runs.lines import RunKind, Status
from billcom.runs.report import run_outcome, run_report, run_summary, run_text
from tests.billcom.runs.build import line, result, run


def cells(report: str, place: str) -> list[str]:
    """Return the cells of the one row of a place, split where markdown splits them."""
    (row,) = [row for row in report.splitlines() if row.startswith(f"| {place} |")]
    return [cell.strip() for cell in re.split(r"(?<!\\)(?:\\\\)*\|", row)[1:-1]]


def test_a_summary_is_one_line() -> None:
    assert run_summary(result()) == (
        "2 paid USD 1,100.00, 1 already paid USD 4.00, 1 waiting for approval in BILL USD 3.00, "
        "1 skipped USD 2.00, 1 held USD 1.00, 1 conflict USD 0.50, 2 failed USD 0.50, "
        "1 open: nobody knows yet USD 0.11"
    )
    assert run_summary(run(line(), dry_run=True)) == "dry run: 1 to be paid USD 1,250.10"
    assert run_summary(run()) == "no lines"


def test_the_outcome_says_what_moves_and_when_and_what_nobody_knows() -> None:
    assert run_outcome(result()) == (
        "USD 1,100.00 in 2 payments made: funds leave from 2026-06-30 to 2026-07-02.",
        "USD 0.11 in 1 payment sent, and nobody knows yet whether BILL acted.",
        "5 lines need you: USD 2.11.",
    )
    assert run_outcome(run(line(), dry_run=True)) == (
        "Dry run: nothing was written to BILL.",
        "USD 1,250.10 in 1 payment to be made: funds leave on 2026-06-30.",
    )
    assert run_outcome(run(line(status=Status.HELD))) == (
        "This run moves no money.",
        "1 line needs you: USD 1,250.10.",
    )
    assert "This run moves no money." not in run_outcome(run(line(status=Status.OPEN)))


def test_a_collection_tells_what_is_charged_from_what_is_only_sent() -> None:
    charged = line(status=Status.DONE, amount=Decimal("10.00"))
    sent = line(status=Status.DONE, amount=Decimal("5.00"), day=None)
    assert run_outcome(run(charged, sent, kind=RunKind.COLLECTION)) == (
        "USD 10.00 in 1 invoice charged: funds are drawn on 2026-06-30, and only PAID is money in.",
        "USD 5.00 in 1 invoice sent, not charged.",
    )


def test_a_report_begins_with_the_outcome_and_adds_up() -> None:
    report = run_report(result(notes=("Two rows were empty.",)), chain="17 rows", workbook="june.result.xlsx")
    title, outcome, facts, totals, *_ = report.split("\n\n")
    assert title == "# Payment run June vendors"
    assert outcome.startswith(
        "**USD 1,100.00 in 2 payments made: funds leave from 2026-06-30 to 2026-07-02.**"
    )
    assert facts == "Fingerprint `dee848eef1df4ccf`; source june.xlsx; funding account bac01AAFKXQ."
    assert totals == "\n".join(
        [
            "| Status | Lines | USD |",
            "|---|---:|---:|",
            "| paid | 2 | 1,100.00 |",
            "| already paid | 1 | 4.00 |",
            "| waiting for approval in BILL | 1 | 3.00 |",
            "| skipped | 1 | 2.00 |",
            "| held | 1 | 1.00 |",
            "| conflict | 1 | 0.50 |",
            "| failed | 2 | 0.50 |",
            "| open: nobody knows yet | 1 | 0.11 |",
            "| **sum** | **10** | **1,111.11** |",
        ]
    )
    end = "- Two rows were empty.\n\nWorkbook: june.result.xlsx.\n\nJournal: 17 rows."
    assert report.endswith(end)
    assert [part for part in report.splitlines() if part.startswith("##")] == [
        "## Needs you",
        "## Paid",
        "## Skipped",
    ]


def test_a_report_gives_each_line_with_its_day_status_and_reason() -> None:
    report = run_report(result())
    assert cells(report, "June row 8") == [
        "June row 8",
        "Happy Music Supplies",
        "INV-1001",
        "0.50",
        "–",
        "conflict",
        "Differs.",
    ]
    assert cells(report, "June row 3")[1:6] == ["Cedar Press", "INV-1001", "100.00", "2026-07-02", "paid"]


def test_a_report_cuts_what_is_paid_at_200_and_never_what_needs_a_person() -> None:
    planned = [line(place=f"row {n}") for n in range(1203)]
    failed = [line(place=f"row {n}", status=Status.FAILED) for n in range(2000, 2300)]
    report = run_report(run(*planned, *failed), workbook="june.xlsx")
    assert report.count("| to be paid |") == 200 + 1
    assert report.count("| failed |") == 300 + 1
    assert "## To be paid" in report and "… and 1,003 more in the workbook." in report
    assert report.count("more in the workbook") == 1


def test_nothing_that_somebody_typed_breaks_a_table_or_becomes_markup() -> None:
    report = run_report(
        run(
            line(
                party="A|B\\|C",
                number="<img src=x>\n| x |",
                status=Status.HELD,
                reason="![p](http://x) `c` **b**\r\n# t\u2028u",
            ),
            name="June\n# x | <b>",
            source="a`b",
            notes=("one\n\ntwo",),
        )
    )
    assert report.splitlines()[0] == "# Payment run June # x \\| &lt;b>"
    assert cells(report, "June row 2") == [
        "June row 2",
        "A\\|B\\\\\\|C",
        "&lt;img src=x> \\| x \\|",
        "1,250.10",
        "2026-06-30",
        "held",
        "!\\[p\\](http://x) \\`c\\` \\*\\*b\\*\\* # t u",
    ]
    assert report.endswith("\n\n- one two") and "source a\\`b;" in report


def test_a_terminal_gets_totals_and_what_needs_a_person() -> None:
    whole = result(name="June\x1b[2J vendors")
    assert run_text(whole).splitlines() == [
        "Payment run June [2J vendors, fingerprint dee848eef1df4ccf",
        "USD 1,100.00 in 2 payments made: funds leave from 2026-06-30 to 2026-07-02.",
        "USD 0.11 in 1 payment sent, and nobody knows yet whether BILL acted.",
        "5 lines need you: USD 2.11.",
        "  paid                           2  USD 1,100.00",
        "  already paid                   1  USD     4.00",
        "  waiting for approval in BILL   1  USD     3.00",
        "  skipped                        1  USD     2.00",
        "  held                           1  USD     1.00",
        "  conflict                       1  USD     0.50",
        "  failed                         2  USD     0.50",
        "  open: nobody knows yet         1  USD     0.11",
        "  sum                           10  USD 1,111.11",
        "  June row 7: Happy Music Supplies, INV-1001, USD 1.00: held. New account.",
        "  June row 8: Happy Music Supplies, INV-1001, USD 0.50: conflict. Differs.",
        "  June row 9: Happy Music Supplies, INV-1001, USD 0.30: failed. Refused.",
        "  June row 10: Happy Music Supplies, INV-1001, USD 0.20: failed. Not sent.",
        "  June row 11: Happy Music Supplies, INV-1001, USD 0.11: open: nobody knows yet. No answer.",
    ]


def test_no_report_holds_a_bank_number() -> None:
    whole = run(line(account="111222333", status=Status.FAILED))
    assert all("111222333" not in text for text in (run_report(whole), run_text(whole), run_summary(whole)))


def test_days_that_are_one_are_said_once() -> None:
    whole = run(line(day=date(2026, 7, 2)), line(day=date(2026, 7, 2)))
    assert run_outcome(whole) == ("USD 2,500.20 in 2 payments to be made: funds leave on 2026-07-02.",)

"""`billcom journal`, as a person types it: what it prints, and how it says no."""

import csv
import io
import json
import re
from decimal import Decimal

import anyio.to_thread
import pytest

from billcom import BillClient, Settings
from billcom.approval import approve, request
from billcom.cli import app
from billcom.intent import Kind
from billcom.journal import Journal, State
from billcom.runs.lines import Total
from tests.billcom.build import make_bill
from tests.billcom.controls import Controls
from tests.billcom.journals import claim, done, note, pay_once, sql

pytestmark = pytest.mark.anyio

WHEN = r"2026-11-23 15:\d\d:\d\d"


@pytest.fixture(autouse=True)
def environment(settings: Settings, controls: Controls, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the command reads: the test's organization and state folder."""
    monkeypatch.setenv("BILL_BASE_URL", settings.base_url)
    monkeypatch.setenv("BILL_STATE_DIR", str(settings.state_path))
    monkeypatch.setenv("BILL_NOW", "2026-11-23T15:00:00+00:00")
    for name, value in controls.credentials.items():
        monkeypatch.setenv(f"BILL_{name.upper()}", value)


@pytest.fixture
def journal(environment: None) -> Journal:
    """The journal the command reads."""
    return Journal(Settings.load(), run="run-1")


def command(*arguments: str) -> int:
    """Type a command; return its exit status."""
    with pytest.raises(SystemExit) as caught:
        app(["journal", *arguments])
    assert isinstance(caught.value.code, int)
    return caught.value.code


async def fill(journal: Journal) -> None:
    """Pay one bill, lose the answer of a second payment of it, make a vendor."""
    await done(journal, "00n1", "stp1", amount="1250.00", details={"process_date": "2026-11-30"})
    sent = await claim(journal, "00n1", "40.00", label="second part")
    await note(journal, sent, State.UNKNOWN)
    await claim(journal, "happy music", kind=Kind.VENDOR, state=State.DONE, record_id="0091", note="found")


async def _run(*arguments: str) -> int:
    """Type a command in a thread: it starts an event loop of its own."""
    return await anyio.to_thread.run_sync(lambda: command(*arguments))


async def test_list_is_a_table_of_what_stands(journal: Journal, capsys: pytest.CaptureFixture[str]) -> None:
    await fill(journal)
    await _run("list")
    lines = capsys.readouterr().out.splitlines()
    assert re.sub(WHEN, "(when)             ", "\n".join(lines)).splitlines() == [
        "ROW  KIND     SUBJECT      LABEL        STATE    RECORD   AMOUNT  WHEN (UTC)           NOTE",
        "  2  payment  00n1         -            DONE     stp1    1250.00  (when)               -",
        "  4  payment  00n1         second part  UNKNOWN  -         40.00  (when)               -",
        "  5  vendor   happy music  -            DONE     0091     149.00  (when)               found",
    ]


@pytest.mark.parametrize(
    ("options", "rows"),
    [
        (["--open"], ["4"]),
        (["--kind", "payment"], ["2", "4"]),
        (["--kind", "vendor-bank-account"], []),
        (["--open", "--kind", "vendor"], []),
    ],
    ids=" ".join,
)
async def test_list_shows_what_is_asked_for(
    journal: Journal, capsys: pytest.CaptureFixture[str], options: list[str], rows: list[str]
) -> None:
    await fill(journal)
    assert await _run("list", *options) == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == ["ROW", *rows]


async def test_list_as_json_holds_the_rows_as_they_are_stored(
    journal: Journal, capsys: pytest.CaptureFixture[str]
) -> None:
    await fill(journal)
    assert await _run("list", "--json", "--open") == 0
    (row,) = map(json.loads, capsys.readouterr().out.splitlines())
    assert (row["position"], row["label"], row["state"]) == (4, "second part", "UNKNOWN")
    assert json.loads(row["content"]) == {"amount": "40.00"}


async def test_a_row_stays_one_line_whatever_is_in_it(
    journal: Journal, capsys: pytest.CaptureFixture[str]
) -> None:
    await claim(journal, "00n1", note="first\nsecond\x1b[31m")
    await _run("list")
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2 and lines[1].endswith("first second?[31m")


@pytest.mark.parametrize("subject", ["Happy  Music", "0091"])
async def test_show_finds_a_vendor_by_name_or_record(
    journal: Journal, capsys: pytest.CaptureFixture[str], subject: str
) -> None:
    await fill(journal)
    assert await _run("show", subject) == 0
    said = capsys.readouterr().out
    assert re.sub(r"15:\d\d:\d\d", "15:00:00", said).splitlines() == [
        "row 5: vendor happy music, 1: DONE",
        "  record: 0091",
        "  when: 2026-11-23T15:00:00+00:00",
        "  note: found",
        "  content amount: 149.00",
        "  run: run-1",
    ]


async def test_show_prints_every_row_of_every_label(
    journal: Journal, capsys: pytest.CaptureFixture[str]
) -> None:
    await fill(journal)
    assert await _run("show", "00n1") == 0
    said = capsys.readouterr().out
    assert [line for line in said.splitlines() if line.startswith("row")] == [
        "row 1: payment 00n1, 1: SENDING",
        "row 2: payment 00n1, 2: DONE",
        "row 3: payment 00n1, label second part, 1: SENDING",
        "row 4: payment 00n1, label second part, 2: UNKNOWN",
    ]
    assert "  details process_date: 2026-11-30" in said.splitlines()


async def test_approvals_are_listed_and_shown(journal: Journal, capsys: pytest.CaptureFixture[str]) -> None:
    await fill(journal)
    await request(journal, "0123456789abcdef", "Pat", Total(3, Decimal("12500.00")), needed=2, days=3)
    await approve(journal, "0123456789abcdef", "Ann Lee", proven=False, comment="checked")
    assert await _run("list", "--kind", "approval") == 0
    lines = re.sub(WHEN, "(when)             ", capsys.readouterr().out).splitlines()
    assert [re.sub(r"15:\d\d UTC", "15:00 UTC", line) for line in lines[1:]] == [
        "  7  approval  0123456789abcdef  Ann Lee  DONE      -       12500.00  (when)               "
        "approved, not proven",
        "  8  approval  0123456789abcdef  request  NOT_SENT  -       12500.00  (when)               "
        "approved by Ann Lee, 1 more to approve by 2026-11-26 15:00 UTC",
    ]
    assert await _run("show", "0123456789ABCDEF") == 0
    said = capsys.readouterr().out.splitlines()
    assert [line for line in said if line.startswith("row")] == [
        "row 6: approval 0123456789abcdef, label request, 1: NOT_SENT",
        "row 7: approval 0123456789abcdef, label Ann Lee, 1: DONE",
        "row 8: approval 0123456789abcdef, label request, 2: NOT_SENT",
    ]
    assert {"  details comment: checked", "  details prepared_by: Pat", "  content count: 3"} <= set(said)
    assert await _run("list", "--open") == 0
    assert "approval" not in capsys.readouterr().out


async def test_verify_says_how_long_it_is(journal: Journal, capsys: pytest.CaptureFixture[str]) -> None:
    await fill(journal)
    head = await journal.head()
    assert await _run("verify") == 0
    assert capsys.readouterr().out == f"The journal is as it was written: 5 rows, head {head.digest[:16]}\n"


@pytest.mark.parametrize(
    ("statement", "problem"),
    [
        ("UPDATE entries SET note = 'x' WHERE position = 2", "row 2 (payment 00n1) is not what was written"),
        ("DELETE FROM entries WHERE position > 3", "3 rows and not row 5 as it was"),
    ],
    ids=["altered", "cut short"],
)
async def test_verify_says_what_is_wrong(
    journal: Journal, capsys: pytest.CaptureFixture[str], statement: str, problem: str
) -> None:
    await fill(journal)
    await sql(journal.settings, statement)
    assert await _run("verify") == 1
    said, complaint = capsys.readouterr()
    assert said == ""
    assert complaint.startswith("billcom journal verify: the journal") and problem in complaint
    assert complaint.count("\n") == 1


@pytest.mark.parametrize("name", ["list", "export"])
async def test_what_is_left_of_a_journal_is_shown_and_called_short(
    journal: Journal, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    await fill(journal)
    await sql(journal.settings, "DELETE FROM entries WHERE position > 3")
    assert await _run(name) == 1
    said, complaint = capsys.readouterr()
    assert "stp1" in said
    assert "not row 5 as it was" in complaint and complaint.count("\n") == 1


async def test_the_export_is_a_table_a_spreadsheet_leaves_alone(
    journal: Journal, capsys: pytest.CaptureFixture[str]
) -> None:
    for subject in ("00123", "12e4", '=HYPERLINK("x")', "@a", "-1", "+1", "a, b"):
        await claim(journal, subject, kind=Kind.INVOICE, state=State.DONE, record_id="00e1")
    assert await _run("export") == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [row["subject"] for row in rows] == [
        "'00123",
        "'12e4",
        '\'=HYPERLINK("x")',
        "'@a",
        "'-1",
        "'+1",
        "a, b",
    ]
    assert [row["position"] for row in rows] == list("1234567")


async def test_the_export_as_json_lines_is_exact(
    journal: Journal, capsys: pytest.CaptureFixture[str]
) -> None:
    await fill(journal)
    assert await _run("export", "--jsonl") == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(row["position"], row["digest"]) for row in rows] == [
        (row.position, row.digest) for row in await journal.entries()
    ]


async def test_an_empty_journal_is_no_error(journal: Journal, capsys: pytest.CaptureFixture[str]) -> None:
    assert [await _run(*words) for words in (["list"], ["verify"], ["export"])] == [0, 0, 0]
    said = capsys.readouterr().out.splitlines()
    assert said[1] == "The journal is as it was written: 0 rows, head none"
    assert said[2].startswith('"base_url","organization_id","kind",')


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["list", "--kind", "cheque"], "--kind 'cheque': there are: vendor, "),
        (["show", "00n9"], "the journal has nothing about '00n9'"),
        (["export", "--csv", "--jsonl"], "--csv and --jsonl: give one of the two"),
    ],
    ids=["kind", "subject", "both"],
)
async def test_what_cannot_be_done_is_said_in_one_line(
    journal: Journal, capsys: pytest.CaptureFixture[str], arguments: list[str], problem: str
) -> None:
    assert await _run(*arguments) == 1
    said, complaint = capsys.readouterr()
    assert said == ""
    assert complaint.startswith(f"billcom journal {arguments[0]}: {problem}") and complaint.count("\n") == 1


async def test_no_complaint_shows_the_password_of_the_server(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for url in ("postgresql+asyncpg://ann:pass-word@127.0.0.1:1/j", "postgresql://ann:pass-word@h:x/j"):
        monkeypatch.setenv("BILL_JOURNAL_URL", url)
        assert await _run("list") == 1
    said = "".join(capsys.readouterr())
    assert "pass-word" not in said and said.count("\n") == 2 and "Traceback" not in said


async def test_the_time_between_readings_is_for_the_local_bill_alone(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BILL_ENVIRONMENT", "sandbox")
    monkeypatch.delenv("BILL_NOW")
    monkeypatch.delenv("BILL_BASE_URL")
    assert await _run("rebuild", "--settle-seconds", "0") == 1
    assert capsys.readouterr().err == (
        "billcom journal rebuild: --settle-seconds: is for the local BILL; set BILL_SETTLE_SECONDS\n"
    )


async def test_a_rebuild_at_the_terminal(
    trusted: BillClient, journal: Journal, capsys: pytest.CaptureFixture[str]
) -> None:
    paid = await make_bill(trusted)
    payment = (await pay_once(trusted, paid)).record
    await sql(journal.settings, "DELETE FROM entries")
    assert await _run("rebuild", "--settle-seconds", "0") == 0
    said, complaint = capsys.readouterr()
    assert complaint == ""
    lines = said.splitlines()
    assert lines[2] == f"found: payment {paid.id} is {payment.id}, 149.00, SCHEDULED"
    assert lines[-1].startswith("The journal is rebuilt: 3 rows, head ")  # the rebuild's own, its claim, done


async def test_a_rebuild_that_fails_says_so_in_one_line(
    journal: Journal, controls: Controls, capsys: pytest.CaptureFixture[str]
) -> None:
    controls.fault("error", "POST", "/v3/login", code="BDC_1102", status=401, times=9)
    assert await _run("rebuild", "--settle-seconds", "0") == 1
    said, complaint = capsys.readouterr()
    assert said == ""
    assert complaint.startswith("billcom journal rebuild: POST /v3/login: 401 BDC_1102")
    assert complaint.count("\n") == 1

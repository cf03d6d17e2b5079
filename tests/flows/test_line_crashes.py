"""An exception that nothing expects, within a run of lines: its line says why, the others are paid."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from prefect import flow

from billcom import BillClient
from billcom.inputs import CodeSource
from billcom.intent import Kind
from billcom.journal import NewEntry, State
from billcom.runs.lines import RunLine, Status
from billcom.runs.payment_run import PlannedPayment, plan_rows
from billcom.settings import Settings
from billcom.tables.payment_runs import read_payment_run
from flows.paying import Terms, pay_all
from flows.run_lines import RunLines
from flows.stages import Stage
from flows.survey import survey_rows
from flows.trust import ensure_trusted
from tasks.funding_accounts import find_funding_account
from tasks.session import connect
from tests.billcom.tables.sheets import as_csv
from tests.flows.payment_sheets import VENDOR, Row, counts, paid_amounts, row
from tests.organization import Organization

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("prefect")]

GL_ACCOUNT = {"name": "Instruments", "account": {"number": "5010", "type": "EXPENSE"}}


async def ignore(_finished: int) -> None:
    """Show no progress."""


async def fail_to_show(_finished: int) -> None:
    """Fail as a server that can't be reached does."""
    raise ConnectionError("the server is away")


async def pay(*rows: Row, forget_gl_accounts: bool = False, is_shown: bool = True) -> list[RunLine]:
    """Plan and pay a sheet; the GL accounts the plan knew can be forgotten before it is paid."""

    @flow(retries=0)
    async def run() -> list[RunLine]:
        async with await connect(Settings.load()) as client:
            wanted = read_payment_run("june.csv", as_csv(*rows))
            account = await find_funding_account(client, "")
            books = replace(await survey_rows(client, wanted), run_name="june")
            planned = plan_rows(wanted, books)
            if forget_gl_accounts:
                books = replace(books, gl_accounts={})
            await ensure_trusted(client, CodeSource.LOCAL_PHONE)
            terms = Terms("june", account.id, CodeSource.LOCAL_PHONE)
            return await pay_all(client, planned, books, terms, ignore if is_shown else fail_to_show)

    return await run()


async def test_defect_in_one_line_fails_that_line_and_the_others_are_paid(organization: Organization) -> None:
    organization.record("POST", "classifications/chart-of-accounts", GL_ACCOUNT)
    rows = [row(), row("P-77", "200.00", GL_account="5010"), row("S-3", "300.00")]
    lines = await pay(*rows, forget_gl_accounts=True)
    assert [line.status for line in lines] == [Status.DONE, Status.FAILED, Status.DONE]
    assert lines[1].reason == (
        "stopped by an unexpected error; no money moved for it. Run again to go on. KeyError: '5010'"
    )
    assert paid_amounts(organization) == [Decimal(100), Decimal(300)]
    assert [line.status for line in await pay(*rows)] == [Status.DONE] * 3
    assert paid_amounts(organization) == [Decimal(100), Decimal(200), Decimal(300)]


async def test_progress_that_cannot_be_shown_stops_no_payment(organization: Organization) -> None:
    lines = await pay(row(), row("P-77", "200.00"), is_shown=False)
    assert [line.status for line in lines] == [Status.DONE] * 2


async def test_spellings_of_a_new_vendor_are_one_vendor_whose_bills_are_paid_once_each(
    organization: Organization,
) -> None:
    other = VENDOR | {"Vendor": "HAPPY\u00a0 Music"}
    rows = [row(), row("P-77", "200.00", other), row("S-3", "300.00", {"Vendor": "Ｈappy Music"})]
    assert [line.status for line in await pay(*rows)] == [Status.DONE] * 3
    assert counts(organization) == [1, 3, 3]


@asynccontextmanager
async def lines_of(status: State | None) -> AsyncIterator[tuple[RunLines, BillClient]]:
    """Lines of which the journal has, under the label of the first, an attempt at a payment in this state."""
    line = RunLine("row 2", "Happy Music", "1", date(2026, 11, 20), None, Decimal(100), document_id="00n1")
    planned = [PlannedPayment(line), PlannedPayment(replace(line, document_id="00n2"))]
    settings = Settings.load()
    async with await connect(settings) as client:
        if status is not None:
            identity = client.journal.identity(Kind.PAYMENT, "00n1")
            await client.journal.append(
                NewEntry(identity, None, status, {"amount": "100.00"}, record_id="stp1")
            )
        lines = RunLines(client, planned, ignore, lambda number: (Kind.PAYMENT, f"00n{number + 1}", ""))
        lines.writes_next([0, 1], Kind.PAYMENT)
        yield lines, client


@pytest.mark.parametrize(
    ("state", "status", "record_id"),
    [
        (State.SENDING, Status.OPEN, ""),
        (State.UNKNOWN, Status.OPEN, ""),
        (State.DONE, Status.DONE, "stp1"),
        (State.REJECTED, Status.FAILED, ""),
        (None, Status.FAILED, ""),
    ],
)
async def test_the_journal_says_what_a_crash_within_a_request_leaves(
    organization: Organization, state: State | None, status: Status, record_id: str
) -> None:
    found: list[RunLine] = []

    @flow(retries=0)
    async def run() -> None:
        async with lines_of(state) as (lines, _client):
            again = await lines.crash(Kind.PAYMENT, [(0, "bill"), (1, "bill")], KeyError("x"))
            is_sent = status is not Status.FAILED
            assert again == ([(1, "bill")] if is_sent else [(0, "bill"), (1, "bill")])
            await lines.crash(Kind.PAYMENT, [(0, "bill")], KeyError("x"))
            found.extend(lines.result())

    await run()
    assert (found[0].status, found[0].record_id) == (status, record_id)
    assert "KeyError: 'x'" in found[0].reason
    assert found[1].status is Status.PLANNED


async def test_crash_whose_journal_cannot_be_read_leaves_its_line_open(organization: Organization) -> None:
    @flow(retries=0)
    async def run() -> RunLine:
        async with lines_of(None) as (lines, client):
            client.settings.state_path.chmod(0o755)
            await client.journal.close()
            await lines.crash(Kind.PAYMENT, [(0, "bill")], KeyError("x"))
            return lines[0]

    line = await run()
    assert (line.status, line.reason[:39]) == (Status.OPEN, "nobody knows whether BILL acted (others")


async def test_stage_works_on_items_alone_once_they_failed_together() -> None:
    done: list[int] = []
    failed: list[list[int]] = []

    async def work(items: list[int]) -> None:
        if 2 in items:
            raise ValueError("2")
        done.extend(items)

    async def fail(items: list[int], _error: Exception) -> list[int]:
        failed.append(items)
        return items if len(items) > 1 else []

    stage = Stage(3, work, fail, asyncio.Semaphore(1))
    for item in (1, 2, 3, 4):
        stage.put(item)
    await stage.close()
    assert (sorted(done), failed) == ([1, 3, 4], [[1, 2, 3], [2]])

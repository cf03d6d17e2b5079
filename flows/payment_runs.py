"""Payment runs: many bills paid together, from a sheet or because they fall due."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import PurePath
from typing import Annotated, Any

from prefect import flow
from pydantic import Field

from billcom.client import BillClient
from billcom.errors import BillError
from billcom.inputs import CodeSource
from billcom.runs.books import PaymentBooks
from billcom.runs.lines import Run, RunKind, Total
from billcom.runs.payment_run import PlannedPayment, plan_bills, plan_rows
from billcom.runs.totals import check_totals
from billcom.tables.payment_runs import read_payment_run
from flows.approval import ensure_approved
from flows.interrupted import note_plan, report_interrupted
from flows.paying import Terms, pay_all
from flows.run_inputs import Source, progress_of, read_overrides
from flows.run_reports import PLAN, RESULT, ended, publish, stopped
from flows.stages import both
from flows.start import postponed, run_name, start
from flows.survey import survey_bills, survey_rows
from flows.trust import ensure_trusted
from tasks.bills import list_due_bills
from tasks.files import read_source
from tasks.funding_accounts import find_funding_account
from tasks.session import connect

ARTIFACT = "payment-run"
MAX_DAYS_AHEAD = 366

_interrupted = [report_interrupted(RunKind.PAYMENT, ARTIFACT)]


@flow(
    flow_run_name=run_name("pay bills of {source}"),
    retries=0,
    on_cancellation=_interrupted,
    on_crashed=_interrupted,
)
async def pay_bills(
    source: Source,
    dry_run: bool = True,
    prepared_by: str = "",
    funding_account_id: str = "",
    name: str = "",
    approve: str = "",
    approver: str = "",
    code_from: CodeSource = CodeSource.PERSON,
    credentials: str = "",
) -> Run:
    """Pay the bills of a sheet: find or make each vendor and bill, then pay them together from a verified account.

    Nothing is done while one cell of the sheet is wrong. The same sheet again, edited, renamed or after any
    interruption, pays nothing twice and goes on with what is left. Returns every line and what became of it.
    Raises SheetError with all problems of the sheet, ApprovalError while people have to approve, and LinesFailedError
    when some lines were not done.

    Args:
        source: A CSV or XLSX file in the input folder.
        dry_run: Read and plan; write nothing to BILL.
        prepared_by: Who prepared the sheet; somebody else approves it.
        funding_account_id: bac…; empty: the one account that can pay.
        name: What reports call the run; empty: the file's name.
        approve: Without a deployment: the fingerprint of the plan that is approved.
        approver: Without a deployment: who approves it.
        code_from: Who reads the code BILL texts, when the session is not trusted yet.
        credentials: Name of a BILL credentials block. Empty: the environment of the worker.
    """
    settings, content = None, b""
    try:
        settings = await start(credentials)
        if state := await postponed(settings):
            return state
        content = await read_source(settings, source)
        rows = read_payment_run(PurePath(source).name, content)
        run_name = name or PurePath(source).stem
        async with await connect(settings) as client:
            await client.journal.head()
            account, books = await both(
                find_funding_account(client, funding_account_id), survey_rows(client, rows)
            )
            books = replace(books, run_name=run_name)
            planned = plan_rows(rows, books)
            run = _run(run_name, source, planned, account.id, dry_run=dry_run)
            check_totals(Total(len(rows), sum((row.amount for row in rows), Total().amount)), run)
            return await _carry_out(client, run, planned, books, prepared_by, approve, approver, code_from)
    except BillError as error:
        return await stopped(error, settings, source, content, ARTIFACT)


@flow(
    flow_run_name=run_name("pay bills due within {due_within_days} days"),
    retries=0,
    on_cancellation=_interrupted,
    on_crashed=_interrupted,
)
async def pay_due_bills(
    due_within_days: Annotated[int, Field(ge=0, le=MAX_DAYS_AHEAD, title="Due within days")] = 7,
    dry_run: bool = True,
    overrides: Sequence[str] = (),
    prepared_by: str = "",
    funding_account_id: str = "",
    name: str = "",
    approve: str = "",
    approver: str = "",
    code_from: CodeSource = CodeSource.PERSON,
    credentials: str = "",
) -> Run:
    """Pay BILL's own approved, unpaid bills that fall due, overdue ones too.

    Bills whose approvers in BILL have not decided are listed and left; a later run picks them up. Returns and raises
    as `pay_bills` does.

    Args:
        due_within_days: Counted from today; 0 takes what is due today or overdue.
        dry_run: Read and plan; write nothing to BILL.
        overrides: For bills that a guard holds: the bill's id, a colon, and why it is meant all the same.
        prepared_by: Who asks for the run; somebody else approves it.
        funding_account_id: bac…; empty: the one account that can pay.
        name: What reports call the run; empty: the day up to which bills are due.
        approve: Without a deployment: the fingerprint of the plan that is approved.
        approver: Without a deployment: who approves it.
        code_from: Who reads the code BILL texts, when the session is not trusted yet.
        credentials: Name of a BILL credentials block. Empty: the environment of the worker.
    """
    settings = None
    source = f"bills due within {due_within_days} days"
    try:
        settings = await start(credentials)
        if state := await postponed(settings):
            return state
        reasons = read_overrides(overrides, "bill", "00n")
        until = settings.clock.today() + timedelta(days=due_within_days)
        run_name = name or f"due-{until}"
        async with await connect(settings) as client:
            await client.journal.head()
            account, bills = await both(
                find_funding_account(client, funding_account_id), list_due_bills(client, until)
            )
            books = replace(await survey_bills(client, bills), run_name=run_name)
            planned = plan_bills(bills, books, reasons)
            run = _run(run_name, source, planned, account.id, dry_run=dry_run)
            return await _carry_out(client, run, planned, books, prepared_by, approve, approver, code_from)
    except BillError as error:
        return await stopped(error, settings, source, b"", ARTIFACT)


async def _carry_out(
    client: BillClient,
    run: Run,
    planned: Sequence[PlannedPayment],
    books: PaymentBooks,
    prepared_by: str,
    fingerprint: str,
    approver: str,
    code_from: CodeSource,
) -> Any:
    """Show the plan, have it approved, do it, report it."""
    settings = client.settings
    await publish(run, settings, client.journal, PLAN, ARTIFACT)
    if run.dry_run:
        return await ended(run)
    await ensure_approved(client, run, prepared_by, fingerprint, approver)
    if any(line.status == "planned" for line in run.lines):
        await ensure_trusted(client, code_from)
    await note_plan(run, settings)
    terms = Terms(run.name, run.funding_account_id, code_from)
    lines = await pay_all(client, planned, books, terms, await progress_of(len(planned)))
    result = replace(run, lines=tuple(lines))
    check_totals(run.total, result)
    await publish(result, settings, client.journal, RESULT, ARTIFACT)
    return await ended(result)


def _run(name: str, source: str, planned: Sequence[PlannedPayment], account_id: str, *, dry_run: bool) -> Run:
    lines = tuple(item.line for item in planned)
    return Run(RunKind.PAYMENT, name, source, lines, account_id, dry_run)

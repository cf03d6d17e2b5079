"""Collection runs: many invoices sent and charged together, from a sheet or because they are due."""

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
from billcom.runs.charges import PlannedInvoice
from billcom.runs.collection_run import plan_collection
from billcom.runs.due_invoices import plan_due_invoices
from billcom.runs.lines import Run, RunKind, Total
from billcom.runs.totals import check_totals
from billcom.tables.collection_runs import read_collection_run
from flows.approval import ensure_approved
from flows.collecting import CollectionTerms, collect_all
from flows.collection_survey import survey_collection, survey_due
from flows.interrupted import note_plan, report_interrupted
from flows.run_inputs import Source, progress_of, read_overrides
from flows.run_reports import PLAN, RESULT, ended, publish, stopped
from flows.start import postponed, run_name, start
from tasks.files import read_source
from tasks.invoices import list_due_invoices
from tasks.session import connect

ARTIFACT = "collection-run"
MAX_DAYS_AHEAD = 366

_interrupted = [report_interrupted(RunKind.COLLECTION, ARTIFACT)]


@flow(
    flow_run_name=run_name("send invoices of {source}"),
    retries=0,
    on_cancellation=_interrupted,
    on_crashed=_interrupted,
)
async def send_invoices(
    source: Source,
    dry_run: bool = True,
    prepared_by: str = "",
    name: str = "",
    approve: str = "",
    approver: str = "",
    code_from: CodeSource = CodeSource.PERSON,
    credentials: str = "",
) -> Run:
    """Send the invoices of a sheet: find or make each customer and invoice, then charge those that say so.

    Nothing is done while one cell of the sheet is wrong. The same sheet again, edited, renamed or after any
    interruption, makes, e-mails and charges nothing twice and goes on with what is left. BILL has no way to undo a
    charge. Returns every line and what became of it. Raises SheetError with all problems of the sheet, ApprovalError
    while people have to approve, and LinesFailedError when some lines were not done.

    Args:
        source: A CSV or XLSX file in the input folder.
        dry_run: Read and plan; write nothing to BILL.
        prepared_by: Who prepared the sheet; somebody else approves it.
        name: What reports call the run; empty: the file's name.
        approve: Without a deployment: the fingerprint of the plan that is approved.
        approver: Without a deployment: who approves it.
        code_from: Who reads the code BILL texts, should BILL ask for one.
        credentials: Name of a BILL credentials block. Empty: the environment of the worker.
    """
    settings, content = None, b""
    try:
        settings = await start(credentials)
        if state := await postponed(settings):
            return state
        content = await read_source(settings, source)
        rows = read_collection_run(PurePath(source).name, content)
        run_name = name or PurePath(source).stem
        async with await connect(settings) as client:
            await client.journal.head()
            books = replace(await survey_collection(client, rows), run_name=run_name)
            planned = plan_collection(rows, books)
            run = _run(run_name, source, planned, dry_run=dry_run)
            check_totals(Total(len(rows), sum((row.amount for row in rows), Total().amount)), run)
            terms = CollectionTerms(run_name, code_from, states_authorization=True)
            return await _carry_out(client, run, planned, terms, prepared_by, approve, approver)
    except BillError as error:
        return await stopped(error, settings, source, content, ARTIFACT)


@flow(
    flow_run_name=run_name("charge invoices due within {due_within_days} days"),
    retries=0,
    on_cancellation=_interrupted,
    on_crashed=_interrupted,
)
async def charge_due_invoices(
    due_within_days: Annotated[int, Field(ge=0, le=MAX_DAYS_AHEAD, title="Due within days")] = 0,
    dry_run: bool = True,
    overrides: Sequence[str] = (),
    prepared_by: str = "",
    name: str = "",
    approve: str = "",
    approver: str = "",
    code_from: CodeSource = CodeSource.PERSON,
    credentials: str = "",
) -> Run:
    """Charge BILL's own open invoices that are due, overdue ones too, to customers that were charged before.

    No authorization is stated here: customers of whom none is known, or without a bank account, are listed and left,
    and those with several bank accounts held. Nobody is charged before the due date. Returns and raises as
    `send_invoices` does.

    Args:
        due_within_days: Counted from today; 0 takes what is due today or overdue.
        dry_run: Read and plan; write nothing to BILL.
        overrides: For invoices that a guard holds: the invoice's id, a colon, and why it is meant all the same.
        prepared_by: Who asks for the run; somebody else approves it.
        name: What reports call the run; empty: the day up to which invoices are due.
        approve: Without a deployment: the fingerprint of the plan that is approved.
        approver: Without a deployment: who approves it.
        code_from: Who reads the code BILL texts, should BILL ask for one.
        credentials: Name of a BILL credentials block. Empty: the environment of the worker.
    """
    settings = None
    source = f"invoices due within {due_within_days} days"
    try:
        settings = await start(credentials)
        if state := await postponed(settings):
            return state
        reasons = read_overrides(overrides, "invoice", "00e")
        until = settings.clock.today() + timedelta(days=due_within_days)
        run_name = name or f"invoices-due-{until}"
        async with await connect(settings) as client:
            await client.journal.head()
            invoices = await list_due_invoices(client, until)
            books = replace(await survey_due(client, invoices), run_name=run_name)
            planned = plan_due_invoices(invoices, books, reasons)
            run = _run(run_name, source, planned, dry_run=dry_run)
            terms = CollectionTerms(run_name, code_from, states_authorization=False)
            return await _carry_out(client, run, planned, terms, prepared_by, approve, approver)
    except BillError as error:
        return await stopped(error, settings, source, b"", ARTIFACT)


async def _carry_out(
    client: BillClient,
    run: Run,
    planned: Sequence[PlannedInvoice],
    terms: CollectionTerms,
    prepared_by: str,
    fingerprint: str,
    approver: str,
) -> Any:
    """Show the plan, have it approved where money moves, do it, report it."""
    settings = client.settings
    await publish(run, settings, client.journal, PLAN, ARTIFACT)
    if run.dry_run:
        return await ended(run)
    await ensure_approved(client, run, prepared_by, fingerprint, approver)
    await note_plan(run, settings)
    lines = await collect_all(client, planned, terms, await progress_of(len(planned)))
    result = replace(run, lines=tuple(lines))
    check_totals(run.total, result)
    await publish(result, settings, client.journal, RESULT, ARTIFACT)
    return await ended(result)


def _run(name: str, source: str, planned: Sequence[PlannedInvoice], *, dry_run: bool) -> Run:
    lines = tuple(item.line for item in planned)
    return Run(RunKind.COLLECTION, name, source, lines, dry_run=dry_run)

"""What a payment run or collection run leaves behind: a workbook, an artifact, and the state it ends in."""

from __future__ import annotations

import asyncio
from typing import Any

from prefect.artifacts import acreate_markdown_artifact, acreate_table_artifact
from prefect.logging import get_run_logger
from prefect.states import Completed, Failed

from billcom.errors import BillError, InputError, LinesFailedError, SheetError
from billcom.journal import Journal
from billcom.money import display
from billcom.runs.lines import Group, Run, Status
from billcom.runs.report import run_report, run_summary
from billcom.runs.workbook import run_workbook
from billcom.settings import Settings
from billcom.tables.marking import mark
from billcom.tables.problems import problem_rows
from flows.reports import escaped
from tasks.files import output_name, write_output

PLAN, RESULT, PROBLEMS = "plan", "result", "problems"


async def publish(run: Run, settings: Settings, journal: Journal, what: str, key: str) -> str:
    """Leave a run as a workbook and as an artifact; return where the workbook is.

    A result is told without its workbook where that can't be written: money has moved by then.
    """
    content = await asyncio.to_thread(run_workbook, run)
    name = output_name(run.name, what, settings.clock.now().astimezone(settings.clock.time_zone))
    try:
        path = await write_output(settings, name, content)
    except InputError as error:
        if what == PLAN:
            raise
        path = ""
        get_run_logger().error("no workbook was left: %s", error)
    report = run_report(run, chain=str(await journal.head()), workbook=path)
    await acreate_markdown_artifact(report, key=key, description=run_summary(run))
    get_run_logger().info("%s: %s (%s)", what, run_summary(run), path)
    return path


async def ended(run: Run) -> Any:
    """Return the state a run ends in: it says what was done, and raises to the caller when lines need a person."""
    if not run.failed or run.dry_run:
        return Completed(message=run_summary(run), data=run)
    done = run.total_of(Status.DONE, Status.BEFORE)
    failed = run.total_of_group(Group.FAILED)
    first = run.failed[0]
    error = LinesFailedError(
        f"{failed.count} of {run.total.count} lines need you, USD {display(failed.amount)}; {done.count} are done, USD "
        f"{display(done.amount)}. The first: {first.place}, {first.party} {first.number}: {first.reason}. Mend what "
        "the reasons say and run the same again: it goes on with what is left"
    ).of(run)
    return Failed(message=str(error), data=error)


async def stopped(error: BillError, settings: Settings | None, source: str, content: bytes, key: str) -> Any:
    """Report why nothing, or nothing more, was done; return the failed state that raises `error` to the caller."""
    text = str(error)
    if isinstance(error, SheetError):
        where = ""
        if settings is not None and content:
            marked = await asyncio.to_thread(mark, source, content, error.cells)
            now = settings.clock.now().astimezone(settings.clock.time_zone)
            where = await write_output(settings, output_name(source, PROBLEMS, now), marked)
        await acreate_table_artifact(
            problem_rows(error.cells),
            key=f"{key}-problems",
            description=f"{len(error.cells)} problems in {source}; nothing was done"
            + (f". Marked copy, with whole bank numbers: {where}" if where else ""),
        )
        get_run_logger().warning(
            "%s problems in %s, marked in %s", len(error.cells), source, where or "no file"
        )
    elif isinstance(error, InputError):
        text = "; ".join(str(problem) for problem in error.problems)
    await acreate_markdown_artifact(
        f"# Stopped: {escaped(source)}\n\n{escaped(text)}",
        key=key,
        description=f"stopped by {type(error).__name__}",
    )
    return Failed(message=f"{type(error).__name__}: {error}", data=error)

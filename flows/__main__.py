"""The flows on the command line: `python -m flows pay_bills june.xlsx`. Shows what the flows say, decides nothing."""

from __future__ import annotations

import asyncio
import os
import sys
from dataclasses import dataclass
from getpass import getpass
from typing import Any

# Before Prefect is imported, which then says nothing on its own: what matters is printed below.
os.environ.setdefault("PREFECT_LOGGING_LEVEL", "CRITICAL")

from cyclopts import App, Parameter
from prefect.exceptions import ParameterTypeError
from prefect.settings import get_current_settings

from billcom import approval
from billcom.approvers import Approvers
from billcom.errors import ApprovalError, BillError, InputError, LinesFailedError
from billcom.inputs import CodeSource
from billcom.journal import Journal
from billcom.private import keep_private
from billcom.runs.lines import Run
from billcom.runs.report import run_text
from billcom.settings import Environment, Settings
from flows import collection_runs, payment_runs

app = App(
    name="python -m flows",
    help="Payment runs and collection runs. Without --go each only reads, plans, and shows the plan.",
)
FAILED, REFUSED = 1, 2


@Parameter(name="*")
@dataclass(frozen=True)
class Options:
    """What every run takes."""

    go: bool = False
    """Do it; without this nothing is written to BILL."""

    prepared_by: str = ""
    """Who prepared the run; somebody else approves it."""

    approve: str = ""
    """The fingerprint of the plan that is approved."""

    approver: str = ""
    """Who approves it."""

    name: str = ""
    """What reports call the run; without it the file's name, or the day up to which is due."""


@app.command(name="pay_bills")
def pay_bills(source: str, *, funding_account_id: str = "", options: Options | None = None) -> int:
    """Pay the bills of a sheet.

    Parameters
    ----------
    source
        A CSV or XLSX file in BILL_INPUT_DIR.
    funding_account_id
        bac…; without it the one account that can pay.
    """
    return _run(payment_runs.pay_bills, options, source=source, funding_account_id=funding_account_id)


@app.command(name="pay_due_bills")
def pay_due_bills(
    *,
    days: int = 7,
    override: tuple[str, ...] = (),
    funding_account_id: str = "",
    options: Options | None = None,
) -> int:
    """Pay BILL's own approved, unpaid bills that fall due.

    Parameters
    ----------
    days
        Counted from today; 0 takes what is due today or overdue.
    override
        For a bill that a guard holds: its id, a colon, and why it is meant all the same. May be given several times.
    funding_account_id
        bac…; without it the one account that can pay.
    """
    return _run(
        payment_runs.pay_due_bills,
        options,
        due_within_days=days,
        overrides=list(override),
        funding_account_id=funding_account_id,
    )


@app.command(name="send_invoices")
def send_invoices(source: str, *, options: Options | None = None) -> int:
    """Send the invoices of a sheet, and charge those that say so.

    Parameters
    ----------
    source
        A CSV or XLSX file in BILL_INPUT_DIR.
    """
    return _run(collection_runs.send_invoices, options, source=source)


@app.command(name="charge_due_invoices")
def charge_due_invoices(
    *, days: int = 0, override: tuple[str, ...] = (), options: Options | None = None
) -> int:
    """Charge BILL's own open invoices that are due, of customers who have authorized it.

    Parameters
    ----------
    days
        Counted from today; 0 takes what is due today or overdue.
    override
        For an invoice that a guard holds: its id, a colon, and why it is meant all the same. Several may be given.
    """
    return _run(collection_runs.charge_due_invoices, options, due_within_days=days, overrides=list(override))


def _run(flow: Any, options: Options | None, **parameters: Any) -> int:
    """Run a flow to its end, and print what became of it; return the exit code."""
    asked = options or Options()
    try:
        keep_private(get_current_settings().home)
        return asyncio.run(_awaited(flow, asked, parameters))
    except LinesFailedError as error:
        print(run_text(error.run))
        return FAILED
    except InputError as error:
        problems = "".join(f"\n  {problem}" for problem in error.problems)
        print(f"Nothing was done:{problems}", file=sys.stderr)
        return REFUSED
    except (BillError, ParameterTypeError) as error:
        print(error, file=sys.stderr)
        return REFUSED


async def _awaited(flow: Any, asked: Options, parameters: dict[str, Any]) -> int:
    settings = Settings.load()
    if asked.approve:
        await _prove(settings, asked)
    # A texted code is typed where this machine is enrolled: no form of a run can be answered from here.
    local = settings.environment is Environment.LOCAL
    run: Run = await flow(
        **parameters,
        dry_run=not asked.go,
        prepared_by=asked.prepared_by,
        approve=asked.approve,
        approver=asked.approver,
        name=asked.name,
        code_from=CodeSource.LOCAL_PHONE if local else CodeSource.NOBODY,
    )
    print(run_text(run))
    return 0


async def _prove(settings: Settings, asked: Options) -> None:
    """Record an approval proven by a code typed here; where nobody is enrolled, the flow records it without proof."""
    approvers, journal = Approvers(settings), Journal(settings)
    now = settings.clock.now()
    if not approvers.names() or (await approval.standing(journal, asked.approve, now)).is_granted:
        return
    if not sys.stdin.isatty():
        raise ApprovalError("an approval needs the code of an authenticator app: run this in a terminal")
    code = await asyncio.to_thread(getpass, f"Code of {asked.approver}'s authenticator app: ")
    await approvers.verify(asked.approver, code, now)
    await approval.approve(journal, asked.approve, asked.approver, proven=True)


if __name__ == "__main__":
    sys.exit(app())

"""The cases beside the table: what happens in each, under the name the table has it by."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.faults import person
from tests.faults.house import ROOT, House
from tests.faults.processes import HarnessError, Outcome, Running
from tests.faults.runs import CaseRun
from tests.faults.table import LIST_SECONDS, Case
from tests.faults.verdict import requests

NEXT_BILL: dict[str, Any] = {"invoice_number": "INV-1002"}


def run_of(house: House, case: Case, *, blind: bool = False) -> CaseRun:
    """Return what plays a case."""
    kind = SpecialRun if case.fault.name in PLAYS else CaseRun
    return kind(house, case, blind=blind)


class SpecialRun(CaseRun):
    """A case that is not one write and one fault."""

    def run(self, **given: Any) -> Outcome:
        """Run the workflow to its end."""
        return self.finish(self.start(**given))

    def must_complete(self, **given: Any) -> dict[str, Any]:
        """Run the workflow; return its result."""
        outcome = self.run(**given)
        if outcome.result is None:
            raise HarnessError(f"the run that prepares the case ended: {outcome}")
        return outcome.result

    def must_be_stopped(self, by: str, **given: Any) -> None:
        """Run the workflow; note it when it is not stopped with these words."""
        before = self._money()
        outcome = self.run(**given)
        if by not in outcome.text:
            self.report.wrong.append(f"not stopped by {by!r}: {outcome}")
        if self._money() != before:
            self.report.wrong.append("money moved all the same")

    @property
    def journal(self) -> Path:
        """The journal of machine one."""
        return self.folder / "one" / "state" / "journal.db"

    def trusted(self) -> None:
        """Pass MFA with the session of one's own hands."""
        organization, device = self.organization, "a browser"
        challenge = organization.record("POST", "mfa/challenge", {})["challengeId"]
        mine = {"organization_id": organization.credentials["organization_id"]}
        code = organization.control("GET", "/phone", query=mine)["texts"][-1]["code"]
        answer = {"challengeId": challenge, "token": code, "device": device, "rememberMe": True}
        remembered = organization.record("POST", "mfa/challenge/validate", answer)["rememberMeId"]
        organization.record("POST", "mfa/step-up", {"rememberMeId": remembered, "device": device})

    def rebuild(self) -> None:
        """Run `billcom journal rebuild` on machine one."""
        command = [sys.executable, "-c", "from billcom.cli import main; main()", "journal", "rebuild"]
        environment = {**os.environ, **self._environment("one", 0), "PYTHONPATH": str(ROOT / "src")}
        ended = subprocess.run(command, env=environment, cwd=self.folder, capture_output=True, text=True)
        if ended.returncode:
            raise HarnessError(f"billcom journal rebuild: {ended.stdout} {ended.stderr}")

    def wait_for_lists(self) -> None:
        """Wait until lists show everything."""
        time.sleep(LIST_SECONDS + 0.1)

    def _play(self) -> None:
        PLAYS[self.case.fault.name](self)

    def _money(self) -> int:
        paths = ("/v3/payments", "/v3/receivable-payments")
        return sum(
            bool(row["acted"]) for p in paths for row in requests(self.organization, method="POST", path=p)
        )


def _at_once(run: SpecialRun, *names: str) -> None:
    running: list[Running] = [run.start(machine=name) for name in names]
    for one in running:
        run.finish(one)
    run.must_complete()


def _one_machine(run: SpecialRun) -> None:
    _at_once(run, "one", "one")


def _two_machines(run: SpecialRun) -> None:
    run.shares_journal = True
    _at_once(run, "one", "two")


def _saved_again(run: SpecialRun) -> None:
    first = run.must_complete()
    if run.must_complete()["payment_id"] != first["payment_id"]:
        run.report.wrong.append("the second run names another payment")


def _amount_edited(run: SpecialRun) -> None:
    run.must_complete()
    run.must_be_stopped("1,260.00", bill={"amount": "1260.00"})
    run.must_complete()


def _last_years_number(run: SpecialRun) -> None:
    run.must_complete(bill={"invoice_date": "2025-11-20", "due_date": "2025-12-20", "amount": "990.00"})
    run.wait_for_lists()
    run.must_be_stopped("is at BILL")
    outcome = person.answer(run)
    if not outcome.completed:
        run.report.wrong.append(f"said to be another bill, it was not paid: {outcome}")


def _cancelled(run: SpecialRun) -> None:
    first = run.must_complete()
    run.organization.record("POST", f"payments/{first['payment_id']}/cancel")
    run.must_be_stopped("a label of its own")
    again = run.must_complete(payment={"label": "second try"})
    if again["payment_id"] == first["payment_id"]:
        run.report.wrong.append("the cancelled payment is called paid")


def _paid_by_hand(run: SpecialRun) -> None:
    first = run.must_complete()
    # What was made is taken back, so that vendor, account and bill stand and nothing of ours pays it.
    run.organization.record("POST", f"payments/{first['payment_id']}/cancel")
    run.trusted()
    body = {
        "vendorId": first["vendor_id"],
        "billId": first["bill_id"],
        "amount": 1250.00,
        "fundingAccount": {"type": "BANK_ACCOUNT", "id": first["funding_account_id"]},
        "processingOptions": {},
    }
    run.organization.record("POST", "payments", body)
    run.must_be_stopped("else", payment={"label": "after the one that was cancelled"})


def _vendor_renamed(run: SpecialRun) -> None:
    first = run.must_complete()
    run.organization.record("PATCH", f"vendors/{first['vendor_id']}", {"name": "Happy Music & Sons"})
    run.must_be_stopped("which is named 'Happy Music & Sons' at BILL", bill=NEXT_BILL)
    run.organization.record("PATCH", f"vendors/{first['vendor_id']}", {"name": "HAPPY MUSIC SUPPLIES"})
    run.must_complete(bill=NEXT_BILL)


def _vendor_archived(run: SpecialRun) -> None:
    first = run.must_complete()
    run.organization.record("POST", f"vendors/{first['vendor_id']}/archive")
    run.must_be_stopped("is archived", bill=NEXT_BILL)
    run.organization.record("POST", f"vendors/{first['vendor_id']}/restore")
    run.must_complete(bill=NEXT_BILL)


def _two_journals(run: SpecialRun) -> None:
    first = run.must_complete()
    run.wait_for_lists()
    if run.must_complete(machine="two")["payment_id"] != first["payment_id"]:
        run.report.wrong.append("the second journal has another payment")


def _journal_cut(run: SpecialRun) -> None:
    run.must_complete()
    with sqlite3.connect(run.journal) as connection:
        connection.execute("DELETE FROM entries WHERE position >= (SELECT max(position) - 1 FROM entries)")
    connection.close()
    _stopped_until_rebuilt(run)


def _journal_lost(run: SpecialRun) -> None:
    run.must_complete()
    run.journal.unlink()
    _stopped_until_rebuilt(run)


def _stopped_until_rebuilt(run: SpecialRun) -> None:
    run.must_be_stopped("billcom journal rebuild", bill=NEXT_BILL)
    run.wait_for_lists()
    run.rebuild()
    run.must_complete()


def _trust_lost(run: SpecialRun) -> None:
    """The device is remembered and the session that signs in with it is trusted at once; then it is not."""
    run.must_complete()
    shutil.rmtree(run.house.folder / "prefect" / "storage", ignore_errors=True)  # every session's cache
    run.organization.fault(
        "POST", "/v3/payments", "distrust", organization_id=run.organization.credentials["organization_id"]
    )
    run.must_complete(bill=NEXT_BILL)
    if not requests(run.organization, fault="distrust"):
        raise HarnessError("no payment met the fault")


PLAYS: dict[str, Callable[[SpecialRun], None]] = {
    "two runs at once, one machine": _one_machine,
    "two runs at once, two machines": _two_machines,
    "two charges at once, two machines": _two_machines,
    "same fields from a sheet saved again": _saved_again,
    "amount edited in the sheet": _amount_edited,
    "last year's invoice number again": _last_years_number,
    "payment cancelled, wanted again": _cancelled,
    "payment made by hand meanwhile": _paid_by_hand,
    "vendor renamed, next bill": _vendor_renamed,
    "vendor archived, next bill, restored": _vendor_archived,
    "two journals, one after the other": _two_journals,
    "journal cut short, next bill": _journal_cut,
    "journal lost, next bill": _journal_lost,
    "trust lost by a session signed in trusted": _trust_lost,
}

"""One payment run of 300 bills at an organization of its own: started, killed, run again, and what BILL holds of it."""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from billcom.intent import Verdict
from tests.faults.books import Books
from tests.faults.house import House
from tests.faults.person import PrefectPages
from tests.faults.processes import Outcome, Running
from tests.faults.sheets import Payee, SheetBill, bills_of, write_sheet
from tests.faults.verdict import requests
from tests.faults.worker import Job

VENDORS, BILLS_EACH = 60, 5
LATER_EVERY = 10
LIST_SECONDS = 0.3
SETTLE_SECONDS = 2.0
TIMEOUT_SECONDS = 10.0
SOURCE = "november.csv"
_VENDORS_AT_ONCE = 20
_PHASES = {
    "/v3/payments/bulk": "payments",
    "/v3/bills/bulk": "bills",
    "/v3/vendors/bulk": "vendors",
    "/v3/vendors/*/bank-account": "vendors",
}
_GONE = ("CANCELLED", "CANCELED", "VOID", "VOIDED")
_POLL_SECONDS = 0.0005
_ASKED = re.compile(r"payment (00n\w{17})")


@dataclass(frozen=True)
class Moment:
    """When a run is killed: so long after its start, or after more than so many claims of a kind, and a little more."""

    seconds: float = 0.0
    kind: str = ""
    claims: int = 0
    more_seconds: float = 0.0

    def __str__(self) -> str:
        """Return it in words."""
        if not self.kind:
            return f"at {self.seconds:.2f} s"
        return f"{self.more_seconds * 1000:.0f} ms after claim {self.claims + 1} of a {self.kind}"


class PaymentRun:
    """The sheet, the organization, and every run of it so far. Half of the vendors are at BILL beforehand."""

    def __init__(self, house: House, name: str) -> None:
        self.house = house
        self.books = Books(house, name, SETTLE_SECONDS, TIMEOUT_SECONDS)
        self.prefect = PrefectPages(house.prefect_url)
        self.asked = 0
        self.runs: list[str] = []
        payees = [Payee(n, stands=n % 2 == 0, has_account=n % 12 != 0) for n in range(1, VENDORS + 1)]
        self.bills: list[SheetBill] = bills_of(payees, BILLS_EACH, later_every=LATER_EVERY)
        self._make_by_hand([payee for payee in payees if payee.stands])
        write_sheet(self.books.folder / SOURCE, self.bills)
        self._by_hand = len(requests(self.books.organization, method="POST"))

    def start(self, workflow: str = "bulk") -> Running:
        """Start the payment run, or the repair, in a process that leads a group of its own."""
        name = f"run-{len(self.runs) + 1}"
        self.runs.append("")
        environment = self.books.environment("one", self.house.now()) | {
            "BILL_INPUT_DIR": str(self.books.folder),
            "BILL_OUTPUT_DIR": str(self.books.folder / name),
        }
        asks = workflow == "repair"
        job = Job(workflow, self.books.folder, name, environment, asks=asks, source=SOURCE, leads=True)
        return Running(self.house, job)

    def finish(self, running: Running) -> Outcome:
        """Wait for a run to end."""
        outcome = running.wait()
        self.runs[int(running.job.name.removeprefix("run-")) - 1] = str(outcome)
        return outcome

    def kill(self, running: Running, moment: Moment) -> None:
        """Kill a run and its group at this moment, unless it has ended by then."""
        started = time.monotonic()
        while running.is_alive and not self._has_come(moment, time.monotonic() - started):
            time.sleep(_POLL_SECONDS)
        if running.is_alive:
            time.sleep(moment.more_seconds)
            running.kill_group()

    def _has_come(self, moment: Moment, passed: float) -> bool:
        if moment.kind:
            return self.books.claimed(moment.kind) > moment.claims
        return passed >= moment.seconds

    def repair(self) -> Outcome:
        """Run the repair; answer what it asks with what is true at BILL."""
        running = self.start("repair")
        while running.is_alive:
            for run in self.prefect.runs(running.job.run_name, state="PAUSED"):
                if asked := _ASKED.search(self.prefect.question(run)):
                    self.prefect.resume(run["id"], self._truth(asked.group(1)))
                    self.asked += 1
            time.sleep(0.1)
        return self.finish(running)

    def phase(self) -> str:
        """Return which writes BILL was asked for last."""
        rows = requests(self.books.organization, method="POST")[self._by_hand :]
        seen = {re.sub(r"/009\w+/", "/*/", row["path"]) for row in rows}
        return next((phase for path, phase in _PHASES.items() if path in seen), "reading")

    def workbooks(self, what: str) -> list[Path]:
        """Return the workbooks that runs have left, oldest first."""
        return sorted(self.books.folder.glob(f"run-*/*-{what}-*.xlsx"))

    def names(self) -> dict[str, str]:
        """Return what each of BILL's ids is the id of."""
        vendors = {id: f"vendor {row['name']}" for id, row in self.books.records("vendor").items()}
        bills = {
            id: f"bill {row['invoice']['invoiceNumber']} of {vendors[row['vendorId']]}"
            for id, row in self.books.records("bill").items()
        }
        payments = {
            id: f"payment of {' and '.join(bills[bill_id] for bill_id in _bills_of(row))}"
            for id, row in self.books.records("payment").items()
        }
        return {**vendors, **bills, **payments, self.books.funding_account_id: "funding account"}

    def held(self) -> tuple[int, int, list[str]]:
        """Return how much is there twice and how much is missing at BILL, and what else is wrong, in words."""
        time.sleep(LIST_SECONDS)
        vendors, bills = self.books.records("vendor"), self.books.records("bill")
        payments = [p for p in self.books.records("payment").values() if p["status"] not in _GONE]
        called = {
            id: (vendors[b["vendorId"]]["name"], b["invoice"]["invoiceNumber"]) for id, b in bills.items()
        }
        found = Counter[Hashable](vendor["name"] for vendor in vendors.values())
        found.update(called.values())
        paid = Counter((*called[id], _cents(p, id)) for p in payments for id in _bills_of(p))
        wanted = Counter[Hashable]({bill.payee.name for bill in self.bills})
        wanted.update((bill.payee.name, bill.number) for bill in self.bills)
        to_pay = Counter((bill.payee.name, bill.number, bill.amount) for bill in self.bills)
        found.update(paid)
        wanted.update(to_pay)
        more, less = found - wanted, wanted - found
        wrong = [f"more at BILL: {list(more.elements())[:5]}"] if more else []
        wrong += [f"not at BILL: {list(less.elements())[:5]}"] if less else []
        return more.total(), less.total(), [*wrong, *self._journal_against(payments)]

    def _journal_against(self, payments: Sequence[dict[str, Any]]) -> list[str]:
        rows = self.books.standing()
        said = self.books.contradictions()
        said += [f"open in the journal: {row}" for row in rows if row.is_open]
        noted = sum((row.amount for row in rows if row.kind == "payment" and row.state == "DONE"), Decimal(0))
        moved = sum((_cents(p, id) for p in payments for id in _bills_of(p)), Decimal(0))
        if noted != moved:
            said.append(f"the journal has payments of {noted}, BILL of {moved}")
        return said

    def _truth(self, bill_id: str) -> dict[str, str]:
        """Return what a person who looks at BILL says of a bill's payment."""
        paid = [id for id, p in self.books.records("payment").items() if bill_id in _bills_of(p)]
        verdict = Verdict.HAPPENED if paid else Verdict.SEND
        return {"verdict": verdict.value, "record_id": "".join(paid[:1])}

    def _make_by_hand(self, payees: Sequence[Payee]) -> None:
        for start in range(0, len(payees), _VENDORS_AT_ONCE):
            some = [payee.to_vendor() for payee in payees[start : start + _VENDORS_AT_ONCE]]
            self.books.organization.record("POST", "vendors/bulk", some)
        time.sleep(LIST_SECONDS)
        self.books.by_hand |= self.books.records("vendor").keys()


def _bills_of(payment: dict[str, Any]) -> list[str]:
    parts = payment.get("billPayments") or [{"billId": payment["billId"]}]
    return [part["billId"] for part in parts]


def _cents(payment: dict[str, Any], bill_id: str) -> Decimal:
    """Return the dollars a payment pays of a bill."""
    parts = payment.get("billPayments") or [{"billId": bill_id, "amount": payment["amount"]}]
    amount = next(part["amount"] for part in parts if part["billId"] == bill_id)
    return Decimal(str(amount)).quantize(Decimal("0.01"))

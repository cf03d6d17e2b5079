"""One organization's life in the soak: what can happen to it at each step, and what must hold after it."""

from __future__ import annotations

import random
import time
from collections import Counter
from functools import partial
from typing import Any

from billcom.intent import Decision, Verdict
from tests.faults import deeds
from tests.faults.books import Books, Row
from tests.faults.forks import BROKEN, DONE, Fork
from tests.faults.house import House
from tests.faults.verdict import requests

LIST_SECONDS = 0.1
SETTLE_SECONDS = 0.25
TIMEOUT_SECONDS = 0.5
LATE_SECONDS = 300.0
LONGEST_SECONDS = 0.3
"""How long after its start a process may be killed: it needs about as long for the whole."""

SUBJECTS = 8
"""How many bills, and how many invoices, there are to do."""

_MOST_RUNS = 8
_PATHS = {
    "pay": ("/v3/vendors", "/v3/bills", "/v3/payments"),
    "charge": ("/v3/customers", "/v3/customers/*/bank-accounts", "/v3/invoices", "/v3/receivable-payments"),
}
_UNTIL = {"pay": ("vendor", "bill", ""), "charge": ("customer", "invoice", "")}
_MONEY = {"pay": "payment", "charge": "charge"}
_LATE = {"action": "act_late", "seconds": LATE_SECONDS}
_FAULTS: tuple[dict[str, Any], ...] = (
    {"action": "refuse"},
    {"action": "act_then_drop"},
    {"action": "delay", "seconds": TIMEOUT_SECONDS + 0.2},
    {"action": "html_500", "acted": True},
    {"action": "html_500", "acted": False},
    {"action": "html_500", "status": 413, "acted": True},
    {"action": "error", "code": "BDC_1322", "status": 422},
    {"action": "error", "code": "BDC_1144", "status": 422},
    {"action": "act_late", "seconds": 0.05},
    {"action": "sign_out"},
    {"action": "distrust"},
    _LATE,
)


class Life:
    """An organization, its books, and the story of what happened to it."""

    def __init__(self, house: House, name: str, chance: random.Random, counts: Counter[str]) -> None:
        self.books = Books(house, name, SETTLE_SECONDS, TIMEOUT_SECONDS)
        self._house = house
        self._chance = chance
        self._counts = counts
        self._story: list[str] = []
        self._begun: dict[tuple[str, int], None] = {}
        self._runs = 0

    def step(self) -> None:
        """Let something happen; raise AssertionError, with the whole story, when something does not fit."""
        happenings = (self._run, self._meet_fault, self._run_two, self._jump, self._decide, self._cancel)
        happen = self._chance.choices(happenings, weights=(3, 5, 4, 1, 2, 1))[0]
        happen()
        self._counts["steps"] += 1
        self._check(self.books.contradictions())

    def end(self) -> None:
        """Bring all that was begun to its end: nothing may be lost, and nothing be there twice."""
        self._let_late_happen()
        for kind, subject in self._begun:
            self._finish(kind, subject)
        time.sleep(LIST_SECONDS)
        said = self.books.contradictions()
        for kind, nouns in (("pay", ("vendor", "bill")), ("charge", ("customer", "invoice"))):
            wanted = sum(one == kind for one, _ in self._begun)
            held = {noun: len(self.books.records(noun)) for noun in nouns}
            said += [f"{number} {noun}s for {wanted}" for noun, number in held.items() if number != wanted]
        self._check(said)
        self._counts["brought to their end"] += len(self._begun)

    def _run(self) -> None:
        """One process does the whole, and may be killed at any moment."""
        kind, subject, killed, until = self._any_deed()
        machine = self._chance.choice(("one", "two"))
        self._tell(f"{kind} {subject} until {until or _MONEY[kind]} on machine {machine}", killed)
        self._end(self._fork(kind, subject, machine, until=until), killed)

    def _run_two(self) -> None:
        """Two processes do the same at once, on one machine or on two; one of them may be killed."""
        kind, subject, killed, until = self._any_deed()
        machine = self._chance.choice(("one", "two"))
        self._tell(
            f"{kind} {subject} until {until or _MONEY[kind]} on machine one and {machine} at once", killed
        )
        forks = [self._fork(kind, subject, one, until=until) for one in (machine, "one")]
        self._end(forks[0], killed)
        self._end(forks[1])
        self._counts["two at once"] += 1

    def _meet_fault(self) -> None:
        """One process does the whole; one of its writes meets a fault, and it may be killed as well."""
        kind, subject, killed, until = self._any_deed()
        fault = self._chance.choice(_FAULTS)
        # What is no money is made again by itself: the twin that a late act makes then is the table's to prove.
        path = _PATHS[kind][-1] if fault is _LATE else self._chance.choice(_PATHS[kind])
        until = "" if path == _PATHS[kind][-1] else until
        self._tell(f"{kind} {subject}, {path} meets {fault}", killed)
        control, mine = self.books.organization.control, {"organization_id": self.books.organization_id}
        scripted = control("POST", "/faults", {"method": "POST", "path": path} | mine | fault)
        self._end(self._fork(kind, subject, "one", until=until), killed)
        (fault,) = [f for f in control("GET", "/faults")["faults"] if f["id"] == scripted["id"]]
        self._counts["faults struck"] += fault["matched"] > 0
        control("DELETE", f"/faults/{scripted['id']}")

    def _jump(self) -> None:
        """BILL's clock jumps: sessions end, and what was to be done late is done."""
        seconds = self._chance.choice((1, 60, LATE_SECONDS, 40 * 60))
        self._tell(f"{seconds:g} seconds pass")
        self.books.let_pass(seconds)

    def _decide(self) -> None:
        """A person, who knows that BILL will not act any more, says that it did not."""
        unsettled = self._unsettled()
        if not unsettled:
            return
        self._let_late_happen()
        kind, row = self._chance.choice(unsettled)
        self._tell(f"a person decides {row}")
        decision = Decision(Verdict.SEND, row.sequence)
        self._end(self._fork(kind, self._subject(kind, row), "one", row.label, decision))
        self._counts["decided by a person"] += 1

    def _cancel(self) -> None:
        """A payment is cancelled at BILL by hand, and wanted again under a label of its own."""
        held = self.books.records("payment")
        rows = [r for r in self.books.standing() if held.get(r.record_id, {}).get("status") == "SCHEDULED"]
        if not rows:
            return
        row = self._chance.choice(rows)
        self._tell(f"{row} is cancelled by hand, and wanted again")
        self.books.organization.record("POST", f"payments/{row.record_id}/cancel")
        self._end(self._fork("pay", self._subject("pay", row), "one", f"again {self._runs}"))
        self._counts["cancelled by hand"] += 1

    def _any_deed(self) -> tuple[str, int, float | None, str]:
        """Return what to do, for which subject, when to kill it, and until which record it goes."""
        kind = self._chance.choice(("pay", "charge"))
        killed = self._chance.uniform(0, LONGEST_SECONDS) if self._chance.random() < 0.4 else None
        return kind, self._chance.randrange(SUBJECTS), killed, self._chance.choice(_UNTIL[kind])

    def _finish(self, kind: str, subject: int) -> None:
        """Run until it is done, a person answering; what was cancelled by hand stays so."""
        said = ""
        for _ in range(_MOST_RUNS):
            fork = self._fork(kind, subject, "one")
            if self._end(fork) == DONE:
                return
            said = fork.said()
            if "run again with a label of its own" in said or "something else pays it" in said:
                return
            for asked, row in self._unsettled():
                if asked == kind and self._subject(kind, row) == subject:
                    decision = Decision(Verdict.SEND, row.sequence)
                    self._end(self._fork(kind, subject, "one", row.label, decision))
        self._check([f"{kind} {subject} does not come to its end: {said}"])

    def _fork(
        self,
        kind: str,
        subject: int,
        machine: str,
        label: str = "",
        decision: Decision | None = None,
        until: str = "",
    ) -> Fork:
        self._runs += 1
        self._begun[kind, subject] = None
        if kind == "pay":
            deed = partial(deeds.pay, subject, self.books.funding_account_id, label, decision, until)
        else:
            deed = partial(deeds.charge, subject, label, decision, until)
        log = self.books.folder / f"{self._runs}.log"
        return Fork(deed, log, self.books.environment(machine, self._house.now()))

    def _end(self, fork: Fork, killed: float | None = None) -> int:
        """Wait for a process, or kill it; one that broke is a failure, one that was killed is none."""
        if killed is not None:
            fork.kill_after(killed)
        code = fork.wait()
        if code == BROKEN:
            self._check([fork.said()])
        self._counts["killed"] += code < 0
        self._counts["completed"] += code == DONE
        self._tell(f"    {code} {fork.said().strip()[-300:]}")
        return code

    def _let_late_happen(self) -> None:
        self.books.let_pass(LATE_SECONDS + 1)
        time.sleep(LIST_SECONDS)

    def _unsettled(self) -> list[tuple[str, Row]]:
        """Return the payments and charges that are open."""
        rows = self.books.standing()
        return [(kind, r) for r in rows for kind, noun in _MONEY.items() if r.kind == noun and r.is_open]

    def _subject(self, kind: str, row: Row) -> int:
        """Return the number of the bill or invoice a payment or charge is of."""
        noun = "bills" if kind == "pay" else "invoices"
        record = self.books.organization.record("GET", f"{noun}/{row.subject}")
        number = record["invoice"]["invoiceNumber"] if kind == "pay" else record["invoiceNumber"]
        return int(number.rpartition("-")[2])

    def _tell(self, what: str, killed: float | None = None) -> None:
        self._story.append(what if killed is None else f"{what}, killed after {killed:.3f} s")

    def _check(self, said: list[str]) -> None:
        """Raise AssertionError with everything there is to know when something was said."""
        if not said:
            return
        rows = requests(self.books.organization, method="POST")
        sent = [f"{r['time']} {r['path']} {r['status']} acted {r['acted']} {r['fault']} late {r['late']}"
                for r in rows]  # fmt: skip
        journal = [str(entry) for entry in self.books.entries()]
        parts = ["", *said, "Story:", *self._story, "Journal:", *journal, "Requests:", *sent]
        raise AssertionError("\n".join(parts))

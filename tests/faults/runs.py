"""One case from its start until it has settled: the faulty run, then the same again, and what BILL holds then."""

from __future__ import annotations

import signal
import time
from dataclasses import dataclass, field
from typing import Any

import httpx

from tests import samples
from tests.faults import person
from tests.faults.house import House
from tests.faults.processes import HarnessError, NotStruckError, Outcome, Running, wait_for
from tests.faults.sheets import write_sheet
from tests.faults.table import (
    BILLS,
    LATE_SECONDS,
    LIST_SECONDS,
    PAYEES,
    SETTLE_SECONDS,
    TIMEOUT_SECONDS,
    Case,
)
from tests.faults.verdict import AP, AR, Holdings, requests, take_stock
from tests.faults.worker import Job, Trap
from tests.organization import Organization

MOST_RUNS = 6
_SOURCE = "run.csv"


@dataclass
class Report:
    """What became of one case."""

    case: Case
    held: Holdings = field(default_factory=Holdings)
    asked: int = 0
    reported: int = 0
    runs: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    broken: str = ""
    not_struck: bool = False
    seconds: float = 0.0

    @property
    def wanted(self) -> dict[str, int]:
        """How many records of each noun are to be there: one, unless the case says otherwise."""
        if self.case.write.workflow == "bulk":
            many = {"vendors": len(PAYEES), "bills": len(BILLS), "payments": len(BILLS)}
            return dict.fromkeys(AP, 1) | many
        nouns = AP if self.case.write.workflow == "ap" else AR
        return dict.fromkeys(nouns, 1) | dict(self.case.holdings)

    @property
    def deviations(self) -> list[str]:
        """What is not as it was expected, in words."""
        if self.broken:
            return [f"the proof itself failed: {self.broken}"]
        held, wanted, expected = self.held, self.wanted, self.case.expected
        found = [*self.wrong, *held.wrong]
        if held.duplicated(wanted) or held.lost(wanted):
            found.append(f"at BILL: {_counts(held, wanted)}")
        if bool(self.asked) != (expected == "asked"):
            found.append(
                "nobody was asked" if expected == "asked" else f"a person was asked {self.asked} times"
            )
        twins = held.late_twins(wanted)
        if expected == "twin" and not (twins == self.case.write.records and self.reported):
            found.append(f"late twin: {twins} there, {self.reported} times reported")
        if expected != "twin" and self.reported:
            found.append(f"{self.reported} times reported, and there is nothing to report")
        if expected != "twin" and twins:
            found.append(f"a late twin: {_counts(held, wanted)}")
        return found


def _counts(held: Holdings, wanted: dict[str, int]) -> str:
    counts = {noun: held.counts[noun] for noun in wanted if held.counts[noun] != wanted[noun]}
    return ", ".join(f"{number} {noun} for {wanted[noun]}" for noun, number in counts.items())


class CaseRun:
    """One case at an organization of its own."""

    def __init__(self, house: House, case: Case, *, blind: bool = False) -> None:
        self.house = house
        self.case = case
        self.report = Report(case)
        self.organization: Organization = house.organization()
        self.folder = house.folder / self.organization.credentials["organization_id"]
        self.folder.mkdir()
        self.prefect = person.PrefectPages(house.prefect_url)
        self.shares_journal = bool(case.fault.trap and case.fault.trap[1] == signal.SIGSTOP)
        self._blind = blind
        self.last = Outcome(0)
        self._processes: list[Running] = []
        if case.write.vendor_stands:
            self._make_vendor()
        if case.write.workflow == "bulk":
            write_sheet(self.folder / _SOURCE, BILLS)

    def play(self) -> Report:
        """Play the case to its end."""
        started = time.monotonic()
        try:
            with self.organization:
                if self.case.write.vendor_stands:
                    time.sleep(LIST_SECONDS + 0.1)  # made by hand long enough ago for lists to show it
                self._play()
                self.report.held = take_stock(self.organization)
                self._check_claims()
        except NotStruckError as error:
            self.report.broken, self.report.not_struck = str(error), True
        except (HarnessError, httpx.HTTPError, AssertionError, OSError) as error:
            self.report.broken = f"{type(error).__name__}: {error}"
        finally:
            for running in self._processes:
                running.kill()
        self.report.seconds = time.monotonic() - started
        return self.report

    def _play(self) -> None:
        self._settle(self._faulty())

    def start(
        self,
        *,
        trap: Trap | None = None,
        skew_seconds: int = 0,
        machine: str = "one",
        asks: bool = False,
        workflow: str = "",
        **changes: dict[str, Any],
    ) -> Running:
        """Start the workflow in a process on a machine (a state directory) of this name."""
        name = f"run-{len(self.report.runs) + 1}"
        self.report.runs.append("")
        folder = self.folder / machine
        folder.mkdir(exist_ok=True)
        environment = self._environment(machine, skew_seconds)
        job = Job(
            workflow or self.case.write.workflow,
            folder,
            name,
            environment,
            changes,
            trap,
            asks=asks,
            blind=self._blind,
            source=_SOURCE,
        )
        self._processes.append(Running(self.house, job))
        return self._processes[-1]

    def finish(self, running: Running) -> Outcome:
        """Wait for a run; count whom it asked."""
        outcome = running.wait()
        self.report.runs[int(running.job.name.removeprefix("run-")) - 1] = str(outcome)
        self.last = outcome
        self.report.asked += person.is_asked(outcome) and not self._late_has_acted()
        self.report.reported += person.is_asked(outcome) and self._late_has_acted()
        return outcome

    def _faulty(self) -> Outcome:
        """Run the workflow once with its fault; prove that it struck."""
        fault, path = self.case.fault, self.case.write.path
        if fault.script:
            self.organization.fault(
                "POST", path, organization_id=self.organization.credentials["organization_id"], **fault.script
            )
        trap = Trap(path, *fault.trap) if fault.trap else None
        running = self.start(trap=trap, skew_seconds=fault.skew_seconds)
        if fault.strike:
            self._strike(running)
        if trap and trap.signal == signal.SIGSTOP:
            self._overtake(running)
        outcome = self.finish(running)
        self._prove(trap, outcome, running)
        return outcome

    def _strike(self, running: Running) -> None:
        """Wait until BILL has acted and keeps its answer back, then end the process."""
        wait_for(f"BILL to act on {self.case.name}", lambda: self._struck() or not running.is_alive)
        if not (running.is_alive and any(row["acted"] for row in self._struck())):
            raise HarnessError(f"the process ended before BILL acted: {running.log()}")
        if self.case.fault.strike == "kill":
            running.send(signal.SIGKILL)
            return
        if self.case.fault.strike == "cancel":
            (run,) = self.prefect.runs(running.job.run_name)
            self.prefect.set_state(run["id"], "CANCELLING")
            running.end()
            self.prefect.set_state(run["id"], "CANCELLED", force=True)
            return
        running.end()

    def _overtake(self, running: Running) -> None:
        """While the process is stopped, run the same elsewhere, past the settle time; then let it go on."""
        wait_for("the process to stop itself", lambda: running.is_stopped or not running.is_alive)
        if not running.is_alive:
            raise HarnessError(f"the process ended before it could stop: {running.log()}")
        stopped = time.monotonic()
        self.finish(self.start(machine="two"))
        time.sleep(max(0.0, stopped + 2 * SETTLE_SECONDS - time.monotonic()))
        if not running.is_stopped:
            raise HarnessError("the process did not stay stopped")
        running.send(signal.SIGCONT)

    def _prove(self, trap: Trap | None, outcome: Outcome, running: Running) -> None:
        """Raise unless the fault has struck."""
        fault = self.case.fault
        if fault.script and not self._struck():
            raise HarnessError(f"no request met the fault: {outcome} {running.log()}")
        if trap and "trap" not in running.log():
            raise HarnessError(f"the trap was never reached: {outcome} {running.log()}")
        killed = fault.strike == "kill" or (trap and trap.signal == signal.SIGKILL)
        if killed and outcome.exit != -signal.SIGKILL:
            raise HarnessError(f"the process was not killed but ended with {outcome.exit}")
        if fault.strike in ("terminate", "cancel") and outcome.completed:
            raise HarnessError("the process went on to the end")
        if not (fault.script or trap):
            self._prove_lists_late(outcome)

    def _prove_lists_late(self, outcome: Outcome) -> None:
        """Raise unless the record is there and a list does not show it."""
        result = outcome.result or {}
        if self.case.write.workflow == "bulk":
            noun, record_id = "payments", result["lines"][-1]["record_id"] if result else ""
        else:
            noun = "bills" if self.case.write.workflow == "ap" else "invoices"
            record_id = result.get(f"{noun[:-1]}_id", "")
        self.organization.record("GET", f"{noun}/{record_id}")
        if record_id in [row["id"] for row in self.organization.records(noun)]:
            raise NotStruckError("the list shows the record by now: this machine is too busy")

    def _settle(self, outcome: Outcome) -> None:
        """Run the same again until it completes; a person who is asked looks, and answers."""
        while len(self.report.runs) < MOST_RUNS:
            if person.is_asked(outcome) and not self._await_late():
                outcome = person.answer(self)
            else:
                outcome = self.finish(self.start())
            if outcome.completed or self.report.reported:
                break
        else:
            self.report.wrong.append(f"not settled after {MOST_RUNS} runs: {self.report.runs[-1]}")
        if self._await_late() and not self.report.reported:
            self.finish(self.start())
            if self.case.expected == "twin" and not self.report.reported:
                self.finish(self.start(workflow="repair"))

    def _check_claims(self) -> None:
        """Note a completed run's result that names what BILL does not hold."""
        result = self.last.result or {}
        names = [name for name in result if name.endswith("_id") and name != "funding_account_id"]
        said = [(name, result[name]) for name in names]
        for line in result.get("lines", ()):
            said += [(name, line[name]) for name in ("party_id", "document_id", "record_id")]
        missing = [(name, id) for name, id in said if id and id not in self.report.held.ids]
        self.report.wrong += [f"the run says {name} {id}, BILL has none" for name, id in missing]

    def _struck(self) -> list[dict[str, Any]]:
        script = self.case.fault.script or {}
        return requests(self.organization, method="POST", fault=script["action"])

    def _late_has_acted(self) -> bool:
        return bool(requests(self.organization, late="True"))

    def _await_late(self) -> bool:
        """Wait for a late act, where one is to come, and for lists to show it; return whether there is one."""
        if (self.case.fault.script or {}).get("action") != "act_late":
            return False
        wait_for("BILL to act late", self._late_has_acted, LATE_SECONDS + 10)
        time.sleep(LIST_SECONDS + 0.1)
        return True

    def _environment(self, machine: str, skew_seconds: int) -> dict[str, str]:
        ours = self.organization.environment(self.folder / machine)
        if self.shares_journal:
            ours["BILL_JOURNAL_URL"] = f"sqlite+aiosqlite:///{self.folder / 'journal.db'}"
        return ours | {
            "BILL_NOW": self.house.now(skew_seconds),
            "BILL_SETTLE_SECONDS": str(SETTLE_SECONDS),
            "BILL_TIMEOUT_SECONDS": str(TIMEOUT_SECONDS),
            "BILL_INPUT_DIR": str(self.folder),
            "BILL_OUTPUT_DIR": str(self.folder / machine / "output"),
        }

    def _make_vendor(self) -> None:
        """Make the vendor by hand, without a bank account."""
        wanted = samples.vendor()
        address = {"line1": "1 Elsewhere", "city": "Reno", "zipOrPostalCode": "89501", "country": "US"}
        self.organization.record("POST", "vendors", {"name": wanted.name, "address": address})

"""`python -m tests.faults.kills`: a payment run of 300 bills is killed at any moment, then run again, many times.

What BILL holds in the end is judged, and that the workbook of the run is that of one nobody disturbed. Chance is
seeded: the seed is printed, and given again it chooses the same moments.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from tests.faults.house import House, open_house
from tests.faults.payment_run import BILLS_EACH, LIST_SECONDS, VENDORS, Moment, PaymentRun
from tests.faults.processes import Outcome
from tests.faults.workbooks import Cells, differences, read_cells, take_fingerprint
from tests.faults.worker import PRELOAD

ROUNDS = 20
LATENCY_MS = 50
RULES: dict[str, Any] = {
    "list_delay_ms": int(LIST_SECONDS * 1000),
    "latency_ms": LATENCY_MS,
    "logins_per_hour": 10**6,
    "requests_per_hour": 10**9,
}
AT_A_WRITE = 0.5
"""Share of the rounds that are killed once something was claimed and is about to be sent, or is being done."""

MIDDLE_SECONDS = 2 * LATENCY_MS / 1000
_MOST_RUNS = 8
_MOST_SHOWN = 10
_PHASES = ("reading", "vendors", "bills", "payments", "nothing: it had ended")


@dataclass
class Round:
    """What became of one payment run."""

    moment: str = ""
    phase: str = ""
    asked: int = 0
    duplicated: int = 0
    lost: int = 0
    unlike: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    runs: list[str] = field(default_factory=list)

    @property
    def deviates(self) -> bool:
        """Whether anything is not as it must be."""
        return bool(self.duplicated or self.lost or self.unlike or self.wrong)

    def __str__(self) -> str:
        """Return it in one line."""
        killed = f"killed {self.moment}, during {self.phase}" if self.moment else "not killed"
        verdict = "DEVIATES" if self.deviates else "as expected"
        return f"{killed:58} runs {len(self.runs)}  {_figures([self])}  {verdict}"


def undisturbed(house: House, name: str, wanted: Cells | None = None) -> tuple[Round, Cells, float]:
    """Run the sheet once, from the first to the last; return what came of it, its workbook, and its seconds."""
    run, round_ = PaymentRun(house, name), Round()
    started = time.monotonic()
    outcome = run.finish(run.start())
    seconds = time.monotonic() - started
    return round_, _judged(run, outcome, round_, wanted), seconds


def killed(house: House, name: str, moment: Moment, wanted: Cells) -> Round:
    """Kill the run at this moment, then bring it to its end; a person answers truthfully what is asked."""
    run, round_ = PaymentRun(house, name), Round(str(moment))
    running = run.start()
    run.kill(running, moment)
    outcome = run.finish(running)
    round_.phase = _PHASES[-1] if outcome.exit == 0 else run.phase()
    outcome = run.finish(run.start())
    while outcome.needs_person and len(run.runs) < _MOST_RUNS:
        repaired = run.repair()
        if not repaired.completed:
            round_.wrong.append(f"the repair ended: {repaired}")
        outcome = run.finish(run.start())
    _judged(run, outcome, round_, wanted)
    return round_


def _judged(run: PaymentRun, outcome: Outcome, round_: Round, wanted: Cells | None) -> Cells:
    """Note what BILL holds, and how the workbook differs; return the workbook."""
    round_.runs, round_.asked = run.runs, run.asked
    round_.duplicated, round_.lost, wrong = run.held()
    round_.wrong += wrong
    if not outcome.completed:
        round_.wrong.append(f"the last run ended: {outcome}")
    names = run.names()
    every = [read_cells(path, names) for path in (*run.workbooks("plan"), *run.workbooks("result"))]
    if len(fingerprints := {take_fingerprint(cells) for cells in every}) != 1:
        round_.wrong.append(f"the plans have {len(fingerprints)} fingerprints: an approval would be lost")
    if not run.workbooks("result"):
        round_.wrong.append("there is no workbook")
        return {}
    round_.unlike = differences(wanted, every[-1]) if wanted is not None else []
    return every[-1]


def any_moment(chance: random.Random, first: float, last: float, seconds: float) -> Moment:
    """Return a moment in the middle of a write, or between two shares of the time a run takes.

    Each round has its own share, so that few rounds reach all of the run.
    """
    if chance.random() < AT_A_WRITE:
        kind = chance.choice(("vendor", "bill", "payment", "payment"))
        claims = chance.randrange(VENDORS // 2 if kind == "vendor" else VENDORS * BILLS_EACH)
        return Moment(kind=kind, claims=claims, more_seconds=chance.random() ** 4 * MIDDLE_SECONDS)
    return Moment(seconds=chance.uniform(first, last) * seconds)


def main() -> int:
    """Play the rounds; print a line for each and the totals; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.kills", description=__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    options = parser.parse_args()
    print(f"seed {options.seed}", flush=True)
    started, chance = time.monotonic(), random.Random(options.seed)
    with open_house(PRELOAD, **RULES) as house:
        _, wanted, _ = undisturbed(house, "first")  # slower than those after it: it warms everything up
        whole, _, seconds = undisturbed(house, "undisturbed", wanted)
        print(f"{seconds:.2f} s, {len(wanted)} cells  {_show(whole)}", flush=True)
        rounds: list[Round] = []
        for number in range(1, options.rounds + 1):
            moment = any_moment(chance, (number - 1) / options.rounds, number / options.rounds, seconds)
            rounds.append(killed(house, f"round-{number}", moment, wanted))
            print(f"round {number:3}  {_show(rounds[-1])}", flush=True)
    phases = Counter(round_.phase for round_ in rounds)
    print(
        f"\n{len(rounds)} rounds, killed during "
        + ", ".join(f"{p} {phases[p]}" for p in _PHASES if phases[p])
    )
    print(
        f"{_figures(rounds)}  deviating {sum(r.deviates for r in rounds)}  {time.monotonic() - started:.0f} s"
    )
    return 1 if any(round_.deviates for round_ in (whole, *rounds)) else 0


def _figures(rounds: list[Round]) -> str:
    counts = {
        "duplicated": sum(round_.duplicated for round_ in rounds),
        "lost": sum(round_.lost for round_ in rounds),
        "asked": sum(round_.asked for round_ in rounds),
        "cells that differ": sum(len(round_.unlike) for round_ in rounds),
    }
    return "  ".join(f"{name} {number}" for name, number in counts.items())


def _show(round_: Round) -> str:
    said = [*round_.wrong, *round_.unlike]
    lines = [str(round_), *(f"    {text}" for text in said[:_MOST_SHOWN])]
    if len(said) > _MOST_SHOWN:
        lines.append(f"    … and {len(said) - _MOST_SHOWN} more")
    if round_.deviates:
        lines += [f"    run {number}: {text}" for number, text in enumerate(round_.runs, 1)]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())

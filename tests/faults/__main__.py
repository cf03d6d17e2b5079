"""`python -m tests.faults`: play every case, print a line for each and the totals; exit 1 on any deviation."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor

from tests.faults.house import House, open_house
from tests.faults.runs import Report
from tests.faults.special import run_of
from tests.faults.table import Case, cases, specials
from tests.faults.worker import PRELOAD

AT_ONCE = 8
"""Cases under way at once: most of their time is spent waiting."""

_ATTEMPTS = 4


def main() -> int:
    """Play the cases chosen; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("words", nargs="*", help="only cases whose name holds one of these")
    parser.add_argument("--blind", action="store_true", help="without looking: shows that the proof can fail")
    parser.add_argument("--at-once", type=int, default=AT_ONCE)
    options = parser.parse_args()
    chosen = [case for case in (*cases(), *specials()) if any(w in case.name for w in options.words or [""])]
    started = time.monotonic()
    with open_house(PRELOAD) as house:
        reports = [show(report) for report in play(house, chosen, options.at_once, blind=options.blind)]
    print(f"\n{totals(reports)}  {time.monotonic() - started:.0f} s")
    if options.blind:
        return 0 if any(report.held.duplicated(report.wanted) for report in reports) else 1
    return 1 if any(report.deviations for report in reports) else 0


def play(house: House, chosen: Iterable[Case], at_once: int, *, blind: bool) -> Iterable[Report]:
    """Play cases, several at once; yield their reports in order."""
    with ThreadPoolExecutor(at_once) as pool:
        yield from pool.map(lambda case: _played(house, case, blind=blind), chosen)


def _played(house: House, case: Case, *, blind: bool) -> Report:
    """Play one case; again, at another organization, when its fault came too late to strike."""
    for _ in range(_ATTEMPTS):
        report = run_of(house, case, blind=blind).play()
        if not report.not_struck:
            break
    return report


def show(report: Report) -> Report:
    """Print a case's line, and what deviates."""
    print(f"{report.case.name:50}{figures([report])}  runs {len(report.runs)} {report.seconds:6.1f} s  "
          f"{'DEVIATES' if report.deviations else 'as expected'}", flush=True)  # fmt: skip
    for deviation in report.deviations:
        print(f"    {deviation}")
    if report.deviations:
        for number, run in enumerate(report.runs, 1):
            print(f"    run {number}: {run}", flush=True)
    return report


def figures(reports: list[Report]) -> str:
    """Return the counts of one case, or of all."""
    counts = {
        "made": sum(r.held.made(r.wanted) for r in reports),
        "duplicated": sum(r.held.duplicated(r.wanted) for r in reports),
        "lost": sum(r.held.lost(r.wanted) for r in reports if not r.broken),
        "late twins": sum(r.held.late_twins(r.wanted) for r in reports),
        "reported": sum(bool(r.reported) for r in reports),
        "asked": sum(bool(r.asked) for r in reports),
    }
    return "  ".join(f"{name} {number}" for name, number in counts.items())


def totals(reports: list[Report]) -> str:
    """Return the last line."""
    deviating = sum(bool(report.deviations) for report in reports)
    return f"{len(reports)} cases: {figures(reports)}  deviating {deviating}"


if __name__ == "__main__":
    sys.exit(main())

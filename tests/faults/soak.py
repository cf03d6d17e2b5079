"""`python -m tests.faults.soak`: random runs, kills, faults and clock jumps, all checked after each step.

Chance is seeded: the seed is printed, and given again it chooses the same steps. When a process dies in the middle is
the machine's to say, so a failure tells its whole story.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections import Counter

from tests.faults import blind
from tests.faults.house import House, open_house
from tests.faults.life import LIST_SECONDS, Life

STEPS = 2000
STEPS_EACH = 100
"""Steps of one organization; then all is brought to its end and counted, and a new one begins."""


def soak(house: House, steps: int, seconds: float, seed: int) -> Counter[str]:
    """Go through one organization's life after another until so many steps are done, or the time is over."""
    counts: Counter[str] = Counter()
    chance = random.Random(seed)
    ends = time.monotonic() + seconds

    def goes_on() -> bool:
        return counts["steps"] < steps and time.monotonic() < ends

    while goes_on():
        counts["organizations"] += 1
        life = Life(house, f"life-{counts['organizations']}", chance, counts)
        for _ in range(STEPS_EACH):
            if goes_on():
                life.step()
        life.end()
    return counts


def main() -> int:
    """Soak; print what was done; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.soak", description=__doc__)
    parser.add_argument("--steps", type=int, default=STEPS)
    parser.add_argument("--seconds", type=float, default=float("inf"))
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    parser.add_argument("--blind", action="store_true", help="without looking: shows that the proof can fail")
    options = parser.parse_args()
    if options.blind:
        blind.stop_looking()
    print(f"seed {options.seed}", flush=True)
    started = time.monotonic()
    rules = {"list_delay_ms": int(LIST_SECONDS * 1000), "logins_per_hour": 10**6, "requests_per_hour": 10**9}
    with open_house((), prefect=False, **rules) as house:
        try:
            counts = soak(house, options.steps, options.seconds, options.seed)
        except AssertionError as error:
            print(error)
            return 0 if options.blind else 1
    print(", ".join(f"{name} {number}" for name, number in counts.items()))
    print(
        f"nothing paid twice, nothing lost, the journal as BILL's records  {time.monotonic() - started:.0f} s"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""A quarter of a minute of the soak; and that the table says of every write and fault what is expected of the two."""

from __future__ import annotations

import subprocess
import sys

from tests.faults.house import ROOT
from tests.faults.special import PLAYS
from tests.faults.table import FAULTS, WRITES, cases, specials

SOAK_SECONDS = 15


def test_every_write_meets_every_fault() -> None:
    played = {(case.write.name, case.fault.name): case.expected for case in cases()}
    assert len(played) == len(WRITES) * len(FAULTS) == 11 * 18
    assert set(played.values()) == {"made", "asked", "twin"}


def test_a_person_is_asked_only_where_money_was_sent_and_is_absent() -> None:
    asked = {(case.write.name, case.fault.name) for case in cases() if case.expected == "asked"}
    absent = {
        "refused before acting",
        "killed before the request",
        "stopped before the request",
        "acts after the settle time",
    }
    assert asked == {
        (write, fault) for write in ("payment", "charge", "payments in bulk") for fault in absent
    }


def test_every_special_case_is_played() -> None:
    assert {case.fault.name for case in specials()} == set(PLAYS)


def test_nothing_is_paid_twice_or_lost_whatever_happens_in_a_short_soak() -> None:
    command = [sys.executable, "-m", "tests.faults.soak", "--seconds", str(SOAK_SECONDS)]
    soaked = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert soaked.returncode == 0, soaked.stdout + soaked.stderr

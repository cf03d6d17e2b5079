"""Two rounds of the kills."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.faults.house import ROOT


@pytest.mark.slow
def test_a_payment_run_killed_at_any_moment_and_run_again_is_the_run_nobody_disturbed() -> None:
    command = [sys.executable, "-m", "tests.faults.kills", "--rounds", "2"]
    killed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert killed.returncode == 0, killed.stdout + killed.stderr

"""`python -m flows`, as a person starts it: what it refuses before anything is sent."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.organization import Organization

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("place", ["environment", "file"])
def test_misspelt_setting_is_named_and_nothing_is_sent(
    place: str, organization: Organization, tmp_path: Path
) -> None:
    environment = os.environ | {"PYTHONPATH": str(ROOT), "PREFECT_HOME": str(tmp_path / "prefect")}
    if place == "file":
        (tmp_path / ".env").write_text("BILL_MAX_AMUONT=very-secret")
    else:
        environment["BILL_MAX_AMUONT"] = "very-secret"
    done = subprocess.run(
        [sys.executable, "-m", "flows", "pay_bills", "june.csv", "--go"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    where = " in .env" if place == "file" else ""
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"BILL_MAX_AMUONT{where} is not a setting: did you mean BILL_MAX_AMOUNT?\n"
    assert organization.requests() == []

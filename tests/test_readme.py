"""The README's commands exist, and its Python runs as it stands."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from prefect.settings import PREFECT_API_URL, get_current_settings

from tests.organization import Organization

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()


@pytest.mark.parametrize("target", sorted(set(re.findall(r"(?:^|`)make ([a-z-]+)", README, re.MULTILINE))))
def test_a_make_target_it_names_exists(target: str) -> None:
    assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(), re.MULTILINE)


@pytest.mark.parametrize("path", re.findall(r"^(\w[\w/]*/) ", README, re.MULTILINE))
def test_a_folder_it_names_exists(path: str) -> None:
    assert (ROOT / path).is_dir()


def test_its_python_runs_as_it_stands(prefect: None, organization: Organization) -> None:
    (program,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    ran = subprocess.run(
        [sys.executable, "-c", program],
        env={
            "PYTHONPATH": str(ROOT),
            "PREFECT_API_URL": str(PREFECT_API_URL.value()),
            "PREFECT_HOME": str(get_current_settings().home),
            "DO_NOT_TRACK": "1",
            **organization.environment(Path.cwd()),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    assert "noun='payment'" in ran.stdout
    assert organization.writes() == []


def test_its_commands_for_a_sheet_do_what_it_says(
    prefect: None, organization: Organization, tmp_path: Path
) -> None:
    (tmp_path / ".venv").symlink_to(Path(sys.executable).parents[1])
    (tmp_path / "samples").symlink_to(ROOT / "samples")
    section = README.partition("## Payment runs")[2].partition("## As a service")[0]
    said = [
        subprocess.run(
            ["bash", "-euc", commands],
            cwd=tmp_path,
            env={
                "PATH": "/usr/bin:/bin",
                "PYTHONPATH": str(ROOT),
                "PREFECT_API_URL": str(PREFECT_API_URL.value()),
                "PREFECT_HOME": str(get_current_settings().home),
                "DO_NOT_TRACK": "1",
                **organization.environment(tmp_path / "state"),
            },
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for commands in re.findall(r"```\n(.*?)```", section, re.DOTALL)
    ]
    assert "Dry run: nothing was written to BILL." in said[0]
    assert "6 payments made" in said[1]
    assert (tmp_path / "june.xlsx").stat().st_size > 0
    assert len(organization.records("payments")) == 6

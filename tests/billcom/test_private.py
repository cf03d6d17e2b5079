"""Files and folders for their owner alone: new ones, and those that were found loose."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from billcom.private import keep_private
from tests.modes import loose


@pytest.fixture(autouse=True)
def usual_umask() -> Iterator[None]:
    """What most machines have."""
    before = os.umask(0o022)
    yield
    os.umask(before)


def test_loose_folder_is_tightened_with_all_that_is_in_it(tmp_path: Path) -> None:
    inner = tmp_path / "home" / "storage"
    inner.mkdir(parents=True)
    (inner / "prefect.db").write_text("blocks")
    (inner / "script").write_text("#!")
    (inner / "script").chmod(0o755)
    outside = tmp_path / "outside"
    outside.write_text("another's")
    (inner / "link").symlink_to(outside)
    keep_private(tmp_path / "home", tmp_path / "missing")
    assert loose(tmp_path / "home") == []
    assert oct((inner / "script").stat().st_mode)[-3:] == "700"
    assert oct(outside.stat().st_mode)[-3:] == "644"


def test_new_files_are_private_also_those_of_programs_it_starts(tmp_path: Path) -> None:
    keep_private()
    (tmp_path / "made").mkdir()
    (tmp_path / "made" / "mine").write_text("x")
    program = "from pathlib import Path; Path('made/theirs').write_text('x')"
    subprocess.run([sys.executable, "-c", program], cwd=tmp_path, check=True)
    assert loose(tmp_path / "made") == []

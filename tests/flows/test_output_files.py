"""What runs leave in the output folder: nothing is written over."""

from __future__ import annotations

from pathlib import Path

import pytest

from billcom.settings import Settings
from tasks.files import write_output
from tests.organization import Organization

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("prefect")]


async def test_a_file_of_another_run_of_the_same_second_stays(organization: Organization) -> None:
    settings = Settings.load()
    paths = [Path(await write_output.fn(settings, "due-plan.xlsx", text)) for text in (b"one", b"two")]
    assert [path.name for path in paths] == ["due-plan.xlsx", "due-plan-2.xlsx"]
    assert [path.read_bytes() for path in paths] == [b"one", b"two"]
    assert all(path.stat().st_mode & 0o077 == 0 for path in paths)

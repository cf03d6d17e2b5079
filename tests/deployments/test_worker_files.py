"""`make worker` and its runs leave nothing that other users of the machine can read."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from prefect.client.orchestration import get_client
from prefect.settings import PREFECT_API_URL

from tests.deployments.up import ROOT
from tests.modes import loose
from tests.organization import Organization

pytestmark = [pytest.mark.anyio, pytest.mark.service]

RUN_SECONDS = 300


@pytest.fixture
def home(prefect: None, organization: Organization, tmp_path: Path) -> Iterator[Path]:
    """Prefect's home, loose before, of a worker that runs."""
    home = tmp_path / "home"
    (home / "storage").mkdir(parents=True, mode=0o755)
    (home / "storage" / "old").write_text("a result")
    (home / "storage" / "old").chmod(0o644)
    environment = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    environment |= {"PREFECT_API_URL": str(PREFECT_API_URL.value()), "PREFECT_HOME": str(home)}
    environment |= {"DO_NOT_TRACK": "1", "PYTHONPATH": str(ROOT)} | organization.environment(tmp_path)
    given: dict[str, Any] = {"env": environment, "umask": 0o022, "cwd": tmp_path}
    subprocess.run([sys.executable, "-m", "deployments.deploy"], check=True, capture_output=True, **given)
    with (
        (tmp_path / "worker.log").open("w") as output,
        subprocess.Popen(
            [sys.executable, "-m", "deployments.worker"], stdout=output, stderr=output, **given
        ) as worker,
    ):
        yield home
        worker.terminate()


async def test_worker_and_its_runs_leave_private_files(home: Path, tmp_path: Path) -> None:
    async with get_client() as client:
        deployment = await client.read_deployment_by_name("check-trust/daily-local")
        run = await client.create_flow_run_from_deployment(deployment.id)
        async with asyncio.timeout(RUN_SECONDS):
            while not ((state := (await client.read_flow_run(run.id)).state) and state.is_final()):
                await asyncio.sleep(0.5)
    assert state.name == "Failed" and "MFA trust" in str(state.message)  # it signed in; nobody typed a code
    assert (home / "storage" / "old").exists()
    assert loose(home) == [] == loose(tmp_path / "state")

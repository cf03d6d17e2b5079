"""`make up` and `make demo` leave every other Prefect alone, and leave nothing that others can read."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.deployments.up import ROOT, Up
from tests.modes import loose

pytestmark = pytest.mark.service

DEMO_SECONDS = 600


@pytest.fixture(autouse=True)
def usual_umask() -> Iterator[None]:
    """What most machines have: others may read new files."""
    before = os.umask(0o022)
    yield
    os.umask(before)


@pytest.fixture
def service(tmp_path: Path) -> Path:
    """A folder with settings of a service's Prefect in each file of the current folder that Prefect reads."""
    folder = tmp_path / "service"
    folder.mkdir()
    url = f"sqlite+aiosqlite:///{folder}/prefect.db"
    (folder / ".env").write_text(f"PREFECT_SERVER_DATABASE_CONNECTION_URL={url}\nBILL_MAX_AMUONT=1\n")
    (folder / "prefect.toml").write_text(f'[server.database]\nconnection_url = "{url}"\n')
    (folder / "pyproject.toml").write_text(f'[tool.prefect.server.database]\nconnection_url = "{url}"\n')
    (folder / "profiles.toml").write_text(
        f'active = "x"\n[profiles.x]\nPREFECT_SERVER_DATABASE_CONNECTION_URL = "{url}"\n'
    )
    return folder


def variables(service: Path) -> dict[str, str]:
    """Return what is exported for the service, of BILL and in another case too."""
    return {
        "PREFECT_SERVER_DATABASE_CONNECTION_URL": f"sqlite+aiosqlite:///{service}/prefect.db",
        "prefect_server_api_auth_string": "user:password",
        "PREFECT_API_AUTH_STRING": "another:password",
        "PREFECT_API_URL": "http://127.0.0.1:9/api",
        "PREFECT_HOME": str(service / "home"),
        "PREFECT_PROFILES_PATH": str(service / "profiles.toml"),
        "BILL_JOURNAL_URL": f"sqlite+aiosqlite:///{service}/journal.db",
        "BILL_SEVERAL_MACHINES": "true",
    }


def left(service: Path) -> set[str]:
    """Return the files of the service's folder."""
    return {str(path.relative_to(service)) for path in service.rglob("*")}


def deployments(database: Path) -> int:
    """Return how many deployments a Prefect database has."""
    with sqlite3.connect(database) as connection:
        return connection.execute("SELECT count(*) FROM deployment").fetchone()[0]


def test_make_up_leaves_the_services_prefect_alone_and_its_own_files_private(
    service: Path, tmp_path: Path
) -> None:
    before = left(service)
    folder = tmp_path / "own"
    (folder / "prefect").mkdir(parents=True)
    (folder / "prefect" / "old.log").write_text("loose, from before")
    (folder / "prefect" / "old.log").chmod(0o644)
    with Up(folder, service, **variables(service)) as up:
        up.banner()
        assert deployments(folder / "prefect" / "prefect.db") == 16
        assert loose(folder) == []
    assert left(service) == before
    assert loose(folder) == []


def test_make_demo_leaves_the_services_prefect_alone_and_its_own_files_private(
    service: Path, tmp_path: Path
) -> None:
    before = left(service)
    folder = tmp_path / "own"
    done = subprocess.run(
        [sys.executable, "-m", "deployments.demo", "--folder", str(folder)],
        cwd=service,
        env=os.environ | {"PYTHONPATH": str(ROOT)} | variables(service),
        capture_output=True,
        text=True,
        timeout=DEMO_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    assert left(service) == before
    assert (folder / "prefect" / "prefect.db").exists() and loose(folder) == []


def test_make_up_names_a_misspelt_setting(tmp_path: Path) -> None:
    with Up(tmp_path, BILL_MAX_AMUONT="1") as up:
        printed = up.wait()
    assert up.process.returncode == 1
    assert printed == "make up: BILL_MAX_AMUONT is not a setting: did you mean BILL_MAX_AMOUNT?\n"

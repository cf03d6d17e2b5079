"""A PostgreSQL for the whole session, and clients of the local BILL that keep their journal and their slots there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from billcom import Settings
from billcom.emulator import LocalBill
from tests.billcom.conftest import (  # noqa: F401 (fixtures)
    MONDAY,
    NewSettings,
    bill,
    controls,
    local_bill,
    new_client,
    new_settings,
    nothing_set,
    one_certificate,
    trusted,
    waits,
)
from tests.billcom.controls import Controls
from tests.cluster.databases import Postgres, postgres


@pytest.fixture(scope="session")
def database() -> Iterator[Postgres]:
    """A running PostgreSQL."""
    with postgres() as server:
        yield server


@pytest.fixture
def settings(
    local_bill: LocalBill,  # noqa: F811
    controls: Controls,  # noqa: F811
    new_settings: NewSettings,  # noqa: F811
    database: Postgres,
    tmp_path: Path,
) -> Settings:
    """Settings of the test's organization on one of several machines."""
    return new_settings(
        base_url=local_bill.base_url,
        now=MONDAY,
        journal_url=database.url(),
        state_dir=tmp_path / "one-machine",
        **controls.credentials,
    )

"""A Prefect server of the tests' own, and a local BILL at a Monday morning with a new organization for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from prefect.settings import (
    PREFECT_FLOWS_HEARTBEAT_FREQUENCY,
    PREFECT_LOGGING_TO_API_WHEN_MISSING_FLOW,
    PREFECT_SERVER_SERVICES_EVENT_PERSISTER_ENABLED,
    temporary_settings,
)
from prefect.testing.utilities import prefect_test_harness

from billcom.emulator import LocalBill
from tests.organization import MONDAY, Organization


@pytest.fixture(scope="session")
def prefect() -> Iterator[None]:
    """A Prefect server with a database of its own.

    Events kept there would contend for SQLite's one lock, and its client waits two seconds after each refusal.
    """
    with (
        temporary_settings(
            {
                PREFECT_SERVER_SERVICES_EVENT_PERSISTER_ENABLED: False,
                PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None,
                PREFECT_LOGGING_TO_API_WHEN_MISSING_FLOW: "ignore",
            }
        ),
        prefect_test_harness(server_startup_timeout=120),
    ):
        yield


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """What runs async tests."""
    return "asyncio"


@pytest.fixture(scope="session")
def running_local_bill() -> Iterator[LocalBill]:
    """A local BILL for the whole session."""
    with LocalBill(clock=MONDAY) as bill:
        yield bill


@pytest.fixture
def organization(
    running_local_bill: LocalBill, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Organization]:
    """A new organization at a local BILL that was just reset; the environment holds its credentials."""
    with Organization.new(running_local_bill) as organization:
        monkeypatch.chdir(tmp_path)  # no .env of the checkout is read
        for name, value in organization.environment(tmp_path).items():
            monkeypatch.setenv(name, value)
        yield organization

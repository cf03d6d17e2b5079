"""One local BILL for the whole run, an organization of its own for every test, and clients that never wait."""

import os
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import certifi
import pytest

from billcom import BillClient, Settings
from billcom.emulator import LocalBill
from tests.billcom.build import pass_mfa
from tests.billcom.controls import Controls

# 09:00 in Chicago on Monday 23 November 2026; Thursday the 26th is Thanksgiving.
MONDAY = "2026-11-23T15:00:00+00:00"

NewSettings = Callable[..., Settings]


class Waits(list[float]):
    """What a client would have slept, in seconds."""

    async def __call__(self, seconds: float) -> None:
        """Note it and go on."""
        self.append(seconds)


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Asyncio alone."""
    return "asyncio"


@pytest.fixture(scope="session")
def local_bill() -> Iterator[LocalBill]:
    """A running local BILL."""
    with LocalBill(clock=MONDAY) as local_bill:
        yield local_bill


@pytest.fixture(scope="session")
def one_certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate to trust: each client reads all there are, and no test here speaks TLS."""
    end = "-----END CERTIFICATE-----"
    path = tmp_path_factory.mktemp("tls") / "one.pem"
    path.write_text(certifi.contents().partition(end)[0] + end)
    return path


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, one_certificate: Path) -> None:
    """Keep the settings of whoever runs the tests out, those of a .env too."""
    for name in list(os.environ):
        if name.startswith("BILL_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("SSL_CERT_FILE", str(one_certificate))
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def controls(local_bill: LocalBill) -> Iterator[Controls]:
    """The local BILL's controls, after a reset."""
    with Controls(local_bill.local_url) as controls:
        yield controls.start_over()


@pytest.fixture
def new_settings(tmp_path: Path) -> NewSettings:
    """Build settings that read and write below the test's own folder."""

    def build(**values: Any) -> Settings:
        return Settings.load(state_dir=tmp_path / "state", **values)

    return build


@pytest.fixture
def settings(local_bill: LocalBill, controls: Controls, new_settings: NewSettings) -> Settings:
    """Settings of the test's organization."""
    return new_settings(base_url=local_bill.base_url, **controls.credentials)


@pytest.fixture
def waits() -> Waits:
    """What the test's client would have slept."""
    return Waits()


@pytest.fixture
async def bill(settings: Settings, waits: Waits) -> AsyncIterator[BillClient]:
    """A client of the test's organization; it signs in when first needed, and is not trusted."""
    async with BillClient(settings, sleep=waits) as client:
        yield client


@pytest.fixture
async def trusted(bill: BillClient) -> BillClient:
    """The client, past MFA."""
    await pass_mfa(bill)
    return bill

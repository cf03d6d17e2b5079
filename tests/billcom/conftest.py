"""One local BILL for the whole run, an organization of its own for every test, and clients that never wait."""

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
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
NewClient = Callable[..., Awaitable[BillClient]]


class Waits(list[float]):
    """What a client would have slept, in seconds: it takes no time here, and as much at the local BILL."""

    def __init__(self, controls: Controls) -> None:
        super().__init__()
        self._controls = controls

    async def __call__(self, seconds: float) -> None:
        """Note it, let it pass at the local BILL, and go on."""
        self.append(seconds)
        self._controls.advance(minutes=seconds / 60)


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
        return Settings.load(**{"state_dir": tmp_path / "state", **values})

    return build


@pytest.fixture
def settings(local_bill: LocalBill, controls: Controls, new_settings: NewSettings) -> Settings:
    """Settings of the test's organization."""
    return new_settings(base_url=local_bill.base_url, now=MONDAY, **controls.credentials)


@pytest.fixture
def waits(controls: Controls) -> Waits:
    """What the test's client would have slept."""
    return Waits(controls)


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


@pytest.fixture
async def new_client(
    bill: BillClient, controls: Controls, new_settings: NewSettings, waits: Waits
) -> AsyncIterator[NewClient]:
    """Build clients on the session of the test's client, with settings that differ; `sleeps` really waits."""
    same = {"base_url": bill.settings.base_url, "now": MONDAY, **controls.credentials}
    async with AsyncExitStack() as stack:

        async def build(*, sleeps: bool = False, **values: Any) -> BillClient:
            settings, sleep = new_settings(**(same | values)), asyncio.sleep if sleeps else waits
            client = BillClient(settings, sessions=bill.sessions, sleep=sleep)
            return await stack.enter_async_context(client)

        yield build


@pytest.fixture
def permissive(controls: Controls) -> Controls:
    """The local BILL at its least helpful: doubles are accepted, new records are late in lists."""
    return controls.rules("permissive")

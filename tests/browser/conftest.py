"""Everything that `make up` starts, once for all; for each test a BILL, a state folder and a window that are new."""

from __future__ import annotations

import re
import shutil
from collections.abc import Generator, Iterator
from typing import TYPE_CHECKING, cast

import pytest

from tests.deployments.up import Up
from tests.organization import Organization

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser

    from tests.browser.prefect_ui import PrefectUi

APPROVAL_USD = "4000"
"""Sum over which payment runs ask for approval here; the sample sheet's is 4,080.25, the single bill's 1,250.00."""

ANALYTICS = "https://sr-client-cfg.amplitude.com/"
"""Asked by the second UI even where analytics are switched off; nobody answers it here."""

_CREDENTIALS = re.compile(
    r"(?P<username>\S+) / (?P<password>\S+), organization (?P<organization_id>\w+),\s+developer key (?P<dev_key>\w+)"
)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """A headless Chromium; the tests are skipped where there is none."""
    pytest.importorskip("playwright.sync_api", reason="needs Playwright: pip install playwright")
    from tests.browser.chromium import NAMES, executable, launched

    path = executable()
    if path is None:
        pytest.skip(f"needs one of {', '.join(NAMES)} (Debian, Ubuntu: apt install chromium)")
    with launched(path) as browser:
        yield browser


@pytest.fixture(scope="session")
def up(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    """Everything running."""
    with Up(tmp_path_factory.mktemp("up"), BILL_APPROVAL_AMOUNT=APPROVAL_USD) as up:
        up.banner()
        yield up


@pytest.fixture
def bill(up: Up) -> Iterator[Organization]:
    """The local BILL, reset, and a machine that remembers nothing of it: no device, no journal."""
    credentials = _CREDENTIALS.search(up.banner())
    assert credentials is not None
    shutil.rmtree(up.home / "billcom", ignore_errors=True)
    with Organization(f"http://127.0.0.1:{up.bill_port}/connect", credentials.groupdict()) as organization:
        organization.control("POST", "/reset")
        yield organization


@pytest.fixture
def ui(chromium: Browser, up: Up, tmp_path: Path) -> Iterator[PrefectUi]:
    """A window of Prefect's UI that asks its own server alone; its picture is in `tmp_path` if the test fails."""
    from tests.browser.chromium import window
    from tests.browser.prefect_ui import PrefectUi

    with window(chromium, up.ui) as (context, strays):
        yield PrefectUi(context.new_page(), up.ui)
    assert strays == []


@pytest.fixture
def second_ui(chromium: Browser, up: Up) -> Iterator[PrefectUi]:
    """A window of Prefect's second UI: the default of a server of its own, and a link away from the first."""
    from tests.browser.chromium import window
    from tests.browser.prefect_ui import PrefectUi

    with window(chromium, up.ui) as (context, strays):
        yield PrefectUi(context.new_page(), f"{up.ui}/v2")
    assert [stray for stray in strays if not stray.startswith(ANALYTICS)] == []


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Function, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Save what the window showed when a test failed, and say where."""
    report = yield
    if report.when == "call" and report.failed and (ui := item.funcargs.get("ui")):
        picture = cast("Path", item.funcargs["tmp_path"]) / "failed.png"
        cast("PrefectUi", ui).page.screenshot(path=picture)
        report.sections.append(("What the window showed", str(picture)))
    return report

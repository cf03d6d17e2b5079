"""The machine's own Chromium, headless, driven by Playwright: no browser is downloaded."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, BrowserContext, expect, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome")
TIMEOUT_MILLISECONDS = 90_000
"""Generous: two flows, a server and the browser may share two cores with other work."""

_QUIET = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
# Prefect's UI reads its theme from there alone, not from what the browser prefers.
_LIGHT = "localStorage.setItem('color-scheme', JSON.stringify('light'))"


def executable() -> str | None:
    """Return where Chromium is on this machine, None when there is none."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


@contextmanager
def launched(path: str) -> Iterator[Browser]:
    """Run the Chromium at `path`."""
    expect.set_options(timeout=TIMEOUT_MILLISECONDS)
    with (
        sync_playwright() as playwright,
        playwright.chromium.launch(executable_path=path, args=_QUIET) as browser,
    ):
        yield browser


@contextmanager
def window(
    browser: Browser, address: str, *, width: int = 1280, height: int = 800
) -> Iterator[tuple[BrowserContext, list[str]]]:
    """Open a window that reaches nothing but `address`; yield it, and the list of what else was asked for."""
    strays: list[str] = []
    # British: with AM and PM the times of a run's timeline are printed over each other.
    with browser.new_context(viewport={"width": width, "height": height}, locale="en-GB") as context:
        context.set_default_timeout(TIMEOUT_MILLISECONDS)
        context.add_init_script(_LIGHT)
        hosts = (f"{address}/", f"{address.replace('http:', 'ws:')}/")

        def is_stray(url: str) -> bool:
            return not url.startswith(hosts)

        context.route(is_stray, lambda route: (strays.append(route.request.url), route.abort()))
        context.route_web_socket(is_stray, lambda socket: (strays.append(socket.url), socket.close()))
        yield context, strays

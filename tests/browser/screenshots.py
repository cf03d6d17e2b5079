"""`python -m tests.browser.screenshots`: the pictures in docs/images, taken while the sample runs are played."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import httpx
from playwright.sync_api import Browser, FloatRect, Locator, Page, expect

from tests.browser.chromium import NAMES, executable, launched, window
from tests.browser.prefect_ui import PrefectUi
from tests.deployments.up import ROOT, Up

FOLDER = ROOT / "docs" / "images"
ON_DEMAND = "on-demand-local"
WIDTH, HEIGHT = 1280, 900
WIDE = 1480
"""What a table of seven columns needs beside an artifact's own facts."""

_MENU_WIDTH = 256
_MARGIN = 8
_MOST_LOOKS = 6
_BETWEEN_LOOKS_MILLISECONDS = 400


def main() -> int:
    """Take all pictures; return the exit status."""
    chromium = executable()
    if chromium is None:
        print(f"screenshots: needs one of {', '.join(NAMES)}", file=sys.stderr)
        return 1
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, Up(Path(folder)) as up, launched(chromium) as browser:
        up.banner()
        take_pictures_of_a_bill(browser, up)
        take_pictures_of_a_payment_run(browser, up)
    for picture in sorted(FOLDER.glob("*.png")):
        print(f"{picture.relative_to(ROOT)}  {picture.stat().st_size / 1000:.0f} kB")
    return 0


def take_pictures_of_a_bill(browser: Browser, up: Up) -> None:
    """Pay the sample bill: the list, the form, the pause, the run, its report."""
    with window(browser, up.ui, width=WIDTH, height=HEIGHT) as (context, _):
        ui = PrefectUi(context.new_page(), up.ui)
        ui.page.goto(f"{up.ui}/deployments")
        expect(ui.page.get_by_role("link", name="ap-workflow", exact=True)).to_be_visible()
        save(ui.page, "deployments", lambda: down_to(ui.page.get_by_role("table")))
        ui.open_deployment("ap-workflow", ON_DEMAND)
        ui.open_run_form()
        ui.field("Bank account").evaluate("part => part.scrollIntoView({block: 'start'})")
        save(ui.page, "run-form", lambda: around(ui.field("Bank account"), ui.field("Bill")))
        ui.start_run()
        ui.wait_for_state("Paused")
        form = ui.open_answer_form()
        # Typed only after the picture is taken.
        save(ui.page, "mfa-pause", lambda: down_to(form.locator(".p-modal__card"), left=_MENU_WIDTH))
        form.locator("textarea").fill(texted_code(up))
        ui.submit_answer()
        ui.wait_for_state("Completed")
        ui.page.reload()
        ui.wait_for_state("Completed")
        ui.open_tab("Artifacts")
        card = ui.page.locator(".artifact-card")
        expect(card).to_be_visible()
        save(ui.page, "ap-run", lambda: down_to(card, left=_MENU_WIDTH))
        report = ui.open_artifact("USD 1,250.00, payment")
        save(ui.page, "ap-artifact", lambda: around(report))


def take_pictures_of_a_payment_run(browser: Browser, up: Up) -> None:
    """Plan the sample sheet: its report, without the last lines, which name a folder of this machine."""
    with window(browser, up.ui, width=WIDE, height=HEIGHT) as (context, _):
        ui = PrefectUi(context.new_page(), up.ui)
        ui.open_deployment("pay-bills", ON_DEMAND)
        ui.open_run_form()
        ui.start_run()
        ui.wait_for_state("Completed")
        report = ui.open_artifact("dry run: 6 to be paid USD 4,080.25")
        title, rows = report.get_by_text("Payment run payment_run").first, report.get_by_role("table").last
        save(ui.page, "payment-plan", lambda: around(title, rows))


def texted_code(up: Up) -> str:
    """Return the code on the local BILL's phone."""
    answer = httpx.get(f"http://127.0.0.1:{up.bill_port}/_local/phone", timeout=30).raise_for_status()
    return answer.json()["texts"][-1]["code"]


def around(*parts: Locator) -> FloatRect:
    """Return the part of the window that holds all these parts, and a margin."""
    boxes = [box for part in parts if (box := part.bounding_box())]
    left, top = min(box["x"] for box in boxes), min(box["y"] for box in boxes)
    right = max(box["x"] + box["width"] for box in boxes)
    bottom = max(box["y"] + box["height"] for box in boxes)
    return {
        "x": max(left - _MARGIN, 0),
        "y": max(top - _MARGIN, 0),
        "width": right - left + 2 * _MARGIN,
        "height": bottom - top + 2 * _MARGIN,
    }


def down_to(last: Locator, *, left: int = 0) -> FloatRect:
    """Return the part of the window that ends below `last`, from `left` on."""
    part = around(last)
    return {"x": left, "y": 0, "width": WIDTH - left, "height": part["y"] + part["height"]}


def save(page: Page, name: str, part: Callable[[], FloatRect]) -> None:
    """Save a part of the window once it has come to rest; a clock that runs in it is not waited for."""
    expect(page.locator(".p-toast")).to_have_count(0)
    page.wait_for_load_state("networkidle")
    before, picture = b"", page.screenshot(clip=part())
    for _ in range(_MOST_LOOKS):
        if picture == before:
            break
        page.wait_for_timeout(_BETWEEN_LOOKS_MILLISECONDS)
        # Measured each time: a dialog grows while it opens.
        before, picture = picture, page.screenshot(clip=part())
    (FOLDER / f"{name}.png").write_bytes(picture)


if __name__ == "__main__":
    sys.exit(main())

"""Prefect's UI (the first one, which `make up` serves) as a person uses it: what is pressed, typed, picked and read.

Knows its screens alone; what the flows do with it is for the tests.
"""

from __future__ import annotations

import re

from playwright.sync_api import Locator, Page, expect

_SHOWN = """
[document.body.innerText, ...[...document.querySelectorAll('input, textarea')].map(box => box.value)].join('\\n')
"""


class PrefectUi:
    """One window of the UI at `address`, and everything it has been seen to show."""

    def __init__(self, page: Page, address: str) -> None:
        self.page = page
        self.address = address
        self.shown: list[str] = []

    def look(self) -> str:
        """Return all text on the screen, what stands in its fields too; keep it in `shown`."""
        self.shown.append(str(self.page.evaluate(_SHOWN)))
        return self.shown[-1]

    def see(self, text: str) -> str:
        """Wait until a text is on the screen; return all that is shown then."""
        # What the UI notes in passing is there twice, one note under the other.
        expect(self.page.get_by_text(text).first).to_be_visible()
        return self.look()

    def open_deployment(self, flow: str, name: str) -> None:
        """Find a deployment in the list, and open it."""
        self.page.goto(f"{self.address}/deployments")
        self.page.get_by_placeholder("Search deployments").fill(flow)
        row = self.page.get_by_role("row")
        for link in (flow, name):
            row = row.filter(has=self.page.get_by_role("link", name=link, exact=True))
        row.get_by_role("link", name=name, exact=True).click()

    def open_run_form(self) -> None:
        """Press Run, Custom run; wait for the form."""
        self.page.get_by_role("button", name="Run", exact=True).click()
        self.page.get_by_role("button", name="Custom run").click()
        expect(self.page.get_by_text("Validate parameters")).to_be_visible()

    def field(self, title: str) -> Locator:
        """Return the part of a form under a title; a parameter's own name counts as one: `bank_account`."""
        words = re.escape(title).replace("\\ ", "[ _]")
        label = self.page.locator(".schema-form-property__label").filter(
            has_text=re.compile(rf"^{words}( \(Optional\))?$", re.IGNORECASE)
        )
        return self.page.locator(".schema-form-property").filter(has=label).last

    def box(self, title: str) -> Locator:
        """Return the text box under a title."""
        return self.field(title).locator("textarea")

    def picker(self, title: str) -> Locator:
        """Return what shows the choice under a title."""
        return self.field(title).locator(".p-select-button__control")

    def pick(self, title: str, option: str) -> None:
        """Choose an option by its picker's arrows: Prefect 3.8.8 shuts a picker again that is clicked on its text."""
        self.field(title).locator(".p-select-button__icon").click()
        self.page.get_by_role("option", name=option, exact=True).click()
        expect(self.picker(title)).to_have_text(option)

    def submit_run(self) -> None:
        """Press the run form's Submit."""
        self.page.get_by_role("button", name="Submit").click()

    def start_run(self) -> str:
        """Press Submit, and open the run from its deployment's page; return the run's id."""
        with self.page.expect_response(re.compile("/create_flow_run$")) as answer:
            self.submit_run()
        # By its id: the run gets its name a moment later.
        run_id = answer.value.json()["id"]
        self.page.locator(f"a[href$='{run_id}']").first.click()
        return run_id

    def wait_for_state(self, name: str) -> None:
        """Wait until the run's page says its state."""
        expect(self.page.locator(".state-badge").first).to_have_text(name)

    def open_answer_form(self) -> Locator:
        """Press Resume; return the form once it asks."""
        self.page.get_by_role("button", name="Resume").click()
        form = self.page.get_by_role("dialog")
        expect(form.locator(".schema-form-property").first).to_be_visible()
        return form

    def submit_answer(self) -> None:
        """Press the answer form's Submit; wait until it is gone."""
        form = self.page.get_by_role("dialog")
        form.get_by_role("button", name="Submit").click()
        expect(form).to_be_hidden()

    def open_tab(self, name: str) -> None:
        """Open a tab of the run's page."""
        self.page.get_by_role("tablist").get_by_text(name, exact=True).click()

    def open_artifact(self, summary: str) -> Locator:
        """Open what the run left under this summary; return its text."""
        self.open_tab("Artifacts")
        self.page.locator(".artifact-card").filter(has_text=summary).click()
        expect(self.page.get_by_role("button", name="Show raw data")).to_be_visible()
        return self.page.locator("article").last

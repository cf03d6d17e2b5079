"""Many organizations at one local BILL, each with bills that are due and a credentials block that needs no code."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from unittest.mock import patch

import httpx
from prefect.settings import PREFECT_API_AUTH_STRING, PREFECT_API_URL, temporary_settings
from pydantic import SecretStr

from billcom.client import BillClient
from billcom.trust import hand_in
from tasks.blocks import BillCredentials
from tasks.remembered_device import remembered_devices
from tests.cluster.house import House

VENDORS, BILLS_EACH = 5, 5
BILLS = VENDORS * BILLS_EACH
DUE_WITHIN_DAYS = 30


@dataclass
class Fleet:
    """The organizations: their sign-ins and the bills each has to pay, by the name of their credentials block."""

    base_url: str
    sign_ins: dict[str, dict[str, str]] = field(default_factory=dict[str, dict[str, str]])
    bills: dict[str, list[str]] = field(default_factory=dict[str, list[str]])

    def control(self, method: str, path: str, body: Any = None) -> Any:
        """Call the local BILL's controls."""
        root = self.base_url.removesuffix("/connect")
        answer = httpx.request(method, f"{root}/_local{path}", json=body, timeout=60)
        assert answer.status_code < 300, answer.text
        return answer.json()

    def add(self, count: int) -> None:
        """Make organizations with bills to pay."""
        seed = {"vendors": VENDORS, "bills_per_vendor": BILLS_EACH, "customers": 0}
        for made in self.control("POST", "/organizations", {"count": count})["organizations"]:
            name = f"organization-{len(self.bills) + 1:02}"
            self.sign_ins[name] = made
            self.bills[name] = self.control(
                "POST", "/seed", {**seed, "organization_id": made["organization_id"]}
            )["bills"]

    def requests_that_paid(self) -> int:
        """Return how many requests for payments the local BILL has carried out."""
        rows = self.control("GET", "/requests?method=POST&acted=True")["requests"]
        return sum(row["path"].startswith("/v3/payments") for row in rows)

    def paid(self, name: str) -> Counter[str]:
        """Return how often each bill of an organization was paid, by the local BILL's own records."""
        made = self.sign_ins[name]
        with httpx.Client(base_url=f"{self.base_url}/v3", timeout=60) as http:
            body = {
                "username": made["username"],
                "password": made["password"],
                "organizationId": made["organization_id"],
                "devKey": made["dev_key"],
            }
            session = http.post("/login", json=body).raise_for_status().json()["sessionId"]
            http.headers.update({"sessionId": session, "devKey": made["dev_key"]})
            payments: list[dict[str, Any]] = []
            page = {"max": "100"}
            while page.get("page", "first"):
                answer = http.get("/payments", params=page).raise_for_status().json()
                payments += answer["results"]
                page["page"] = answer.get("nextPage", "")
        return Counter(part["billId"] for payment in payments for part in payment["billPayments"])

    def wrong(self) -> dict[str, dict[str, int]]:
        """Return the bills that are not paid exactly once, by organization."""
        found: dict[str, dict[str, int]] = {}
        for name, bills in self.bills.items():
            paid = self.paid(name)
            wrong = {bill: paid[bill] for bill in {*bills, *paid} if paid[bill] != 1 or bill not in bills}
            found |= {name: wrong} if wrong else {}
        return found

    def enrol(self, house: House) -> None:
        """Save a credentials block for each organization, with a device that BILL remembers."""
        key = house.environment["BILL_SESSION_KEY"]
        prefect: dict[Any, Any] = {
            PREFECT_API_URL: house.environment["PREFECT_API_URL"],
            PREFECT_API_AUTH_STRING: house.environment["PREFECT_API_AUTH_STRING"],
        }
        state = {"BILL_SESSION_KEY": key, "BILL_STATE_DIR": str(house.folder / "enrolling")}
        with temporary_settings(prefect), patch.dict(os.environ, state):
            asyncio.run(self._enrol())

    async def _enrol(self) -> None:
        for name, made in self.sign_ins.items():
            await BillCredentials.model_validate({"base_url": self.base_url, **made}).asave(
                name, overwrite=True
            )
            settings = (await BillCredentials.aload(name)).settings()
            async with BillClient(settings, devices=remembered_devices(settings)) as client:
                challenge = await client.mfa.challenge()
                texts = self.control("GET", "/phone")["texts"]
                await hand_in(client, challenge.challenge_id, SecretStr(texts[-1]["code"]))


@contextmanager
def local_bill(*words: str) -> Iterator[Fleet]:
    """A local BILL in a process of its own, as others start it."""
    command = [sys.executable, "-m", "billcom.emulator", "--port", "0", *words]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield Fleet(json.loads(process.stdout.readline())["base_url"])
        finally:
            process.terminate()

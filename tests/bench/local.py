"""A local BILL in a process of its own, with an organization that can pay at once and some vendors it knows."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

MONDAY = "2026-11-23T15:00:00+00:00"
DEVICE = "bench"
LATENCY_SECONDS = 0.2
AT_ONCE = 3
ADDRESS = {"line1": "1 Main Street", "city": "San Jose", "stateOrProvince": "CA", "zipOrPostalCode": "95002"}
ACCOUNT = {"routingNumber": "074000010", "type": "CHECKING", "ownerType": "BUSINESS"}


class Local:
    """The local BILL, its controls, and raw calls to it as one organization's user."""

    def __init__(self, ready: dict[str, str]) -> None:
        self.base_url = ready["base_url"]
        self._http = httpx.Client(base_url=self.base_url.removesuffix("/connect"), timeout=120)
        self._headers: dict[str, str] = {}
        self.credentials: dict[str, str] = {}
        self.remember_me_id = ""

    def organization(self, vendors: Sequence[str]) -> dict[str, str]:
        """Make an organization with a trusted user and vendors that can be paid; return the settings for it."""
        self.latency(0)
        self.credentials = self.control("POST", "/_local/organizations")
        self._headers = {}
        session = self.call("POST", "/v3/login", self._login())
        self._headers = {"sessionId": session["sessionId"], "devKey": self.credentials["dev_key"]}
        challenge = self.call("POST", "/v3/mfa/challenge", {"useBackup": False})["challengeId"]
        code = self.control("GET", "/_local/phone")["texts"][-1]["code"]
        body = {"challengeId": challenge, "token": code, "rememberMe": True, "device": DEVICE}
        self.remember_me_id = self.call("POST", "/v3/mfa/challenge/validate", body)["rememberMeId"]
        self.call("POST", "/v3/mfa/step-up", {"rememberMeId": self.remember_me_id, "device": DEVICE})
        for start in range(0, len(vendors), 20):
            self.call("POST", "/v3/vendors/bulk", [new_vendor(name) for name in vendors[start : start + 20]])
        self.latency(LATENCY_SECONDS)
        return {
            "BILL_BASE_URL": self.base_url,
            "BILL_USERNAME": self.credentials["username"],
            "BILL_PASSWORD": self.credentials["password"],
            "BILL_ORGANIZATION_ID": self.credentials["organization_id"],
            "BILL_DEV_KEY": self.credentials["dev_key"],
            "BILL_DEVICE": DEVICE,
            "BILL_REMEMBER_ME_ID": self.remember_me_id,
            "BILL_NOW": MONDAY,
        }

    def headers(self) -> dict[str, str]:
        """Return what a signed-in call carries."""
        return self._headers

    def call(self, method: str, path: str, body: object = None) -> Any:
        """Call BILL."""
        answer = self._http.request(method, f"/connect{path}", json=body, headers=self._headers)
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def control(self, method: str, path: str, body: object = None) -> Any:
        """Steer the local BILL."""
        answer = self._http.request(method, path, json=body)
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def latency(self, seconds: float) -> None:
        """Let every call take this long."""
        self.control("PUT", "/_local/rules", {"latency_ms": round(seconds * 1000)})

    def requests(self) -> list[dict[str, Any]]:
        """Return every request there was, of all organizations, but for sign-ins."""
        rows = self.control("GET", "/_local/requests")["requests"]
        return [row for row in rows if "/login" not in row["path"]]

    def forget_requests(self) -> None:
        """Begin to count anew."""
        self.control("DELETE", "/_local/requests")

    def _login(self) -> dict[str, str]:
        names = {
            "username": "username",
            "password": "password",
            "organization_id": "organizationId",
            "dev_key": "devKey",
        }
        return {wire: self.credentials[name] for name, wire in names.items()}


@contextmanager
def local_bill() -> Iterator[Local]:
    """Serve a local BILL that answers every call after 200 ms."""
    command = [str(Path(sys.executable).with_name("billcom")), "emulator", "--port", "0", "--clock", MONDAY]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield Local(json.loads(process.stdout.readline()))
        finally:
            process.terminate()


def new_vendor(name: str) -> dict[str, Any]:
    """Return a vendor as BILL takes it, to be paid by ACH."""
    account = {"nameOnAccount": name, "accountNumber": account_number(name), **ACCOUNT}
    address = {**ADDRESS, "country": "US"}
    return {
        "name": name,
        "address": address,
        "paymentInformation": {"payeeName": name, "bankAccount": account},
    }


def account_number(name: str) -> str:
    """Return a vendor's account number."""
    return f"{10_000_000 + int(name.split()[-1])}"

"""One organization at the local BILL, seen from the outside: its records, its requests, its faults."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx

from billcom.emulator import LocalBill

MONDAY = "2026-11-23T15:00:00+00:00"
"""10:00 in New York; Thursday of that week is Thanksgiving."""


class Organization:
    """Credentials of an organization, and the local BILL's controls narrowed to it."""

    def __init__(self, base_url: str, credentials: dict[str, str]) -> None:
        self.base_url = base_url
        self.credentials = credentials
        # Plain HTTP: to load certificates for each test would take longer than its calls.
        self._http = httpx.Client(base_url=base_url.removesuffix("/connect"), verify=False, timeout=30)
        self._headers: dict[str, str] | None = None

    @classmethod
    def new(cls, bill: LocalBill) -> Self:
        """Reset the local BILL and make an organization there."""
        root = bill.base_url.removesuffix("/connect")
        with httpx.Client(base_url=root, verify=False) as http:
            http.post("/_local/reset").raise_for_status()
            return cls(bill.base_url, http.post("/_local/organizations").raise_for_status().json())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.close()

    def environment(self, state_dir: Path) -> dict[str, str]:
        """Return what a worker of this organization has in its environment."""
        return {
            "BILL_ENVIRONMENT": "local",
            "BILL_BASE_URL": self.base_url,
            "BILL_USERNAME": self.credentials["username"],
            "BILL_PASSWORD": self.credentials["password"],
            "BILL_ORGANIZATION_ID": self.credentials["organization_id"],
            "BILL_DEV_KEY": self.credentials["dev_key"],
            "BILL_STATE_DIR": str(state_dir / "state"),
            "BILL_NOW": MONDAY,
            "BILL_SETTLE_SECONDS": "0.5",
        }

    def control(self, method: str, path: str, body: Any = None, query: dict[str, str] | None = None) -> Any:
        """Call `/_local` + path and return its JSON."""
        answer = self._http.request(method, f"/_local{path}", json=body, params=query)
        assert answer.status_code < 300, answer.text
        return answer.json() if answer.content else None

    def requests(self, method: str = "", path: str = "") -> list[dict[str, Any]]:
        """Return the rows of the request journal, oldest first."""
        query = {"method": method, "path": path} if path else {"method": method} if method else {}
        rows = self.control("GET", "/requests", query=query)["requests"]
        mine = (None, self.credentials["organization_id"])
        return [row for row in rows if row["organization_id"] in mine]

    def writes(self) -> list[str]:
        """Return the requests that changed records, as `POST /v3/bills`; signing in and MFA are none."""
        signing = ("/v3/login", "/v3/mfa", "/v3/logout")
        rows = [row for row in self.requests() if row["method"] != "GET"]
        return [f"{r['method']} {r['path']}" for r in rows if not r["path"].startswith(signing)]

    def sign_ins(self) -> int:
        """Return how often somebody signed in."""
        return len(self.requests("POST", "/v3/login"))

    def records(self, noun: str) -> list[dict[str, Any]]:
        """Return all records of a list such as `vendors`, through a session of its own."""
        answer = self._bill("GET", f"/v3/{noun}", params={"max": "100"})
        return answer["results"]

    def record(self, method: str, path: str, body: Any = None) -> Any:
        """Do by hand what a person does in BILL's own pages."""
        return self._bill(method, f"/v3/{path}", json=body)

    def rule(self, **rules: Any) -> None:
        """Set rules of the local BILL."""
        self.control("PUT", "/rules", rules)

    def fault(self, method: str, path: str, action: str, **more: Any) -> None:
        """Script a fault for the next match of a method and path."""
        self.control("POST", "/faults", {"method": method, "path": path, "action": action, **more})

    def last_code(self) -> str:
        """Return the MFA code that was texted last."""
        return self.control("GET", "/phone")["texts"][-1]["code"]

    def _bill(self, method: str, path: str, **given: Any) -> Any:
        answer = self._http.request(method, f"/connect{path}", headers=self._signed_in(), **given)
        assert answer.status_code < 300, answer.text
        return answer.json() if answer.content else None

    def _signed_in(self) -> dict[str, str]:
        if self._headers is None:
            c = self.credentials
            body = {
                "username": c["username"],
                "password": c["password"],
                "organizationId": c["organization_id"],
                "devKey": c["dev_key"],
            }
            signed_in = self._http.post("/connect/v3/login", json=body).raise_for_status().json()
            self._headers = {"sessionId": signed_in["sessionId"], "devKey": c["dev_key"]}
        return self._headers

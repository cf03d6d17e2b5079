"""Owns how tests steer the local BILL and read what it saw: the control API under `/_local`."""

from typing import Any, Self

import httpx

Json = Any
SIGN_IN = "/v3/login"


class Controls(httpx.Client):
    """The control API, for one test and the organization made for it."""

    def __init__(self, local_url: str) -> None:
        super().__init__(base_url=local_url, timeout=10, verify=False)  # no TLS here, and quicker without
        self.credentials: dict[str, str] = {}

    def start_over(self) -> Self:
        """Bring the local BILL back to its start, and make an organization."""
        self._call("POST", "/reset")
        self.credentials = self._call("POST", "/organizations")
        return self

    def _call(self, method: str, path: str, body: Json = None) -> Json:
        answer = self.request(method, path, json=body)
        assert answer.status_code < 300, answer.text
        return answer.json() if answer.content else None

    def rules(self, preset: str = "default", **values: Json) -> Self:
        """Set rules, all others back to what the preset says."""
        self._call("PUT", "/rules", {"preset": preset, **values})
        return self

    def fault(self, action: str, method: str = "*", path: str = "*", **more: Json) -> Self:
        """Put a fault in force; `path` is one of BILL's, such as `/v3/vendors`."""
        self._call("POST", "/faults", {"action": action, "method": method, "path": path, **more})
        return self

    def advance(self, *, minutes: float = 0, days: float = 0) -> Self:
        """Move the clock forward."""
        self._call("PUT", "/clock", {"advance_seconds": 60 * minutes + 86400 * days})
        return self

    def seed(self, **counts: int) -> dict[str, list[str]]:
        """Add sample records; none of a kind that is not counted."""
        none = {"vendors": 0, "bills_per_vendor": 0, "customers": 0, "invoices_per_customer": 0}
        organization_id = self.credentials["organization_id"]
        return self._call("POST", "/seed", {**none, **counts, "organization_id": organization_id})

    def move(self, record: str, record_id: str, step: str) -> Json:
        """Make a payment, charge or bank account take a step, such as `payments`, `fund`."""
        return self._call("POST", f"/{record}/{record_id}/{step}")

    def approval(self, bill_id: str, status: str) -> None:
        """Put a bill at an approval status."""
        self._call("PUT", f"/bills/{bill_id}/approval", {"status": status})

    def mail(self, kind: str) -> list[Json]:
        """Return the mails of a kind."""
        return self.get("/mail", params={"kind": kind}).json()["mail"]

    def journal(self) -> list[Json]:
        """Return what BILL's paths were asked, sign-ins left out."""
        return [row for row in self.get("/requests").json()["requests"] if row["path"] != SIGN_IN]

    def forget(self) -> None:
        """Empty the journal, so that only what follows counts."""
        self._call("DELETE", "/requests")

    def sent(self, method: str = "", path: str = "") -> list[str]:
        """Return what BILL was asked, `GET /v3/vendors`, in order."""
        calls = [f"{row['method']} {row['path']}" for row in self.journal()]
        return [call for call in calls if call.startswith(method) and call.endswith(path)]

    def acted(self) -> list[str]:
        """Return which requests changed something at BILL, in order."""
        return [f"{row['method']} {row['path']}" for row in self.journal() if row["acted"]]

    def sign_ins(self) -> int:
        """Return how many sign-ins were tried."""
        rows = self.get("/requests").json()["requests"]
        return sum(row["path"] == SIGN_IN for row in rows)

    def peak_in_flight(self) -> int:
        """Return the most requests BILL ever had in flight at once."""
        return self.get("/requests").json()["peak_in_flight"][self.credentials["organization_id"]]

"""One organization's books: the journal and BILL's own records side by side, and whether they contradict."""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import quote

from tests.faults.house import House
from tests.organization import MONDAY, Organization

DEVICE = "faults"
_LISTS = {
    "vendor": "vendors",
    "bill": "bills",
    "payment": "payments",
    "customer": "customers",
    "invoice": "invoices",
    "charge": "receivable-payments",
}
_GONE = ("CANCELLED", "CANCELED", "VOID", "VOIDED")
_OPEN = ("SENDING", "UNKNOWN")


@dataclass(frozen=True)
class Row:
    """The last row of an identity in the journal."""

    kind: str
    subject: str
    label: str
    sequence: int
    state: str
    record_id: str
    amount: Decimal

    @property
    def is_open(self) -> bool:
        """Whether BILL may have acted."""
        return self.state in _OPEN


class Books:
    """An organization with a trusted user, its journal, and two machines that share it."""

    def __init__(self, house: House, name: str, settle_seconds: float, timeout_seconds: float) -> None:
        self.organization: Organization = house.organization()
        self.organization_id = self.organization.credentials["organization_id"]
        self.folder = house.folder / name
        self.folder.mkdir()
        self.by_hand: set[str] = set()
        self.remember_me_id = self._remembered_device()
        self._step_up()
        accounts = self.organization.records("funding-accounts/banks")
        self.funding_account_id = next(a["id"] for a in accounts if a["status"] == "VERIFIED")
        self._seconds = {
            "BILL_SETTLE_SECONDS": str(settle_seconds),
            "BILL_TIMEOUT_SECONDS": str(timeout_seconds),
        }

    def environment(self, machine: str, now: str = MONDAY) -> dict[str, str]:
        """Return what a process on a machine of this name has in its environment."""
        return {
            **self.organization.environment(self.folder / machine),
            **self._seconds,
            "BILL_NOW": now,
            "BILL_DEVICE": DEVICE,
            "BILL_REMEMBER_ME_ID": self.remember_me_id,
            "BILL_JOURNAL_URL": f"sqlite+aiosqlite:///{self.journal}",
            "BILL_SESSION_KEY": "kTQSsgNnKRhVo-dxBQWxhzN3yY8wJ3dTn3yQeQ4mY9w=",
        }

    def let_pass(self, seconds: float) -> None:
        """Move BILL's clock; sign in again by hand, since sessions may have ended."""
        self.organization.control("PUT", "/clock", {"advance_seconds": seconds})
        self.organization._headers = None
        self._step_up()

    def _step_up(self) -> None:
        body = {"rememberMeId": self.remember_me_id, "device": DEVICE}
        assert self.organization.record("POST", "mfa/step-up", body)["trusted"]

    @property
    def journal(self) -> Path:
        """The journal's file."""
        return self.folder / "journal.db"

    def standing(self) -> list[Row]:
        """Return the last row of each identity."""
        return list({(row.kind, row.subject, row.label): row for row in self.entries()}.values())

    def entries(self) -> list[Row]:
        """Return every row, oldest first, straight from the file."""
        what = "kind, subject, label, sequence, state, record_id, content"
        rows = self._rows(f"SELECT {what} FROM entries ORDER BY position")
        return [Row(*row, amount=Decimal(json.loads(content).get("amount", 0))) for *row, content in rows]

    def claimed(self, kind: str) -> int:
        """Return how often a record of this kind was claimed."""
        rows = self._rows("SELECT count(*) FROM entries WHERE state = 'SENDING' AND kind = ?", kind)
        return sum(number for (number,) in rows)

    def _rows(self, query: str, *given: str) -> list[tuple[Any, ...]]:
        if not self.journal.exists():
            return []
        connection = sqlite3.connect(self.journal, timeout=30)
        try:
            return connection.execute(query, given).fetchall()
        except sqlite3.OperationalError:  # the first process was killed before it made the table
            return []
        finally:
            connection.close()

    def records(self, kind: str) -> dict[str, Any]:
        """Return BILL's own records of a kind, by id."""
        rows: dict[str, Any] = {}
        page = ""
        while True:
            answer = self.organization.record("GET", f"{_LISTS[kind]}?max=100{page}")
            rows |= {row["id"]: row for row in answer["results"]}
            if not answer.get("nextPage"):
                return rows
            page = f"&page={quote(answer['nextPage'])}"

    def contradictions(self) -> list[str]:
        """Return, in words, what in the records contradicts the journal, or pays anything twice."""
        rows = self.standing()
        held = {kind: self.records(kind) for kind in _LISTS}
        found = [*self._unknown_to_bill(rows, held), *self._unknown_to_journal(rows, held)]
        found += _paid_twice("bill", held["bill"], _parts(held["payment"], "billPayments", "billId"))
        parts = _parts(held["charge"], "invoicePayments", "invoiceId")
        found += _paid_twice("invoice", held["invoice"], parts, amount="totalAmount")
        return found

    def _unknown_to_bill(self, rows: list[Row], held: dict[str, dict[str, Any]]) -> list[str]:
        """Every row that is DONE names a record at BILL, and a payment's is of its bill."""
        found: list[str] = []
        for row in rows:
            if row.state != "DONE" or row.kind not in _LISTS:
                continue
            record = held[row.kind].get(row.record_id) or self.organization.record(
                "GET", f"{_LISTS[row.kind]}/{row.record_id}"
            )
            if row.kind == "payment" and row.subject not in _subjects(record):
                found.append(f"{row} pays {_subjects(record)}")
            if row.kind == "charge" and row.subject not in _subjects(record):
                found.append(f"{row} charges {_subjects(record)}")
        return found

    def _unknown_to_journal(self, rows: list[Row], held: dict[str, dict[str, Any]]) -> list[str]:
        """Every record of ours is DONE in the journal, or what it is of is still open there."""
        done = {row.record_id for row in rows if row.state == "DONE"}
        is_open = {(row.kind, row.subject) for row in rows if row.is_open}
        found: list[str] = []
        for kind, records in held.items():
            for record in records.values():
                if record["id"] in done or record["id"] in self.by_hand:
                    continue
                if not any((kind, subject) in is_open for subject in _subjects(record)):
                    mine = [row for row in rows if row.kind == kind and row.subject in _subjects(record)]
                    found.append(f"{kind} {record['id']} is at BILL, and in the journal: {mine or 'nothing'}")
        return found

    def _remembered_device(self) -> str:
        """Pass MFA with a session of one's own; return the remembered device's id."""
        challenge = self.organization.record("POST", "mfa/challenge", {})
        texts = self.organization.control("GET", "/phone", query={"organization_id": self.organization_id})
        answer = {
            "challengeId": challenge["challengeId"],
            "token": texts["texts"][-1]["code"],
            "device": DEVICE,
            "rememberMe": True,
        }
        return self.organization.record("POST", "mfa/challenge/validate", answer)["rememberMeId"]


def _subjects(record: dict[str, Any]) -> set[str]:
    """Return the subjects under which the journal may know a record."""
    if "invoicePayments" in record:
        return {part["invoiceId"] for part in record["invoicePayments"]}
    if "billPayments" in record or "billId" in record:
        return {record.get("billId", ""), *(part["billId"] for part in record.get("billPayments") or [])}
    if "invoiceNumber" in record:
        return {record["invoiceNumber"].casefold()}
    if "invoice" in record:
        invoice = record["invoice"]
        return {f"{record['vendorId']} {invoice['invoiceDate']} {invoice['invoiceNumber'].casefold()}"}
    return {record["name"].casefold()}


def _parts(payments: dict[str, Any], parts: str, of: str) -> dict[str, list[float]]:
    """Return the amounts of all live payments, by what they pay."""
    paid: dict[str, list[float]] = defaultdict(list)
    for payment in payments.values():
        if payment["status"] in _GONE:
            continue
        for part in payment.get(parts) or [{of: payment.get("billId"), "amount": payment["amount"]}]:
            paid[part[of]].append(part["amount"])
    return paid


def _paid_twice(
    noun: str, records: dict[str, Any], paid: dict[str, list[float]], amount: str = "amount"
) -> list[str]:
    return [
        f"{noun} {record['id']} of {record[amount]} is paid {len(paid[record['id']])} times: {paid[record['id']]}"
        for record in records.values()
        if sum(paid[record["id"]]) > record[amount]
    ]

"""What the local BILL itself holds in the end: never what a client believes."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.faults.table import LIST_SECONDS, WRITES
from tests.organization import Organization

AP = ("vendors", "vendor accounts", "bills", "payments")
AR = ("customers", "customer accounts", "invoices", "charges")
_CREATES = {
    "/v3/vendors": "vendors",
    "/v3/bills": "bills",
    "/v3/payments": "payments",
    "/v3/customers": "customers",
    "/v3/invoices": "invoices",
    "/v3/receivable-payments": "charges",
}
_BULK = {
    write.path: (write.path.split("/")[2], write.records) for write in WRITES if write.workflow == "bulk"
}
_GONE = ("CANCELLED", "CANCELED", "VOID", "VOIDED")


@dataclass
class Holdings:
    """How many records of each noun stand at BILL, and what contradicts them."""

    counts: Counter[str] = field(default_factory=Counter)
    late: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    ids: set[str] = field(default_factory=set)

    def made(self, wanted: Mapping[str, int]) -> int:
        """Return how many of the records wanted, by noun, are there."""
        return sum(min(self.counts[noun], number) for noun, number in wanted.items())

    def lost(self, wanted: Mapping[str, int]) -> int:
        """Return how many are missing."""
        return sum(max(0, number - self.counts[noun]) for noun, number in wanted.items())

    def late_twins(self, wanted: Mapping[str, int]) -> int:
        """Return how many are there beside them because BILL acted after the settle time."""
        return sum(min(self.late[noun], self._more(noun, number)) for noun, number in wanted.items())

    def duplicated(self, wanted: Mapping[str, int]) -> int:
        """Return how many are there beside them, late twins aside."""
        more = sum(self._more(noun, number) for noun, number in wanted.items())
        return more - self.late_twins(wanted)

    def _more(self, noun: str, number: int) -> int:
        return max(0, self.counts[noun] - number)


def requests(organization: Organization, **fields: str) -> list[dict[str, Any]]:
    """Return this organization's rows of the local BILL's journal."""
    query = {"organization_id": organization.credentials["organization_id"], **fields}
    return organization.control("GET", "/requests", query=query)["requests"]


def take_stock(organization: Organization) -> Holdings:
    """Read every record of the organization once its lists show all of them; compare with the requests done."""
    time.sleep(LIST_SECONDS + 0.1)
    held = Holdings()
    _count_payables(organization, held)
    _count_receivables(organization, held)
    rows = [row for row in requests(organization, method="POST") if row["acted"]]
    acted = _made(rows)
    held.late.update(_made([row for row in rows if row["late"]]))
    for noun, number in acted.items():
        if noun in _CREATES.values() and noun not in ("payments", "charges"):
            listed = held.counts[noun]
            if number > listed:
                held.wrong.append(f"{number} {noun} were made, {listed} are listed")
    return held


def _made(rows: Iterable[dict[str, Any]]) -> Counter[str]:
    """Return how many records of each noun requests have made."""
    made: Counter[str] = Counter()
    for row in rows:
        noun, number = _BULK.get(row["path"]) or (_noun(row["path"]), 1)
        if noun:
            made[noun] += number
    return made


def _noun(path: str) -> str:
    if path.startswith("/v3/customers/") and path.endswith("/bank-accounts"):
        return "customer accounts"
    return _CREATES.get(path, "")


def _count_payables(organization: Organization, held: Holdings) -> None:
    vendors = organization.records("vendors")
    bills = organization.records("bills")
    payments = [p for p in organization.records("payments") if p["status"] not in _GONE]
    held.counts.update({"vendors": len(vendors), "bills": len(bills), "payments": len(payments)})
    held.ids |= {row["id"] for row in (*vendors, *bills, *payments)}
    # A vendor has at most one account; every vendor that is to be paid has it.
    accounts = [v for v in vendors if _has_account(organization, v["id"])]
    held.counts["vendor accounts"] = min(1, len(accounts))
    with_account = {vendor["id"] for vendor in accounts}
    by_cheque = {payment["vendorId"] for payment in payments} - with_account
    held.wrong += [f"vendor {id} is paid by cheque" for id in by_cheque]
    for bill in bills:
        paid = [p for p in payments if bill["id"] in _bills_of(p)]
        if sum(p["amount"] for p in paid) > bill["amount"]:
            held.wrong.append(f"bill {bill['id']} of {bill['amount']} is paid {len(paid)} times")


def _bills_of(payment: dict[str, Any]) -> set[str]:
    parts = payment.get("billPayments") or []
    return {payment.get("billId"), *(part["billId"] for part in parts)} - {None}


def _has_account(organization: Organization, vendor_id: str) -> bool:
    detail = organization.record("GET", f"vendors/{vendor_id}")
    return bool((detail.get("paymentInformation") or {}).get("bankAccount"))


def _count_receivables(organization: Organization, held: Holdings) -> None:
    customers = organization.records("customers")
    invoices = organization.records("invoices")
    charges = [c for c in organization.records("receivable-payments") if c["status"] not in _GONE]
    accounts = [a for c in customers for a in organization.records(f"customers/{c['id']}/bank-accounts")]
    held.counts.update({"customers": len(customers), "invoices": len(invoices), "charges": len(charges)})
    held.counts["customer accounts"] = len(accounts)
    held.ids |= {row["id"] for row in (*customers, *invoices, *charges, *accounts)}
    for invoice in invoices:
        parts = [part for c in charges for part in c["invoicePayments"] if part["invoiceId"] == invoice["id"]]
        if sum(part["amount"] for part in parts) > invoice["totalAmount"]:
            held.wrong.append(f"invoice {invoice['id']} is charged {len(parts)} times")

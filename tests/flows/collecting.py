"""Owns how tests run collection runs, what they have at BILL by hand, and what they ask of it afterwards."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import pytest

from billcom.errors import LinesFailedError
from billcom.runs.lines import Run
from flows.collection_runs import charge_due_invoices, send_invoices
from tests.billcom.tables.sheets import ADDRESS, BANK, INVOICE, as_csv
from tests.organization import Organization

PARTY = {**ADDRESS, "E-mail": "office@cedar.example"}
CHARGE = {"Charge": "yes", "Authorization on file": "yes"}
SENT = {**INVOICE, **PARTY}
CHARGED = {**SENT, **BANK, **CHARGE}
MORE = {**INVOICE, **CHARGE, "Invoice number": "B-77", "Price": "10.00"}
PERMISSIVE = {"preset": "permissive", "list_delay_ms": 0}


def folders_below(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make an input and an output folder and have flows use them; return the input folder."""
    for name in ("input", "output"):
        (folder / name).mkdir()
        monkeypatch.setenv(f"BILL_{name.upper()}_DIR", str(folder / name))
    return folder / "input"


async def send(folder: Path, *rows: Mapping[str, Any], **more: Any) -> Run:
    """Run a sheet of rows; return the run, also when some of its lines were not done."""
    (folder / "dues.csv").write_bytes(as_csv(*rows))
    try:
        return await cast("Any", send_invoices)("dues.csv", **({"dry_run": False} | more))
    except LinesFailedError as error:
        return error.run


async def charge_due(**given: Any) -> Run:
    """Charge what is due; return the run, also when some of its lines were not done."""
    try:
        return await cast("Any", charge_due_invoices)(**({"dry_run": False} | given))
    except LinesFailedError as error:
        return error.run


def statuses(run: Run) -> list[tuple[str, str]]:
    return [(line.number, line.status.value) for line in run.lines]


def made(organization: Organization) -> list[int]:
    """Return how many customers, invoices and charges there are."""
    return [len(organization.records(n)) for n in ("customers", "invoices", "receivable-payments")]


def mailed(organization: Organization) -> list[str]:
    return [mail["subject"] for mail in organization.control("GET", "/mail")["mail"]]


def with_customer(organization: Organization, name: str, *accounts: str) -> str:
    """Make a customer by hand, with bank accounts of these numbers; return its id."""
    address = {"line1": "1 Pier", "city": "Boston", "zipOrPostalCode": "02110", "country": "US"}
    body = {"name": name, "email": "pay@harbor.example", "billingAddress": address}
    customer_id = organization.record("POST", "customers", body)["id"]
    for number in accounts:
        account = {"nameOnAccount": name, "routingNumber": "021000021", "accountNumber": number}
        kinds = {"type": "CHECKING", "ownerType": "BUSINESS"}
        organization.record("POST", f"customers/{customer_id}/bank-accounts", account | kinds)
    return customer_id


def with_invoice(organization: Organization, customer_id: str, number: str, due: str = "2026-11-20") -> str:
    """Make an invoice of USD 50.00 by hand; return its id."""
    dates = {"invoiceDate": "2026-10-20", "dueDate": due}
    lines = [{"quantity": 1, "price": 50.0}]
    body = {"customer": {"id": customer_id}, "invoiceNumber": number, "invoiceLineItems": lines}
    return organization.record("POST", "invoices", body | dates)["id"]

"""Sheets of payment runs as an analyst leaves them in the input folder, run, and what a run leaves behind."""

from __future__ import annotations

import os
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any, cast
from uuid import UUID

import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterKey
from prefect.client.schemas.objects import Artifact

from billcom.errors import LinesFailedError
from billcom.inputs import CodeSource
from billcom.models.payment import FundingAccountReference, NewPayment
from billcom.runs.lines import Run
from billcom.settings import Settings
from flows.payment_runs import pay_bills, pay_due_bills
from tasks.session import connect
from tests.billcom.tables.sheets import as_csv, as_xlsx
from tests.organization import Organization

JUNE = "june.csv"
VENDOR = {
    "Vendor": "Happy Music",
    "Street": "123 Main Street",
    "City": "San Jose",
    "State": "CA",
    "ZIP": "95002",
    "Name on account": "Happy Music",
    "Routing number": "074000010",
    "Account number": "111222333",
}
PIANO = VENDOR | {
    "Vendor": "Lakeside Piano",
    "Name on account": "Ann Lake",
    "Routing number": "021000021",
    "Account number": "00044455566",
}
TOGETHER = ["POST /v3/vendors/bulk", "POST /v3/bills/bulk", "POST /v3/payments/bulk"]

Row = Mapping[str, Any]


def row(
    number: str = "INV-1001", amount: str = "100.00", vendor: Row = VENDOR, **more: Any
) -> dict[str, Any]:
    """Return a row by its columns' titles; in the names of `more` a line stands for a blank."""
    bill = {
        "Invoice number": number,
        "Invoice date": "2026-11-20",
        "Due date": "2026-12-18",
        "Amount": amount,
    }
    return {**vendor, **bill, **{title.replace("_", " "): value for title, value in more.items()}}


def three() -> list[dict[str, Any]]:
    """Return three bills of two vendors: 100.00, 200.00 and 300.00."""
    return [row(), row("P-77", "200.00", PIANO), row("STRINGS/3", "300.00")]


def put(*rows: Row, name: str = JUNE) -> str:
    """Leave a sheet in the input folder, an hour ago; return its name."""
    return put_bytes(as_xlsx(*rows) if name.endswith(".xlsx") else as_csv(*rows), name)


def put_bytes(content: bytes, name: str = JUNE, folder: str = "input") -> str:
    """Leave a file in the input folder, an hour ago; return its name."""
    path = Path(folder, name)
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)
    an_hour_ago = path.stat().st_mtime - 3600
    os.utime(path, (an_hour_ago, an_hour_ago))
    return name


async def pay(source: str = JUNE, **changes: Any) -> Run:
    """Run a sheet for good."""
    return await cast("Any", pay_bills)(
        source, **({"dry_run": False, "code_from": CodeSource.LOCAL_PHONE} | changes)
    )


async def pay_due(**changes: Any) -> Run:
    """Run what is due within 30 days for good."""
    given = {"due_within_days": 30, "dry_run": False, "code_from": CodeSource.LOCAL_PHONE}
    return await cast("Any", pay_due_bills)(**(given | changes))


async def pay_failing(**changes: Any) -> Run:
    """Run a sheet of which some lines are not done; return the run."""
    with pytest.raises(LinesFailedError) as caught:
        await pay(**changes)
    return caught.value.run


def statuses(run: Run) -> list[str]:
    """Return what became of each line."""
    return [line.status.value for line in run.lines]


def reasons(run: Run) -> list[str]:
    """Return why."""
    return [line.reason for line in run.lines]


def paid_amounts(organization: Organization) -> list[Decimal]:
    """Return what BILL pays, the smallest first."""
    return sorted(Decimal(str(made["amount"])) for made in organization.records("payments"))


def counts(organization: Organization) -> list[int]:
    """Return how many vendors, bills and payments BILL has."""
    return [len(organization.records(noun)) for noun in ("vendors", "bills", "payments")]


def outputs(part: str = "") -> list[Path]:
    """Return the files in the output folder whose names hold a word, the oldest first."""
    return sorted(path for path in Path("output").glob("*.xlsx") if part in path.name)


async def artifact(key: str, run_id: UUID | None = None) -> Artifact:
    """Return the latest artifact of a key, of a run where one is named."""
    async with get_client() as prefect:
        named = ArtifactFilter(key=ArtifactFilterKey(any_=[key]))
        found = await prefect.read_artifacts(artifact_filter=named, limit=200)
    mine = [made for made in found if run_id in (None, made.flow_run_id)]
    return max(mine, key=lambda made: str(made.created))


def vendor_by_hand(organization: Organization, name: str = "Happy Music", number: str = "111222333") -> str:
    """Make a vendor in BILL's own pages; return its id. Without a number it has no bank account."""
    address = {"line1": "1 Elsewhere", "city": "Reno", "zipOrPostalCode": "89501", "country": "US"}
    body: dict[str, Any] = {"name": name, "address": address}
    if number:
        body["paymentInformation"] = {"payeeName": name, "bankAccount": bank_by_hand(number)}
    return organization.record("POST", "vendors", body)["id"]


def bank_by_hand(number: str) -> dict[str, str]:
    """Return a bank account as BILL's own pages send it."""
    account = {"nameOnAccount": "Happy Music", "routingNumber": "074000010", "accountNumber": number}
    return account | {"type": "CHECKING", "ownerType": "BUSINESS"}


def bill_by_hand(
    organization: Organization, vendor_id: str, number: str = "INV-1001", amount: float = 100.0, due: str = ""
) -> str:
    """Make a bill in BILL's own pages; return its id."""
    body = {
        "vendorId": vendor_id,
        "dueDate": due or "2026-12-18",
        "invoice": {"invoiceNumber": number, "invoiceDate": "2026-11-20"},
        "billLineItems": [{"amount": amount}],
    }
    return organization.record("POST", "bills", body)["id"]


async def pay_by_hand(bill_id: str, funding_account_id: str) -> str:
    """Pay a bill as a person does in BILL's own pages; the session is trusted already. Return the payment's id."""
    async with await connect(Settings.load()) as somebody:
        bill = await somebody.bills.get(bill_id)
        funding = FundingAccountReference(id=funding_account_id)
        asked = NewPayment(bill_id=bill_id, amount=bill.open_amount, funding_account=funding)
        return (await somebody.payments.create(asked)).id

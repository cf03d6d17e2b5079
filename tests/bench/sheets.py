"""Sheets to pay: so many bills of so many vendors, of which BILL knows some."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from decimal import Decimal

from tests.bench.local import account_number

HEADER = (
    "Vendor,Street,City,State,ZIP,Name on account,Routing number,Account number,Invoice number,Invoice date,"
    "Due date,Amount,Description"
)


@dataclass(frozen=True)
class Wanted:
    """A bill to be paid."""

    vendor: str
    is_new_vendor: bool
    number: str
    amount: Decimal


def wanted_bills(count: int, vendors: int) -> list[Wanted]:
    """Return bills, one vendor after the other; the second half of the vendors is new at BILL."""
    return [
        Wanted(
            vendor_name(number % vendors),
            number % vendors >= vendors // 2,
            f"INV-{number:06d}",
            Decimal(100 + 7 * (number // vendors)) + Decimal(number % vendors) / 100,
        )
        for number in range(count)
    ]


def known_vendors(vendors: int) -> list[str]:
    """Return the vendors BILL knows."""
    return [vendor_name(number) for number in range(vendors // 2)]


def vendor_name(number: int) -> str:
    """Return a vendor's name."""
    return f"Vendor {number:05d}"


def sheet(bills: list[Wanted]) -> bytes:
    """Return bills as CSV; a new vendor comes with address and bank account."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(HEADER.split(","))
    for bill in bills:
        new = [
            "1 Main Street",
            "San Jose",
            "CA",
            "95002",
            bill.vendor,
            "074000010",
            account_number(bill.vendor),
        ]
        party = new if bill.is_new_vendor else [""] * 7
        writer.writerow(
            [bill.vendor, *party, bill.number, "2026-11-20", "2026-12-20", f"{bill.amount:.2f}", "Paper"]
        )
    return text.getvalue().encode()

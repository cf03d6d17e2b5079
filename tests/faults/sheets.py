"""Sheets of payment runs: who is to be paid what, and the file that says so; all of it is made up."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from tests.samples import ADDRESS, account

INVOICED, DUE, LATER = "2026-11-20", "2026-12-20", "2026-12-15"
_ROUTING_NUMBER = "074000010"


@dataclass(frozen=True)
class Payee:
    """A vendor of a sheet; `stands`: it is at BILL beforehand; `has_account` there, or only in the sheet."""

    number: int
    stands: bool = False
    has_account: bool = True

    @property
    def name(self) -> str:
        """What it is called."""
        return f"Vendor {self.number:02}"

    @property
    def account_number(self) -> str:
        """Its bank account."""
        return f"1000{self.number:05}"

    def to_vendor(self) -> dict[str, object]:
        """Return the vendor as it is made by hand."""
        address = {"line1": "1 Main", "city": "Reno", "zipOrPostalCode": "89501", "country": "US"}
        bank = {
            "nameOnAccount": account().name_on_account,
            "accountNumber": self.account_number,
            "routingNumber": _ROUTING_NUMBER,
        }
        paid = {"paymentInformation": {"bankAccount": bank}} if self.has_account else {}
        return {"name": self.name, "address": address, **paid}


@dataclass(frozen=True)
class SheetBill:
    """One row: a payee's bill, `place` counting its bills from 0."""

    payee: Payee
    place: int
    is_later: bool = False

    @property
    def number(self) -> str:
        """The vendor's number for it."""
        return f"K{self.payee.number:02}-{self.place + 1}"

    @property
    def amount(self) -> Decimal:
        """What it asks for: of one payee, never nearly the same twice."""
        return Decimal(100 + 40 * self.place + self.payee.number) + Decimal("0.25")

    def to_row(self) -> dict[str, str]:
        """Return its cells by their headings; what is known of the vendor stands in its first."""
        row = {
            "Vendor": self.payee.name,
            "Invoice number": self.number,
            "Invoice date": INVOICED,
            "Due date": DUE,
            "Amount": str(self.amount),
            "Process date": LATER if self.is_later else "",
        }
        if self.place or (self.payee.stands and self.payee.has_account):
            return row
        owner = account().name_on_account
        bank = {"Name on account": owner, "Routing number": _ROUTING_NUMBER}
        address = dict(zip(("Street", "City", "State", "ZIP"), ADDRESS.values(), strict=True))
        return row | address | bank | {"Account number": self.payee.account_number}


def bills_of(payees: Sequence[Payee], each: int, *, later_every: int = 0) -> list[SheetBill]:
    """Return so many bills of each, first one of everybody; every so many is paid on a later day."""
    pairs = [(payee, place) for place in range(each) for payee in payees]
    return [
        SheetBill(payee, place, bool(later_every) and count % later_every == 0)
        for count, (payee, place) in enumerate(pairs, 1)
    ]


def write_sheet(path: Path, bills: Sequence[SheetBill]) -> None:
    """Write the sheet as a CSV file."""
    rows = [bill.to_row() for bill in bills]
    headings = list(dict.fromkeys(heading for row in rows for heading in row))
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, headings, restval="")
        writer.writeheader()
        writer.writerows(rows)

"""Made-up rows to look at and to try a run with, as workbook and as CSV file."""

from __future__ import annotations

import csv
import io
from datetime import date
from decimal import Decimal

from billcom.runs.lines import RunKind
from billcom.tables.escaping import safe_text
from billcom.tables.schemas import SCHEMAS
from billcom.tables.template import Row, template

_INVOICED, _DUE, _LATER = date(2026, 11, 20), date(2026, 12, 18), date(2026, 12, 30)

_MUSIC: Row = {
    "vendor": "Happy Music Supplies",
    "line1": "123 Main Street",
    "city": "San Jose",
    "state": "CA",
    "zip": "95002",
    "country": "US",
    "email": "billing@happymusic.example",
    "account_number": "C-4711",
    "name_on_account": "Happy Music Supplies",
    "routing_number": "074000010",
    "bank_account_number": "111222333",
    "account_type": "checking",
    "account_owner": "business",
}
_PIANO: Row = {
    "vendor": "Lakeside Piano Tuning",
    "line1": "8 Harbor Road",
    "line2": "Suite 4",
    "city": "Boston",
    "state": "MA",
    "zip": "02110",
    "name_on_account": "Ann Lake",
    "routing_number": "021000021",
    "bank_account_number": "00044455566",
    "account_type": "savings",
    "account_owner": "personal",
}


_PAPER: Row = {
    "vendor": "Northwind Paper",
    "line1": "900 Mill Street",
    "city": "Madison",
    "state": "WI",
    "zip": "53703",
    "name_on_account": "Northwind Paper Co",
    "routing_number": "074000010",
    "bank_account_number": "5550001234",
}
_HALL: Row = {
    "vendor": "Cascade Rentals",
    "line1": "17 Pine Road",
    "city": "Seattle",
    "state": "WA",
    "zip": "98101",
    "name_on_account": "Cascade Rentals LLC",
    "routing_number": "021000021",
    "bank_account_number": "7700881122",
}


def _bill(
    vendor: Row | str, number: str, amount: str, due: date = _DUE, **more: str | int | date | Decimal
) -> Row:
    party = {"vendor": vendor} if isinstance(vendor, str) else vendor
    dates = {"invoice_date": _INVOICED, "due_date": due}
    return {**party, "invoice_number": number, **dates, "amount": Decimal(amount), **more}


_PAYMENTS: tuple[Row, ...] = (
    _bill(_MUSIC, "INV-3001", "980.00", description="Two violas", gl_account="6100", memo="Thank you"),
    _bill("Happy Music Supplies", "INV-3002", "84.50", description="Strings", gl_account="6000"),
    _bill(_PIANO, "0077", "180.00", _LATER, description="Tuning, December"),
    _bill(_PAPER, "NP-88213", "412.00", line=1, description="Sheet paper", gl_account="6000"),
    {
        "vendor": "Northwind Paper",
        "invoice_number": "NP-88213",
        "line": 2,
        "amount": Decimal("23.75"),
        "description": "Freight",
        "gl_account": "Office Supplies",
    },
    _bill(
        _HALL,
        "R-2026-11",
        "2400.00",
        _LATER,
        pay_amount=Decimal("1200.00"),
        label="first half",
        description="Hall, winter term",
    ),
    _bill(
        "Cascade Rentals",
        "R-2026-11",
        "2400.00",
        _LATER,
        pay_amount=Decimal("1200.00"),
        label="second half",
    ),
)

_SCHOOL: Row = {
    "customer": "Cedar Grove School",
    "email": "office@cedargrove.example",
    "line1": "45 Elm Avenue",
    "city": "Portland",
    "state": "OR",
    "zip": "97205",
    "name_on_account": "Cedar Grove School",
    "routing_number": "074000010",
    "bank_account_number": "111222333",
    "account_type": "checking",
    "account_owner": "business",
}


_ORCHESTRA: Row = {
    "customer": "Riverside Youth Orchestra",
    "email": "treasurer@riverside.example",
    "line1": "3 River Walk",
    "city": "Albany",
    "state": "NY",
    "zip": "12207",
}
_DANCE: Row = {
    "customer": "Harbor Dance Company",
    "email": "office@harbordance.example",
    "line1": "60 Pier Avenue",
    "city": "Boston",
    "state": "MA",
    "zip": "02110",
    "name_on_account": "Harbor Dance Company",
    "routing_number": "021000021",
    "bank_account_number": "9012345678",
}


def _invoice(customer: Row | str, number: str, price: str, **more: str | int | date | Decimal) -> Row:
    party = {"customer": customer} if isinstance(customer, str) else customer
    dates = {"invoice_date": _INVOICED, "due_date": _DUE}
    return {**party, "invoice_number": number, **dates, "price": Decimal(price), **more}


_CHARGED: Row = {"charge": "yes", "authorization_on_file": "yes"}
_COLLECTIONS: tuple[Row, ...] = (
    _invoice(_SCHOOL, "AR-3001", "96.25", quantity=6, description="Violin lessons", **_CHARGED),
    _invoice(
        "Cedar Grove School",
        "AR-3002",
        "310.00",
        line=1,
        description="Choir, November",
        **_CHARGED,
        send_email="yes",
    ),
    {
        "customer": "Cedar Grove School",
        "invoice_number": "AR-3002",
        "line": 2,
        "price": Decimal("12.40"),
        "quantity": Decimal("1.5"),
        "description": "Sheet music",
    },
    _invoice(_ORCHESTRA, "AR-3003", "640.00", description="Rehearsals", send_email="yes"),
    _invoice(_DANCE, "AR-3004", "75.00", quantity=2, description="Pianist, per evening", **_CHARGED),
    _invoice("Harbor Dance Company", "AR-3005", "18.90", description="Copies"),
)

SAMPLES: dict[RunKind, tuple[Row, ...]] = {RunKind.PAYMENT: _PAYMENTS, RunKind.COLLECTION: _COLLECTIONS}


def sample_xlsx(kind: RunKind) -> bytes:
    """Return the sample rows in the workbook to fill in."""
    return template(kind, SAMPLES[kind])


def sample_csv(kind: RunKind) -> bytes:
    """Return the sample rows as CSV in UTF-8, with a byte order mark, without which Excel takes it for another."""
    columns = SCHEMAS[kind].columns
    text = io.StringIO(newline="")
    rows = csv.writer(text)
    rows.writerow(column.title for column in columns)
    for row in SAMPLES[kind]:
        rows.writerow(safe_text(str(row.get(column.field, ""))) for column in columns)
    return text.getvalue().encode("utf-8-sig")

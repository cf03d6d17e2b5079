"""Columns of the sheet of a payment run: one row a bill, or one row a line of it."""

from __future__ import annotations

from billcom.inputs import BillInput, PaymentInput, VendorInput
from billcom.runs.lines import RunKind
from billcom.tables.columns import Column, Kind, Schema, Scope
from billcom.tables.party_columns import ADDRESS, BANK_ACCOUNT

_VENDOR = (
    Column(
        "Vendor",
        "vendor",
        Kind.NAME,
        Scope.PARTY,
        "The vendor's name as at BILL. A vendor of this name is used; where there is none, it is made, and needs "
        "address and bank account. Said in one row, these hold for all rows of the vendor.",
        is_required=True,
        example="Happy Music Supplies",
        width=26,
        rule=(VendorInput, "name"),
    ),
    *ADDRESS,
    Column(
        "E-mail",
        "email",
        Kind.NAME,
        Scope.PARTY,
        "The vendor's e-mail address, or empty.",
        example="billing@example.com",
        width=32,
        rule=(VendorInput, "email"),
    ),
    Column(
        "Our account number",
        "account_number",
        Kind.NUMBER,
        Scope.PARTY,
        "Our account number with the vendor (a customer number, no bank account), or empty.",
        example="C-4711",
        width=19,
        rule=(VendorInput, "account_number"),
    ),
    Column(
        "BILL vendor ID",
        "vendor_id",
        Kind.NUMBER,
        Scope.PARTY,
        "Leave it empty. Only where BILL has several vendors of this name: the id of the one that is meant, which "
        "begins with 009.",
        width=16,
        rule=(VendorInput, "id"),
    ),
    Column(
        "Payee name",
        "payee_name",
        Kind.NAME,
        Scope.PARTY,
        "To whom the payment is made out. Empty: the vendor's name.",
        width=22,
        rule=(VendorInput, "payee_name"),
    ),
    *BANK_ACCOUNT,
)

_BILL = (
    Column(
        "Invoice number",
        "invoice_number",
        Kind.NUMBER,
        Scope.DOCUMENT,
        "The vendor's own number for the bill, at most 21 characters, as text so that zeros stay.",
        is_required=True,
        example="INV-1001",
        width=17,
        rule=(BillInput, "invoice_number"),
    ),
    Column(
        "Invoice date",
        "invoice_date",
        Kind.DATE,
        Scope.DOCUMENT,
        "The bill's own date, such as 2026-11-20.",
        is_required=True,
        example="2026-11-20",
        width=14,
    ),
    Column(
        "Due date",
        "due_date",
        Kind.DATE,
        Scope.DOCUMENT,
        "When the bill is due, not before its date.",
        is_required=True,
        example="2026-12-20",
        width=14,
    ),
    Column(
        "Line",
        "line",
        Kind.LINE,
        Scope.LINE,
        "Empty for a bill in one row. A bill of several lines has a row for each, numbered 1, 2, 3 … here; Vendor, "
        "Invoice number and Label stand in each of them, the rest of the bill in the first.",
        width=9,
    ),
    Column(
        "Amount",
        "amount",
        Kind.AMOUNT,
        Scope.LINE,
        "US dollars of this line; of the whole bill where it has one row. Digits and a point.",
        is_required=True,
        example="1250.00",
        width=12,
        rule=(BillInput, "amount"),
    ),
    Column(
        "Pay amount",
        "pay_amount",
        Kind.AMOUNT,
        Scope.PAYMENT,
        "US dollars to pay now, where that is only a part. Empty: the whole bill.",
        width=12,
        rule=(BillInput, "amount"),
    ),
    Column(
        "Description",
        "description",
        Kind.TEXT,
        Scope.LINE,
        "What the line is for, or empty.",
        example="Two violins",
        width=26,
        rule=(BillInput, "description"),
    ),
    Column(
        "GL account",
        "gl_account",
        Kind.NUMBER,
        Scope.LINE,
        "Number or name of the general ledger account as at BILL, or empty.",
        example="5010",
        width=12,
    ),
)

_PAYMENT = (
    Column(
        "Process date",
        "process_date",
        Kind.DATE,
        Scope.PAYMENT,
        "US banking day on which funds leave. Empty: the next one.",
        example="2026-12-15",
        width=14,
    ),
    Column(
        "Memo",
        "memo",
        Kind.TEXT,
        Scope.PAYMENT,
        "What the vendor reads, at most 70 characters.",
        example="Thank you",
        width=22,
        rule=(PaymentInput, "memo"),
    ),
    Column(
        "Label",
        "label",
        Kind.NAME,
        Scope.PAYMENT,
        "Leave it empty. Only to pay the same bill once more on purpose, such as a second part: a word of its own "
        "tells the payments apart.",
        width=14,
        rule=(PaymentInput, "label"),
    ),
    Column(
        "Override reason",
        "override",
        Kind.TEXT,
        Scope.PAYMENT,
        "Leave it empty. Where a run has held this payment, why it is meant all the same.",
        width=24,
    ),
)

PAYMENT_RUN = Schema(
    kind=RunKind.PAYMENT,
    sheet="Payment run",
    columns=(*_VENDOR, *_BILL, *_PAYMENT),
    party="vendor",
    amount="amount",
)

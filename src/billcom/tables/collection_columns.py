"""Columns of the sheet of a collection run: one row an invoice, or one row a line of it."""

from __future__ import annotations

from billcom.inputs import ChargeInput, CustomerInput, InvoiceInput, InvoiceLineInput
from billcom.runs.lines import RunKind
from billcom.tables.columns import YES_NO, Column, Kind, Schema, Scope
from billcom.tables.party_columns import ADDRESS, BANK_ACCOUNT

_CUSTOMER = (
    Column(
        "Customer",
        "customer",
        Kind.NAME,
        Scope.PARTY,
        "The customer's name as at BILL. A customer of this name is used; where there is none, it is made, and needs "
        "E-mail and address. Said in one row, these hold for all rows of the customer.",
        is_required=True,
        example="Cedar Grove School",
        width=26,
        rule=(CustomerInput, "name"),
    ),
    Column(
        "E-mail",
        "email",
        Kind.NAME,
        Scope.PARTY,
        "Where invoices go. Needed for a customer that is new at BILL.",
        example="office@example.org",
        width=32,
        rule=(CustomerInput, "email"),
    ),
    Column(
        "BILL customer ID",
        "customer_id",
        Kind.NUMBER,
        Scope.PARTY,
        "Leave it empty. Only where BILL has several customers of this name: the id of the one that is meant, which "
        "begins with 0cu.",
        width=16,
        rule=(CustomerInput, "id"),
    ),
    *ADDRESS,
    *BANK_ACCOUNT,
)

_INVOICE = (
    Column(
        "Invoice number",
        "invoice_number",
        Kind.NUMBER,
        Scope.DOCUMENT,
        "Our own number for the invoice, used once, as text so that zeros stay.",
        is_required=True,
        example="AR-2001",
        width=17,
        rule=(InvoiceInput, "invoice_number"),
    ),
    Column(
        "Invoice date",
        "invoice_date",
        Kind.DATE,
        Scope.DOCUMENT,
        "The invoice's own date, such as 2026-11-20.",
        is_required=True,
        example="2026-11-20",
        width=14,
    ),
    Column(
        "Due date",
        "due_date",
        Kind.DATE,
        Scope.DOCUMENT,
        "When the invoice is due, not before its date.",
        is_required=True,
        example="2026-12-20",
        width=14,
    ),
    Column(
        "Line",
        "line",
        Kind.LINE,
        Scope.LINE,
        "Empty for an invoice in one row. An invoice of several lines has a row for each, numbered 1, 2, 3 … here; "
        "Customer, Invoice number and Label stand in each of them, the rest of the invoice in the first.",
        width=9,
    ),
    Column(
        "Description",
        "description",
        Kind.TEXT,
        Scope.LINE,
        "What the line is for, or empty.",
        example="Violin lessons",
        width=26,
        rule=(InvoiceLineInput, "description"),
    ),
    Column(
        "Quantity",
        "quantity",
        Kind.QUANTITY,
        Scope.LINE,
        "How many, with four decimals at most. Empty: 1.",
        example="4",
        width=10,
        rule=(InvoiceLineInput, "quantity"),
    ),
    Column(
        "Price",
        "price",
        Kind.AMOUNT,
        Scope.LINE,
        "US dollars of one. Digits and a point.",
        is_required=True,
        example="96.25",
        width=12,
        rule=(InvoiceLineInput, "price"),
    ),
    Column(
        "Send e-mail",
        "send_email",
        Kind.YES_NO,
        Scope.DOCUMENT,
        "yes: BILL e-mails the invoice to the customer. Empty: no.",
        choices=YES_NO,
        example="yes",
        width=14,
    ),
)

_CHARGE = (
    Column(
        "Charge",
        "charge",
        Kind.YES_NO,
        Scope.PAYMENT,
        "yes: the invoice is drawn from the customer's bank account. Empty: no.",
        choices=YES_NO,
        example="yes",
        width=11,
    ),
    Column(
        "Authorization on file",
        "authorization_on_file",
        Kind.YES_NO,
        Scope.PAYMENT,
        "yes: we hold the customer's signed authorization. Needed to charge; to be kept for two years after it ends.",
        choices=YES_NO,
        example="yes",
        width=21,
    ),
    Column(
        "Payment date",
        "payment_date",
        Kind.DATE,
        Scope.PAYMENT,
        "US banking day on which funds are drawn. Empty: the next one.",
        example="2026-12-15",
        width=14,
    ),
    Column(
        "Label",
        "label",
        Kind.NAME,
        Scope.PAYMENT,
        "Leave it empty. Only to charge the same invoice once more on purpose: a word of its own tells the charges "
        "apart.",
        width=14,
        rule=(ChargeInput, "label"),
    ),
    Column(
        "Override reason",
        "override",
        Kind.TEXT,
        Scope.PAYMENT,
        "Leave it empty. Where a run has held this charge, why it is meant all the same.",
        width=24,
    ),
)

COLLECTION_RUN = Schema(
    kind=RunKind.COLLECTION,
    sheet="Collection run",
    columns=(*_CUSTOMER, *_INVOICE, *_CHARGE),
    party="customer",
    amount="price",
)

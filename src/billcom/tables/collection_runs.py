"""The sheet of a collection run, read: its rows as invoices to be sent, and charged where they say so."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal

from billcom.inputs import InvoiceLineInput
from billcom.money import CENT, MAX_AMOUNT
from billcom.normalization import normalize_text
from billcom.runs.rows import CollectionRow
from billcom.tables.collection_columns import COLLECTION_RUN
from billcom.tables.documents import Asked, find_asked
from billcom.tables.parties import Party, find_parties
from billcom.tables.problems import Problems
from billcom.tables.reading import read_table
from billcom.tables.records import Record, read_records


def read_collection_run(name: str, content: bytes) -> tuple[CollectionRow, ...]:
    """Return the invoices a workbook or CSV file asks to send or charge, in its order. `name` is the file's.

    Raises SheetError with every problem of the sheet. No date is compared with today, nothing with BILL.
    """
    table = read_table(name, content, COLLECTION_RUN.by_key)
    problems = Problems(table.sheet, COLLECTION_RUN, table.problems)
    records = read_records(table, COLLECTION_RUN, problems)
    customers = find_parties(records, COLLECTION_RUN, problems)
    asked = find_asked(records, COLLECTION_RUN, problems)
    for invoice in asked:
        _check_charge(invoice, problems)
        _check_amount(invoice, problems)
    _check_numbers(records, problems)
    problems.raise_if_any()
    return tuple(
        _row(table.sheet, invoice, customers[normalize_text(invoice.get("customer"))]) for invoice in asked
    )


def _check_charge(invoice: Asked, problems: Problems) -> None:
    columns, row = COLLECTION_RUN.by_field, invoice.first.row
    unsure = any({"charge", "authorization_on_file"} & record.faulty for record in invoice.records)
    if unsure:
        return
    if invoice.get("charge") and not invoice.get("authorization_on_file"):
        shown = "" if invoice.is_empty("authorization_on_file") else "no"
        fix = (
            "a charge needs the customer's signed authorization: write yes if you hold it, or no under Charge"
        )
        problems.add(row, columns["authorization_on_file"], shown, fix)
    if not invoice.get("charge") and invoice.get("payment_date"):
        row = next(record.row for record in invoice.records if "payment_date" in record.cells)
        fix = "only a charge has a payment date: empty it, or write yes under Charge"
        problems.add(row, columns["payment_date"], invoice.get("payment_date"), fix)


def _check_amount(invoice: Asked, problems: Problems) -> None:
    if any("price" not in record.cells or "quantity" in record.faulty for record in invoice.records):
        return
    total = sum(
        (
            ((line.get("quantity") or Decimal(1)) * line.cells["price"]).quantize(CENT, ROUND_HALF_UP)
            for line in invoice.records
        ),
        Decimal("0.00"),
    )
    if not 0 < total <= MAX_AMOUNT:
        fix = f"the invoice comes to {total}: it has to be between 0.01 and {MAX_AMOUNT}"
        problems.add(
            invoice.first.row, COLLECTION_RUN.by_field["price"], str(invoice.first.cells["price"]), fix
        )


def _check_numbers(records: Sequence[Record], problems: Problems) -> None:
    """Our own numbers are used once in the organization, whoever the customer is."""
    first: dict[str, Record] = {}
    for record in records:
        number, customer = record.get("invoice_number"), record.get("customer")
        if number and customer:
            before = first.setdefault(normalize_text(number), record)
            if normalize_text(before.get("customer")) != normalize_text(customer):
                fix = f"row {before.row} has this number for another customer: give one of them its own"
                problems.add(record.row, COLLECTION_RUN.by_field["invoice_number"], number, fix)


def _row(sheet: str, invoice: Asked, customer: Party) -> CollectionRow:
    return CollectionRow(
        sheet=sheet,
        rows=tuple(record.row for record in invoice.records),
        customer=invoice.get("customer"),
        email=customer.text("email"),
        customer_id=customer.text("customer_id"),
        billing_address=customer.address,
        bank_account=customer.bank_account,
        invoice_number=invoice.get("invoice_number"),
        invoice_date=invoice.get("invoice_date"),
        due_date=invoice.get("due_date"),
        lines=tuple(
            InvoiceLineInput(
                description=line.get("description") or "",
                quantity=line.get("quantity") or Decimal(1),
                price=line.cells["price"],
            )
            for line in invoice.lines
        ),
        send_email=bool(invoice.get("send_email")),
        charge=bool(invoice.get("charge")),
        authorization_on_file=bool(invoice.get("authorization_on_file")),
        payment_date=invoice.get("payment_date"),
        label=invoice.get("label") or "",
        override=invoice.get("override") or "",
    )

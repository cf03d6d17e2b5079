"""Owns reading of invoices and their lines from requests."""

from datetime import date
from decimal import Decimal
from typing import Any

from billcom.emulator import ids
from billcom.emulator.errors import bad_shape
from billcom.emulator.form import Form
from billcom.emulator.reading.bills import read_classifications
from billcom.emulator.records.invoices import Invoice, InvoiceLine

LONGEST_INVOICE_NUMBER = 100  # Source: third-party reading of BILL's schema


def read_customer_part(form: Form) -> Form | None:
    """Return the `customer` object of an invoice, which is an id, or a name and e-mail of one to create."""
    if isinstance(form.raw("customer"), str):
        raise bad_shape("Cannot construct instance of InvoiceCustomer: customer must be an object")
    if form.raw("customer") is None:
        form.problem("customer", "The customer field is required")
        return None
    return form.form("customer")


def read_fields(form: Form, today: date) -> dict[str, Any]:
    """Return the attributes of a new invoice but for its customer; dates default to today."""
    number = form.text("invoiceNumber", longest=LONGEST_INVOICE_NUMBER)
    return {
        "invoice_number": number or ids.random_digits(8),
        "invoice_date": form.day("invoiceDate") or today,
        "due_date": form.day("dueDate") or today,
        "lines": read_lines(form, []) or [],
        **_optional(form),
    }


def patch_invoice(form: Form, invoice: Invoice, *, whole: bool) -> dict[str, Any]:
    """Return the invoice's attributes that change; `whole` is PUT, whose lines replace the invoice's."""
    changes = _optional(form)
    if form.has("invoiceNumber"):
        changes["invoice_number"] = form.text("invoiceNumber", required=True, longest=LONGEST_INVOICE_NUMBER)
    for field, name in (("invoiceDate", "invoice_date"), ("dueDate", "due_date")):
        if form.has(field):
            changes[name] = form.day(field, required=True)
    if form.has("invoiceLineItems") or whole:
        lines = read_lines(form, invoice.lines) or []
        if not whole:
            lines = list(
                ({line.id: line for line in invoice.lines} | {line.id: line for line in lines}).values()
            )
        changes["lines"] = lines
    return changes


def read_lines(form: Form, before: list[InvoiceLine]) -> list[InvoiceLine] | None:
    """Return the invoice's lines; one that names an `id` of before keeps the fields it leaves out."""
    items = form.forms("invoiceLineItems", required=True)
    if items is None:
        return None
    known = {line.id: line for line in before}
    return [_read_line(item, known) for item in items]


def _read_line(form: Form, known: dict[str, InvoiceLine]) -> InvoiceLine:
    """Return one line; quantity is required, the price is 0 unless given."""
    line_id = form.text("id")
    old = known.get(line_id or "")
    if line_id and old is None:
        form.problem("id", "no such line on this invoice")
    quantity, price = form.number("quantity", required=old is None), form.cents("price")
    # BILL's own PUT example also sends an amount; quantity and price decide.
    form.cents("amount")
    description, classifications = form.text("description"), read_classifications(form)
    return InvoiceLine(
        id=old.id if old else ids.new_id(ids.INVOICE_LINE_ITEM),
        quantity=quantity if quantity is not None else old.quantity if old else Decimal(0),
        price=price if price is not None else old.price if old else 0,
        description=description if description is not None else old and old.description,
        classifications=classifications or (old and old.classifications),
    )


def _optional(form: Form) -> dict[str, Any]:
    """Return the optional attributes the form names."""
    values: dict[str, Any] = {}
    if form.has("payToChartOfAccountId"):
        values["pay_to_chart_of_account_id"] = form.text("payToChartOfAccountId")
    if form.has("enableCardPayment"):
        values["enable_card_payment"] = form.flag("enableCardPayment")
    if classifications := read_classifications(form):
        values["classifications"] = classifications
    return values

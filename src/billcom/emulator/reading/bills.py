"""Owns reading of bills and their lines from requests."""

from datetime import datetime
from typing import Any

from billcom.emulator import ids
from billcom.emulator.form import Form
from billcom.emulator.money import line_cents
from billcom.emulator.records.bills import Bill, BillLine
from billcom.emulator.wire import Json

LONGEST_INVOICE_NUMBER = 21  # Source: seen live by a third party, BDC_1143 beyond it
CLASSIFICATIONS = (
    "chartOfAccountId", "accountingClassId", "departmentId", "employeeId", "jobId", "locationId", "itemId",
    "customerId",
)  # fmt: skip


def read_bill(form: Form, now: datetime) -> Bill:
    """Return a new bill; whether its vendor exists is for the caller to see."""
    # Not BILL's own documentation but one client sends the flag; the caller reads it.
    form.flag("allowDuplicateInvoiceNumber")
    form.flag("billApprovals")
    due_date = form.day("dueDate", required=True)
    lines = read_lines(form, [])
    bill = Bill(
        id=ids.new_id(ids.BILL),
        created=now,
        updated=now,
        vendor_id=form.text("vendorId", required=True) or "",
        due_date=due_date or now.date(),
        lines=lines or [],
    )
    for name, value in _optional(form, bill).items():
        setattr(bill, name, value)
    return bill


def patch_bill(form: Form, bill: Bill, *, whole: bool) -> dict[str, Any]:
    """Return the bill's attributes that change; `whole` is PUT, whose lines replace the bill's."""
    changes = _optional(form, bill)
    if form.has("vendorId") or whole:
        changes["vendor_id"] = form.text("vendorId", required=True)
    if form.has("dueDate") or whole:
        changes["due_date"] = form.day("dueDate", required=True)
    if form.has("billLineItems") or whole:
        lines = read_lines(form, bill.lines)
        changes["lines"] = lines if whole else _merge(bill.lines, lines or [])
    return changes


def read_lines(form: Form, before: list[BillLine]) -> list[BillLine] | None:
    """Return the bill's lines; one that names an `id` of before keeps the fields it leaves out."""
    items = form.forms("billLineItems", required=True)
    if items is None:
        return None
    known = {line.id: line for line in before}
    return [_read_line(item, known) for item in items]


def _read_line(form: Form, known: dict[str, BillLine]) -> BillLine:
    """Return one line; `amount` is given, or worked out from quantity and price."""
    line_id = form.text("id")
    old = known.get(line_id or "")
    if line_id and old is None:
        form.problem("id", "no such line on this bill")
    quantity, price = form.number("quantity"), form.cents("price")
    amount = form.cents("amount")
    if amount is None and quantity is not None and price is not None:
        amount = line_cents(quantity, price)
    if amount is None and old is None and not form.has("amount"):
        form.problem("amount", "must not be null")
    description, classifications = form.text("description"), read_classifications(form)
    return BillLine(
        id=old.id if old else ids.new_id(ids.BILL_LINE_ITEM),
        amount=amount if amount is not None else old.amount if old else 0,
        quantity=quantity if quantity is not None else old and old.quantity,
        price=price if price is not None else old and old.price,
        description=description if description is not None else old and old.description,
        classifications=classifications or (old and old.classifications),
    )


def read_classifications(form: Form) -> Json | None:
    """Return the accounting classifications named, None when there are none."""
    fields = form.form("classifications")
    if fields is None:
        return None
    return {name: value for name in CLASSIFICATIONS if (value := fields.text(name)) is not None} or None


def _merge(before: list[BillLine], changed: list[BillLine]) -> list[BillLine]:
    """Return the lines of before, changed in place where named, then the new ones."""
    by_id = {line.id: line for line in before} | {line.id: line for line in changed}
    return list(by_id.values())


def _optional(form: Form, bill: Bill) -> dict[str, Any]:
    """Return the optional attributes the form names."""
    values: dict[str, Any] = {}
    for field, name in (
        ("description", "description"),
        ("purchaseOrderNumber", "purchase_order_number"),
        ("payFromChartOfAccountId", "pay_from_chart_of_account_id"),
    ):
        if form.has(field):
            values[name] = form.text(field)
    if invoice := form.form("invoice"):
        known_number, known_date = bill.invoice_number, bill.invoice_date
        number = invoice.text("invoiceNumber", required=known_number is None, longest=LONGEST_INVOICE_NUMBER)
        values["invoice_number"] = number or known_number
        values["invoice_date"] = invoice.day("invoiceDate", required=known_date is None) or known_date
    if classifications := read_classifications(form):
        values["classifications"] = classifications
    return values

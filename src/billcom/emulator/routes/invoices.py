"""Owns the invoice endpoints but for recording payments, which is `recorded_payments`."""

from collections.abc import Callable
from typing import cast

from billcom.emulator import codes, ids
from billcom.emulator.calendar import business_date
from billcom.emulator.errors import refuse
from billcom.emulator.form import Form
from billcom.emulator.lists import (
    ONE,
    Filter,
    Listing,
    answer_list,
    common_filters,
    common_sorts,
    parse_cents,
)
from billcom.emulator.reading.customers import read_customer
from billcom.emulator.reading.invoices import patch_invoice, read_customer_part, read_fields
from billcom.emulator.records.customers import Customer
from billcom.emulator.records.invoices import Invoice
from billcom.emulator.routing import Answer, Call, Routes

PAYMENT_LINK = "https://pay.local-bill.invalid/"

routes = Routes()


def _classification(name: str) -> Callable[[Invoice], object]:
    """Return a reader of one of the invoice's own classifications."""
    return lambda invoice: (invoice.classifications or {}).get(name)


# Source: BILL docs, Filterable fields, and its changelog of 2025-02-18.
LISTING = Listing[Invoice](
    filters={
        **common_filters(Invoice),
        "customerId": Filter("eq,in", lambda invoice: invoice.customer_id),
        "payToChartOfAccountId": Filter(ONE, lambda invoice: invoice.pay_to_chart_of_account_id),
        **{
            f"classifications.{name}": Filter(ONE, _classification(name))
            for name in ("accountingClassId", "departmentId", "locationId", "itemId")
        },
        "invoiceNumber": Filter("eq", lambda invoice: invoice.invoice_number, confirmed=False),
        "status": Filter(ONE, lambda invoice: invoice.status, confirmed=False),
        "amount": Filter("eq", lambda invoice: invoice.total_amount, parse_cents, confirmed=False),
    },
    sorts={
        **common_sorts(Invoice),
        "invoiceNumber": lambda invoice: invoice.invoice_number,
        "invoiceDate": lambda invoice: invoice.invoice_date,
        "dueDate": lambda invoice: invoice.due_date,
        "totalAmount": lambda invoice: invoice.total_amount,
    },
)


@routes.add("GET", "/v3/invoices")
def list_invoices(call: Call) -> Answer:
    """List invoices."""
    return answer_list(call, call.organization.invoices.values(), LISTING, Invoice.wire)


@routes.add("POST", "/v3/invoices")
def create_invoice(call: Call) -> Answer:
    """Create an invoice for a customer, or for one it creates; mail it when asked to."""
    form = call.form()
    part = read_customer_part(form)
    customer = _read_customer(call, part) if part else None
    fields = read_fields(form, business_date(call.now))
    options = form.form("processingOptions")
    send = options is not None and bool(options.flag("sendEmail"))
    form.check()
    customer = cast(Customer, customer)
    _check_number(call, fields["invoice_number"], None)
    invoice = Invoice(
        id=ids.new_id(ids.INVOICE), created=call.now, updated=call.now, customer_id=customer.id, **fields
    )
    call.organization.customers[customer.id] = customer
    call.organization.invoices[invoice.id] = invoice
    if send:
        _mail(call, invoice, [customer.email])
    return Answer(201, invoice.wire())


def _read_customer(call: Call, form: Form) -> Customer:
    """Return the customer of an id, or a new one, not stored yet."""
    customer_id = form.text("id")
    return read_customer(form, call.now) if customer_id is None else call.organization.customer(customer_id)


def _check_number(call: Call, number: str, own: Invoice | None) -> None:
    """Raise 422 BDC_1171 when another invoice has the number, unless duplicates are accepted."""
    if call.world.rules.accepts("duplicate_invoice_number"):
        return
    for other in call.organization.invoices.values():
        if other is not own and other.invoice_number == number:
            raise refuse(codes.DUPLICATE_NUMBER, f"Duplicate invoice number: {number}")


@routes.add("GET", "/v3/invoices/{invoiceId}")
def get_invoice(call: Call) -> Answer:
    """Answer an invoice."""
    return Answer(200, _invoice(call).wire())


@routes.add("PATCH", "/v3/invoices/{invoiceId}")
def update_invoice(call: Call) -> Answer:
    """Change the fields named; lines keep their ids."""
    return _change(call, whole=False)


@routes.add("PUT", "/v3/invoices/{invoiceId}")
def replace_invoice(call: Call) -> Answer:
    """Replace the invoice's lines: those without an id are added, those left out are removed."""
    return _change(call, whole=True)


def _change(call: Call, *, whole: bool) -> Answer:
    """Change an invoice. Unverified: that a paid or scheduled invoice can be changed."""
    invoice = _invoice(call)
    form = call.form()
    changes = patch_invoice(form, invoice, whole=whole)
    part = read_customer_part(form) if whole or form.has("customer") else None
    customer_id = part.text("id", required=True) if part else None
    form.check()
    if customer_id:
        changes["customer_id"] = call.organization.customer(customer_id).id
    _check_number(call, changes.get("invoice_number", invoice.invoice_number), invoice)
    for name, value in changes.items():
        setattr(invoice, name, value)
    invoice.updated = call.now
    return Answer(200, invoice.wire())


@routes.add("POST", "/v3/invoices/{invoiceId}/archive")
def archive_invoice(call: Call) -> Answer:
    """Archive an invoice, which is also how one is canceled; repeating it changes nothing."""
    invoice = _invoice(call)
    invoice.archive(True, call.now)
    return Answer(200, invoice.wire())


@routes.add("POST", "/v3/invoices/{invoiceId}/restore")
def restore_invoice(call: Call) -> Answer:
    """Put an invoice back into use; repeating it changes nothing."""
    invoice = _invoice(call)
    invoice.archive(False, call.now)
    return Answer(200, invoice.wire())


@routes.add("POST", "/v3/invoices/{invoiceId}/email")
def email_invoice(call: Call) -> Answer:
    """Mail an invoice to the recipients named."""
    invoice = _invoice(call)
    form = call.form()
    recipient = form.form("recipient", required=True)
    to = recipient.raw("to", required=True) if recipient else None
    addresses = [str(address) for address in cast(list[object], to)] if isinstance(to, list) else []
    if recipient and not addresses:
        recipient.problem("to", "must be an array of addresses")
    reply_to = form.form("replyTo")
    if reply_to:
        reply_to.text("userId")
    form.check()
    _mail(call, invoice, addresses)
    return Answer(200)


@routes.add("POST", "/v3/invoices/{invoiceId}/payment-link")
def create_payment_link(call: Call) -> Answer:
    """Answer a link at which the customer could pay the invoice. Unverified: its form."""
    invoice = _invoice(call)
    form = call.form()
    customer_id = form.text("customerId", required=True) or ""
    form.text("email", required=True)
    form.text("returnUrl")
    form.check()
    if call.organization.customer(customer_id).id != invoice.customer_id:
        raise refuse(codes.INVOICE_MISMATCH, "The invoice is not one of this customer's.")
    return Answer(200, {"paymentLink": f"{PAYMENT_LINK}{invoice.id}"})


def _mail(call: Call, invoice: Invoice, to: list[str]) -> None:
    """Put an invoice into the mail inbox."""
    subject = f"Invoice {invoice.invoice_number}"
    call.world.send_mail(call.now, to, subject, "invoice", invoice.id, call.organization.id)


def _invoice(call: Call) -> Invoice:
    """Return the invoice the path names."""
    return call.organization.invoice(call.params["invoiceId"])

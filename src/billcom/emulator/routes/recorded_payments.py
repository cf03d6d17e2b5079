"""Owns payments made outside BILL and recorded in it, on bills and on invoices. No money moves."""

from collections import Counter

from billcom.emulator import codes, ids
from billcom.emulator.errors import refuse
from billcom.emulator.form import Form
from billcom.emulator.money import dollars
from billcom.emulator.records.payments import BillPayment, Payment
from billcom.emulator.records.received_payments import InvoicePayment, ReceivedPayment
from billcom.emulator.routes.received_payments import store
from billcom.emulator.routing import Answer, Call, Routes
from billcom.emulator.wire import Json, present

PAYMENT_TYPES = ("CASH", "CHECK", "CREDIT_CARD", "ACH", "PAYPAL", "OTHER")

routes = Routes()


@routes.add("POST", "/v3/bills/record-payment")
def record_bill_payment(call: Call) -> Answer:
    """Record that bills of one vendor were paid; they are paid from now on."""
    form = call.form()
    vendor_id = form.text("vendorId", required=True) or ""
    process_date = form.day("processDate", required=True) or call.now.date()
    to_print_check = form.flag("toPrintCheck")
    parts = [
        BillPayment(
            ids.new_id(ids.BILL_PAYMENT), item.text("billId", required=True) or "", _read_amount(item)
        )
        for item in form.forms("payments", required=True) or []
    ]
    form.check()
    vendor = call.organization.vendor(vendor_id)
    _check_bills(call, vendor_id, parts)
    payment = Payment(
        id=ids.new_id(ids.PAYMENT),
        created=call.now,
        updated=call.now,
        vendor_id=vendor.id,
        vendor_name=vendor.name,
        bill_payments=parts,
        process_date=process_date,
        transaction_number=ids.random_text(12),
        confirmation_number=f"P{ids.random_digits(10)}",
        created_by=call.user.id,
        disbursement_type="OFFLINE",
        status="PAID",
        single_status="CLEARED",
        online=False,
        to_print_check=bool(to_print_check),
    )
    call.organization.payments[payment.id] = payment
    for bill in call.organization.bills_paid_by(payment):
        bill.payments.append(payment)
        bill.updated = call.now
    return Answer(200, payment.wire())


def _check_bills(call: Call, vendor_id: str, parts: list[BillPayment]) -> None:
    """Raise unless each bill is the vendor's and open for its amount."""
    wanted: Counter[str] = Counter()
    for part in parts:
        bill = call.organization.bill(part.bill_id)
        wanted[bill.id] += part.amount
        if bill.vendor_id != vendor_id:
            raise refuse(codes.VENDOR_MISMATCH, "The vendor of the payment is not the vendor of the bill.")
        open_amount = bill.due_amount - bill.scheduled_amount
        if wanted[bill.id] > open_amount and not call.world.rules.accepts("overpayment"):
            raise refuse(codes.OVERPAYMENT, "The amount is more than the bill's open amount.")


@routes.add("POST", "/v3/invoices/record-payment")
def record_invoice_payment(call: Call) -> Answer:
    """Record that a customer paid invoices; what is over stays as the customer's credit."""
    form = call.form()
    amount = _read_amount(form)
    payment_date = form.day("paymentDate", required=True) or call.now.date()
    payment_type = form.choice("paymentType", PAYMENT_TYPES, required=True) or ""
    parts = [
        InvoicePayment(item.text("id", required=True) or "", _read_amount(item))
        for item in form.forms("invoices", required=True) or []
    ]
    customer_id, description = form.text("customerId"), form.text("description")
    form.check()
    customer_id = _check_invoices(call, customer_id, amount, parts)
    received = ReceivedPayment(
        id=ids.new_id(ids.RECEIVED_PAYMENT),
        created=call.now,
        updated=call.now,
        customer_id=customer_id,
        amount=amount,
        invoice_payments=parts,
        payment_date=payment_date,
        status="PAID",
        receivables_type=payment_type,
        online=False,
        unapplied_amount=amount - sum(part.amount for part in parts),
        description=description,
    )
    store(call, received)
    return Answer(200, _wire_recorded(call, received))


def _check_invoices(call: Call, customer_id: str | None, amount: int, parts: list[InvoicePayment]) -> str:
    """Return the one customer of the invoices; raise unless they are one's, and open for their amounts."""
    wanted: Counter[str] = Counter()
    for part in parts:
        invoice = call.organization.invoice(part.invoice_id)
        wanted[invoice.id] += part.amount
        customer_id = customer_id or invoice.customer_id
        if invoice.customer_id != customer_id:
            raise refuse(codes.INVOICE_MISMATCH, "The invoice is not one of this customer's.")
        open_amount = invoice.due_amount - invoice.scheduled_amount
        if wanted[invoice.id] > open_amount and not call.world.rules.accepts("overcharge"):
            raise refuse(codes.OVERCHARGE, "The amount is more than the invoice's open amount.")
    if sum(part.amount for part in parts) > amount:
        raise refuse(codes.OVERCHARGE, "The invoices' amounts are more than the payment's amount.")
    return customer_id or ""


def _wire_recorded(call: Call, received: ReceivedPayment) -> Json:
    """Return a recorded payment, with the payments of each invoice it pays."""
    invoices = call.organization.invoices_paid_by(received)
    return present(
        {
            "id": received.id,
            "customerId": received.customer_id,
            "paymentType": received.receivables_type,
            "paymentDate": received.payment_date.isoformat(),
            "amount": dollars(received.amount),
            "unappliedAmount": dollars(received.unapplied_amount),
            "status": received.status,
            "description": received.description,
            "invoices": [{"id": row.id, "payments": row.wire_payments()} for row in invoices],
        }
    )


def _read_amount(form: Form) -> int:
    """Return a positive amount in cents."""
    amount = form.cents("amount", required=True)
    if amount is not None and amount <= 0:
        form.problem("amount", "must be positive")
    return amount or 0

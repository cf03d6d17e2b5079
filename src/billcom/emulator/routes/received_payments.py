"""Owns received payments: listing them, and charging a customer."""

from collections import Counter
from datetime import date

from billcom.emulator import codes, ids
from billcom.emulator.calendar import banking_days_after, business_date
from billcom.emulator.errors import refuse
from billcom.emulator.form import Form
from billcom.emulator.lists import TIME, Filter, Listing, answer_list, common_filters, common_sorts
from billcom.emulator.payment_life import watch_charge
from billcom.emulator.records.customers import Customer
from billcom.emulator.records.received_payments import InvoicePayment, ReceivedPayment
from billcom.emulator.routing import Answer, Call, Routes
from billcom.emulator.wire import Json

FUNDING_TYPES = ("BANK_ACCOUNT", "CARD_ACCOUNT")

routes = Routes()

_COMMON = common_filters(ReceivedPayment)

# Source: BILL's collection (id) and a live client (updatedTime:gte); the rest is confirmed by no source.
LISTING = Listing[ReceivedPayment](
    filters={
        "id": Filter("eq", lambda received: received.id),
        "updatedTime": Filter("gte", lambda received: received.updated, _COMMON["updatedTime"].parse),
        "createdTime": Filter(TIME, lambda received: received.created, _COMMON["createdTime"].parse, False),
        "customerId": Filter("eq,in", lambda received: received.customer_id, confirmed=False),
    },
    sorts={
        **{name: sort for name, sort in common_sorts(ReceivedPayment).items() if name != "archived"},
        "amount": lambda received: received.amount,
    },
)


@routes.add("GET", "/v3/receivable-payments")
def list_received_payments(call: Call) -> Answer:
    """List received payments, recorded ones included."""
    return answer_list(call, call.organization.received_payments.values(), LISTING, ReceivedPayment.wire)


@routes.add("GET", "/v3/receivable-payments/{receivedPaymentId}")
def get_received_payment(call: Call) -> Answer:
    """Answer a received payment."""
    return Answer(200, call.organization.received_payment(call.params["receivedPaymentId"]).wire())


@routes.add("POST", "/v3/receivable-payments")
def charge_customer(call: Call) -> Answer:
    """Draw money from a customer's bank account for their invoices. Unverified: 201, and SCHEDULED first.

    There is no reference field, no cancel, no void and no refund in v3.
    """
    if call.world.rules.flag("charge_needs_mfa"):
        call.need_trust()
    form = call.form()
    customer_id = form.text("customerId", required=True) or ""
    account = form.form("fundingAccount", required=True) or Form({})
    account_type = account.choice("type", FUNDING_TYPES, required=True) or ""
    account_id = account.text("id", required=True) or ""
    parts = _read_parts(form)
    payment_date = form.day("paymentDate")
    description = form.text("description")
    form.check()
    customer = call.organization.customer(customer_id)
    _check_customer(customer, account_type, account_id)
    _check_parts(call, customer, parts)
    received = ReceivedPayment(
        id=ids.new_id(ids.RECEIVED_PAYMENT),
        created=call.now,
        updated=call.now,
        customer_id=customer.id,
        amount=sum(part.amount for part in parts),
        invoice_payments=parts,
        payment_date=_check_date(call, payment_date),
        status="SCHEDULED",
        receivables_type="ACH",
        online=True,
        description=description,
        funding_account={"type": account_type, "id": account_id},
        receivables_account=_receivables_account(call),
        reference_number=ids.random_digits(10),
    )
    store(call, received)
    watch_charge(call.world, call.organization, received)
    return Answer(201, received.wire())


def store(call: Call, received: ReceivedPayment) -> None:
    """Keep a received payment and let its invoices know of it."""
    call.organization.received_payments[received.id] = received
    for invoice in call.organization.invoices_paid_by(received):
        invoice.payments.append(received)
        invoice.updated = call.now


def _read_parts(form: Form) -> list[InvoicePayment]:
    """Return what is charged for each invoice."""
    parts: list[InvoicePayment] = []
    for item in form.forms("invoicePayments", required=True) or []:
        amount = item.cents("amount", required=True)
        if amount is not None and amount <= 0:
            item.problem("amount", "must be positive")
        parts.append(InvoicePayment(item.text("invoiceId", required=True) or "", amount or 0))
    return parts


def _check_customer(customer: Customer, account_type: str, account_id: str) -> None:
    """Raise unless the customer agreed to be charged and the account is theirs and usable."""
    if not customer.authorized_to_charge:
        raise refuse(codes.CUSTOMER_NOT_AUTHORIZED, "The customer has not authorized charges.")
    account = customer.bank_accounts.get(account_id)
    usable = account is not None and account.verified and not account.archived
    if account_type != "BANK_ACCOUNT" or not usable:
        message = "The customer's bank account cannot be charged: unknown, archived or not verified."
        raise refuse(codes.CUSTOMER_BANK_UNUSABLE, message)


def _check_parts(call: Call, customer: Customer, parts: list[InvoicePayment]) -> None:
    """Raise unless each invoice is the customer's, in use, and open for its amount."""
    wanted: Counter[str] = Counter()
    for part in parts:
        invoice = call.organization.invoice(part.invoice_id)
        wanted[invoice.id] += part.amount
        if invoice.customer_id != customer.id:
            raise refuse(codes.INVOICE_MISMATCH, "The invoice is not one of this customer's.")
        if invoice.archived:
            raise refuse(codes.INVOICE_ARCHIVED, "An archived invoice cannot be charged.")
        open_amount = invoice.due_amount - invoice.scheduled_amount
        if wanted[invoice.id] > open_amount and not call.world.rules.accepts("overcharge"):
            raise refuse(codes.OVERCHARGE, "The amount is more than the invoice's open amount.")


def _check_date(call: Call, payment_date: date | None) -> date:
    """Return the day funds are drawn. Unverified: the next banking day by default, and never a past one."""
    today = business_date(call.now)
    if payment_date is not None and payment_date < today:
        raise refuse(codes.PAST_PAYMENT_DATE, f"Invalid payment date: {payment_date.isoformat()}")
    return payment_date or banking_days_after(today, 1)


def _receivables_account(call: Call) -> Json | None:
    """Return the account that charges are paid into. Unverified: that it is the default one."""
    accounts = call.organization.bank_accounts.values()
    account = next((account for account in accounts if account.default_for_receivables), None)
    return account and {"type": "BANK_ACCOUNT", "id": account.id}

"""Owns the AP payment endpoints that make, read and list payments."""

import random
from datetime import date

from billcom.emulator import ids
from billcom.emulator.approving import assign
from billcom.emulator.errors import bad_shape
from billcom.emulator.form import Form, too_many
from billcom.emulator.lists import (
    ONE,
    TIME,
    Filter,
    Listing,
    answer_list,
    common_filters,
    common_sorts,
    parse_cents,
    parse_flag,
)
from billcom.emulator.paying import (
    Share,
    Terms,
    check_funding,
    check_shares,
    check_transaction_number,
    read_terms,
)
from billcom.emulator.payment_life import watch
from billcom.emulator.records.bills import Bill, BillLine
from billcom.emulator.records.payments import BillPayment, Payment
from billcom.emulator.records.vendors import COMBINED_BILLS_PER_PAYMENT
from billcom.emulator.routing import Answer, Call, Routes
from billcom.emulator.wire import Json, present

BULK_PAYMENTS = 50  # Source: BILL API reference
CHECK_DELIVERY_TYPES = ("STANDARD", "UPS_1DAY", "UPS_2DAY", "UPS_3DAY", "RTP_DELIVERY")

routes = Routes()

_COMMON = common_filters(Payment)

# Source: a production client's note of BILL's filterable set. Unverified: the operators. `billId` is refused.
LISTING = Listing[Payment](
    filters={
        **{name: _COMMON[name] for name in ("id", "createdTime", "updatedTime")},
        "vendorId": Filter(ONE, lambda payment: payment.vendor_id),
        "processDate": Filter(f"eq,{TIME}", lambda payment: payment.process_date, date.fromisoformat),
        "amount": Filter(f"eq,{TIME}", lambda payment: payment.amount, parse_cents),
        "transactionNumber": Filter("eq,in", lambda payment: payment.transaction_number),
        "status": Filter("eq,ne,in,nin", lambda payment: payment.status),
        "onlinePayment": Filter("eq,ne", lambda payment: payment.online, parse_flag),
        "disbursementType": Filter("eq,ne,in,nin", lambda payment: payment.disbursement_type),
    },
    sorts={
        **{name: sort for name, sort in common_sorts(Payment).items() if name != "archived"},
        "description": lambda payment: payment.description,
        "processDate": lambda payment: payment.process_date,
        "amount": lambda payment: payment.amount,
        "confirmationNumber": lambda payment: payment.confirmation_number,
        "onlinePayment": lambda payment: payment.online,
        "disbursementStatus": lambda payment: payment.disbursement_status,
    },
)


@routes.add("GET", "/v3/payments")
def list_payments(call: Call) -> Answer:
    """List payments."""
    return answer_list(call, call.organization.payments.values(), LISTING, Payment.wire)


@routes.add("GET", "/v3/payments/{paymentId}")
def get_payment(call: Call) -> Answer:
    """Answer a payment."""
    return Answer(200, call.organization.payment(call.params["paymentId"]).wire())


@routes.add("POST", "/v3/payments")
def create_payment(call: Call) -> Answer:
    """Pay one bill, or make a bill and pay it."""
    call.need_trust()
    form = call.form()
    terms = read_terms(form)
    amount = _read_amount(form, least=1)
    options = _read_options(form)
    bill_id = form.text("billId")
    create_bill = bool(options.get("createBill"))
    form.check()
    if create_bill and bill_id is not None:
        raise bad_shape("billId must be empty if createBill is true")
    if not create_bill and bill_id is None:
        raise bad_shape("billId must be provided if createBill is false")
    bill = _new_bill(call, terms, amount) if bill_id is None else call.organization.bill(bill_id)
    shares = [Share(bill, amount)]
    process_date = _check(call, terms, shares)
    call.organization.bills[bill.id] = bill
    payment = _make(call, terms, shares, process_date, terms.transaction_number)
    payment.processing_options = options
    return Answer(201, payment.wire())


@routes.add("POST", "/v3/payments/bulk")
def create_payments(call: Call) -> Answer:
    """Pay up to 50 bills, all or none; those of a combining vendor merge. Answered in any order."""
    call.need_trust()
    form = call.form()
    terms = read_terms(form)
    items = form.forms("payments", required=True) or []
    asked = [(item.text("billId", required=True) or "", _read_amount(item, least=0)) for item in items]
    form.check()
    if len(asked) > BULK_PAYMENTS:
        raise too_many("payments", BULK_PAYMENTS)
    shares = [Share(call.organization.bill(bill_id), amount) for bill_id, amount in asked]
    process_date = _check(call, terms, shares)
    number, spread = terms.transaction_number, call.world.rules.choice("bulk_transaction_number") == "every"
    payments = [
        _make(call, terms, group, process_date, number if spread or first else None)
        for first, group in zip([True] + [False] * len(shares), _group(call, shares), strict=False)
    ]
    random.shuffle(payments)
    return Answer(201, {"payments": [payment.wire() for payment in payments]})


def _read_amount(form: Form, *, least: int) -> int:
    """Return the cents to pay, `least` of them at least."""
    amount = form.cents("amount", required=True)
    if amount is not None and amount < least:
        form.problem("amount", "must be positive" if least else "must not be negative")
    return amount or 0


def _read_options(form: Form) -> Json:
    """Return the processing options; createBill also from the top level, where one live client sends it."""
    options = form.form("processingOptions", required=True) or Form({})
    nested, top = options.flag("createBill"), form.flag("createBill")
    return present(
        {
            "createBill": nested if nested is not None else bool(top),
            "requestPayFaster": bool(options.flag("requestPayFaster")),
            "requestCheckDeliveryType": options.choice("requestCheckDeliveryType", CHECK_DELIVERY_TYPES),
        }
    )


def _new_bill(call: Call, terms: Terms, amount: int) -> Bill:
    """Return the bill that createBill makes, not stored yet.

    Unverified: its number and dates, and that a bill which has to be approved can't be made and paid at once.
    """
    if terms.vendor_id is None:
        raise bad_shape("vendorId must be provided if createBill is true")
    call.organization.vendor(terms.vendor_id)
    line = BillLine(ids.new_id(ids.BILL_LINE_ITEM), amount, description=terms.description)
    today = call.now.date()
    bill = Bill(
        id=ids.new_id(ids.BILL),
        created=call.now,
        updated=call.now,
        vendor_id=terms.vendor_id,
        due_date=terms.process_date or today,
        lines=[line],
        invoice_number=ids.random_digits(10),
        invoice_date=today,
    )
    assign(call.organization, bill, call.now)
    return bill


def _check(call: Call, terms: Terms, shares: list[Share]) -> date:
    """Return the process date when the payment can be made; raise otherwise, changing nothing."""
    check_funding(call.organization, call.user, terms)
    check_transaction_number(call.organization, call.world.rules, terms.transaction_number)
    return check_shares(call.organization, call.world.rules, terms, shares, call.now)


def _group(call: Call, shares: list[Share]) -> list[list[Share]]:
    """Return the shares each payment takes: up to 35 together for a combining vendor, else one."""
    combined: dict[str, list[Share]] = {}
    groups: list[list[Share]] = []
    for share in shares:
        if not call.organization.vendor(share.bill.vendor_id).additional_info.combine_payments:
            groups.append([share])
            continue
        group = combined.get(share.bill.vendor_id)
        if group is None or len(group) == COMBINED_BILLS_PER_PAYMENT:
            group = combined[share.bill.vendor_id] = []
            groups.append(group)
        group.append(share)
    return groups


def _make(call: Call, terms: Terms, shares: list[Share], process_date: date, number: str | None) -> Payment:
    """Store a payment of one vendor's bills, which turns them SCHEDULED, and let the clock move it."""
    vendor = call.organization.vendor(shares[0].bill.vendor_id)
    payment = Payment(
        id=ids.new_id(ids.PAYMENT),
        created=call.now,
        updated=call.now,
        vendor_id=vendor.id,
        vendor_name=vendor.name,
        bill_payments=[BillPayment(ids.new_id(ids.BILL_PAYMENT), s.bill.id, s.amount) for s in shares],
        process_date=process_date,
        transaction_number=number or ids.random_text(12),
        confirmation_number=f"P{ids.random_digits(10)}",
        created_by=call.user.id,
        disbursement_type=vendor.pay_by_type or "UNDEFINED",
        funding_account=terms.funding_account(),
        description=terms.description,
        card_funding_purpose=terms.card_funding_purpose,
        remittance_email=vendor.payment_email or vendor.email,
    )
    call.organization.payments[payment.id] = payment
    for bill in call.organization.bills_paid_by(payment):
        bill.payments.append(payment)
        bill.updated = call.now
    watch(call.world, call.organization, payment)
    return payment

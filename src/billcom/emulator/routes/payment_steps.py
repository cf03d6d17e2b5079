"""Owns what can be asked about a payment before it is made, and done to it after."""

from datetime import timedelta

from billcom.emulator import codes, ids
from billcom.emulator.calendar import banking_days_after, business_date
from billcom.emulator.clock import iso
from billcom.emulator.errors import refuse
from billcom.emulator.form import Form
from billcom.emulator.money import dollars
from billcom.emulator.payment_life import ARRIVAL_BANKING_DAYS, move
from billcom.emulator.records.funding_accounts import BankAccount
from billcom.emulator.records.payments import VOIDABLE, Payment, VoidInfo
from billcom.emulator.records.vendors import Vendor
from billcom.emulator.routing import Answer, Call, Routes
from billcom.emulator.wire import Json, present

EXCHANGE_RATE_MINUTES = 20  # Source: BILL docs, Payments
VOID_TYPES = ("VOID_ONLY", "VOID_AND_CREDIT", "VOID_AND_REISSUE", "VOID_AND_REISSUE_VCARD")

routes = Routes()


@routes.add("GET", "/v3/payments/options")
def get_options(call: Call) -> Answer:
    """Answer which accounts could pay the vendor, and when. Unverified: the words of `reason`; no fees."""
    form = Form(dict(call.query))
    vendor_id = form.text("vendorId", required=True) or ""
    amount = form.cents("amount", required=True) or 0
    form.check()
    vendor = call.organization.vendor(vendor_id)
    banks = [_option(call, vendor, account) for account in call.organization.bank_accounts.values()]
    options = {"banks": banks, "cards": []}
    return Answer(200, {"amount": dollars(amount), "vendorId": vendor.id, "fundingOptions": options})


def _option(call: Call, vendor: Vendor, account: BankAccount) -> Json:
    """Return whether an account could pay the vendor, why not, and the dates."""
    reason = None
    if not account.usable or not call.organization.may_pay_from(account, call.user):
        reason = "Funding account cannot make online payments."
    elif vendor.pay_by_type is None:
        reason = "This vendor is unable to receive ePayments."
    process_date = banking_days_after(business_date(call.now), 1)
    wait = 2 + ARRIVAL_BANKING_DAYS.get(vendor.pay_by_type or "", 0)
    return present(
        {
            "id": account.id,
            "name": account.bank_name,
            "available": reason is None,
            "reason": reason,
            "conditions": [],
            "processDate": process_date.isoformat(),
            "deliveryDate": banking_days_after(process_date, wait).isoformat(),
            "fee": 0.0,
        }
    )


@routes.add("GET", "/v3/payments/exchange-rate")
def get_exchange_rate(call: Call) -> Answer:
    """Answer a rate of one: the local BILL keeps no other."""
    form = Form(dict(call.query))
    vendor_id = form.text("vendorId", required=True) or ""
    amount = form.cents("amount", required=True) or 0
    form.text("baseCurrency", required=True)
    form.check()
    vendor = call.organization.vendor(vendor_id)
    return Answer(
        200,
        {
            "paymentCurrency": vendor.bill_currency,
            "baseCurrency": "USD",
            "exchangeRate": 1.0,
            "amountRange": {"from": 0.0, "to": dollars(amount)},
            "expirationTime": iso(call.now + timedelta(minutes=EXCHANGE_RATE_MINUTES)),
        },
    )


@routes.add("GET", "/v3/payments/{paymentId}/check-image")
def get_check_image(call: Call) -> Answer:
    """Answer no image: no bank processes checks here."""
    _payment(call)
    return Answer(200, {"results": []})


@routes.add("POST", "/v3/payments/{paymentId}/cancel")
def cancel_payment(call: Call) -> Answer:
    """Stop a payment that is still SCHEDULED; its bills are open again."""
    payment = _payment(call)
    if payment.single_status != "SCHEDULED":
        raise refuse(codes.NOT_CANCELABLE, "Only a payment whose singleStatus is SCHEDULED can be canceled.")
    payment.cancel_requested = True
    move(call.world, call.organization, payment, "CANCELED", call.now)
    return Answer(200, payment.wire())


@routes.add("POST", "/v3/payments/{paymentId}/void")
def void_payment(call: Call) -> Answer:
    """Ask for a payment in process to be reversed; its bills stay paid until that is done.

    Unverified: from which statuses; and here the reissue types reissue nothing.
    """
    payment = _payment(call)
    form = call.form()
    kind = form.choice("type", VOID_TYPES, required=True) or ""
    reason = form.text("reason", required=True) or ""
    form.check()
    if payment.single_status not in VOIDABLE:
        raise refuse(codes.NOT_VOIDABLE, "A payment can be voided only while it is in process.")
    info = VoidInfo(ids.new_id(ids.VOID_INFO), call.user.id, kind, reason, call.now, call.now)
    payment.void_info.append(info)
    move(call.world, call.organization, payment, "VOID_PENDING", call.now)
    return Answer(200, payment.wire())


def _payment(call: Call) -> Payment:
    """Return the payment the path names."""
    return call.organization.payment(call.params["paymentId"])

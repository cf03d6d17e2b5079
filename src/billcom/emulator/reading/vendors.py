"""Owns reading of vendors and their bank accounts from requests."""

from datetime import datetime
from typing import Any

from billcom.emulator import ids
from billcom.emulator.form import Form
from billcom.emulator.records.address import patch_address, read_address
from billcom.emulator.records.vendors import AdditionalInfo, Vendor, VendorBankAccount

LONGEST_NAME = 100  # Source: third-party reading of BILL's schema
ACCOUNT_TYPES = ("BUSINESS", "PERSON", "NONE", "UNDEFINED")
BANK_ACCOUNT_TYPES = ("CHECKING", "SAVINGS")
# BILL's organization banks say PERSONAL; a third-party SDK says PERSON for vendors. Both are taken.
OWNER_TYPES = ("BUSINESS", "PERSONAL", "PERSON")
TAX_ID_TYPES = ("EIN", "SSN", "UNDEFINED")


def read_vendor(form: Form, now: datetime) -> Vendor:
    """Return a new vendor."""
    address = form.form("address", required=True)
    payment = form.form("paymentInformation")
    bank_account = payment and payment.form("bankAccount")
    info = form.form("additionalInfo")
    return Vendor(
        id=ids.new_id(ids.VENDOR),
        created=now,
        updated=now,
        name=form.text("name", required=True, longest=LONGEST_NAME) or "",
        address=read_address(address or Form({})),
        short_name=form.text("shortName"),
        account_number=form.text("accountNumber"),
        account_type=form.choice("accountType", ACCOUNT_TYPES) or "NONE",
        email=form.text("email"),
        phone=form.text("phone"),
        payee_name=payment.text("payeeName") if payment else None,
        payment_email=payment.text("email") if payment else None,
        bill_currency=form.text("billCurrency") or "USD",
        bank_account=read_bank_account(bank_account, now) if bank_account else None,
        additional_info=read_additional_info(info) if info else AdditionalInfo(),
    )


def read_bank_account(form: Form, now: datetime) -> VendorBankAccount:
    """Return a vendor's bank account. Unverified: which fields are required."""
    return VendorBankAccount(
        name_on_account=form.text("nameOnAccount", required=True) or "",
        account_number=form.text("accountNumber", required=True) or "",
        routing_number=form.routing_number("routingNumber", required=True) or "",
        created=now,
        type=form.choice("type", BANK_ACCOUNT_TYPES) or "CHECKING",
        owner_type=form.choice("ownerType", OWNER_TYPES) or "BUSINESS",
        payment_currency=form.text("paymentCurrency") or "USD",
    )


def read_additional_info(form: Form, before: AdditionalInfo | None = None) -> AdditionalInfo:
    """Return tax and payment details; fields the form does not name stay as they were before."""
    info = before or AdditionalInfo()
    lead_time = form.number("leadTimeInDays")
    combine, track = form.flag("combinePayments"), form.flag("track1099")
    return AdditionalInfo(
        tax_id=form.text("taxId") or info.tax_id,
        tax_id_type=form.choice("taxIdType", TAX_ID_TYPES) or info.tax_id_type,
        track_1099=info.track_1099 if track is None else track,
        lead_time_in_days=info.lead_time_in_days if lead_time is None else int(lead_time),
        combine_payments=info.combine_payments if combine is None else combine,
        payment_term_id=form.text("paymentTermId") or info.payment_term_id,
        company_name=form.text("companyName") or info.company_name,
    )


def patch_vendor(form: Form, vendor: Vendor) -> dict[str, Any]:
    """Return the vendor's attributes that change."""
    changes: dict[str, Any] = {}
    if form.has("name"):
        changes["name"] = form.text("name", required=True, longest=LONGEST_NAME)
    for field, name in (("shortName", "short_name"), ("accountNumber", "account_number"),
                        ("email", "email"), ("phone", "phone")):  # fmt: skip
        if form.has(field):
            changes[name] = form.text(field)
    if account_type := form.choice("accountType", ACCOUNT_TYPES):
        changes["account_type"] = account_type
    if currency := form.text("billCurrency"):
        changes["bill_currency"] = currency
    if address := form.form("address"):
        changes["address"] = patch_address(address, vendor.address)
    if info := form.form("additionalInfo"):
        changes["additional_info"] = read_additional_info(info, vendor.additional_info)
    if payment := form.form("paymentInformation"):
        changes |= _patch_payment_information(payment)
    return changes


def _patch_payment_information(form: Form) -> dict[str, Any]:
    """Return the payment attributes that change; bank details are not among them."""
    if form.has("bankAccount"):
        form.problem(
            "bankAccount", "bank details can't be changed; delete the bank account and create another"
        )
    changes: dict[str, Any] = {}
    if payee_name := form.text("payeeName"):
        changes["payee_name"] = payee_name
    if form.has("email"):
        changes["payment_email"] = form.text("email")
    return changes

"""Owns the vendor endpoints."""

import random

from billcom.emulator import codes
from billcom.emulator.clock import iso
from billcom.emulator.errors import not_found, refuse
from billcom.emulator.form import Form, read_bulk
from billcom.emulator.lists import Filter, Listing, answer_list, common_filters, common_sorts
from billcom.emulator.money import dollars
from billcom.emulator.reading.vendors import patch_vendor, read_bank_account, read_vendor
from billcom.emulator.records.vendors import Vendor
from billcom.emulator.routing import Answer, Call, Routes
from billcom.emulator.wire import Json

BULK_VENDORS = 20  # Source: BILL API reference

routes = Routes()

# Source: BILL docs, Filterable fields. `paymentStatus` is listed there though no vendor holds it.
LISTING = Listing[Vendor](
    filters={
        **common_filters(Vendor),
        "name": Filter("eq,sw", lambda vendor: vendor.name),
        "accountType": Filter("eq,ne,in,nin", lambda vendor: vendor.account_type),
        "address.country": Filter("eq,ne", lambda vendor: vendor.address.country),
        "billCurrency": Filter("eq,ne,in,nin", lambda vendor: vendor.bill_currency),
        "paymentStatus": Filter("eq,ne,in,nin", lambda vendor: None),
        "email": Filter("eq", lambda vendor: vendor.email, confirmed=False),
        "accountNumber": Filter("eq", lambda vendor: vendor.account_number, confirmed=False),
        "shortName": Filter("eq", lambda vendor: vendor.short_name, confirmed=False),
        "companyName": Filter("eq", lambda vendor: vendor.additional_info.company_name, confirmed=False),
    },
    sorts={
        **common_sorts(Vendor),
        "name": lambda vendor: vendor.name,
        "shortName": lambda vendor: vendor.short_name,
        "email": lambda vendor: vendor.email,
        "phone": lambda vendor: vendor.phone,
        "billCurrency": lambda vendor: vendor.bill_currency,
    },
)


@routes.add("GET", "/v3/vendors")
def list_vendors(call: Call) -> Answer:
    """List vendors; rows leave the balance out, as list rows can be thinner than the record."""
    return answer_list(call, call.organization.vendors.values(), LISTING, Vendor.wire)


@routes.add("POST", "/v3/vendors")
def create_vendor(call: Call) -> Answer:
    """Create a vendor. Unverified: that a name used before is accepted."""
    form = call.form()
    vendor = read_vendor(form, call.now)
    form.check()
    call.organization.vendors[vendor.id] = vendor
    return Answer(201, _wire(call, vendor))


@routes.add("POST", "/v3/vendors/bulk")
def create_vendors(call: Call) -> Answer:
    """Create up to 20 vendors, all or none; they are answered in any order."""
    form, items = read_bulk(call.body, BULK_VENDORS, "vendors", strict=call.strict)
    vendors = [read_vendor(item, call.now) for item in items]
    form.check()
    call.organization.vendors |= {vendor.id: vendor for vendor in vendors}
    random.shuffle(vendors)
    return Answer(201, {"vendors": [_wire(call, vendor) for vendor in vendors]})


@routes.add("GET", "/v3/vendors/configuration/international-payments")
def get_international_configuration(call: Call) -> Answer:
    """Answer what an international payment needs: nothing beyond a bank account here."""
    needed = Form(dict(call.query))
    for name in ("country", "billCurrency", "accountType"):
        needed.text(name, required=True)
    needed.check()
    return Answer(200, _international())


@routes.add("GET", "/v3/vendors/{vendorId}")
def get_vendor(call: Call) -> Answer:
    """Answer a vendor with its balance."""
    return Answer(200, _wire(call, _vendor(call)))


@routes.add("PATCH", "/v3/vendors/{vendorId}")
def update_vendor(call: Call) -> Answer:
    """Change the fields named; bank details are replaced by delete and create only."""
    vendor = _vendor(call)
    form = call.form()
    changes = patch_vendor(form, vendor)
    form.check()
    for name, value in changes.items():
        setattr(vendor, name, value)
    vendor.updated = call.now
    return Answer(200, _wire(call, vendor))


@routes.add("POST", "/v3/vendors/{vendorId}/archive")
def archive_vendor(call: Call) -> Answer:
    """Archive a vendor; repeating it changes nothing."""
    vendor = _vendor(call)
    vendor.archive(True, call.now)
    return Answer(200, _wire(call, vendor))


@routes.add("POST", "/v3/vendors/{vendorId}/restore")
def restore_vendor(call: Call) -> Answer:
    """Put a vendor back into use; repeating it changes nothing."""
    vendor = _vendor(call)
    vendor.archive(False, call.now)
    return Answer(200, _wire(call, vendor))


@routes.add("GET", "/v3/vendors/{vendorId}/bank-account")
def get_bank_account(call: Call) -> Answer:
    """Answer the vendor's bank account, its number masked; 404 when there is none."""
    account = _vendor(call).bank_account
    if account is None:
        raise not_found("Vendor bank account", call.params["vendorId"])
    return Answer(200, account.wire_alone())


@routes.add("POST", "/v3/vendors/{vendorId}/bank-account")
def create_bank_account(call: Call) -> Answer:
    """Give the vendor a bank account, 200; a vendor has one, so a second is refused."""
    vendor = _vendor(call)
    form = call.form()
    account = read_bank_account(form, call.now)
    form.check()
    if vendor.bank_account is not None:
        raise refuse(codes.VENDOR_HAS_BANK_ACCOUNT, "The vendor already has a bank account; delete it first.")
    vendor.bank_account = account
    vendor.updated = call.now
    return Answer(200, account.wire_alone())


@routes.add("DELETE", "/v3/vendors/{vendorId}/bank-account")
def delete_bank_account(call: Call) -> Answer:
    """Take the vendor's bank account away, 204; 404 when there is none."""
    vendor = _vendor(call)
    if vendor.bank_account is None:
        raise not_found("Vendor bank account", vendor.id)
    vendor.bank_account = None
    vendor.updated = call.now
    return Answer(204)


@routes.add("GET", "/v3/vendors/{vendorId}/configuration")
def get_configuration(call: Call) -> Answer:
    """Answer what paying this vendor needs."""
    _vendor(call)
    return Answer(200, {"internationalPayments": _international()})


def _international() -> Json:
    """Return an international configuration that asks for nothing."""
    return {"paymentPurpose": {"required": False, "codes": []}, "validations": {"fields": []}}


def _vendor(call: Call) -> Vendor:
    """Return the vendor the path names."""
    return call.organization.vendor(call.params["vendorId"])


def _wire(call: Call, vendor: Vendor) -> Json:
    """Return the vendor with what the organization owes it."""
    bills = call.organization.bills.values()
    due = sum(bill.due_amount for bill in bills if bill.vendor_id == vendor.id and not bill.archived)
    return {**vendor.wire(), "balance": {"amount": dollars(due), "lastUpdatedDate": iso(call.now)}}

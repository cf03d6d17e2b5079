"""Owns the bill endpoints but for recording payments, which is `recorded_payments`."""

import random
from collections.abc import Callable
from dataclasses import replace
from datetime import date

from billcom.emulator import codes
from billcom.emulator.approving import assign, basis
from billcom.emulator.errors import refuse
from billcom.emulator.form import Form, read_bulk
from billcom.emulator.lists import (
    ONE,
    TIME,
    Filter,
    Listing,
    answer_list,
    common_filters,
    common_sorts,
    parse_cents,
)
from billcom.emulator.reading.bills import patch_bill, read_bill
from billcom.emulator.records.bills import Bill
from billcom.emulator.routing import Answer, Call, Routes
from billcom.emulator.wire import Json

BULK_BILLS = 100  # Source: BILL API reference

routes = Routes()


def _classification(name: str) -> Callable[[Bill], object]:
    """Return a reader of one of the bill's own classifications."""
    return lambda bill: (bill.classifications or {}).get(name)


# Source: BILL docs, Filterable fields, and its changelog of 2025-02-18.
LISTING = Listing[Bill](
    filters={
        **common_filters(Bill),
        "vendorId": Filter("eq,in", lambda bill: bill.vendor_id),
        "dueDate": Filter(TIME, lambda bill: bill.due_date, date.fromisoformat),
        "paymentStatus": Filter(ONE, lambda bill: bill.payment_status),
        "payFromChartOfAccountId": Filter(ONE, lambda bill: bill.pay_from_chart_of_account_id),
        **{
            f"classifications.{name}": Filter(ONE, _classification(name))
            for name in ("chartOfAccountId", "accountingClassId", "departmentId", "locationId", "itemId")
        },
        "invoice.invoiceNumber": Filter("eq", lambda bill: bill.invoice_number, confirmed=False),
        "approvalStatus": Filter(ONE, lambda bill: bill.approval_status, confirmed=False),
        "amount": Filter(f"eq,{TIME}", lambda bill: bill.amount, parse_cents, confirmed=False),
    },
    sorts={
        **common_sorts(Bill),
        "fundingAmount": lambda bill: bill.amount,
        "exchangeRate": lambda bill: 1,
        "description": lambda bill: bill.description,
        "dueDate": lambda bill: bill.due_date,
    },
)


@routes.add("GET", "/v3/bills")
def list_bills(call: Call) -> Answer:
    """List bills."""
    return answer_list(call, call.organization.bills.values(), LISTING, lambda bill: _read(call, bill))


@routes.add("POST", "/v3/bills")
def create_bill(call: Call) -> Answer:
    """Create a bill."""
    form = call.form()
    bill = read_bill(form, call.now)
    form.check()
    _check_new(call, bill, form, [])
    assign(call.organization, bill, call.now)
    call.organization.bills[bill.id] = bill
    return Answer(201, _written(call, bill, form))


@routes.add("POST", "/v3/bills/bulk")
def create_bills(call: Call) -> Answer:
    """Create up to 100 bills, all or none; they are answered in any order."""
    form, items = read_bulk(call.body, BULK_BILLS, "bills", strict=call.strict)
    bills = [read_bill(item, call.now) for item in items]
    form.check()
    for index, (item, bill) in enumerate(zip(items, bills, strict=True)):
        _check_new(call, bill, item, bills[:index])
    for bill in bills:
        assign(call.organization, bill, call.now)
    call.organization.bills |= {bill.id: bill for bill in bills}
    rows = [_written(call, bill, item) for item, bill in zip(items, bills, strict=True)]
    random.shuffle(rows)
    return Answer(201, rows)


def _check_new(call: Call, bill: Bill, form: Form, beside: list[Bill]) -> None:
    """Raise when the vendor or an account does not exist, or when its number is taken and that is refused."""
    call.organization.vendor(bill.vendor_id)
    _check_accounts(call, bill)
    allowed = call.world.rules.accepts("duplicate_bill_number")
    if allowed and form.flag("allowDuplicateInvoiceNumber") is not False:
        return
    if bill.invoice_number is None:
        return
    for other in [*call.organization.bills.values(), *beside]:
        if other.vendor_id == bill.vendor_id and other.invoice_number == bill.invoice_number:
            raise refuse(codes.DUPLICATE_NUMBER, f"Duplicate invoice number: {bill.invoice_number}")


def _check_accounts(call: Call, bill: Bill) -> None:
    """Raise when the bill names an account that is not in the chart.

    Unverified: the code, and that an archived account is accepted.
    """
    named = bill.classified_as("chartOfAccountId") | {bill.pay_from_chart_of_account_id or ""} - {""}
    if unknown := named - call.organization.chart_of_accounts.keys():
        raise refuse(codes.UNKNOWN_CHART_OF_ACCOUNT, f"Chart of account not found: {min(unknown)}")


@routes.add("GET", "/v3/bills/{billId}")
def get_bill(call: Call) -> Answer:
    """Answer a bill with its vendor's name."""
    return Answer(200, _read(call, _bill(call)))


@routes.add("PATCH", "/v3/bills/{billId}")
def update_bill(call: Call) -> Answer:
    """Change the fields named; lines keep their ids."""
    return _change(call, whole=False)


@routes.add("PUT", "/v3/bills/{billId}")
def replace_bill(call: Call) -> Answer:
    """Replace the bill's lines: those without an id are added, those left out are removed."""
    return _change(call, whole=True)


def _change(call: Call, *, whole: bool) -> Answer:
    """Change a bill. Unverified: that a paid or scheduled bill can be changed.

    Unverified: that approval begins anew when amount, vendor or classifications change, and only then.
    """
    bill = _bill(call)
    form = call.form()
    form.flag("billApprovals")
    changed = replace(bill, **patch_bill(form, bill, whole=whole))
    form.check()
    call.organization.vendor(changed.vendor_id)
    _check_accounts(call, changed)
    changed.updated = call.now
    if basis(changed) != basis(bill):
        assign(call.organization, changed, call.now)
    call.organization.bills[bill.id] = changed
    return Answer(200, _written(call, changed, form))


@routes.add("POST", "/v3/bills/{billId}/archive")
def archive_bill(call: Call) -> Answer:
    """Archive a bill; repeating it changes nothing."""
    bill = _bill(call)
    bill.archive(True, call.now)
    return Answer(200, bill.wire())


@routes.add("POST", "/v3/bills/{billId}/restore")
def restore_bill(call: Call) -> Answer:
    """Put a bill back into use; repeating it changes nothing."""
    bill = _bill(call)
    bill.archive(False, call.now)
    return Answer(200, bill.wire())


def _bill(call: Call) -> Bill:
    """Return the bill the path names."""
    return call.organization.bill(call.params["billId"])


def _written(call: Call, bill: Bill, form: Form) -> Json:
    """Return the bill as writes answer it, with its approvers when `billApprovals` asks for them."""
    return bill.wire(with_approvers=form.flag("billApprovals") is True or _asks_for_approvers(call))


def _read(call: Call, bill: Bill) -> Json:
    """Return the bill as reads answer it, with its approvers when the query asks for them.

    Unverified: the query; several clients send it, and BILL's own documentation has it for writes alone.
    """
    name = call.organization.vendors[bill.vendor_id].name
    return bill.wire(name, with_approvers=_asks_for_approvers(call))


def _asks_for_approvers(call: Call) -> bool:
    """Return whether the query asks for approvers."""
    return call.query.get("billApprovals") == "true"

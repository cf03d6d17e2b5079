"""Owns the control API's part that moves records: payments, charges, verifications, approvals, seed."""

from collections.abc import Callable, Mapping
from typing import TypeVar

from billcom.emulator.errors import bad_shape, not_found
from billcom.emulator.form import Form
from billcom.emulator.organization import Organization
from billcom.emulator.payment_life import move, move_charge
from billcom.emulator.records.base import Record
from billcom.emulator.records.payments import SETTLED, Payment
from billcom.emulator.routing import Answer, Call, Routes
from billcom.emulator.seed import sample
from billcom.emulator.world import ORGANIZATION_ID

APPROVAL_STATUSES = ("UNASSIGNED", "ASSIGNED", "APPROVING", "APPROVED", "DENIED")
MOST_SAMPLES = 10_000
FINISHED = frozenset({"CLEARED", "CANCELED", "VOIDED", "FUNDING_FAILED_VOIDED", "FUNDS_ESCHEATED"})

R = TypeVar("R", bound=Record)

routes = Routes()


@routes.add("POST", "/_local/payments/{id}/fund")
def fund_payment(call: Call) -> Answer:
    """Begin the debit: FUNDING_STARTED."""
    return _move(call, lambda payment: "FUNDING_STARTED")


@routes.add("POST", "/_local/payments/{id}/process")
def process_payment(call: Call) -> Answer:
    """End the debit: PROCESSED; a void that is pending is done: VOIDED."""
    return _move(call, lambda payment: "VOIDED" if payment.single_status == "VOID_PENDING" else "PROCESSED")


@routes.add("POST", "/_local/payments/{id}/clear")
def clear_payment(call: Call) -> Answer:
    """Let the vendor have it: CLEARED."""
    return _move(call, lambda payment: "CLEARED")


@routes.add("POST", "/_local/payments/{id}/fail")
def fail_payment(call: Call) -> Answer:
    """Let the debit fail, which voids the payment; once debited, let the disbursement fail."""
    return _move(
        call,
        lambda payment: (
            "DISBURSEMENT_FAILED_ACTION_NEEDED"
            if payment.single_status in SETTLED
            else "FUNDING_FAILED_VOIDED"
        ),
    )


@routes.add("POST", "/_local/payments/{id}/return")
def return_payment(call: Call) -> Answer:
    """Let the vendor's bank send it back."""
    return _move(call, lambda payment: "DISBURSEMENT_FAILED_VENDOR_BANK_REJECTED")


def _move(call: Call, status_of: Callable[[Payment], str]) -> Answer:
    """Put a payment of whichever organization at a status; a finished one stays."""
    organization, payment = _find(call, lambda organization: organization.payments, "Payment")
    if payment.single_status in FINISHED:
        raise bad_shape(f"the payment is finished: {payment.single_status}")
    move(call.world, organization, payment, status_of(payment), call.now)
    return Answer(200, payment.wire())


@routes.add("POST", "/_local/received-payments/{id}/settle")
def settle_charge(call: Call) -> Answer:
    """Let a charge arrive: PAID."""
    return _move_charge(call, "PAID")


@routes.add("POST", "/_local/received-payments/{id}/return")
def return_charge(call: Call) -> Answer:
    """Let the customer's bank send a charge back: VOID. Unverified: the word BILL uses for it."""
    return _move_charge(call, "VOID")


def _move_charge(call: Call, status: str) -> Answer:
    """Put a received payment of whichever organization at a status."""
    organization, received = _find(
        call, lambda organization: organization.received_payments, "Received payment"
    )
    move_charge(organization, received, status, call.now)
    return Answer(200, received.wire())


@routes.add("POST", "/_local/bank-accounts/{id}/verify")
def verify_bank_account(call: Call) -> Answer:
    """Verify an organization's account with those nominated for it, or a customer's account."""
    account_id = call.params["id"]
    for organization in call.world.organizations.values():
        account = organization.bank_accounts.get(account_id)
        if account is not None:
            organization.verify(account, call.now, nominated=True)
            return Answer(200, account.wire())
        for customer in organization.customers.values():
            if account_id in customer.bank_accounts:
                customer.bank_accounts[account_id].verified = True
                return Answer(200, customer.bank_accounts[account_id].wire())
    raise not_found("Bank account", account_id)


@routes.add("PUT", "/_local/bills/{id}/approval")
def set_approval(call: Call) -> Answer:
    """Put a bill at an approval status, as if a policy and its approvers had."""
    form = Form(call.body)
    status = form.choice("status", APPROVAL_STATUSES, required=True)
    form.check()
    _, bill = _find(call, lambda organization: organization.bills, "Bill")
    bill.approval_status, bill.updated = status or bill.approval_status, call.now
    return Answer(200, bill.wire())


@routes.add("POST", "/_local/seed")
def seed(call: Call) -> Answer:
    """Add sample vendors and customers with open bills and invoices; answer their ids."""
    form = Form({} if call.body is None else call.body, strict=True)
    organization_id = form.text("organization_id") or ORGANIZATION_ID
    counts: dict[str, int] = {}
    for name, default in (
        ("vendors", 3),
        ("bills_per_vendor", 2),
        ("customers", 3),
        ("invoices_per_customer", 2),
    ):
        number = form.number(name)
        counts[name] = default if number is None else int(number)
        if not 0 <= counts[name] <= MOST_SAMPLES:
            form.problem(name, f"must be 0 to {MOST_SAMPLES}")
    form.check()
    organization = call.world.organizations.get(organization_id)
    if organization is None:
        raise not_found("Organization", organization_id)
    return Answer(201, sample(organization, call.now, **counts))


def _find(
    call: Call, records_of: Callable[[Organization], Mapping[str, R]], kind: str
) -> tuple[Organization, R]:
    """Return the record the path names, and its organization."""
    record_id = call.params["id"]
    for organization in call.world.organizations.values():
        record = records_of(organization).get(record_id)
        if record is not None:
            return organization, record
    raise not_found(kind, record_id)

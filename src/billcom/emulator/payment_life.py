"""Owns how payments and charges move from one status to the next, by the clock or by control calls.

Unverified: the pace. A payment starts funding on its process date and is processed, sent and cleared on the
banking days after it; a void is accepted, and a charge settles, on the next banking day.
"""

from datetime import date, datetime

from billcom.emulator.calendar import banking_days_after, business_date, start_of
from billcom.emulator.organization import Organization
from billcom.emulator.records.payments import Payment
from billcom.emulator.records.received_payments import ReceivedPayment
from billcom.emulator.world import World

NEXT = {
    "SCHEDULED": "FUNDING_STARTED",
    "FUNDING_STARTED": "PROCESSED",
    "PROCESSED": "SENT",
    "SENT": "CLEARED",
    "VOID_PENDING": "VOIDED",
}
# The older `status` word that goes with a singleStatus, where it changes.
STATUS = {
    "PROCESSED": "PAID",
    "CANCELED": "CANCELLED",
    "VOIDED": "VOID",
    "FUNDING_FAILED_VOIDED": "VOID",
}
ARRIVAL_BANKING_DAYS = {"ACH": 1, "CHECK": 5}  # Unverified: how long the vendor waits.


def watch(world: World, organization: Organization, payment: Payment) -> None:
    """Let the clock make a payment's next move, if it still stands where it does now."""
    expected = payment.single_status
    following = NEXT.get(expected)
    if following is None:
        return

    def move_on(due: datetime) -> None:
        if payment.single_status == expected:
            move(world, organization, payment, following, due)

    world.progress_at(start_of(_next_day(payment)), move_on)


def move(world: World, organization: Organization, payment: Payment, status: str, now: datetime) -> None:
    """Put a payment at a singleStatus, with all that follows for its bills and for the vendor."""
    payment.single_status = status
    payment.status = STATUS.get(status, payment.status)
    payment.updated = now
    for bill in organization.bills_paid_by(payment):
        bill.updated = now
    if status == "VOIDED":
        for info in payment.void_info:
            info.status, info.updated = "ACCEPTED", now
    if status == "PROCESSED":
        _notify_vendor(world, organization, payment, now)
    if status == "SENT":
        payment.sent_date = business_date(now)
        wait = ARRIVAL_BANKING_DAYS.get(payment.disbursement_type, 0)
        payment.arrives_by_date = banking_days_after(payment.sent_date, wait)
    watch(world, organization, payment)


def _next_day(payment: Payment) -> date:
    """Return the day of the payment's next move."""
    if payment.single_status == "SCHEDULED":
        return payment.process_date
    return banking_days_after(business_date(payment.updated), 1)


def _notify_vendor(world: World, organization: Organization, payment: Payment, now: datetime) -> None:
    """Mail the vendor that a payment is on its way, when an address is known."""
    if payment.remittance_email:
        subject = f"A payment to {payment.vendor_name} is on its way"
        to = [payment.remittance_email]
        world.send_mail(now, to, subject, "payment_notice", payment.id, organization.id)


def watch_charge(world: World, organization: Organization, received: ReceivedPayment) -> None:
    """Let the clock settle a charge on the banking day after its payment date."""

    def settle(due: datetime) -> None:
        if received.status == "SCHEDULED":
            move_charge(organization, received, "PAID", due)

    world.progress_at(start_of(banking_days_after(received.payment_date, 1)), settle)


def move_charge(organization: Organization, received: ReceivedPayment, status: str, now: datetime) -> None:
    """Put a received payment at a status; its invoices follow."""
    received.status = status
    received.updated = now
    for invoice in organization.invoices_paid_by(received):
        invoice.updated = now

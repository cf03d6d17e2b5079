"""Finding the payment of a bill by our own reference."""

from __future__ import annotations

from billcom.client import BillClient
from billcom.errors import ConflictError
from billcom.models.bill import Bill
from billcom.models.payment import Payment
from billcom.money import display
from billcom.query import Filter
from billcom.reference import transaction_number


def payment_reference(client: BillClient, bill_id: str, label: str) -> str:
    """Return our transaction number for the payment of this bill."""
    settings = client.settings
    return transaction_number(settings.base_url, settings.organization_id, bill_id, label)


async def find_payment(client: BillClient, bill: Bill, label: str = "") -> Payment | None:
    """Return the payment of this bill under `label`, whatever became of it, or None.

    Raises ConflictError when it pays another amount, or when it was cancelled, voided or failed: paying once
    more is asked for by a label of its own.
    """
    reference = payment_reference(client, bill.id, label)
    listed = client.payments.list([Filter("transactionNumber", "eq", reference)])
    ours = [p async for p in listed if p.transaction_number == reference and bill.id in p.bill_ids]
    if not ours:
        return None
    live = [payment for payment in ours if payment.is_live]
    if len(live) > 1:
        ids = ", ".join(payment.id for payment in live)
        raise ConflictError(f"bill {bill.id} is paid twice at BILL ({ids}): cancel or void one now")
    if not live:
        gone = ours[-1]
        raise ConflictError(
            f"payment {gone.id} of bill {bill.id} is {gone.status} ({gone.single_status}): to pay the bill "
            "once more, run again with a label of its own"
        )
    (payment,) = live
    paid, asked = payment.amount_for(bill.id), bill.amount
    if paid is not None and asked is not None and paid != asked:
        raise ConflictError(
            f"payment {payment.id} pays {display(paid)} of bill {bill.id}, which asks for {display(asked)}: look "
            "at both in BILL; to pay the bill once more, run again with a label of its own"
        )
    return payment

"""Finding the payment of a bill by our own reference."""

from __future__ import annotations

from collections.abc import Mapping

from billcom.client import BillClient
from billcom.errors import CaseError, ConflictError
from billcom.intent import AMOUNT, Intent, Kind
from billcom.models.bill import Bill
from billcom.models.payment import Payment
from billcom.money import display
from billcom.money import plain as plain_amount
from billcom.query import Filter
from billcom.reference import transaction_number


def payment_reference(client: BillClient, bill_id: str, label: str) -> str:
    """Return our transaction number for the payment of this bill."""
    settings = client.settings
    return transaction_number(settings.base_url, settings.organization_id, bill_id, label)


def payment_intent(
    client: BillClient, bill: Bill, label: str = "", details: Mapping[str, str] | None = None
) -> Intent[Payment]:
    """Return that this bill, read in full, is paid once under `label`, with its whole amount.

    Look and check raise ConflictError when the payment pays another bill or amount, is there twice, or was
    cancelled, voided or has failed: paying once more is asked for by a label of its own.
    """

    async def look() -> Payment | None:
        return await _find(client, bill, label)

    def match(payment: Payment) -> None:
        first = payment_reference(client, bill.id, "")
        if label and payment.transaction_number == first:
            raise ConflictError(f"payment {payment.id} is the one without a label: give another id")
        check_payment(payment, bill)

    return Intent(
        Kind.PAYMENT,
        bill.id,
        look,
        client.payments.get,
        lambda payment: check_payment(payment, bill),
        match=match,
        label=label,
        content={AMOUNT: plain_amount(bill.amount)},
        details=details or {},
    )


async def _find(client: BillClient, bill: Bill, label: str) -> Payment | None:
    reference = payment_reference(client, bill.id, label)
    listed = client.payments.list([Filter("transactionNumber", "eq", reference)])
    rows = [p async for p in listed if p.transaction_number in (None, reference)]
    full = [await client.payments.get(row.id) for row in rows]
    ours = [payment for payment in full if payment.transaction_number == reference]
    if not ours:
        return None
    live = [payment for payment in ours if payment.is_live]
    if len(live) > 1:
        ids = ", ".join(payment.id for payment in live)
        raise CaseError(f"bill {bill.id} is paid twice at BILL ({ids}): cancel or void one now")
    payment = live[0] if live else ours[-1]
    try:
        check_payment(payment, bill)
    except ConflictError as error:
        error.record_id = payment.id
        raise
    return payment


def check_payment(payment: Payment, bill: Bill) -> None:
    """Raise ConflictError unless the payment pays this bill's amount, and will go through as far as BILL says."""
    what = f"payment {payment.id} of bill {bill.id} is {payment.status} ({payment.single_status})"
    if not payment.is_live:
        raise ConflictError(f"{what}: to pay the bill once more, run again with a label of its own")
    if payment.needs_attention:
        raise ConflictError(f"{what}: BILL waits for somebody to act on it; do that in BILL first")
    if bill.id not in payment.bill_ids:
        raise ConflictError(
            f"payment {payment.id} carries our reference for bill {bill.id} and pays "
            f"{', '.join(sorted(payment.bill_ids)) or 'no bill'}: look at both in BILL"
        )
    paid, asked = payment.amount_for(bill.id), bill.amount
    if paid is not None and asked is not None and paid != asked:
        raise ConflictError(
            f"payment {payment.id} pays {display(paid)} of bill {bill.id}, which asks for {display(asked)}: look "
            "at both in BILL; to pay the bill once more, run again with a label of its own"
        )

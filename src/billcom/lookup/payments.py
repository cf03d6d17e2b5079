"""Finding the payment of a bill: by our own reference, or by vendor and bill where it went out with others."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from decimal import Decimal

from billcom.client import BillClient
from billcom.errors import CaseError, ConflictError
from billcom.intent import AMOUNT, CHUNK, Intent, Kind
from billcom.journal import Entry
from billcom.models.bill import Bill
from billcom.models.payment import Payment
from billcom.money import display
from billcom.money import plain as plain_amount
from billcom.normalization import normalize_text
from billcom.query import Filter
from billcom.reference import transaction_number
from billcom.standing import SENT_AGAIN

CLOCKS_APART = timedelta(days=1)
"""Margin where BILL's time of a record is compared with this machine's of a claim."""


def payment_reference(client: BillClient, bill_id: str, label: str) -> str:
    """Return our transaction number for the payment of this bill; spellings of one label have one."""
    return _reference(client, bill_id, normalize_text(label))


def _reference(client: BillClient, bill_id: str, label: str) -> str:
    settings = client.settings
    return transaction_number(settings.base_url, settings.organization_id, bill_id, label)


def payment_intent(
    client: BillClient,
    bill: Bill,
    label: str = "",
    details: Mapping[str, str] | None = None,
    amount: Decimal | None = None,
) -> Intent[Payment]:
    """Return that this bill, read in full, is paid once under `label`: `amount` dollars, or all it asks for.

    Look and check raise ConflictError when the payment pays another bill or amount, is there twice, or was
    cancelled, voided or has failed: paying once more is asked for by a label of its own.
    """
    asked = amount if amount is not None else bill.amount
    # In version 0.1.0 the reference of a label was that of its spelling: payments of then bear it.
    own = {payment_reference(client, bill.id, label), _reference(client, bill.id, label)}

    async def look() -> Payment | None:
        return choose(await payments_of_references(client, own), bill, asked)

    async def look_sent(entry: Entry) -> Payment | None:
        shared = entry.details.get(CHUNK, "").split()
        references = {*shared, *own, _reference(client, bill.id, entry.identity.label)}
        ours = await payments_of_references(client, references)
        if not shared:
            return choose(ours, bill, asked)
        ours = [payment for payment in ours if bill.id in payment.bill_ids]
        if SENT_AGAIN in entry.details or (not ours and may_be_at_bill(entry)):
            others = await payments_of_vendors(client, [bill.vendor_id], entry)
            ours += [payment for payment in others if could_be(payment, bill, asked)]
        return choose(ours, bill, asked)

    def match(payment: Payment) -> None:
        first = payment_reference(client, bill.id, "")
        if label and payment.transaction_number == first:
            raise ConflictError(f"payment {payment.id} is the one without a label: give another id")
        check_payment(payment, bill, asked)

    return Intent(
        Kind.PAYMENT,
        bill.id,
        look,
        client.payments.get,
        lambda payment: check_payment(payment, bill, asked),
        match=match,
        look_sent=look_sent,
        label=normalize_text(label),
        content={AMOUNT: plain_amount(asked)},
        details=details or {},
    )


def may_be_at_bill(entry: Entry) -> bool:
    """Return whether BILL may have acted, or act yet, on what the row is about."""
    return entry.is_open or SENT_AGAIN in entry.details


async def payments_of_references(client: BillClient, references: Iterable[str]) -> list[Payment]:
    """Return the payments that bear one of several references of ours, read in full."""
    return [p for reference in sorted(references) for p in await payments_of_reference(client, reference)]


async def payments_of_reference(client: BillClient, reference: str) -> list[Payment]:
    """Return the payments that bear a reference of ours, read in full."""
    listed = client.payments.list([Filter("transactionNumber", "eq", reference)])
    rows = [p async for p in listed if p.transaction_number in (None, reference)]
    full = [await payment_in_full(client, row) for row in rows]
    return [payment for payment in full if payment.transaction_number == reference]


async def payment_in_full(client: BillClient, row: Payment) -> Payment:
    """Return a payment with all that is compared of it, read by its id where the list's row is thinner."""
    whole = row.transaction_number is not None and row.bill_ids and row.status is not None
    return row if whole else await client.payments.get(row.id)


async def payments_of_vendors(client: BillClient, vendor_ids: Iterable[str], claimed: Entry) -> list[Payment]:
    """Return the vendors' payments made since an attempt was claimed, whatever their reference.

    How one reference spreads over the payments of a request is not documented.
    """
    ids = sorted(set(vendor_ids))
    which = Filter("vendorId", "in", ids) if len(ids) > 1 else Filter("vendorId", "eq", ids[0])
    since = Filter("createdTime", "gte", claimed.at - CLOCKS_APART)
    rows = [payment async for payment in client.payments.list([which, since])]
    return [await payment_in_full(client, row) for row in rows]


def could_be(payment: Payment, bill: Bill, asked: Decimal | None) -> bool:
    """Return whether a payment without our reference may be the bill's: one that is cancelled or pays other is not.

    It may be somebody else's, and says nothing of whether BILL acts on ours.
    """
    return payment.is_live and bill.id in payment.bill_ids and payment.amount_for(bill.id) in (None, asked)


def choose(ours: list[Payment], bill: Bill, asked: Decimal | None) -> Payment | None:
    """Return the one of the payments that is the bill's, checked; None of none.

    Raises CaseError for two that stand, ConflictError, with the payment's id, for one that is not as it should be.
    """
    if not ours:
        return None
    live = {payment.id: payment for payment in ours if payment.is_live}
    if len(live) > 1:
        raise CaseError(f"bill {bill.id} is paid twice at BILL ({', '.join(live)}): cancel or void one now")
    payment = next(iter(live.values()), ours[-1])
    try:
        check_payment(payment, bill, asked)
    except ConflictError as error:
        error.record_id = payment.id
        raise
    return payment


def check_payment(payment: Payment, bill: Bill, asked: Decimal | None = None) -> None:
    """Raise ConflictError unless the payment pays this bill `asked` dollars, and will go through as far as BILL says.

    Not given, `asked` is the bill's whole amount.
    """
    asked = asked if asked is not None else bill.amount
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
    paid = payment.amount_for(bill.id)
    if paid is not None and asked is not None and paid != asked:
        asks = "which asks for" if asked == bill.amount else "of which this payment is"
        raise ConflictError(
            f"payment {payment.id} pays {display(paid)} of bill {bill.id}, {asks} {display(asked)}: look "
            "at both in BILL; to pay the bill once more, run again with a label of its own"
        )

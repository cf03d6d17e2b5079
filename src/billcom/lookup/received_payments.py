"""Finding the charge of an invoice: BILL has no reference for it, so our mark opens its description."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from billcom.client import BillClient
from billcom.errors import CaseError, ConflictError
from billcom.intent import AMOUNT, Intent, Kind
from billcom.journal import Entry
from billcom.models.invoice import Invoice
from billcom.models.received_payment import ReceivedPayment
from billcom.money import display
from billcom.money import plain as plain_amount
from billcom.normalization import normalize_text
from billcom.query import Filter
from billcom.reference import charge_mark


def charge_description(client: BillClient, invoice: Invoice, label: str) -> str:
    """Return the description of the charge of this invoice: our mark, then its number.

    Spellings of one label have one mark.
    """
    return f"{_mark(client, invoice, normalize_text(label))} {invoice.invoice_number}"


def _mark(client: BillClient, invoice: Invoice, label: str) -> str:
    settings = client.settings
    return charge_mark(settings.base_url, settings.organization_id, [invoice.id], label)


def charge_intent(
    client: BillClient, invoice: Invoice, label: str = "", details: Mapping[str, str] | None = None
) -> Intent[ReceivedPayment]:
    """Return that this invoice, read in full, is charged once under `label`, with its whole total.

    Its look reads money in since the invoice was made, newest first. Look and check raise ConflictError when the
    charge pays another invoice or amount by now, is there twice, or was voided or cancelled: charging once
    more is asked for by a label of its own.
    """
    # In version 0.1.0 the mark of a label was that of its spelling: charges of then bear it.
    own = {_mark(client, invoice, spelling) for spelling in (normalize_text(label), label)}

    async def look() -> ReceivedPayment | None:
        return await _find(client, invoice, own)

    async def look_sent(entry: Entry) -> ReceivedPayment | None:
        return await _find(client, invoice, {*own, _mark(client, invoice, entry.identity.label)})

    return Intent(
        Kind.CHARGE,
        invoice.id,
        look,
        client.received_payments.get,
        lambda charge: check_charge(charge, invoice),
        look_sent=look_sent,
        label=normalize_text(label),
        content={AMOUNT: plain_amount(invoice.total_amount)},
        details=details or {},
    )


async def _find(client: BillClient, invoice: Invoice, marks: Collection[str]) -> ReceivedPayment | None:
    beginnings = tuple(marks)
    since = [Filter("updatedTime", "gte", invoice.created_time)] if invoice.created_time else []
    listed = client.received_payments.list(since, ["createdTime:desc"])
    rows = [c async for c in listed if not c.description or c.description.startswith(beginnings)]
    full = [await client.received_payments.get(row.id) for row in rows]
    ours = [charge for charge in full if (charge.description or "").startswith(beginnings)]
    live = [charge for charge in ours if charge.is_live]
    if len(live) > 1:
        ids = ", ".join(charge.id for charge in live)
        raise CaseError(f"invoice {invoice.id} is charged twice at BILL ({ids}): call BILL's support")
    if not ours:
        return None
    charge = live[0] if live else ours[0]
    try:
        check_charge(charge, invoice)
    except ConflictError as error:
        error.record_id = charge.id
        raise
    return charge


def check_charge(charge: ReceivedPayment, invoice: Invoice) -> None:
    """Raise ConflictError unless the charge stands and pays this invoice's total."""
    what = f"charge {charge.id} of invoice {invoice.id}"
    if not charge.is_live:
        raise ConflictError(
            f"{what} is {charge.status}: to charge it once more, run again with a label of its own"
        )
    paid = {part.invoice_id: part.amount for part in charge.invoice_payments}
    if invoice.id not in paid:
        elsewhere = ", ".join(sorted(filter(None, paid))) or "no invoice"
        raise ConflictError(
            f"{what} pays {elsewhere} by now: look at both in BILL; nothing was charged again"
        )
    amount = paid[invoice.id]
    if amount is not None and amount != invoice.total_amount:
        raise ConflictError(
            f"{what} pays {display(amount)}, the invoice's total is another by now: look at both in BILL"
        )

"""Finding the charge of an invoice: BILL has no reference for it, so our mark opens its description."""

from __future__ import annotations

from billcom.client import BillClient
from billcom.errors import ConflictError
from billcom.models.invoice import Invoice
from billcom.models.received_payment import ReceivedPayment
from billcom.query import Filter
from billcom.reference import charge_mark


def charge_description(client: BillClient, invoice: Invoice, label: str) -> str:
    """Return the description of the charge of this invoice: our mark, then its number."""
    settings = client.settings
    mark = charge_mark(settings.base_url, settings.organization_id, [invoice.id], label)
    return f"{mark} {invoice.invoice_number}"


async def find_charge(client: BillClient, invoice: Invoice, label: str = "") -> ReceivedPayment | None:
    """Return the charge of this invoice under `label`, or None.

    Reads money in since the invoice was made, newest first. Raises ConflictError when the charge was voided
    or cancelled: charging once more is asked for by a label of its own.
    """
    mark = charge_description(client, invoice, label).partition(" ")[0]
    since = [Filter("updatedTime", "gte", invoice.created_time)] if invoice.created_time else []
    listed = client.received_payments.list(since, ["createdTime:desc"])
    ours = [
        charge
        async for charge in listed
        if (charge.description or "").startswith(mark)
        and any(part.invoice_id == invoice.id for part in charge.invoice_payments)
    ]
    live = [charge for charge in ours if charge.is_live]
    if len(live) > 1:
        ids = ", ".join(charge.id for charge in live)
        raise ConflictError(f"invoice {invoice.id} is charged twice at BILL ({ids}): call BILL's support")
    if ours and not live:
        raise ConflictError(
            f"charge {ours[0].id} of invoice {invoice.id} is {ours[0].status}: to charge it once more, run "
            "again with a label of its own"
        )
    return live[0] if live else None

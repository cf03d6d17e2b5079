"""Finding an invoice by its number."""

from __future__ import annotations

from billcom.client import BillClient
from billcom.errors import ConflictError
from billcom.inputs import InvoiceInput
from billcom.models.invoice import Invoice
from billcom.money import display
from billcom.query import Filter


async def find_invoice(client: BillClient, customer_id: str, wanted: InvoiceInput) -> Invoice | None:
    """Return the customer's invoice of this number and amount, or None.

    Raises ConflictError for the same number with another amount, twice the same, or an archived one.
    """
    listed = client.invoices.list([Filter("customerId", "eq", customer_id)])
    number = wanted.invoice_number
    same = [i async for i in listed if i.customer_id == customer_id and i.invoice_number == number]
    in_use = [invoice for invoice in same if not invoice.archived]
    if len(in_use) > 1:
        ids = ", ".join(invoice.id for invoice in in_use)
        raise ConflictError(f"invoice {number} stands twice at BILL ({ids}): archive the wrong one")
    if not in_use:
        if not same:
            return None
        raise ConflictError(f"invoice {number} is archived at BILL ({same[0].id}): restore it, or renumber")
    (invoice,) = in_use
    if invoice.total_amount != wanted.amount:
        held = display(invoice.total_amount) if invoice.total_amount is not None else "no amount"
        raise ConflictError(
            f"invoice {number} is at BILL ({invoice.id}) with {held}, the request says "
            f"{display(wanted.amount)}: correct the request, or the invoice at BILL"
        )
    return invoice


def check_chargeable(invoice: Invoice) -> None:
    """Raise ConflictError when an invoice must not be charged in full now: archived, paid or in flight."""
    total = invoice.total_amount or invoice.open_amount
    if invoice.archived:
        raise ConflictError(f"invoice {invoice.invoice_number} ({invoice.id}) is archived: restore it first")
    if invoice.open_amount < total or not total:
        raise ConflictError(
            f"invoice {invoice.invoice_number} ({invoice.id}) has {display(invoice.open_amount)} of "
            f"{display(total)} open: something else pays it; look at its payments in BILL"
        )

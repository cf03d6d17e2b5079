"""Finding an invoice by its number."""

from __future__ import annotations

from decimal import Decimal

from billcom.client import BillClient
from billcom.errors import ConflictError
from billcom.inputs import InvoiceInput
from billcom.lookup.rows import ACTIVE, ARCHIVED, same_text
from billcom.models.invoice import Invoice
from billcom.money import display
from billcom.query import Filter


async def find_invoice(client: BillClient, customer_id: str, wanted: InvoiceInput) -> Invoice | None:
    """Return the customer's invoice of this number and amount, read in full, or None.

    Raises ConflictError for the same number with another amount, one that differs in case or blanks, twice
    the same, or an archived one.
    """
    number = wanted.invoice_number
    in_use = await _of_number(client, customer_id, number, ACTIVE)
    if len(in_use) > 1:
        ids = ", ".join(invoice.id for invoice in in_use)
        raise ConflictError(f"invoice {number} stands twice at BILL ({ids}): archive the wrong one")
    if not in_use:
        if archived := await _of_number(client, customer_id, number, ARCHIVED):
            raise ConflictError(
                f"invoice {number} is archived at BILL ({archived[0].id}): restore it, or renumber"
            )
        return None
    (invoice,) = in_use
    if invoice.invoice_number != number:
        raise ConflictError(
            f"invoice {number} is not at BILL, but {invoice.invoice_number!r} of the same customer is "
            f"({invoice.id}): write the number as BILL has it"
        )
    if invoice.total_amount != wanted.amount:
        held = display(invoice.total_amount) if invoice.total_amount is not None else "no amount"
        raise ConflictError(
            f"invoice {number} is at BILL ({invoice.id}) with {held}, the request says "
            f"{display(wanted.amount)}: correct the request, or the invoice at BILL"
        )
    return invoice


def check_chargeable(invoice: Invoice, amount: Decimal) -> None:
    """Raise ConflictError when an invoice, read in full, must not be charged `amount` now: its whole total."""
    name = f"invoice {invoice.invoice_number} ({invoice.id})"
    if invoice.archived:
        raise ConflictError(f"{name} is archived: restore it first")
    if invoice.total_amount is None or invoice.due_amount is None:
        raise ConflictError(f"{name} shows no amount due at BILL: look at it there")
    if invoice.total_amount != amount:
        raise ConflictError(
            f"{name} is {display(invoice.total_amount)} at BILL now, {display(amount)} was to be charged: look at "
            "it there"
        )
    if invoice.open_amount < amount or invoice.status not in (None, "OPEN"):
        raise ConflictError(
            f"{name} has {display(invoice.open_amount)} of {display(amount)} open ({invoice.status}): something "
            "else pays it; look at its payments in BILL"
        )


async def _of_number(client: BillClient, customer_id: str, number: str, half: Filter) -> list[Invoice]:
    rows = [i async for i in client.invoices.list([Filter("customerId", "eq", customer_id), half])]
    # A row can be thinner than the invoice: one without a number is read by its id before it is passed over.
    mine = [row for row in rows if not row.invoice_number or same_text(row.invoice_number, number)]
    full = [await client.invoices.get(row.id) for row in mine]
    return [i for i in full if i.customer_id == customer_id and same_text(i.invoice_number, number)]

"""Finding an invoice by customer, number and amount; and whether it may be charged."""

from __future__ import annotations

from decimal import Decimal

from billcom.client import BillClient
from billcom.errors import CaseError, ConflictError
from billcom.intent import AMOUNT, Intent, Kind
from billcom.lookup.rows import ACTIVE, ARCHIVED
from billcom.models.invoice import Invoice
from billcom.money import display
from billcom.money import plain as plain_amount
from billcom.normalization import normalize_text, same_text
from billcom.query import Filter


def invoice_intent(client: BillClient, customer_id: str, number: str, amount: Decimal) -> Intent[Invoice]:
    """Return that our invoice of this number is at BILL once, for this customer and amount.

    Its look raises CaseError for the same number with another amount, or twice the same; look and check
    ConflictError for an archived invoice.
    """

    def check(invoice: Invoice) -> Invoice:
        return _check(invoice, customer_id, number, amount)

    async def look() -> Invoice | None:
        in_use = await _of_number(client, customer_id, number, ACTIVE)
        if len(in_use) > 1:
            ids = ", ".join(invoice.id for invoice in in_use)
            raise CaseError(
                f"invoice {number} stands twice at BILL ({ids}): archive the wrong one, or say which it is"
            )
        found = in_use or await _of_number(client, customer_id, number, ARCHIVED)
        return check(found[0]) if found else None

    return Intent(
        Kind.INVOICE,
        normalize_text(number),
        look,
        client.invoices.get,
        check,
        content={AMOUNT: plain_amount(amount), "customer_id": customer_id},
        details={"invoice_number": number},
    )


def _check(invoice: Invoice, customer_id: str, number: str, amount: Decimal) -> Invoice:
    if invoice.archived:
        raise ConflictError(f"invoice {number} is archived at BILL ({invoice.id}): restore it, or renumber")
    if invoice.customer_id != customer_id or not same_text(invoice.invoice_number, number):
        raise ConflictError(
            f"invoice {invoice.id} is {invoice.invoice_number!r} to customer {invoice.customer_id}, not {number!r} to "
            f"{customer_id}: look at it in BILL"
        )
    if invoice.total_amount != amount:
        held = display(invoice.total_amount) if invoice.total_amount is not None else "no amount"
        raise CaseError(
            f"invoice {number} is at BILL ({invoice.id}) with {held}, the request says "
            f"{display(amount)}: correct the request, or the invoice at BILL"
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


def check_not_overcharged(invoice: Invoice) -> None:
    """Raise CaseError when more is paid or scheduled for an invoice, read in full, than it asks for."""
    if invoice.due_amount is None or invoice.open_amount >= 0:
        return
    raise CaseError(
        f"invoice {invoice.invoice_number} ({invoice.id}) is charged {display(-invoice.open_amount)} too much: call "
        "BILL's support before the payment date, and the customer"
    )


async def _of_number(client: BillClient, customer_id: str, number: str, half: Filter) -> list[Invoice]:
    rows = [i async for i in client.invoices.list([Filter("customerId", "eq", customer_id), half])]
    # A row can be thinner than the invoice: one without a number is read by its id before it is passed over.
    mine = [row for row in rows if not row.invoice_number or same_text(row.invoice_number, number)]
    full = [await client.invoices.get(row.id) for row in mine]
    return [i for i in full if i.customer_id == customer_id and same_text(i.invoice_number, number)]

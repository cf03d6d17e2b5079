"""Which of BILL's invoices a row of a sheet means: our own number, used once in the organization. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from billcom.errors import CaseError, ConflictError
from billcom.models.invoice import Invoice
from billcom.money import display


@dataclass(frozen=True)
class WantedInvoice:
    """The invoice that is asked for. `customer_id` is empty while BILL doesn't have the customer."""

    customer_id: str
    number: str
    amount: Decimal
    invoice_date: date

    def choose(self, alike: Sequence[Invoice]) -> Invoice | None:
        """Return the one among all invoices whose numbers a person would read as this one, archived ones too.

        Raises CaseError for another amount or twice the same number; ConflictError for another customer or date, or
        an archived one.
        """
        in_use = [invoice for invoice in alike if not invoice.archived]
        if len(in_use) > 1:
            ids = ", ".join(invoice.id for invoice in in_use)
            raise CaseError(
                f"invoice {self.number} stands twice at BILL ({ids}): archive the wrong one, or say which it is"
            )
        found = in_use or list(alike)
        return self.check(found[0]) if found else None

    def check(self, invoice: Invoice) -> Invoice:
        """Return the invoice when it is the one; else raise as `choose` does."""
        name = f"invoice {self.number}"
        if invoice.archived:
            raise ConflictError(f"{name} is archived at BILL ({invoice.id}): restore it, or renumber")
        if invoice.customer_id != self.customer_id:
            raise ConflictError(
                f"{name} is at BILL ({invoice.id}) for customer {invoice.customer_id}: give this one its own number"
            )
        if invoice.total_amount != self.amount:
            held = display(invoice.total_amount) if invoice.total_amount is not None else "no amount"
            raise CaseError(
                f"{name} is at BILL ({invoice.id}) with {held}, the sheet says {display(self.amount)}: correct the "
                "sheet, or the invoice at BILL"
            )
        if invoice.invoice_date not in (None, self.invoice_date):
            raise ConflictError(
                f"{name} is at BILL ({invoice.id}) of {invoice.invoice_date}, the sheet says {self.invoice_date}: "
                "correct the sheet, or the invoice at BILL"
            )
        return invoice

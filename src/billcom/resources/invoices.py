"""Invoices sent to customers."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence

from billcom.models.invoice import (
    Invoice,
    InvoiceChange,
    InvoiceEmail,
    NewInvoice,
    PaymentLink,
    PaymentLinkRequest,
)
from billcom.query import CHOICE, EQUALITY, RANGE, Filter, ListRules
from billcom.resources.base import Resource

LIST = ListRules(
    filters={
        "id": CHOICE,
        "archived": EQUALITY,
        "customerId": frozenset({"eq", "in"}),
        "createdTime": RANGE,
        "updatedTime": RANGE,
        "payToChartOfAccountId": CHOICE,
        "classifications.accountingClassId": CHOICE,
        "classifications.departmentId": CHOICE,
        "classifications.locationId": CHOICE,
        "classifications.itemId": CHOICE,
    },
    sort=frozenset(
        {"archived", "invoiceNumber", "invoiceDate", "dueDate", "totalAmount", "createdTime", "updatedTime"}
    ),
)
"""Source: BILL docs, Filterable fields and Sortable fields; the invoice number is not confirmed."""

_PATH = "/v3/invoices"


class Invoices(Resource):
    """`client.invoices`."""

    def list(self, filters: Iterable[Filter] = (), sort: Sequence[str] = ()) -> AsyncIterator[Invoice]:
        """Yield invoices, archived ones too unless filtered."""
        return self._pages(Invoice, _PATH, LIST, filters, sort)

    async def get(self, invoice_id: str) -> Invoice:
        """Return one invoice. Raises NotFoundError."""
        return await self._get(Invoice, f"{_PATH}/{invoice_id}")

    async def create(self, invoice: NewInvoice) -> Invoice:
        """Create an invoice. Raises DuplicateError when its number exists in the organization."""
        return await self._send(Invoice, "POST", _PATH, invoice)

    async def update(self, invoice_id: str, change: InvoiceChange) -> Invoice:
        """Change what `change` names; lines that are not named stay."""
        return await self._send(Invoice, "PATCH", f"{_PATH}/{invoice_id}", change)

    async def archive(self, invoice_id: str) -> Invoice:
        """Take an invoice out of use; this is how one is cancelled."""
        return await self._send(Invoice, "POST", f"{_PATH}/{invoice_id}/archive", repeatable=True)

    async def restore(self, invoice_id: str) -> Invoice:
        """Put an archived invoice back."""
        return await self._send(Invoice, "POST", f"{_PATH}/{invoice_id}/restore", repeatable=True)

    async def email(self, invoice_id: str, email: InvoiceEmail) -> None:
        """Send an invoice. A repeated call sends it again."""
        await self._transport.request("POST", f"{_PATH}/{invoice_id}/email", body=email.to_wire())

    async def payment_link(self, invoice_id: str, request: PaymentLinkRequest) -> PaymentLink:
        """Return an address under which the customer can pay; not for customers of BILL's network."""
        return await self._send(
            PaymentLink, "POST", f"{_PATH}/{invoice_id}/payment-link", request, repeatable=True
        )

"""Received payments, and charges: pulling money from a customer."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence

from billcom.models.received_payment import NewCharge, ReceivedPayment
from billcom.query import Filter, ListRules
from billcom.resources.base import Resource

LIST = ListRules(
    filters={"id": frozenset({"eq"}), "updatedTime": frozenset({"gte"})},
    sort=frozenset({"amount", "createdTime", "updatedTime"}),
)
"""Source: BILL v3 Postman collection (`id`); seen live by third parties (`updatedTime`); Sortable fields."""

_PATH = "/v3/receivable-payments"


class ReceivedPayments(Resource):
    """`client.received_payments`."""

    def list(
        self, filters: Iterable[Filter] = (), sort: Sequence[str] = ()
    ) -> AsyncIterator[ReceivedPayment]:
        """Yield money in. It can't be listed by customer: compare in code."""
        return self._pages(ReceivedPayment, _PATH, LIST, filters, sort)

    async def get(self, received_payment_id: str) -> ReceivedPayment:
        """Return one received payment. Raises NotFoundError."""
        return await self._get(ReceivedPayment, f"{_PATH}/{received_payment_id}")

    async def charge(self, charge: NewCharge) -> ReceivedPayment:
        """Charge a customer. BILL knows no key against repeats and no way to undo it.

        Needs the customer's charge authorization and a usable bank account. Raises RejectedError, and
        OutcomeUnknownError, after which a person looks before anything is sent again.
        """
        return await self._send(ReceivedPayment, "POST", _PATH, charge)

"""Payments: money out to vendors."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from decimal import Decimal

from billcom.models.base import Record, RequestBody
from billcom.models.payment import NewBulkPayment, NewPayment, Payment, PaymentOptions, VoidType
from billcom.query import CHOICE, EQUALITY, EXACT, RANGE, Filter, ListRules
from billcom.resources.base import Resource

LIST = ListRules(
    filters={
        "id": CHOICE,
        "vendorId": frozenset({"eq", "in"}),
        "processDate": RANGE | EXACT,
        "amount": RANGE | EXACT,
        "transactionNumber": EXACT,
        "status": CHOICE,
        "onlinePayment": EQUALITY,
        "disbursementType": CHOICE,
        "createdTime": RANGE,
        "updatedTime": RANGE,
    },
    sort=frozenset(
        {
            "description",
            "processDate",
            "amount",
            "confirmationNumber",
            "onlinePayment",
            "createdTime",
            "updatedTime",
            "disbursementStatus",
        }
    ),
)
"""Fields as one production client names them; `billId` is refused.

Unverified: which operators each field takes, but for `transactionNumber:eq` (BILL docs, changelog 2024-05-20).
"""

_PATH = "/v3/payments"


class _Bulk(Record):
    payments: list[Payment]


class _Void(RequestBody):
    type: VoidType
    reason: str


class Payments(Resource):
    """`client.payments`. Creating needs a trusted session; every create here moves money."""

    def list(self, filters: Iterable[Filter] = (), sort: Sequence[str] = ()) -> AsyncIterator[Payment]:
        """Yield payments. They can't be listed by bill: list by vendor and look at `bill_ids`."""
        return self._pages(Payment, _PATH, LIST, filters, sort)

    async def get(self, payment_id: str) -> Payment:
        """Return one payment. Raises NotFoundError."""
        return await self._get(Payment, f"{_PATH}/{payment_id}")

    async def create(self, payment: NewPayment) -> Payment:
        """Pay a bill. BILL knows no idempotency key: a repeated call pays twice.

        Raises UntrustedSessionError (pass MFA), FundingError, RejectedError, and OutcomeUnknownError, after
        which the payment has to be looked for by its transaction number before anything else.
        """
        return await self._send(Payment, "POST", _PATH, payment)

    async def create_many(self, payment: NewBulkPayment) -> Sequence[Payment]:
        """Pay up to 50 bills, all or none. Bills of a vendor can come back merged into one payment."""
        return (await self._send(_Bulk, "POST", f"{_PATH}/bulk", payment)).payments

    async def options(self, vendor_id: str, amount: Decimal) -> PaymentOptions:
        """Return which accounts could pay `amount` dollars to a vendor, when, or why not."""
        query = {"vendorId": vendor_id, "amount": str(amount)}
        return await self._get(PaymentOptions, f"{_PATH}/options", query)

    async def cancel(self, payment_id: str) -> Payment:
        """Stop a payment that is still SCHEDULED. Raises RejectedError once funding has begun: void it."""
        return await self._send(Payment, "POST", f"{_PATH}/{payment_id}/cancel", repeatable=True)

    async def void(self, payment_id: str, kind: VoidType, reason: str) -> Payment:
        """Reverse a payment in process."""
        return await self._send(
            Payment, "POST", f"{_PATH}/{payment_id}/void", _Void(type=kind, reason=reason)
        )

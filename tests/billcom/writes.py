"""Owns the writes that must not repeat, as tests ask for them, and what journal and BILL then hold of each."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any, Generic, Self

from billcom import BillClient
from billcom.intent import Decision, Intent, Outcome, T, Verdict
from billcom.journal import Entry, NewEntry, State
from billcom.lookup.payments import payment_intent, payment_reference
from billcom.lookup.received_payments import charge_description, charge_intent
from billcom.models.bill import Bill
from billcom.models.customer import Customer
from billcom.models.invoice import Invoice
from billcom.models.payment import Payment
from billcom.models.received_payment import ReceivedPayment
from billcom.models.vendor import Vendor
from billcom.once import decide, find, once
from tests.billcom.build import (
    new_bill,
    new_charge,
    new_customer,
    new_invoice,
    new_payment,
    new_vendor,
    wanted_bill,
    wanted_customer,
    wanted_invoice,
    wanted_vendor,
)

VENDORS = "/v3/vendors"
BILLS = "/v3/bills"
CUSTOMERS = "/v3/customers"
INVOICES = "/v3/invoices"
PAYMENTS = "/v3/payments"
CHARGES = "/v3/receivable-payments"


@dataclass(frozen=True)
class Write(Generic[T]):
    """One thing that is to be at BILL once, and how it is sent."""

    client: BillClient
    intent: Intent[T]
    send: Callable[[], Awaitable[T]]

    async def once(self, guard: Callable[[], Awaitable[object]] | None = None) -> Outcome[T]:
        """Have it at BILL."""
        return await once(self.client, self.intent, send=self.send, guard=guard)

    async def find(self) -> T | None:
        """Return it when it is there."""
        return await find(self.client, self.intent)

    async def decide(self, verdict: Verdict, record_id: str = "", sequence: int | None = None) -> bool:
        """Say what a person says of it, as the journal stands, or stood at `sequence`."""
        if sequence is None:
            sequence = len(await self.rows())
        return await decide(self.client, self.intent, Decision(verdict, sequence, record_id))

    async def rows(self) -> list[Entry]:
        """Return its rows in the journal, oldest first."""
        rows = await self.client.journal.entries()
        return [row for row in rows if row.identity.label == self.intent.label and self._is_of(row)]

    async def states(self) -> list[str]:
        """Return what the journal says of it, from the first row to the last."""
        return [row.state.value for row in await self.rows()]

    async def note(self, *states: State, **more: Any) -> None:
        """Write rows as a process left them."""
        identity = self.client.journal.identity(self.intent.kind, self.intent.subject, self.intent.label)
        for state in states:
            last = await self.client.journal.last(identity)
            await self.client.journal.append(NewEntry(identity, last, state, self.intent.content, **more))

    def sending(self, send: Callable[[], Awaitable[T]]) -> Self:
        """Return it, sent in another way."""
        return replace(self, send=send)

    def _is_of(self, row: Entry) -> bool:
        return (row.identity.kind, row.identity.subject) == (self.intent.kind, self.intent.subject)


def vendor(bill: BillClient, **changes: Any) -> Write[Vendor]:
    """Return the vendor `Happy Music`."""
    return Write(bill, wanted_vendor(bill, **changes), lambda: bill.vendors.create(new_vendor(**changes)))


def vendors_bill(bill: BillClient, vendor_id: str, amount: str = "149.00") -> Write[Bill]:
    """Return the vendor's bill 202501."""
    wanted = wanted_bill(bill, vendor_id, amount=amount)
    return Write(bill, wanted, lambda: bill.bills.create(new_bill(vendor_id, amount)))


def customer(bill: BillClient) -> Write[Customer]:
    """Return the customer `Paperless Band`."""
    return Write(bill, wanted_customer(bill), lambda: bill.customers.create(new_customer()))


def invoice(bill: BillClient, customer_id: str, price: str = "14.99", **changes: Any) -> Write[Invoice]:
    """Return the invoice 202502 to the customer, of two for this price each."""
    wanted = wanted_invoice(bill, customer_id, price, **changes)
    return Write(bill, wanted, lambda: bill.invoices.create(new_invoice(customer_id, price=price)))


async def payment(trusted: BillClient, paid: Bill, label: str = "", **details: str) -> Write[Payment]:
    """Return the payment of the bill in full."""
    reference = payment_reference(trusted, paid.id, label)
    new = await new_payment(trusted, paid, transaction_number=reference)
    intent = payment_intent(trusted, paid, label, details)
    return Write(trusted, intent, lambda: trusted.payments.create(new))


async def charge(bill: BillClient, charged: Invoice, label: str = "") -> Write[ReceivedPayment]:
    """Return the charge of the invoice in full; its customer gets a bank account for it."""
    new = await new_charge(bill, charged, description=charge_description(bill, charged, label))
    return Write(bill, charge_intent(bill, charged, label), lambda: bill.received_payments.charge(new))

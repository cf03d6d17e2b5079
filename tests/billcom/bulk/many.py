"""Owns the writes of many records in one request as tests ask for them, and what the journal then holds of each."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Self

from billcom import BillClient
from billcom.bulk.bills import bill_chunk
from billcom.bulk.chunk import Chunk, Results
from billcom.bulk.once import once_each
from billcom.bulk.payments import BillToPay, PaymentTerms, payment_chunk
from billcom.bulk.vendors import vendor_chunk
from billcom.errors import BillError
from billcom.intent import CHUNK, Outcome
from billcom.journal import Entry, NewEntry, State
from billcom.models.bill import Bill, NewBill
from billcom.models.vendor import NewVendor, Vendor
from tests.billcom.build import new_bill, new_vendor, verified_account

VENDORS = "/v3/vendors/bulk"
BILLS = "/v3/bills/bulk"
PAYMENTS = "/v3/payments/bulk"

Guard = Callable[[Sequence[BillToPay]], Awaitable[Mapping[str, BillError]]]


async def lets_pass(_items: Sequence[BillToPay]) -> dict[str, BillError]:
    """Hold no bill back."""
    return {}


@dataclass(frozen=True)
class Many:
    """Some records that are to be at BILL once, by the path they are sent to, for any client."""

    path: str
    chunk_for: Callable[[BillClient], Chunk[Any]]

    @property
    def send(self) -> str:
        """The request they go out in."""
        return f"POST {self.path}"

    async def once(self, client: BillClient) -> Results[Any]:
        """Have them at BILL."""
        return await once_each(client, self.chunk_for(client))

    def subjects(self, client: BillClient) -> list[str]:
        """Return what they are, in the order in which they are claimed."""
        return sorted(intent.subject for intent in self.chunk_for(client).intents)

    async def rows(self, client: BillClient) -> dict[str, list[Entry]]:
        """Return the journal's rows of each, oldest first."""
        rows: dict[str, list[Entry]] = {subject: [] for subject in self.subjects(client)}
        kind = self.chunk_for(client).kind
        for row in await client.journal.entries():
            if row.identity.kind == kind and row.identity.subject in rows:
                rows[row.identity.subject].append(row)
        return rows

    async def states(self, client: BillClient) -> list[list[str]]:
        """Return what the journal says of each, from the first row to the last."""
        return [[row.state.value for row in rows] for rows in (await self.rows(client)).values()]

    async def notes(self, client: BillClient) -> list[list[str]]:
        """Return why it says so."""
        return [[row.note for row in rows] for rows in (await self.rows(client)).values()]

    async def references(self, client: BillClient) -> list[str]:
        """Return our references for the requests each went out in, as its last row has them."""
        return [rows[-1].details[CHUNK] for rows in (await self.rows(client)).values()]

    async def note(self, client: BillClient, *states: State, only: str = "", **more: Any) -> None:
        """Write rows of each, or of one, as another process does."""
        for intent in self.chunk_for(client).intents:
            identity = client.journal.identity(intent.kind, intent.subject)
            for state in states if only in ("", intent.subject) else ():
                last = await client.journal.last(identity)
                await client.journal.append(NewEntry(identity, last, state, intent.content, **more))

    def sending(self, wrap: Callable[[Any], Any]) -> Self:
        """Return them, their request wrapped: `wrap` gets what sends, and returns what does."""
        chunk_for = self.chunk_for
        return replace(self, chunk_for=lambda c: replace(chunk_for(c), send=wrap(chunk_for(c).send)))

    def guarded(self, guard: Callable[[Sequence[Any]], Awaitable[Mapping[str, BillError]]]) -> Self:
        """Return them, with another guard; it is given the intents."""
        chunk_for = self.chunk_for
        return replace(self, chunk_for=lambda c: replace(chunk_for(c), guard=guard))


def vendors(count: int = 3, **changes: Any) -> Many:
    """Return vendors `Vendor 01`, `Vendor 02` …"""
    return vendors_of([new_vendor(name=f"Vendor {n:02}", **changes) for n in range(1, count + 1)])


def vendors_of(new: Sequence[NewVendor]) -> Many:
    """Return these vendors."""
    return Many(VENDORS, lambda client: vendor_chunk(client, new))


async def make_vendors(client: BillClient, count: int = 1) -> list[Vendor]:
    """Create vendors without the journal."""
    made = await client.vendors.create_many([new_vendor(name=f"Payee {n:02}") for n in range(1, count + 1)])
    return sorted(made, key=lambda vendor: vendor.name)


def new_bills(vendor_ids: Sequence[str], count: int = 3, amount: str = "10.00") -> list[NewBill]:
    """Return bills `INV-001`, `INV-002` … of the vendors in turn."""
    return [new_bill(vendor_ids[n % len(vendor_ids)], amount, number=f"INV-{n + 1:03}") for n in range(count)]


def bills_of(new: Sequence[NewBill]) -> Many:
    """Return these bills."""
    return Many(BILLS, lambda client: bill_chunk(client, new))


async def bills(client: BillClient, count: int = 3) -> Many:
    """Return bills of two new vendors, in turn."""
    return bills_of(new_bills([vendor.id for vendor in await make_vendors(client, 2)], count))


async def make_bills(client: BillClient, count: int = 3, vendor_ids: Sequence[str] = ()) -> list[Bill]:
    """Create bills of 10.00 without the journal, of two new vendors unless some are named; by number."""
    of = vendor_ids or [vendor.id for vendor in await make_vendors(client, 2)]
    made = await client.bills.create_many(new_bills(of, count))
    return sorted(made, key=lambda bill: bill.invoice.invoice_number or "")


async def payments_of(
    client: BillClient, paid: Sequence[Bill], guard: Guard = lets_pass, **terms: Any
) -> Many:
    """Return the payments of these bills, each in full."""
    account = terms.pop("funding_account_id", None) or await verified_account(client)
    same = PaymentTerms(**{"funding_account_id": account, "process_date": date(2026, 11, 24), **terms})
    items = [
        BillToPay(bill, bill.amount or bill.open_amount, "0010/…2333", bill.vendor_name or "")
        for bill in paid
    ]
    return Many(PAYMENTS, lambda client: payment_chunk(client, items, same, guard))


async def payments(client: BillClient, count: int = 3) -> Many:
    """Return the payments of new bills of two vendors."""
    return await payments_of(client, await make_bills(client, count))


async def _vendors(_client: BillClient) -> Many:
    return vendors()


MAKE: dict[str, Callable[[BillClient], Awaitable[Many]]] = {
    "vendors": _vendors,
    "bills": bills,
    "payments": payments,
}


def ids(results: Results[Any]) -> dict[str, str]:
    """Return the record of each subject that has one."""
    return {s: o.record.id for s, o in sorted(results.items()) if isinstance(o, Outcome)}


def made(results: Results[Any]) -> list[bool]:
    """Return, of each that is there, whether this call made it."""
    return [outcome.made for _, outcome in sorted(results.items()) if isinstance(outcome, Outcome)]


def errors(results: Results[Any]) -> dict[str, BillError]:
    """Return why others are not."""
    return {s: error for s, error in sorted(results.items()) if isinstance(error, BillError)}

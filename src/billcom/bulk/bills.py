"""Bills made many at a time, of many vendors."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from decimal import Decimal

from billcom.bulk.chunk import Chunk, no_guard, none_named
from billcom.bulk.recent import is_whole_bill
from billcom.client import BillClient
from billcom.errors import ConflictError
from billcom.intent import Intent, Kind
from billcom.journal import Entry
from billcom.lookup.bills import WantedBill, bill_intent, bill_subject, choose_bill
from billcom.lookup.payments import CLOCKS_APART
from billcom.lookup.rows import ACTIVE, ARCHIVED
from billcom.models.bill import Bill, NewBill
from billcom.normalization import normalize_text
from billcom.query import Filter


def bill_amount(bill: NewBill) -> Decimal:
    """Return what a bill to create asks for, in dollars."""
    return sum((line.amount for line in bill.bill_line_items), Decimal("0.00"))


def bill_chunk(client: BillClient, wanted: Sequence[NewBill]) -> Chunk[Bill]:
    """Return that these bills, all different and not at BILL a moment ago, are there once."""
    new = {_subject(bill): bill for bill in wanted}
    intents = tuple(
        bill_intent(
            client,
            bill.vendor_id,
            bill.invoice.invoice_number,
            bill.invoice.invoice_date,
            bill_amount(bill),
        )
        for bill in wanted
    )

    async def look(
        some: Sequence[Intent[Bill]], lasts: Mapping[str, Entry]
    ) -> dict[str, Bill | ConflictError]:
        vendor_ids = sorted({new[intent.subject].vendor_id for intent in some})
        which = Filter("vendorId", "in", vendor_ids)
        since = Filter("createdTime", "gte", min(last.at for last in lasts.values()) - CLOCKS_APART)
        alike: dict[tuple[str, str], list[Bill]] = defaultdict(list)
        for half in (ACTIVE, ARCHIVED):
            async for row in client.bills.list([which, half, since]):
                bill = row if is_whole_bill(row) else await client.bills.get(row.id)
                alike[bill.vendor_id, normalize_text(bill.invoice.invoice_number)].append(bill)
        found: dict[str, Bill | ConflictError] = {}
        for intent in some:
            bill = new[intent.subject]
            number = bill.invoice.invoice_number
            asked = WantedBill(bill.vendor_id, number, bill.invoice.invoice_date, bill_amount(bill))
            try:
                seen = choose_bill(asked, alike[bill.vendor_id, normalize_text(number)])
                if seen is not None:
                    found[intent.subject] = seen
            except ConflictError as error:
                found[intent.subject] = error
        return found

    async def send(some: Sequence[Intent[Bill]], _reference: str) -> dict[str, Bill]:
        made = await client.bills.create_many([new[intent.subject] for intent in some])
        return {
            bill_subject(bill.vendor_id, bill.invoice.invoice_number, bill.invoice.invoice_date): bill
            for bill in made
            if bill.invoice.invoice_number and bill.invoice.invoice_date
        }

    return Chunk(Kind.BILL, intents, look, send, no_guard, none_named)


def _subject(bill: NewBill) -> str:
    return bill_subject(bill.vendor_id, bill.invoice.invoice_number, bill.invoice.invoice_date)

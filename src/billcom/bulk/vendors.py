"""Vendors made many at a time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from billcom.bulk.chunk import Chunk, no_guard, none_named
from billcom.client import BillClient
from billcom.errors import ConflictError
from billcom.intent import Intent, Kind
from billcom.journal import Entry
from billcom.lookup.parties import choose_party
from billcom.lookup.payments import CLOCKS_APART
from billcom.lookup.rows import ACTIVE, ARCHIVED
from billcom.lookup.vendors import vendor_intent, wanted_vendor
from billcom.models.vendor import NewVendor, Vendor
from billcom.normalization import normalize_text
from billcom.query import Filter


def vendor_chunk(client: BillClient, wanted: Sequence[NewVendor]) -> Chunk[Vendor]:
    """Return that these vendors, all of different names and not at BILL a moment ago, are there once."""
    new = {normalize_text(vendor.name): vendor for vendor in wanted}
    asked = {name: wanted_vendor(v.name, v.email or "", v.account_number or "") for name, v in new.items()}
    intents = tuple(vendor_intent(client, asked[normalize_text(vendor.name)]) for vendor in wanted)

    async def look(
        some: Sequence[Intent[Vendor]], lasts: Mapping[str, Entry]
    ) -> dict[str, Vendor | ConflictError]:
        since = Filter("createdTime", "gte", min(last.at for last in lasts.values()) - CLOCKS_APART)
        rows = [row for half in (ACTIVE, ARCHIVED) async for row in client.vendors.list([half, since])]
        alike: dict[str, list[Vendor]] = defaultdict(list)
        for row in rows:
            alike[normalize_text(row.name)].append(row)
        found: dict[str, Vendor | ConflictError] = {}
        for intent in some:
            try:
                vendor = choose_party(asked[intent.subject], alike[intent.subject], {})
                if vendor is not None:
                    vendor = await client.vendors.get(vendor.id)
                    intent.check(vendor)
                    found[intent.subject] = vendor
            except ConflictError as error:
                found[intent.subject] = error
        return found

    async def send(some: Sequence[Intent[Vendor]], _reference: str) -> dict[str, Vendor]:
        made = await client.vendors.create_many([new[intent.subject] for intent in some])
        return {normalize_text(vendor.name): vendor for vendor in made}

    return Chunk(Kind.VENDOR, intents, look, send, no_guard, none_named)

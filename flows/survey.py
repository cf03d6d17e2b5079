"""The chapter before a plan: everything BILL and the journal hold of what is asked for, read at once."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import replace

from billcom.bulk.recent import IDS_PER_LIST, is_whole_bill, is_whole_vendor
from billcom.client import BillClient
from billcom.intent import Kind
from billcom.journal import State
from billcom.lookup.bills import bill_subject
from billcom.models.bill import Bill
from billcom.normalization import normalize_text
from billcom.runs.books import Caps, PaymentBooks, Rows, by_number_and_name
from billcom.runs.rows import PaymentRow
from flows.stages import both
from tasks.bills import list_bills_of, read_bills
from tasks.chart_of_accounts import list_gl_accounts
from tasks.payments import read_payments
from tasks.vendors import list_vendors, read_vendors


async def survey_rows(client: BillClient, rows: Sequence[PaymentRow]) -> PaymentBooks:
    """Return what a sheet's rows are planned by."""
    with_accounts = any(line.gl_account for row in rows for line in row.lines)
    books, gl_accounts = await both(
        _vendors(client, {normalize_text(row.vendor) for row in rows}),
        _gl_accounts(client, wanted=with_accounts),
    )
    books = replace(books, gl_accounts=gl_accounts)
    vendor_ids = _ids_of_vendors(books, rows)
    bills = await _bills(client, vendor_ids)
    subjects = {
        bill_subject(vendor_id, row.invoice_number, row.invoice_date)
        for row in rows
        for vendor_id in _ids_of_vendors(books, [row])
    }
    bill_rows = await client.journal.of_subjects(Kind.BILL, subjects)
    bills += await _late(bill_rows, {bill.id for bill in bills}, client)
    numbers = {normalize_text(row.invoice_number) for row in rows}
    asked = [bill.id for bill in bills if normalize_text(bill.invoice.invoice_number) in numbers]
    return await _with_payments(client, replace(books, bills=tuple(bills), bill_rows=bill_rows), asked)


async def survey_bills(client: BillClient, bills: Sequence[Bill]) -> PaymentBooks:
    """Return what BILL's own bills are planned by."""
    ids = sorted({bill.vendor_id for bill in bills})
    parts = [ids[start : start + IDS_PER_LIST] for start in range(0, len(ids), IDS_PER_LIST)]
    read = await asyncio.gather(*(read_vendors(client, part) for part in parts))
    vendors = [vendor for part in read for vendor in part.values()]
    books = replace(await _money(client), vendors=tuple(vendors), bills=tuple(bills))
    return await _with_payments(client, books, [bill.id for bill in bills])


async def _vendors(client: BillClient, names: Iterable[str]) -> PaymentBooks:
    """Return all vendors, those too that the journal knows under these names and a list doesn't show yet."""
    vendor_rows = await client.journal.of_subjects(Kind.VENDOR, names)
    vendors, books = await both(list_vendors(client), _money(client))
    listed = {vendor.id for vendor in vendors if is_whole_vendor(vendor)}
    late = _known_ids(vendor_rows) - listed
    found = await read_vendors(client, sorted(late)) if late else {}
    return replace(books, vendors=(*vendors, *found.values()), vendor_rows=vendor_rows)


async def _money(client: BillClient) -> PaymentBooks:
    """Return what the journal and the settings say of money, and nothing else yet."""
    settings = client.settings
    return PaymentBooks(
        today=settings.clock.today(),
        paid_accounts=await client.journal.paid_accounts(),
        taken=await client.journal.claimed_today(),
        caps=Caps(settings.max_amount, settings.max_vendor_total, settings.max_total),
    )


async def _gl_accounts(client: BillClient, *, wanted: bool) -> dict[str, str]:
    if not wanted:
        return {}
    accounts = await list_gl_accounts(client)
    return by_number_and_name(
        (account.id, (account.account and account.account.number) or "", account.name or "")
        for account in accounts
    )


def _ids_of_vendors(books: PaymentBooks, rows: Iterable[PaymentRow]) -> list[str]:
    """Return the vendors that rows may mean: of that name, or known to the journal under it."""
    named = {vendor.id for row in rows for vendor in books.vendors_named(row.vendor)}
    known = {
        last.record_id
        for row in rows
        if (last := books.vendor_rows.get(normalize_text(row.vendor), {}).get(""))
        and last.state is State.DONE
    }
    return sorted(named | known)


async def _bills(client: BillClient, vendor_ids: Sequence[str]) -> list[Bill]:
    parts = [vendor_ids[start : start + IDS_PER_LIST] for start in range(0, len(vendor_ids), IDS_PER_LIST)]
    read = await asyncio.gather(*(list_bills_of(client, part) for part in parts))
    return [bill for part in read for bill in part if is_whole_bill(bill)]


async def _late(rows: Rows, listed: set[str], client: BillClient) -> list[Bill]:
    """Return bills that the journal knows and a list doesn't show yet."""
    late = sorted(_known_ids(rows) - listed)
    return list((await read_bills(client, late)).values()) if late else []


async def _with_payments(client: BillClient, books: PaymentBooks, bill_ids: Iterable[str]) -> PaymentBooks:
    payment_rows = await client.journal.of_subjects(Kind.PAYMENT, bill_ids)
    ids = sorted(_known_ids(payment_rows))
    payments = await read_payments(client, ids) if ids else {}
    return replace(books, payment_rows=payment_rows, payments=payments)


def _known_ids(rows: Rows) -> set[str]:
    return {
        row.record_id for labels in rows.values() for row in labels.values() if row.state is State.DONE
    } - {""}

"""The chapter before a collection run's plan: what BILL and the journal hold of what is asked for, read at once."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import replace

from billcom.bulk.recent import IDS_PER_LIST
from billcom.client import BillClient
from billcom.errors import NotPermittedError
from billcom.intent import Kind
from billcom.journal import State
from billcom.models.bank_account import BankAccount
from billcom.models.invoice import Invoice
from billcom.normalization import normalize_text
from billcom.runs.books import Caps, Rows
from billcom.runs.collection_books import CollectionBooks
from billcom.runs.due_invoices import is_authorized
from billcom.runs.rows import CollectionRow
from tasks.customers import (
    check_bank_accounts_enabled,
    list_customer_bank_accounts,
    list_customers,
    read_customers,
)
from tasks.invoices import list_invoices_of, read_invoices
from tasks.received_payments import read_charges


async def survey_collection(client: BillClient, rows: Sequence[CollectionRow]) -> CollectionBooks:
    """Return what a sheet's rows are planned by."""
    journal = client.journal
    books = await _customers(client, {normalize_text(row.customer) for row in rows})
    numbers = {normalize_text(row.invoice_number) for row in rows}
    books = replace(books, invoice_rows=await journal.of_subjects(Kind.INVOICE, numbers))
    charged = [row for row in rows if row.charge]
    books, invoices = await asyncio.gather(
        _with_bank_accounts(client, books, _ids_of_customers(books, charged), wanted=bool(charged)),
        _invoices(client, books.invoice_rows, _ids_of_customers(books, rows)),
    )
    books = replace(books, invoices=tuple(invoices))
    asked = [invoice.id for invoice in invoices if normalize_text(invoice.invoice_number) in numbers]
    return await _with_charges(client, books, asked)


async def survey_due(client: BillClient, invoices: Sequence[Invoice]) -> CollectionBooks:
    """Return what BILL's own invoices are planned by; bank accounts are read of customers that may be charged."""
    books = replace(await _customers(client, ()), invoices=tuple(invoices))
    books = replace(books, charged_accounts=await _charged_accounts(client))
    books = await _with_charges(client, books, [invoice.id for invoice in invoices])
    owing = {invoice.customer_id or "" for invoice in invoices}
    asked = [c.id for c in books.customers if c.id in owing and not c.archived and is_authorized(c, books)]
    return await _with_bank_accounts(client, books, sorted(asked), wanted=bool(asked))


async def _customers(client: BillClient, names: Iterable[str]) -> CollectionBooks:
    """Return all customers, those too that the journal knows under these names and a list doesn't show yet."""
    settings = client.settings
    customer_rows = await client.journal.of_subjects(Kind.CUSTOMER, names)
    customers = await list_customers(client)
    late = _known_ids(customer_rows) - {customer.id for customer in customers}
    found = await read_customers(client, sorted(late)) if late else {}
    return CollectionBooks(
        today=settings.clock.today(),
        customers=(*customers, *found.values()),
        customer_rows=customer_rows,
        taken=await client.journal.claimed_today(),
        caps=Caps(settings.max_amount, None, settings.max_total),
    )


def _ids_of_customers(books: CollectionBooks, rows: Iterable[CollectionRow]) -> list[str]:
    """Return the customers that rows may mean: of that name, or known to the journal under it."""
    named = {customer.id for row in rows for customer in books.customers_named(row.customer)}
    known = {
        last.record_id
        for row in rows
        if (last := books.customer_rows.get(normalize_text(row.customer), {}).get(""))
        and last.state is State.DONE
    }
    return sorted(named | known)


async def _with_bank_accounts(
    client: BillClient, books: CollectionBooks, customer_ids: Sequence[str], *, wanted: bool
) -> CollectionBooks:
    """Return the books with these customers' bank accounts, or why BILL shows none of any customer."""
    if not wanted:
        return books
    try:
        if not customer_ids:
            await check_bank_accounts_enabled(client)
        read = await asyncio.gather(*(_accounts_of(client, id) for id in customer_ids))
    except NotPermittedError as error:
        return replace(books, no_bank_accounts=str(error))
    return replace(books, bank_accounts=dict(read))


async def _accounts_of(client: BillClient, customer_id: str) -> tuple[str, tuple[BankAccount, ...]]:
    return customer_id, await list_customer_bank_accounts(client, customer_id)


async def _invoices(client: BillClient, known: Rows, customer_ids: Sequence[str]) -> list[Invoice]:
    """Return all invoices of customers, and those the journal knows that a list doesn't show."""
    parts = [
        customer_ids[start : start + IDS_PER_LIST] for start in range(0, len(customer_ids), IDS_PER_LIST)
    ]
    read = await asyncio.gather(*(list_invoices_of(client, part) for part in parts))
    invoices = [invoice for part in read for invoice in part]
    late = sorted(_known_ids(known) - {invoice.id for invoice in invoices})
    for start in range(0, len(late), IDS_PER_LIST):
        invoices += (await read_invoices(client, late[start : start + IDS_PER_LIST])).values()
    return invoices


async def _with_charges(
    client: BillClient, books: CollectionBooks, invoice_ids: Iterable[str]
) -> CollectionBooks:
    charge_rows = await client.journal.of_subjects(Kind.CHARGE, invoice_ids)
    ids = sorted(_known_ids(charge_rows))
    charges = await read_charges(client, ids) if ids else {}
    return replace(books, charge_rows=charge_rows, charges=charges)


async def _charged_accounts(client: BillClient) -> dict[str, str]:
    """Return, by customer id, the bank account that was last charged from here, as far as the journal says."""
    rows = [row for row in await client.journal.standing() if row.identity.kind == Kind.CHARGE]
    return {
        row.details["customer_id"]: row.details.get("bank_account_id", "")
        for row in rows
        if row.state is State.DONE and row.details.get("customer_id")
    }


def _known_ids(rows: Rows) -> set[str]:
    return {
        row.record_id for labels in rows.values() for row in labels.values() if row.state is State.DONE
    } - {""}

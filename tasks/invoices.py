"""Invoices."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from prefect import task
from prefect.cache_policies import NO_CACHE

from billcom.client import BillClient
from billcom.errors import NotFoundError
from billcom.inputs import InvoiceInput
from billcom.intent import RUN, Decision, Intent, Outcome
from billcom.lookup.invoices import invoice_intent
from billcom.lookup.rows import ACTIVE, ARCHIVED
from billcom.models.customer import Customer
from billcom.models.invoice import Invoice, InvoiceEmail, InvoiceEmailRecipient, PaymentLinkRequest
from billcom.once import decide, find, once
from billcom.query import Filter
from tasks.retries import READ_DELAYS, READ_RETRIES, may_be_repeated


@task(
    task_run_name="find invoice {wanted.invoice_number}",
    cache_policy=NO_CACHE,
    retries=READ_RETRIES,
    retry_delay_seconds=READ_DELAYS,
    retry_condition_fn=may_be_repeated,
)
async def find_invoice(
    client: BillClient, customer_id: str, wanted: InvoiceInput, decision: Decision | None = None
) -> Invoice | None:
    """Return the customer's invoice of this number and amount, or None.

    Raises CaseError for the number with another amount; `decision` says what a person made of it.
    """
    if decision is not None:
        await decide(client, _invoice(client, customer_id, wanted), decision)
    return await find(client, _invoice(client, customer_id, wanted))


@task(task_run_name="create invoice {wanted.invoice_number}", cache_policy=NO_CACHE, retries=0)
async def create_invoice(
    client: BillClient, customer_id: str, wanted: InvoiceInput, run_name: str = ""
) -> Outcome[Invoice]:
    """Make the invoice, unless BILL has it. `run_name` is noted with it."""
    intent = _invoice(client, customer_id, wanted)
    return await once(
        client,
        replace(intent, details={**intent.details, RUN: run_name}) if run_name else intent,
        send=lambda: client.invoices.create(wanted.to_new_invoice(customer_id)),
    )


@task(task_run_name="e-mail invoice {invoice.invoice_number}", cache_policy=NO_CACHE, retries=0)
async def email_invoice(client: BillClient, invoice: Invoice, to: str) -> None:
    """Send the invoice to the customer. Nothing shows afterwards that it was sent: never repeated."""
    await client.invoices.email(invoice.id, InvoiceEmail(recipient=InvoiceEmailRecipient(to=[to])))


@task(
    task_run_name="make payment link of invoice {invoice.invoice_number}",
    cache_policy=NO_CACHE,
    retries=READ_RETRIES,
    retry_delay_seconds=READ_DELAYS,
    retry_condition_fn=may_be_repeated,
)
async def make_payment_link(client: BillClient, invoice: Invoice, customer: Customer, email: str) -> str:
    """Return an address under which the customer can pay the invoice."""
    request = PaymentLinkRequest(customer_id=customer.id, email=email)
    return (await client.invoices.payment_link(invoice.id, request)).payment_link


@task(
    task_run_name="read invoice {invoice_id}",
    cache_policy=NO_CACHE,
    retries=READ_RETRIES,
    retry_delay_seconds=READ_DELAYS,
    retry_condition_fn=may_be_repeated,
)
async def get_invoice(client: BillClient, invoice_id: str) -> Invoice:
    """Return the invoice as BILL has it now."""
    return await client.invoices.get(invoice_id)


@task(
    task_run_name="list invoices of customers",
    cache_policy=NO_CACHE,
    retries=READ_RETRIES,
    retry_delay_seconds=READ_DELAYS,
    retry_condition_fn=may_be_repeated,
)
async def list_invoices_of(client: BillClient, customer_ids: Sequence[str]) -> tuple[Invoice, ...]:
    """Return all invoices of up to 100 customers, archived ones too."""
    which = Filter("customerId", "in", sorted(customer_ids))
    halves = await asyncio.gather(*(_listed(client, which, half) for half in (ACTIVE, ARCHIVED)))
    return tuple(invoice for half in halves for invoice in half)


@task(
    task_run_name="list invoices due by {until}",
    cache_policy=NO_CACHE,
    retries=READ_RETRIES,
    retry_delay_seconds=READ_DELAYS,
    retry_condition_fn=may_be_repeated,
)
async def list_due_invoices(client: BillClient, until: date) -> tuple[Invoice, ...]:
    """Return unpaid invoices that fall due up to `until`, overdue ones too, the earliest first.

    BILL filters invoices neither by due date nor by status: all in use are read.
    """
    invoices = [i for i in await _listed(client, ACTIVE) if not i.archived and i.due_amount != 0]
    due = [invoice for invoice in invoices if invoice.due_date is not None and invoice.due_date <= until]
    return tuple(sorted(due, key=lambda invoice: (invoice.due_date or until, invoice.id)))


@task(
    task_run_name="read invoices",
    cache_policy=NO_CACHE,
    retries=READ_RETRIES,
    retry_delay_seconds=READ_DELAYS,
    retry_condition_fn=may_be_repeated,
)
async def read_invoices(client: BillClient, ids: Sequence[str]) -> dict[str, Invoice]:
    """Return up to 100 invoices by id, as they are now; what BILL doesn't have is left out."""
    asked = sorted(set(ids))
    which = Filter("id", "in", asked) if len(asked) > 1 else Filter("id", "eq", asked[0])
    found = {invoice.id: invoice for invoice in await _listed(client, which) if invoice.id in asked}
    missing = [id for id in asked if id not in found]
    for invoice in await asyncio.gather(*(_invoice_at_bill(client, id) for id in missing)):
        if invoice is not None:
            found[invoice.id] = invoice
    return found


async def _listed(client: BillClient, *filters: Filter) -> list[Invoice]:
    rows = [row async for row in client.invoices.list(filters)]
    return [row if _is_whole(row) else await client.invoices.get(row.id) for row in rows]


async def _invoice_at_bill(client: BillClient, invoice_id: str) -> Invoice | None:
    try:
        return await client.invoices.get(invoice_id)
    except NotFoundError:
        return None


def _is_whole(row: Invoice) -> bool:
    """Return whether a list's row shows all that is compared of an invoice."""
    shown = (row.customer_id, row.invoice_number, row.invoice_date, row.due_date)
    return None not in (*shown, row.total_amount, row.due_amount)


def _invoice(client: BillClient, customer_id: str, wanted: InvoiceInput) -> Intent[Invoice]:
    return invoice_intent(client, customer_id, wanted.invoice_number, wanted.amount)

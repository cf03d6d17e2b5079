"""Invoices."""

from __future__ import annotations

from prefect import task
from prefect.cache_policies import NO_CACHE

from billcom.client import BillClient
from billcom.inputs import InvoiceInput
from billcom.intent import Decision, Intent, Outcome
from billcom.lookup.invoices import invoice_intent
from billcom.models.customer import Customer
from billcom.models.invoice import Invoice, InvoiceEmail, InvoiceEmailRecipient, PaymentLinkRequest
from billcom.once import decide, find, once
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
async def create_invoice(client: BillClient, customer_id: str, wanted: InvoiceInput) -> Outcome[Invoice]:
    """Make the invoice, unless BILL has it."""
    return await once(
        client,
        _invoice(client, customer_id, wanted),
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


def _invoice(client: BillClient, customer_id: str, wanted: InvoiceInput) -> Intent[Invoice]:
    return invoice_intent(client, customer_id, wanted.invoice_number, wanted.amount)

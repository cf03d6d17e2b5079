"""Charges: money in, pulled from a customer. No task here that writes has retries."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from prefect import task
from prefect.cache_policies import NO_CACHE

from billcom.client import BillClient
from billcom.lookup import received_payments as lookup
from billcom.lookup.invoices import check_chargeable
from billcom.models.invoice import Invoice
from billcom.models.payment import FundingAccountReference
from billcom.models.received_payment import InvoiceAmount, NewCharge, ReceivedPayment
from billcom.once import Outcome, once
from tasks.retries import READ_DELAYS, READ_RETRIES, may_be_repeated


@task(
    task_run_name="find charge of invoice {invoice.invoice_number}",
    cache_policy=NO_CACHE,
    retries=READ_RETRIES,
    retry_delay_seconds=READ_DELAYS,
    retry_condition_fn=may_be_repeated,
)
async def find_charge(client: BillClient, invoice: Invoice, label: str = "") -> ReceivedPayment | None:
    """Return the charge of this invoice under `label`, or None. Raises ConflictError when it is gone."""
    return await lookup.find_charge(client, invoice, label)


@task(task_run_name="charge invoice {invoice.invoice_number}", cache_policy=NO_CACHE, retries=0)
async def charge_invoice(
    client: BillClient,
    invoice: Invoice,
    amount: Decimal,
    customer_id: str,
    bank_account_id: str,
    payment_date: date,
    label: str = "",
) -> Outcome[ReceivedPayment]:
    """Charge `amount` dollars, the whole invoice, to the customer's bank account, unless it is charged already.

    Reads the invoice again just before: raises ConflictError when something else pays it. Raises
    OutcomeUnknownError when BILL's answer was lost and the charge can't be found; BILL can't undo a charge.
    """

    async def send() -> ReceivedPayment:
        present = await client.invoices.get(invoice.id)
        check_chargeable(present, amount)
        return await client.received_payments.charge(
            NewCharge(
                customer_id=customer_id,
                funding_account=FundingAccountReference(id=bank_account_id),
                invoice_payments=[InvoiceAmount(invoice_id=present.id, amount=amount)],
                description=lookup.charge_description(client, invoice, label),
                payment_date=payment_date,
            )
        )

    return await once(
        client,
        f"charge of invoice {invoice.id}",
        look=lambda: lookup.find_charge(client, invoice, label),
        send=send,
    )

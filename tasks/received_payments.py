"""Charges: money in, pulled from a customer. No task here that writes has retries."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from prefect import task
from prefect.cache_policies import NO_CACHE

from billcom.client import BillClient
from billcom.errors import NotFoundError
from billcom.intent import RUN, Decision, Outcome
from billcom.lookup.invoices import check_chargeable
from billcom.lookup.parties import check_unchanged
from billcom.lookup.received_payments import charge_description, charge_intent
from billcom.models.invoice import Invoice
from billcom.models.payment import FundingAccountReference
from billcom.models.received_payment import InvoiceAmount, NewCharge, ReceivedPayment
from billcom.once import decide, find, once
from tasks.retries import READ_DELAYS, READ_RETRIES, may_be_repeated


@task(
    task_run_name="find charge of invoice {invoice.invoice_number}",
    cache_policy=NO_CACHE,
    retries=READ_RETRIES,
    retry_delay_seconds=READ_DELAYS,
    retry_condition_fn=may_be_repeated,
)
async def find_charge(
    client: BillClient, invoice: Invoice, amount: Decimal, label: str = ""
) -> ReceivedPayment | None:
    """Return the charge of this invoice under `label`, or None where it can be charged `amount`.

    Raises ConflictError when it is gone, or something else pays the invoice.
    """
    intent = charge_intent(client, invoice, label)
    return await find(client, intent, if_absent=lambda: check_chargeable(invoice, amount))


@task(task_run_name="charge invoice {invoice.invoice_number}", cache_policy=NO_CACHE, retries=0)
async def charge_invoice(
    client: BillClient,
    invoice: Invoice,
    amount: Decimal,
    customer_id: str,
    customer_name: str,
    bank_account_id: str,
    payment_date: date,
    label: str = "",
    decision: Decision | None = None,
    run_name: str = "",
    override: str = "",
) -> Outcome[ReceivedPayment]:
    """Charge `amount` dollars, the whole invoice, to the customer's bank account, unless it is charged already.

    `run_name`, and `override`, why it is meant though a guard held it, are noted with it.
    Reads invoice and customer again just before: raises ConflictError when something else pays the invoice, or the
    customer is archived or has another name than `customer_name`; StoppedError and CapError when no money, or not as
    much, may move. Raises UnsettledError when BILL's answer was lost and the charge can't be found: BILL can't undo a
    charge; `decision` says what a person made of it.
    """

    async def guard() -> None:
        check_chargeable(await client.invoices.get(invoice.id), amount)
        check_unchanged("customer", await client.customers.get(customer_id), customer_name)

    async def send() -> ReceivedPayment:
        return await client.received_payments.charge(
            NewCharge(
                customer_id=customer_id,
                funding_account=FundingAccountReference(id=bank_account_id),
                invoice_payments=[InvoiceAmount(invoice_id=invoice.id, amount=amount)],
                description=charge_description(client, invoice, label),
                payment_date=payment_date,
            )
        )

    details = {
        "customer_id": customer_id,
        "bank_account_id": bank_account_id,
        "payment_date": str(payment_date),
        **({RUN: run_name} if run_name else {}),
        **({"override": override} if override else {}),
    }
    intent = charge_intent(client, invoice, label, details)
    if decision is not None:
        await decide(client, intent, decision)
    return await once(client, intent, send=send, guard=guard)


@task(
    task_run_name="read charges",
    cache_policy=NO_CACHE,
    retries=READ_RETRIES,
    retry_delay_seconds=READ_DELAYS,
    retry_condition_fn=may_be_repeated,
)
async def read_charges(client: BillClient, ids: Sequence[str]) -> dict[str, ReceivedPayment]:
    """Return charges by id, one by one, as they are now; what BILL doesn't have is left out."""
    read = await asyncio.gather(*(_charge_at_bill(client, id) for id in ids))
    return {charge.id: charge for charge in read if charge is not None}


async def _charge_at_bill(client: BillClient, charge_id: str) -> ReceivedPayment | None:
    try:
        return await client.received_payments.get(charge_id)
    except NotFoundError:
        return None

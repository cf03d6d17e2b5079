"""Payments: money out. No task here that writes has retries."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from prefect import task
from prefect.cache_policies import NO_CACHE

from billcom.client import BillClient
from billcom.errors import ConflictError
from billcom.intent import Decision, Outcome
from billcom.lookup.bills import check_payable
from billcom.lookup.payments import payment_intent, payment_reference
from billcom.lookup.vendors import vendor_bank_account_intent
from billcom.models.bank_account import NewBankAccount
from billcom.models.bill import Bill
from billcom.models.payment import FundingAccountReference, NewPayment, Payment
from billcom.once import decide, find, once
from tasks.money import check_not_stopped
from tasks.retries import READ_DELAYS, READ_RETRIES, may_be_repeated


@task(
    task_run_name="find payment of bill {bill.invoice.invoice_number}",
    cache_policy=NO_CACHE,
    retries=READ_RETRIES,
    retry_delay_seconds=READ_DELAYS,
    retry_condition_fn=may_be_repeated,
)
async def find_payment(client: BillClient, bill: Bill, label: str = "") -> Payment | None:
    """Return the payment of this bill under `label`, or None where it can be paid.

    Raises ConflictError when it is gone, or something else pays the bill.
    """
    return await find(client, payment_intent(client, bill, label), if_absent=lambda: check_payable(bill))


@task(task_run_name="pay bill {bill.invoice.invoice_number}", cache_policy=NO_CACHE, retries=0)
async def pay_bill(
    client: BillClient,
    bill: Bill,
    amount: Decimal,
    account: NewBankAccount,
    funding_account_id: str,
    process_date: date,
    memo: str = "",
    label: str = "",
    decision: Decision | None = None,
) -> Outcome[Payment]:
    """Pay `amount` dollars, the whole bill, to the vendor's bank account `account`, unless it is paid already.

    Reads bill and bank account again just before: raises ConflictError when something else pays the bill, or
    either is another by now; StoppedError and CapError when no money, or not as much, may move. Raises
    UnsettledError when BILL's answer was lost and the payment can't be found; `decision` says what a person
    made of it.
    """

    async def guard() -> None:
        await check_not_stopped()
        present = await client.bills.get(bill.id)
        check_payable(present)
        if (present.amount, present.vendor_id) != (amount, bill.vendor_id):
            raise ConflictError(
                f"bill {bill.id} is another by now: {present.amount} to vendor {present.vendor_id}, not {amount} to "
                f"{bill.vendor_id}: look at it in BILL"
            )
        if await vendor_bank_account_intent(client, present.vendor_id, account).look() is None:
            raise ConflictError(
                f"vendor {present.vendor_id} has no bank account at BILL by now: the payment would go by cheque"
            )

    async def send() -> Payment:
        return await client.payments.create(
            NewPayment(
                vendor_id=bill.vendor_id,
                bill_id=bill.id,
                amount=amount,
                funding_account=FundingAccountReference(id=funding_account_id),
                process_date=process_date,
                description=memo or None,
                transaction_number=payment_reference(client, bill.id, label),
            )
        )

    details = {
        "vendor_id": bill.vendor_id,
        "funding_account_id": funding_account_id,
        "process_date": str(process_date),
    }
    intent = payment_intent(client, bill, label, details)
    if decision is not None:
        await decide(client, intent, decision)
    return await once(client, intent, send=send, guard=guard)

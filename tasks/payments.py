"""Payments: money out. No task here that writes has retries."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from prefect import task
from prefect.cache_policies import NO_CACHE

from billcom.bulk.chunk import Results, of_run
from billcom.bulk.once import once_each
from billcom.bulk.payments import BillToPay, PaymentTerms, check_present, payment_chunk, payment_details
from billcom.bulk.recent import IDS_PER_LIST, Recent, read_by_ids
from billcom.client import BillClient
from billcom.errors import BillError, ConflictError
from billcom.intent import RUN, Decision, Outcome
from billcom.lookup.bills import check_payable
from billcom.lookup.parties import check_unchanged
from billcom.lookup.payments import payment_intent, payment_reference
from billcom.lookup.vendors import vendor_bank_account_intent
from billcom.models.bank_account import NewBankAccount
from billcom.models.bill import Bill
from billcom.models.payment import FundingAccountReference, NewPayment, Payment
from billcom.models.vendor import Vendor
from billcom.once import decide, find, once
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


@task(
    task_run_name="read payments",
    cache_policy=NO_CACHE,
    retries=READ_RETRIES,
    retry_delay_seconds=READ_DELAYS,
    retry_condition_fn=may_be_repeated,
)
async def read_payments(client: BillClient, ids: Sequence[str]) -> dict[str, Payment]:
    """Return payments by id, as they are now; what BILL doesn't have is left out."""
    found: dict[str, Payment] = {}
    for start in range(0, len(ids), IDS_PER_LIST):
        some = ids[start : start + IDS_PER_LIST]
        found |= await read_by_ids(client.payments.list, client.payments.get, some, _is_whole)
    return found


@task(task_run_name="pay bills of {run_name}", cache_policy=NO_CACHE, retries=0)
async def pay_together(
    client: BillClient,
    wanted: Sequence[BillToPay],
    terms: PaymentTerms,
    run_name: str,
    bills: Recent[Bill],
    vendors: Recent[Vendor],
) -> Results[Payment]:
    """Pay up to 50 bills in full in one request, those that are not paid; return payments, or why not, by bill id.

    Bills and bank accounts that were read a minute ago or longer are read again just before.
    """

    async def guard(items: Sequence[BillToPay]) -> dict[str, BillError]:
        return await _check_present(items, bills, vendors)

    return await once_each(client, of_run(payment_chunk(client, wanted, terms, guard), run_name))


@task(task_run_name="pay part of bill {item.bill.invoice.invoice_number}", cache_policy=NO_CACHE, retries=0)
async def pay_part(
    client: BillClient,
    item: BillToPay,
    terms: PaymentTerms,
    label: str,
    run_name: str,
    bills: Recent[Bill],
    vendors: Recent[Vendor],
) -> Outcome[Payment]:
    """Pay `item.amount` dollars of a bill under `label`, unless they are paid. Raises as `pay_bill` does."""

    async def guard() -> None:
        for refused in (await _check_present([item], bills, vendors, part=item.amount)).values():
            raise refused

    async def send() -> Payment:
        return await client.payments.create(
            NewPayment(
                vendor_id=item.bill.vendor_id,
                bill_id=item.bill.id,
                amount=item.amount,
                funding_account=FundingAccountReference(id=terms.funding_account_id),
                process_date=terms.process_date,
                description=terms.memo or None,
                transaction_number=payment_reference(client, item.bill.id, label),
            )
        )

    details = payment_details(item, terms) | {RUN: run_name}
    intent = payment_intent(client, item.bill, label, details, item.amount)
    return await once(client, intent, send=send, guard=guard)


async def _check_present(
    items: Sequence[BillToPay], bills: Recent[Bill], vendors: Recent[Vendor], part: Decimal | None = None
) -> dict[str, BillError]:
    """Return, by bill id, why a bill must not be paid now."""
    present = await bills.present(item.bill.id for item in items)
    payees = await vendors.present(item.bill.vendor_id for item in items)
    refused: dict[str, BillError] = {}
    for item in items:
        try:
            check_present(item, present.get(item.bill.id), payees.get(item.bill.vendor_id), part)
        except ConflictError as error:
            refused[item.bill.id] = error
    return refused


def _is_whole(row: Payment) -> bool:
    return row.status is not None and bool(row.bill_ids)


@task(task_run_name="pay bill {bill.invoice.invoice_number}", cache_policy=NO_CACHE, retries=0)
async def pay_bill(
    client: BillClient,
    bill: Bill,
    amount: Decimal,
    vendor_name: str,
    account: NewBankAccount,
    funding_account_id: str,
    process_date: date,
    memo: str = "",
    label: str = "",
    decision: Decision | None = None,
) -> Outcome[Payment]:
    """Pay `amount` dollars, the whole bill, to the vendor's bank account `account`, unless it is paid already.

    Reads bill, vendor and bank account again just before: raises ConflictError when something else pays the bill, the
    vendor is archived or has another name than `vendor_name`, or bill or account is another by now; StoppedError and
    CapError when no money, or not as much, may move. Raises UnsettledError when BILL's answer was lost and the payment
    can't be found; `decision` says what a person made of it.
    """

    async def guard() -> None:
        present = await client.bills.get(bill.id)
        check_payable(present)
        if (present.amount, present.vendor_id) != (amount, bill.vendor_id):
            raise ConflictError(
                f"bill {bill.id} is another by now: {present.amount} to vendor {present.vendor_id}, not {amount} to "
                f"{bill.vendor_id}: look at it in BILL"
            )
        check_unchanged("vendor", await client.vendors.get(present.vendor_id), vendor_name)
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

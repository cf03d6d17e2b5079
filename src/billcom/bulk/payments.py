"""Bills paid many at a time, each with its whole open balance, of many vendors."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from billcom.bulk.chunk import Chunk
from billcom.client import BillClient
from billcom.errors import ApiError, BillError, ConflictError, ErrorEntry, error_from
from billcom.intent import CHUNK, Intent, Kind
from billcom.journal import Entry
from billcom.lookup.bills import check_payable
from billcom.lookup.parties import check_unchanged
from billcom.lookup.payments import (
    choose,
    could_be,
    may_be_at_bill,
    payment_intent,
    payments_of_reference,
    payments_of_vendors,
)
from billcom.models.bill import Bill
from billcom.models.payment import BillAmount, FundingAccountReference, NewBulkPayment, Payment
from billcom.models.vendor import Vendor
from billcom.money import display
from billcom.runs.books import account_ends
from billcom.standing import SENT_AGAIN


@dataclass(frozen=True)
class BillToPay:
    """A bill, read a moment ago, to be paid in full; `account`: the last four digits of where the money goes.

    `vendor_name`: who is paid, as planned. `override`: why a payment that a guard holds is meant all the same.
    """

    bill: Bill
    amount: Decimal
    account: str
    vendor_name: str
    override: str = ""


@dataclass(frozen=True)
class PaymentTerms:
    """What the payments of one request have in common."""

    funding_account_id: str
    process_date: date
    memo: str = ""


def payment_chunk(
    client: BillClient,
    wanted: Sequence[BillToPay],
    terms: PaymentTerms,
    guard: Callable[[Sequence[BillToPay]], Awaitable[Mapping[str, BillError]]],
) -> Chunk[Payment]:
    """Return that these bills are paid once, each with its whole amount.

    `guard` says which of them, by bill id, must not be paid now; it raises what holds for all.
    """
    bills = {item.bill.id: item for item in wanted}
    request = NewBulkPayment(
        funding_account=FundingAccountReference(id=terms.funding_account_id),
        payments=[],
        process_date=terms.process_date,
        description=terms.memo or None,
    )
    intents = tuple(
        payment_intent(client, item.bill, details=payment_details(item, terms), amount=item.amount)
        for item in wanted
    )

    async def look(
        some: Sequence[Intent[Payment]], lasts: Mapping[str, Entry]
    ) -> dict[str, Payment | ConflictError]:
        sent = {i.subject: last for i in some if (last := lasts.get(i.subject)) and CHUNK in last.details}
        alone = {i.subject: i for i in some if i.subject in lasts and i.subject not in sent}
        found = await _look_for_sent(client, bills, sent)
        for subject, intent in alone.items():
            try:
                payment = await intent.look()
                found |= {subject: payment} if payment is not None else {}
            except ConflictError as error:
                found[subject] = error
        return found

    async def hold(some: Sequence[Intent[Payment]]) -> Mapping[str, BillError]:
        return await guard([bills[intent.subject] for intent in some])

    async def send(some: Sequence[Intent[Payment]], reference: str) -> dict[str, Payment]:
        asked = [bills[intent.subject] for intent in some]
        parts = [BillAmount(bill_id=item.bill.id, amount=item.amount) for item in asked]
        made = await client.payments.create_many(
            request.model_copy(update={"payments": parts, "transaction_number": reference})
        )
        return {bill_id: payment for payment in made for bill_id in payment.bill_ids}

    return Chunk(Kind.PAYMENT, intents, look, send, hold, named_bills)


def payment_details(item: BillToPay, terms: PaymentTerms) -> dict[str, str]:
    """Return what the journal keeps of a payment beside its amount."""
    details = {
        "vendor_id": item.bill.vendor_id,
        "account": item.account,
        "funding_account_id": terms.funding_account_id,
        "process_date": str(terms.process_date),
    }
    if item.override:
        details["override"] = item.override
    return details


def check_present(
    item: BillToPay, bill: Bill | None, vendor: Vendor | None, part: Decimal | None = None
) -> None:
    """Raise ConflictError unless bill and vendor, read just now, are as they were when the payment was planned."""
    if bill is None or vendor is None:
        gone = f"bill {item.bill.id}" if bill is None else f"vendor {item.bill.vendor_id}"
        raise ConflictError(f"{gone} is not at BILL any more: look at it there")
    check_payable(bill, part)
    if (bill.amount, bill.vendor_id) != (item.bill.amount, item.bill.vendor_id):
        raise ConflictError(
            f"bill {bill.id} is another by now: {_shown(bill.amount)} to vendor {bill.vendor_id}, not "
            f"{_shown(item.bill.amount)} to {item.bill.vendor_id}: look at it in BILL, then plan again"
        )
    check_unchanged("vendor", vendor, item.vendor_name)
    account = account_ends(vendor.payment_information.bank_account if vendor.payment_information else None)
    if account != item.account:
        raise ConflictError(
            f"vendor {vendor.name!r} has bank account {account or 'none'} by now, {item.account} was planned: ask the "
            "vendor over a known telephone number, then plan again"
        )


def _shown(amount: Decimal | None) -> str:
    return display(amount) if amount is not None else "no amount"


async def _look_for_sent(
    client: BillClient, bills: Mapping[str, BillToPay], sent: Mapping[str, Entry]
) -> dict[str, Payment | ConflictError]:
    """Look for what went out in requests with others: by their references, then by vendor and bill."""
    references = {reference for last in sent.values() for reference in last.details[CHUNK].split()}
    paying: dict[str, dict[str, Payment]] = defaultdict(dict)
    for reference in sorted(references):
        for payment in await payments_of_reference(client, reference):
            for bill_id in payment.bill_ids & sent.keys():
                paying[bill_id][payment.id] = payment
    absent = {
        id: last
        for id, last in sent.items()
        if SENT_AGAIN in last.details or (id not in paying and may_be_at_bill(last))
    }
    if absent:
        oldest = min(absent.values(), key=lambda last: last.at)
        vendor_ids = (bills[id].bill.vendor_id for id in absent)
        for payment in await payments_of_vendors(client, vendor_ids, oldest):
            for bill_id in payment.bill_ids & absent.keys():
                if could_be(payment, bills[bill_id].bill, bills[bill_id].amount):
                    paying[bill_id][payment.id] = payment
    found: dict[str, Payment | ConflictError] = {}
    for bill_id, payments in paying.items():
        item = bills[bill_id]
        try:
            payment = choose(list(payments.values()), item.bill, item.amount)
            found |= {bill_id: payment} if payment is not None else {}
        except ConflictError as error:
            found[bill_id] = error
    return found


def named_bills(error: ApiError, bill_ids: Iterable[str]) -> dict[str, ApiError]:
    """Return, of the bills a refused bulk payment names, what BILL says of each.

    BILL repeats each reason with the bill's id before it. Source: BILL docs, bulk payments error response.
    Unverified: that a reason names the bill elsewhere in its text, as of one that does not exist.
    """
    known = set(bill_ids)
    said: dict[str, list[ErrorEntry]] = defaultdict(list)
    for entry in error.entries:
        for bill_id in known:
            if bill_id in entry.message:
                message = entry.message.removeprefix(f"{bill_id} : ")
                said[bill_id].append(replace(entry, message=message))
    return {id: error_from(error.status, some, error.method, error.path) for id, some in said.items()}

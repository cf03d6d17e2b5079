"""Looking for a write again, knowing no more of it than the journal does."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

from billcom.client import BillClient
from billcom.errors import CaseError, JournalError, NotFoundError
from billcom.intent import AMOUNT, Intent, Kind
from billcom.journal import Entry
from billcom.lookup.bills import bill_intent, check_not_overpaid
from billcom.lookup.customers import customer_intent, wanted_customer
from billcom.lookup.invoices import check_not_overcharged, invoice_intent
from billcom.lookup.payments import payment_intent
from billcom.lookup.received_payments import charge_intent
from billcom.lookup.vendors import vendor_intent, wanted_vendor
from billcom.models.bank_account import BankAccount


async def intent_of(client: BillClient, entry: Entry) -> Intent[Any]:
    """Return the intent a journal row is about. Raises JournalError when the row doesn't say enough."""
    details, content = entry.details, entry.content
    try:
        match entry.identity.kind:
            case Kind.VENDOR:
                return vendor_intent(client, wanted_vendor(details["name"]))
            case Kind.CUSTOMER:
                return customer_intent(client, wanted_customer(details["name"]))
            case Kind.BILL:
                day = date.fromisoformat(details["invoice_date"])
                number, amount = details["invoice_number"], Decimal(content[AMOUNT])
                return bill_intent(client, details["vendor_id"], number, day, amount)
            case Kind.INVOICE:
                number, amount = details["invoice_number"], Decimal(content[AMOUNT])
                return invoice_intent(client, content["customer_id"], number, amount)
            case Kind.PAYMENT:
                bill = await client.bills.get(entry.identity.subject)
                amount = Decimal(content[AMOUNT])
                return payment_intent(client, bill, entry.identity.label, details, amount)
            case Kind.CHARGE:
                invoice = await client.invoices.get(entry.identity.subject)
                return charge_intent(client, invoice, entry.identity.label, details)
            case Kind.VENDOR_BANK_ACCOUNT | Kind.CUSTOMER_BANK_ACCOUNT:
                return _unnamed_account(client, entry)
            case _:
                raise JournalError(
                    f"{entry.identity}: this program knows no such kind; use the one that wrote it"
                )
    except (KeyError, ValueError) as error:
        raise JournalError(f"the journal's row {entry.position} ({entry.identity}) lacks {error}") from error


def _unnamed_account(client: BillClient, entry: Entry) -> Intent[BankAccount]:
    """Return an intent that finds no customer's account: the journal doesn't hold the number to compare.

    Given up after the settle time, it is looked for again by the run that has the number. Its look raises
    CaseError when a customer has an account twice.
    """
    owner = entry.identity.subject.partition(" ")[0]

    async def look() -> BankAccount | None:
        if entry.identity.kind != Kind.VENDOR_BANK_ACCOUNT:
            return await _check_none_twice(client, owner)
        try:
            return await client.vendors.get_bank_account(owner)
        except NotFoundError:
            return None

    async def get(account_id: str) -> BankAccount:
        if entry.identity.kind == Kind.VENDOR_BANK_ACCOUNT:
            return await client.vendors.get_bank_account(owner)
        return await client.customers.get_bank_account(owner, account_id)

    check: Callable[[BankAccount], None] = lambda _account: None  # noqa: E731 (nothing to compare)
    return Intent(Kind(entry.identity.kind), entry.identity.subject, look, get, check)


async def _check_none_twice(client: BillClient, customer_id: str) -> None:
    seen: dict[tuple[str, str], str] = {}
    async for account in client.customers.bank_accounts(customer_id):
        numbers = (account.routing_number, account.account_number)
        key = [number.get_secret_value() if number else "" for number in numbers]
        if account.archived or not all(key):
            continue
        other = seen.setdefault((key[0], key[1]), account.id or "")
        if other != account.id:
            raise CaseError(
                f"customer {customer_id} has one bank account twice at BILL ({other}, {account.id}): archive one"
            )


async def check_amounts(client: BillClient, entry: Entry) -> None:
    """Read what a payment or charge is for once more. Raises CaseError when it is paid or charged too much."""
    if entry.identity.kind == Kind.PAYMENT:
        check_not_overpaid(await client.bills.get(entry.identity.subject))
    elif entry.identity.kind == Kind.CHARGE:
        check_not_overcharged(await client.invoices.get(entry.identity.subject))

"""Finding a customer by name and e-mail, and its bank account."""

from __future__ import annotations

from billcom.client import BillClient
from billcom.errors import ConflictError
from billcom.intent import Intent, Kind
from billcom.journal import Entry
from billcom.lookup.parties import WantedParty, check_name, check_party, find_party
from billcom.models.bank_account import BankAccount, NewBankAccount
from billcom.models.customer import Customer
from billcom.normalization import normalize_text


def customer_intent(client: BillClient, wanted: WantedParty) -> Intent[Customer]:
    """Build the intent that the wanted customer is at BILL once; its name at BILL decides, whatever the journal has.

    Look and read raise as `choose_party` does; look and check ConflictError for an archived customer, another e-mail
    or currency.
    """

    def check(customer: Customer) -> Customer:
        return check_party("customer", customer, wanted.known, customer.invoice_currency)

    async def look(last: Entry | None = None) -> Customer | None:
        customer = await find_party(wanted, client.customers.list, client.customers.get, last)
        return check(customer) if customer is not None else None

    async def read(last: Entry) -> Customer:
        return await look(last) or await client.customers.get(last.record_id)

    return Intent(
        Kind.CUSTOMER,
        normalize_text(wanted.name),
        look,
        client.customers.get,
        check,
        match=lambda customer: check_name("customer", check(customer), wanted.name),
        read=read,
        details={"name": wanted.name},
    )


def wanted_customer(name: str, email: str = "", customer_id: str = "") -> WantedParty:
    """Return the customer that is asked for; empty is what the request doesn't say."""
    return WantedParty("customer", name, customer_id, {"email": email})


def customer_bank_account_intent(
    client: BillClient, customer_id: str, wanted: NewBankAccount
) -> Intent[BankAccount]:
    """Return that the customer has this bank account; it may have others.

    Its look raises ConflictError when two look alike, or one shows no number to compare; NotPermittedError where
    BILL has not enabled customer bank accounts.
    """

    def check(account: BankAccount) -> BankAccount:
        if account.archived or not account.matches(wanted):
            raise ConflictError(
                f"bank account {account.id} of customer {customer_id} is archived at BILL, or another one than the "
                "request's: look at it there"
            )
        return account

    async def look() -> BankAccount | None:
        return await _find(client, customer_id, wanted)

    async def get(account_id: str) -> BankAccount:
        return await client.customers.get_bank_account(customer_id, account_id)

    subject = customer_bank_account_subject(customer_id, wanted)
    return Intent(Kind.CUSTOMER_BANK_ACCOUNT, subject, look, get, check)


def customer_bank_account_subject(customer_id: str, account: NewBankAccount) -> str:
    """Return the subject of a customer's bank account in the journal, which holds no bank number: last four digits."""
    numbers = (account.routing_number, account.account_number)
    return f"{customer_id} {' '.join(number.get_secret_value()[-4:] for number in numbers)}"


async def _find(client: BillClient, customer_id: str, wanted: NewBankAccount) -> BankAccount | None:
    rows = [a async for a in client.customers.bank_accounts(customer_id) if not a.archived]
    full = [
        row if row.account_number else await client.customers.get_bank_account(customer_id, row.id or "")
        for row in rows
    ]
    if nameless := [row.id or "?" for row in full if not row.account_number]:
        raise ConflictError(
            f"customer {customer_id} has a bank account whose number BILL doesn't show ({nameless[0]}): whether "
            "it is the one of the request can't be told; archive it, or charge by hand"
        )
    alike = [row for row in full if row.matches(wanted)]
    if len(alike) > 1:
        ids = ", ".join(account.id or "?" for account in alike)
        raise ConflictError(f"customer {customer_id} has two alike bank accounts ({ids}): archive one")
    return alike[0] if alike else None

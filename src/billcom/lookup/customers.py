"""Finding a customer by name and e-mail, and its bank account."""

from __future__ import annotations

from billcom.client import BillClient
from billcom.errors import ConflictError
from billcom.intent import Intent, Kind
from billcom.lookup.parties import check_name, check_party, find_party
from billcom.lookup.rows import plain
from billcom.models.bank_account import BankAccount, NewBankAccount
from billcom.models.customer import Customer


def customer_intent(client: BillClient, name: str, email: str = "") -> Intent[Customer]:
    """Return that a customer of this name is at BILL once; known by its id, it may have been renamed there.

    Its look raises CaseError for homonyms; look and check ConflictError for an archived customer, a name that
    differs in case or blanks, another e-mail or currency.
    """

    def check(customer: Customer) -> Customer:
        return check_party("customer", customer, {"email": email}, customer.invoice_currency)

    async def look() -> Customer | None:
        customer = await find_party("customer", name, client.customers.list, client.customers.get)
        return check(customer) if customer is not None else None

    return Intent(
        Kind.CUSTOMER,
        plain(name),
        look,
        client.customers.get,
        check,
        match=lambda customer: check_name("customer", check(customer), name),
        details={"name": name},
    )


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

    # The journal holds no bank number: the last four digits tell a customer's accounts apart.
    numbers = (wanted.routing_number, wanted.account_number)
    ends = " ".join(number.get_secret_value()[-4:] for number in numbers)
    return Intent(Kind.CUSTOMER_BANK_ACCOUNT, f"{customer_id} {ends}", look, get, check)


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

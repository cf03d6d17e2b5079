"""Finding a customer by name and e-mail, and its bank account."""

from __future__ import annotations

from billcom.client import BillClient
from billcom.errors import ConflictError
from billcom.inputs import CustomerInput
from billcom.lookup.parties import check_party, find_party
from billcom.models.bank_account import BankAccount, NewBankAccount
from billcom.models.customer import Customer


async def find_customer(client: BillClient, wanted: CustomerInput) -> Customer | None:
    """Return the customer of this name, or None.

    Raises ConflictError for homonyms, an archived customer, a name that differs in case or blanks, another
    e-mail or currency.
    """
    customer = await find_party("customer", wanted.name, client.customers.list, client.customers.get)
    if customer is None:
        return None
    return check_party("customer", customer, {"email": wanted.email}, customer.invoice_currency)


async def find_customer_bank_account(
    client: BillClient, customer_id: str, wanted: NewBankAccount
) -> BankAccount | None:
    """Return the customer's account that is `wanted`, or None.

    Raises ConflictError when two look alike, or one shows no number to compare; NotPermittedError where BILL
    has not enabled customer bank accounts.
    """
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

"""Finding a customer by name and e-mail, and its bank account."""

from __future__ import annotations

from billcom.client import BillClient
from billcom.errors import ConflictError
from billcom.inputs import CustomerInput
from billcom.lookup.parties import choose_party
from billcom.models.bank_account import BankAccount, NewBankAccount
from billcom.models.customer import Customer
from billcom.query import Filter, can_be_filtered


async def find_customer(client: BillClient, wanted: CustomerInput) -> Customer | None:
    """Return the customer of this name, or None.

    Raises ConflictError for homonyms, an archived customer, or one whose e-mail differs.
    """
    filters = [Filter("name", "eq", wanted.name)] if can_be_filtered(wanted.name) else []
    rows = client.customers.list(filters)
    same_name = [c async for c in rows if c.name.casefold() == wanted.name.casefold()]
    return choose_party("customer", wanted.name, same_name, {"email": wanted.email})


async def find_customer_bank_account(
    client: BillClient, customer_id: str, wanted: NewBankAccount
) -> BankAccount | None:
    """Return the customer's account that is `wanted`, or None. Raises ConflictError when two look alike.

    Raises NotPermittedError where BILL has not enabled customer bank accounts.
    """
    accounts = client.customers.bank_accounts(customer_id)
    alike = [a async for a in accounts if not a.archived and a.matches(wanted)]
    if len(alike) > 1:
        ids = ", ".join(account.id or "?" for account in alike)
        raise ConflictError(f"customer {customer_id} has two alike bank accounts ({ids}): archive one")
    return alike[0] if alike else None

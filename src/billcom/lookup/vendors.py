"""Finding a vendor by its name and what else is known of it, and its bank account."""

from __future__ import annotations

from billcom.client import BillClient
from billcom.errors import ConflictError, NotFoundError
from billcom.inputs import VendorInput
from billcom.lookup.parties import check_party, find_party
from billcom.models.bank_account import BankAccount, NewBankAccount, last_four
from billcom.models.vendor import Vendor


async def find_vendor(client: BillClient, wanted: VendorInput) -> Vendor | None:
    """Return the vendor of this name, or None.

    Raises ConflictError for homonyms, an archived vendor, a name that differs in case or blanks, another
    e-mail, account number or currency.
    """
    vendor = await find_party("vendor", wanted.name, client.vendors.list, client.vendors.get)
    if vendor is None:
        return None
    known = {"email": wanted.email, "account_number": wanted.account_number}
    return check_party("vendor", vendor, known, vendor.bill_currency)


async def find_vendor_bank_account(
    client: BillClient, vendor_id: str, wanted: NewBankAccount
) -> BankAccount | None:
    """Return the vendor's bank account, or None when it has none.

    Raises ConflictError when it is another account: money is not sent elsewhere than BILL says.
    """
    try:
        account = await client.vendors.get_bank_account(vendor_id)
    except NotFoundError:
        return None
    if account.matches(wanted):
        return account
    given = last_four(wanted.account_number.get_secret_value())
    held = last_four(account.account_number.get_secret_value()) if account.account_number else "unknown"
    raise ConflictError(
        f"vendor {vendor_id} has bank account {held} at BILL, the request says {given}: ask the vendor over "
        "a known telephone number, then correct the request, or replace the account in BILL"
    )

"""Finding a vendor by its name and what else is known of it, and its bank account."""

from __future__ import annotations

from billcom.client import BillClient
from billcom.errors import ConflictError, NotFoundError
from billcom.intent import Intent, Kind
from billcom.lookup.parties import check_name, check_party, find_party
from billcom.lookup.rows import plain
from billcom.models.bank_account import BankAccount, NewBankAccount, last_four
from billcom.models.vendor import Vendor


def vendor_intent(client: BillClient, name: str, email: str = "", account_number: str = "") -> Intent[Vendor]:
    """Return that a vendor of this name is at BILL once; known by its id, it may have been renamed there.

    Its look raises CaseError for homonyms; look and check ConflictError for an archived vendor, a name that
    differs in case or blanks, another e-mail, account number or currency.
    """

    def check(vendor: Vendor) -> Vendor:
        known = {"email": email, "account_number": account_number}
        return check_party("vendor", vendor, known, vendor.bill_currency)

    async def look() -> Vendor | None:
        vendor = await find_party("vendor", name, client.vendors.list, client.vendors.get)
        return check(vendor) if vendor is not None else None

    return Intent(
        Kind.VENDOR,
        plain(name),
        look,
        client.vendors.get,
        check,
        match=lambda vendor: check_name("vendor", check(vendor), name),
        details={"name": name},
    )


def vendor_bank_account_intent(
    client: BillClient, vendor_id: str, wanted: NewBankAccount
) -> Intent[BankAccount]:
    """Return that the vendor has this bank account; a vendor has one at most.

    Look and check raise ConflictError when it is another account: money is not sent elsewhere than BILL says.
    """

    def check(account: BankAccount) -> BankAccount:
        if account.matches(wanted):
            return account
        given = last_four(wanted.account_number.get_secret_value())
        held = last_four(account.account_number.get_secret_value()) if account.account_number else "unknown"
        raise ConflictError(
            f"vendor {vendor_id} has bank account {held} at BILL, the request says {given}: ask the vendor over "
            "a known telephone number, then correct the request, or replace the account in BILL"
        )

    async def look() -> BankAccount | None:
        try:
            return check(await client.vendors.get_bank_account(vendor_id))
        except NotFoundError:
            return None

    async def get(_account_id: str) -> BankAccount:
        return await client.vendors.get_bank_account(vendor_id)

    return Intent(Kind.VENDOR_BANK_ACCOUNT, vendor_id, look, get, check)

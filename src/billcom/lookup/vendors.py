"""Finding a vendor by its name and what else is known of it, and its bank account."""

from __future__ import annotations

from billcom.client import BillClient
from billcom.errors import ConflictError, NotFoundError
from billcom.intent import Intent, Kind
from billcom.journal import Entry
from billcom.lookup.parties import WantedParty, check_name, check_party, find_party
from billcom.models.bank_account import BankAccount, NewBankAccount, last_four
from billcom.models.vendor import Vendor
from billcom.normalization import normalize_text


def vendor_intent(client: BillClient, wanted: WantedParty) -> Intent[Vendor]:
    """Build the intent that the wanted vendor is at BILL once; its name at BILL decides, whatever the journal has.

    Look and read raise as `choose_party` does; look and check ConflictError for an archived vendor, another e-mail,
    account number or currency.
    """

    def check(vendor: Vendor) -> Vendor:
        return check_party("vendor", vendor, wanted.known, vendor.bill_currency)

    async def look(last: Entry | None = None) -> Vendor | None:
        vendor = await find_party(wanted, client.vendors.list, client.vendors.get, last)
        return check(vendor) if vendor is not None else None

    async def read(last: Entry) -> Vendor:
        return await look(last) or await client.vendors.get(last.record_id)

    return Intent(
        Kind.VENDOR,
        normalize_text(wanted.name),
        look,
        client.vendors.get,
        check,
        match=lambda vendor: check_name("vendor", check(vendor), wanted.name),
        read=read,
        details={"name": wanted.name},
    )


def wanted_vendor(name: str, email: str = "", account_number: str = "", vendor_id: str = "") -> WantedParty:
    """Return the vendor that is asked for; empty is what the request doesn't say."""
    return WantedParty("vendor", name, vendor_id, {"email": email, "account_number": account_number})


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

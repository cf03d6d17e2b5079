"""Owns vendors and their bank accounts."""

from dataclasses import dataclass, field
from datetime import datetime

from billcom.emulator.records.address import Address
from billcom.emulator.records.base import Record
from billcom.emulator.wire import Json, mask, present

COMBINED_BILLS_PER_PAYMENT = 35  # Source: BILL docs, Bulk payments


@dataclass
class VendorBankAccount:
    """The one account a vendor is paid to by ACH."""

    name_on_account: str
    account_number: str
    routing_number: str
    created: datetime
    type: str = "CHECKING"
    owner_type: str = "BUSINESS"
    payment_currency: str = "USD"

    def wire(self) -> Json:
        """Return the account, its number masked."""
        return {
            "nameOnAccount": self.name_on_account,
            "accountNumber": mask(self.account_number),
            "routingNumber": self.routing_number,
            "type": self.type,
            "ownerType": self.owner_type,
            "paymentCurrency": self.payment_currency,
        }

    def wire_alone(self) -> Json:
        """Return the account as its own endpoint answers it.

        Unverified: the values of `status`, a field BILL's changelog of 2026-05-21 names.
        """
        return {**self.wire(), "status": "VERIFIED"}


@dataclass
class AdditionalInfo:
    """A vendor's tax and payment details."""

    tax_id: str | None = None
    tax_id_type: str | None = None
    track_1099: bool | None = None
    lead_time_in_days: int | None = None
    combine_payments: bool | None = None
    payment_term_id: str | None = None
    company_name: str | None = None

    def wire(self) -> Json:
        """Return the details, the tax number masked. Unverified: combinePayments is false unless set."""
        return present(
            {
                "taxId": self.tax_id and mask(self.tax_id),
                "taxIdType": self.tax_id_type,
                "track1099": self.track_1099,
                "leadTimeInDays": self.lead_time_in_days,
                "combinePayments": bool(self.combine_payments),
                "paymentTermId": self.payment_term_id,
                "companyName": self.company_name,
            }
        )


@dataclass(kw_only=True)
class Vendor(Record):
    """Someone the organization owes."""

    name: str
    address: Address
    short_name: str | None = None
    account_number: str | None = None
    account_type: str = "NONE"
    email: str | None = None
    phone: str | None = None
    payee_name: str | None = None
    payment_email: str | None = None
    bill_currency: str = "USD"
    bank_account: VendorBankAccount | None = None
    additional_info: AdditionalInfo = field(default_factory=AdditionalInfo)

    @property
    def pay_by_type(self) -> str | None:
        """How the vendor can be paid: ACH with a bank account, a check to a US address, else None."""
        if self.bank_account:
            return "ACH"
        return "CHECK" if self.address.country == "US" else None

    def wire(self) -> Json:
        """Return the vendor as a list row answers it."""
        return present(
            {
                "archived": self.archived,
                "id": self.id,
                "name": self.name,
                "shortName": self.short_name,
                "accountNumber": self.account_number,
                "accountType": self.account_type,
                "email": self.email,
                "phone": self.phone,
                "address": self.address.wire(),
                "paymentInformation": self._payment_information(),
                "additionalInfo": self.additional_info.wire(),
                # Unverified: the status of an account that was typed in, not linked over BILL's network.
                "bankAccountStatus": "NO_NET_LINKED_ACCOUNT" if self.bank_account else "NO_ACCOUNT",
                "recurringPayments": False,
                "billCurrency": self.bill_currency,
                **self.times(),
                "autoPay": {"enabled": False},
                "networkStatus": "NOT_CONNECTED",
            }
        )

    def _payment_information(self) -> Json:
        """Return how the vendor is paid."""
        return present(
            {
                "payeeName": self.payee_name or self.name,
                "email": self.payment_email,
                "payByType": self.pay_by_type or "UNDEFINED",
                "payBySubType": "ACH" if self.bank_account else "NONE",
                "bankAccount": self.bank_account and self.bank_account.wire(),
            }
        )

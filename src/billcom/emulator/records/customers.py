"""Owns customers and their bank accounts."""

from dataclasses import dataclass, field

from billcom.emulator.records.address import Address
from billcom.emulator.records.base import Record
from billcom.emulator.wire import Json, mask, present


@dataclass(kw_only=True)
class CustomerBankAccount(Record):
    """An account a customer is charged on. No source shows a status field, so none is answered."""

    name_on_account: str
    routing_number: str
    account_number: str
    type: str
    owner_type: str
    nickname: str | None = None
    verified: bool = True

    def wire(self) -> Json:
        """Return the account, its number masked."""
        return present(
            {
                "id": self.id,
                "archived": self.archived,
                "nameOnAccount": self.name_on_account,
                "nickname": self.nickname,
                "routingNumber": self.routing_number,
                "accountNumber": mask(self.account_number),
                "type": self.type,
                "ownerType": self.owner_type,
                **self.times(),
            }
        )


@dataclass(kw_only=True)
class Customer(Record):
    """Someone who owes the organization."""

    name: str
    email: str
    company_name: str | None = None
    contact: Json | None = None
    phone: str | None = None
    fax: str | None = None
    description: str | None = None
    account_type: str = "NONE"
    account_number: str | None = None
    billing_address: Address | None = None
    shipping_address: Address | None = None
    payment_term_id: str | None = None
    invoice_currency: str = "USD"
    authorized_to_charge: bool = False
    bank_accounts: dict[str, CustomerBankAccount] = field(default_factory=dict[str, CustomerBankAccount])

    def wire(self) -> Json:
        """Return the customer as a list row answers it."""
        return present(
            {
                "email": self.email,
                "name": self.name,
                "id": self.id,
                "archived": self.archived,
                "companyName": self.company_name,
                "contact": self.contact,
                "phone": self.phone,
                "fax": self.fax,
                "description": self.description,
                "invoiceCurrency": self.invoice_currency,
                "accountType": self.account_type,
                "paymentTermId": self.payment_term_id,
                "accountNumber": self.account_number,
                "billingAddress": self.billing_address and self.billing_address.wire(),
                "shippingAddress": self.shipping_address and self.shipping_address.wire(),
                **self.times(),
            }
        )

"""Owns the organization's bank accounts and the users who may pay from them."""

from dataclasses import dataclass

from billcom.emulator.records.base import Record
from billcom.emulator.wire import Json, mask, present

SANDBOX_DEPOSIT_CENTS = 50  # Source: BILL docs, Bank account setup (v3 API)
WRONG_DEPOSITS_ALLOWED = 3  # Source: BILL docs, Bank account setup (v3 API)


@dataclass(kw_only=True)
class BankAccount(Record):
    """An account the organization pays from and is paid to."""

    name_on_account: str
    routing_number: str
    account_number: str
    type: str
    owner_type: str
    bank_name: str
    created_by: str
    status: str = "PENDING"
    access_to_admins: bool = False
    default_for_payables: bool = False
    default_for_receivables: bool = False
    chart_of_account_id: str | None = None
    wrong_deposits: int = 0

    @property
    def usable(self) -> bool:
        """Whether money can leave it at all: verified and not archived."""
        return self.status == "VERIFIED" and not self.archived

    def wire(self) -> Json:
        """Return the account, its number masked."""
        return present(
            {
                "archived": self.archived,
                "id": self.id,
                "status": self.status,
                "createdBy": self.created_by,
                "routingNumber": self.routing_number,
                "accountNumber": mask(self.account_number),
                "nameOnAccount": self.name_on_account,
                "type": self.type,
                "ownerType": self.owner_type,
                "bankName": self.bank_name,
                "accessToAdmins": self.access_to_admins,
                "default": {
                    "payables": self.default_for_payables,
                    "receivables": self.default_for_receivables,
                },
                **self.times(),
                "chartOfAccountId": self.chart_of_account_id,
            }
        )


@dataclass(kw_only=True)
class BankAccountUser(Record):
    """A user's right to pay from one account; it counts once VERIFIED."""

    bank_account_id: str
    user_id: str
    verification_status: str = "NOMINATED"

    @property
    def may_pay(self) -> bool:
        """Whether the right counts."""
        return self.verification_status == "VERIFIED" and not self.archived

    def wire(self) -> Json:
        """Return the right as BILL answers it."""
        return {
            "id": self.id,
            "bankAccountId": self.bank_account_id,
            "userId": self.user_id,
            "archived": self.archived,
            "verificationStatus": self.verification_status,
            **self.times(),
        }

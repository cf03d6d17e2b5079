"""Funding accounts: the organization's own bank accounts, their users, and who may pay."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from pydantic import SecretStr

from billcom.models.bank_account import AccountNumber, BankAccountOwner, BankAccountType, RoutingNumber
from billcom.models.base import Record, RequestBody


class FundingAccountStatus(StrEnum):
    """State of an organization's bank account; only VERIFIED can pay. BILL knows more values."""

    PENDING = "PENDING"
    VERIFIED = "VERIFIED"
    NOT_VERIFIED = "NOT_VERIFIED"
    INVALID = "INVALID"


class NewFundingAccount(RequestBody):
    """A bank account of the organization to add; it starts PENDING and is verified by a small deposit."""

    name_on_account: str
    bank_name: str
    routing_number: RoutingNumber
    account_number: AccountNumber
    type: BankAccountType = BankAccountType.CHECKING
    owner_type: BankAccountOwner = BankAccountOwner.BUSINESS
    access_to_admins: bool | None = None
    chart_of_account_id: str | None = None


class DefaultUse(Record):
    """What an account is the default for."""

    payables: bool | None = None
    receivables: bool | None = None


class FundingAccount(Record):
    """A bank account of the organization (`bac…`)."""

    id: str
    archived: bool | None = None
    status: str | None = None
    bank_name: str | None = None
    name_on_account: str | None = None
    routing_number: SecretStr | None = None
    account_number: SecretStr | None = None
    type: str | None = None
    owner_type: str | None = None
    access_to_admins: bool | None = None
    default: DefaultUse | None = None
    created_by: str | None = None
    created_time: datetime | None = None
    updated_time: datetime | None = None


class FundingAccountUser(Record):
    """A user of an account; only one whose `verification_status` is VERIFIED can pay from it."""

    id: str | None = None
    bank_account_id: str
    user_id: str | None = None
    archived: bool | None = None
    verification_status: str | None = None


class Verification(Record):
    """Answer to a deposit amount."""

    verified: bool | None = None


class Nomination(Record):
    """State of a user who was nominated for an account."""

    status: str | None = None


class UserPermissions(Record):
    """What the signed-in user may do."""

    pay_online: bool | None = None


class Permissions(Record):
    """What organization and user may do with money."""

    user: UserPermissions = UserPermissions()

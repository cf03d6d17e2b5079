"""A US bank account as vendors, customers and the organization carry it: numbers are secrets."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, SecretStr
from stdnum.us import rtn  # pyright: ignore[reportMissingTypeStubs]

from billcom.models.base import Record, RequestBody

MAX_ACCOUNT_NUMBER_LENGTH = 17
"""Longest US account number. Source: Nacha operating rules, DFI account number field."""


class BankAccountType(StrEnum):
    """Kind of deposit account."""

    CHECKING = "CHECKING"
    SAVINGS = "SAVINGS"


class BankAccountOwner(StrEnum):
    """Who owns the account. Unverified: BILL's spelling for a person (`PERSONAL` on organization accounts)."""

    BUSINESS = "BUSINESS"
    PERSONAL = "PERSONAL"


def last_four(number: str) -> str:
    """Return a bank number as it may be shown: its last four digits."""
    return f"…{number[-4:]}" if len(number) > 4 else "…"


def _check_routing_number(value: SecretStr) -> SecretStr:
    number = value.get_secret_value()
    if not rtn.is_valid(number):
        raise ValueError(
            f"routing number {last_four(number)} is not valid: nine digits whose check digit fits; compare "
            "it with a cheque or the bank's own page"
        )
    return value


def _check_account_number(value: SecretStr) -> SecretStr:
    number = value.get_secret_value()
    if not (number.isascii() and number.isdigit() and 4 <= len(number) <= MAX_ACCOUNT_NUMBER_LENGTH):
        raise ValueError(
            f"account number {last_four(number)} is not valid: 4 to {MAX_ACCOUNT_NUMBER_LENGTH} digits"
        )
    return value


RoutingNumber = Annotated[SecretStr, AfterValidator(_check_routing_number)]
"""An ABA routing number whose check digit fits."""

AccountNumber = Annotated[SecretStr, AfterValidator(_check_account_number)]
"""A US deposit account number, digits only."""


class NewBankAccount(RequestBody):
    """A bank account to add to a vendor or a customer."""

    name_on_account: str
    routing_number: RoutingNumber
    account_number: AccountNumber
    type: BankAccountType = BankAccountType.CHECKING
    owner_type: BankAccountOwner = BankAccountOwner.BUSINESS


class BankAccount(Record):
    """A bank account BILL answers. Unverified: whether its numbers are masked; they are secrets here anyway."""

    id: str | None = None
    archived: bool | None = None
    name_on_account: str | None = None
    nickname: str | None = None
    routing_number: SecretStr | None = None
    account_number: SecretStr | None = None
    type: str | None = None
    owner_type: str | None = None
    payment_currency: str | None = None
    status: str | None = None

    def matches(self, new: NewBankAccount) -> bool:
        """Return whether this can be `new`: the same numbers as far as they are shown, and the same type."""
        if self.type and self.type != new.type:
            return False
        shown = ((self.account_number, new.account_number), (self.routing_number, new.routing_number))
        return all(_same_number(mine, theirs) for mine, theirs in shown)


def _same_number(shown: SecretStr | None, new: SecretStr) -> bool:
    """Compare whole where BILL shows a number whole, by the last four digits where it is masked."""
    mine, theirs = shown.get_secret_value() if shown else "", new.get_secret_value()
    if mine.isdigit():
        return mine == theirs
    return mine[-4:] in ("", theirs[-4:])

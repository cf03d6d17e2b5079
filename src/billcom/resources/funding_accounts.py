"""The organization's own bank accounts, their users, and who may pay."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from decimal import Decimal

from billcom.models.base import RequestBody
from billcom.models.funding_account import (
    FundingAccount,
    FundingAccountUser,
    NewFundingAccount,
    Nomination,
    Permissions,
    Verification,
)
from billcom.query import Filter, ListRules
from billcom.resources.base import Resource

LIST = ListRules(
    filters={"status": frozenset({"eq"})},
    sort=frozenset({"archived", "nameOnAccount", "bankName", "accessToAdmins", "createdTime", "updatedTime"}),
)
"""Source: BILL docs, BILL AP workflow (`status:eq`); Sortable fields."""

USERS = ListRules(filters={"id": frozenset({"eq"})}, sort=frozenset({"archived"}))
"""Source: BILL v3 Postman collection; Sortable fields."""

_PATH = "/v3/funding-accounts"


class _Deposit(RequestBody):
    deposit_amount: Decimal


class _Nominee(RequestBody):
    bank_account_id: str
    user_id: str


class FundingAccounts(Resource):
    """`client.funding_accounts`."""

    def list(self, filters: Iterable[Filter] = (), sort: Sequence[str] = ()) -> AsyncIterator[FundingAccount]:
        """Yield the organization's bank accounts. Being listed is not being usable: see `users`."""
        return self._pages(FundingAccount, f"{_PATH}/banks", LIST, filters, sort)

    async def get(self, bank_account_id: str) -> FundingAccount:
        """Return one bank account. Raises NotFoundError."""
        return await self._get(FundingAccount, f"{_PATH}/banks/{bank_account_id}")

    async def create(self, account: NewFundingAccount) -> FundingAccount:
        """Add a bank account; needs a trusted session and an administrator. It starts PENDING."""
        return await self._send(FundingAccount, "POST", f"{_PATH}/banks", account)

    async def verify(self, bank_account_id: str, deposit_amount: Decimal) -> Verification:
        """Verify by the amount of BILL's test deposit in dollars; three wrong ones kill the account.

        In BILL's sandbox the amount is 0.50. Source: BILL docs, Verifying a bank account in sandbox.
        """
        body = _Deposit(deposit_amount=deposit_amount)
        return await self._send(Verification, "POST", f"{_PATH}/banks/{bank_account_id}/verify", body)

    def users(self, *, current_user: bool = False) -> AsyncIterator[FundingAccountUser]:
        """Yield who may use which account; with `current_user` the signed-in user alone."""
        query = {"currentUser": "true"} if current_user else {}
        return self._pages(FundingAccountUser, f"{_PATH}/banks/users", USERS, query=query)

    async def nominate(self, bank_account_id: str, user_id: str) -> Nomination:
        """Nominate a user of a VERIFIED account; BILL then checks their identity by e-mail."""
        body = _Nominee(bank_account_id=bank_account_id, user_id=user_id)
        return await self._send(Nomination, "POST", f"{_PATH}/banks/users/nominate", body, repeatable=True)

    async def permissions(self) -> Permissions:
        """Return what organization and user may do with money."""
        return await self._get(Permissions, f"{_PATH}/permissions")

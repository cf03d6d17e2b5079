"""Finding the account that pays, and saying of each other one why it can't."""

from __future__ import annotations

import asyncio

from billcom.client import BillClient
from billcom.errors import ConflictError
from billcom.models.funding_account import FundingAccount, FundingAccountStatus
from billcom.query import Filter

_HOW_TO_GET_ONE = (
    "add a bank account in BILL, verify it with the amount of its test deposit (0.50 in BILL's sandbox), then "
    "nominate this user and confirm by the e-mail BILL sends"
)


async def find_funding_account(client: BillClient, wanted_id: str = "") -> FundingAccount:
    """Return the verified account this user can pay from: `wanted_id`, or the only one, or the default one.

    Raises ConflictError naming each account and why it can't pay, or the candidates when there are several.
    """
    permissions, verified, allowed = await asyncio.gather(
        client.funding_accounts.permissions(), _verified(client), _allowed(client)
    )
    if permissions.user.pay_online is False:
        raise ConflictError(
            f"user {client.settings.username} may not pay at BILL: an administrator gives the role of a payer, or "
            "finishes the organization's bank set-up"
        )
    usable = [row for row in verified if why_not(row, allowed) is None]
    if wanted_id:
        usable = [row for row in usable if row.id == wanted_id]
    elif len(usable) > 1:
        usable = [row for row in usable if row.default and row.default.payables] or usable
    if len(usable) == 1:
        return usable[0]
    if usable:
        ids = ", ".join(row.id for row in usable)
        raise ConflictError(
            f"several funding accounts can pay ({ids}): name one in payment.funding_account_id"
        )
    raise ConflictError(await _explain(client, wanted_id, allowed))


async def _verified(client: BillClient) -> list[FundingAccount]:
    wanted = Filter("status", "eq", FundingAccountStatus.VERIFIED)
    return [row async for row in client.funding_accounts.list([wanted])]


async def _allowed(client: BillClient) -> set[str]:
    """Return the accounts this user is a verified user of."""
    return {
        user.bank_account_id
        async for user in client.funding_accounts.users(current_user=True)
        if not user.archived and user.verification_status == FundingAccountStatus.VERIFIED
    }


def why_not(account: FundingAccount, allowed: set[str]) -> str | None:
    """Return why an account can't pay, or None. `allowed`: accounts whose verified user is signed in."""
    if account.archived:
        return "is archived"
    if account.status != FundingAccountStatus.VERIFIED:
        return f"is {account.status}, not VERIFIED"
    if account.id not in allowed:
        return "is verified, but this user is not a verified user of it"
    return None


async def _explain(client: BillClient, wanted_id: str, allowed: set[str]) -> str:
    rows = [row async for row in client.funding_accounts.list()]
    reasons = [f"{row.id} {why_not(row, allowed) or 'could pay'}" for row in rows]
    which = f"funding account {wanted_id} can't pay" if wanted_id else "no funding account can pay"
    return f"{which} ({'; '.join(reasons) or 'the organization has none'}): {_HOW_TO_GET_ONE}"

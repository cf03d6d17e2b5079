"""Whether a payment could be made now, without a person: the trust, the role and the account for it.

Reads and steps up, asks for no code and writes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from billcom.client import BillClient
from billcom.lookup.funding_accounts import why_not
from billcom.models.funding_account import FundingAccountStatus
from billcom.stop_switch import Stop
from billcom.trust import ENROLL, Trust

_VERIFY = (
    "in BILL add a bank account, verify it with the amount of its test deposit, nominate this user for it and "
    "confirm by the e-mail BILL sends"
)


class Verdict(StrEnum):
    """What came of one check."""

    GOOD = "ok"
    NOTE = "note"
    WARNING = "warning"
    PROBLEM = "PROBLEM"
    UNCHECKED = "not checked"


@dataclass(frozen=True)
class Finding:
    """One line of a report: what was checked, how it stands, and what to do about it. Holds no secret.

    `stops_payment`: no payment could be made as things are.
    """

    check: str
    verdict: Verdict
    text: str
    stops_payment: bool = False

    def __str__(self) -> str:
        return f"{self.verdict.value:<11}  {self.check:<15}  {self.text}"


def trust_finding(trust: Trust) -> Finding:
    """Return what the trust of this machine means for the next unattended payment."""
    if not trust.trusted:
        text = f"the next payment would wait for a texted code: {trust.reason}. To mend it {ENROLL}"
        return Finding("MFA trust", Verdict.PROBLEM, text, stops_payment=True)
    if trust.days_left is None:
        return Finding("MFA trust", Verdict.GOOD, f"trusted {trust.reason}")
    days = f"{trust.days_left} day{'' if trust.days_left == 1 else 's'} left"
    if trust.warning is None:
        return Finding("MFA trust", Verdict.GOOD, f"trusted {trust.reason}; {days}")
    return Finding("MFA trust", Verdict.WARNING, f"trusted {trust.reason}; only {days}: {ENROLL}")


def stop_finding(stop: Stop | None) -> Finding:
    """Return whether the journal's stop switch lets money move."""
    if stop is None:
        return Finding("stop switch", Verdict.GOOD, "the journal stops no money")
    text = f"all money is stopped {stop}. To go on: billcom resume"
    return Finding("stop switch", Verdict.PROBLEM, text, stops_payment=True)


async def check_role(client: BillClient) -> Finding:
    """Return whether the user's role may pay."""
    allowed = (await client.funding_accounts.permissions()).user.pay_online
    if allowed:
        return Finding("role", Verdict.GOOD, f"{client.settings.username} may pay online")
    if allowed is None:
        text = "BILL does not say whether this user may pay: the first payment will tell"
        return Finding("role", Verdict.WARNING, text)
    text = (
        f"{client.settings.username} may not pay at BILL: an administrator gives the role of a payer, or finishes "
        "the organization's bank set-up"
    )
    return Finding("role", Verdict.PROBLEM, text, stops_payment=True)


async def check_funding_accounts(client: BillClient) -> list[Finding]:
    """Return, for each bank account of the organization, whether this user can pay from it, or why not."""
    accounts = [row async for row in client.funding_accounts.list()]
    allowed = {
        user.bank_account_id
        async for user in client.funding_accounts.users(current_user=True)
        if not user.archived and user.verification_status == FundingAccountStatus.VERIFIED
    }
    findings: list[Finding] = []
    for account in accounts:
        reason = why_not(account, allowed)
        name = f"{account.id} {account.bank_name or ''}".rstrip()
        default = " (the default)" if account.default and account.default.payables else ""
        text = f"{name} can't pay: it {reason}" if reason else f"{name} can pay{default}"
        findings.append(Finding("funding account", Verdict.NOTE if reason else Verdict.GOOD, text))
    if any(finding.verdict is Verdict.GOOD for finding in findings):
        return findings
    none = "none of them can pay" if findings else "the organization has none"
    return [*findings, Finding("funding account", Verdict.PROBLEM, f"{none}: {_VERIFY}", stops_payment=True)]


def could_pay(findings: Iterable[Finding]) -> bool:
    """Return whether nothing found stops a payment."""
    return not any(finding.stops_payment for finding in findings)

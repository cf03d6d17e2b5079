"""Owns what must hold before a payment is made: the account, the date, and each bill it pays."""

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime

from billcom.emulator import codes
from billcom.emulator.calendar import banking_days_after, business_date, is_banking_day
from billcom.emulator.errors import BillError, Problem, refuse
from billcom.emulator.form import Form
from billcom.emulator.organization import Organization
from billcom.emulator.records.bills import NOT_APPROVED, Bill
from billcom.emulator.records.users import User
from billcom.emulator.records.vendors import Vendor
from billcom.emulator.rules import Rules
from billcom.emulator.wire import Json, present

FUNDING_TYPES = ("BANK_ACCOUNT", "CARD_ACCOUNT", "AP_CARD", "WALLET")
DATED_FUNDING_TYPES = ("WALLET", "AP_CARD")  # Source: BILL docs, Payments: they need a processDate
LONGEST_DESCRIPTION = 70  # Source: BILL docs, Payments
LONGEST_TRANSACTION_NUMBER = 50  # Source: BILL docs, changelog 2024-05-06


@dataclass
class Terms:
    """What a payment request says beside its bills."""

    funding_type: str
    funding_id: str
    process_date: date | None
    vendor_id: str | None
    description: str | None
    transaction_number: str | None
    card_funding_purpose: str | None

    def funding_account(self) -> Json:
        """Return the funding account as payments answer it."""
        return present({"type": self.funding_type, "id": self.funding_id or None})


@dataclass(frozen=True)
class Share:
    """One bill to be paid and the cents of it."""

    bill: Bill
    amount: int


def read_terms(form: Form) -> Terms:
    """Return the terms of a single or bulk payment request."""
    account = form.form("fundingAccount", required=True) or Form({})
    funding_type = account.choice("type", FUNDING_TYPES, required=True) or ""
    form.text("exchangeRateBatchId")
    return Terms(
        funding_type=funding_type,
        funding_id=account.text("id", required=funding_type != "WALLET") or "",
        process_date=form.day("processDate", required=funding_type in DATED_FUNDING_TYPES),
        vendor_id=form.text("vendorId"),
        description=form.text("description", longest=LONGEST_DESCRIPTION),
        transaction_number=_read_transaction_number(form),
        card_funding_purpose=form.text("cardFundingPurpose"),
    )


def _read_transaction_number(form: Form) -> str | None:
    """Return the caller's reference: letters and digits."""
    number = form.text("transactionNumber", longest=LONGEST_TRANSACTION_NUMBER)
    if number is not None and not (number.isascii() and number.isalnum()):
        form.problem("transactionNumber", "must be alphanumeric", codes.INVALID_ENTITY)
        return None
    return number


def check_funding(organization: Organization, user: User, terms: Terms) -> None:
    """Raise unless the user may pay (BDC_1150) and the account can be paid from by them (BDC_1151)."""
    if not user.may_pay:
        raise refuse(codes.USER_CANNOT_PAY, "User cannot make online payments.")
    # Unverified: an organization here has no cards and no wallet, so naming one is answered as unusable.
    usable = False
    if terms.funding_type == "BANK_ACCOUNT":
        account = organization.bank_account(terms.funding_id)
        usable = account.usable and organization.may_pay_from(account, user)
    if not usable:
        raise refuse(codes.FUNDING_ACCOUNT_CANNOT_PAY, "Funding account cannot make online payments.")


def check_shares(
    organization: Organization, rules: Rules, terms: Terms, shares: list[Share], now: datetime
) -> date:
    """Return the process date when every bill can be paid; raise with the reasons of all that can't."""
    process_date = terms.process_date or banking_days_after(business_date(now), 1)
    wanted: Counter[str] = Counter()
    problems: list[tuple[int, Problem, str]] = []
    for share in shares:
        wanted[share.bill.id] += share.amount
        try:
            _check_share(organization, rules, terms, share, wanted[share.bill.id])
            check_date(rules, organization.vendor(share.bill.vendor_id), process_date, now)
        except BillError as error:
            problems += [(error.status, problem, share.bill.id) for problem in error.problems]
    if problems:
        raise BillError(
            problems[0][0], [entry for _, problem, bill in problems for entry in _twice(problem, bill)]
        )
    return process_date


def _twice(problem: Problem, bill_id: str) -> list[Problem]:
    """Return a reason the way BILL reports it: plain, and prefixed with the bill's id."""
    return [problem, Problem(f"{bill_id} : {problem.message}", problem.code)]


def _check_share(organization: Organization, rules: Rules, terms: Terms, share: Share, wanted: int) -> None:
    """Raise when this bill can't be paid this much (`wanted` sums its shares in the request)."""
    bill = share.bill
    if bill.archived:
        raise refuse(codes.BILL_ARCHIVED, "An archived bill cannot be paid.")
    if terms.vendor_id is not None and terms.vendor_id != bill.vendor_id:
        raise refuse(codes.VENDOR_MISMATCH, "The vendor of the payment is not the vendor of the bill.")
    if bill.approval_status in NOT_APPROVED and not rules.accepts("pay_unapproved"):
        raise refuse(codes.BILL_NOT_APPROVED, "The bill's approvals are not complete.")
    open_amount = bill.due_amount - bill.scheduled_amount
    if wanted > open_amount and not rules.accepts("overpayment"):
        raise refuse(codes.OVERPAYMENT, "The amount is more than the bill's open amount.")
    if organization.vendor(bill.vendor_id).pay_by_type is None:
        raise refuse(codes.VENDOR_CANNOT_BE_PAID, "This vendor is unable to receive ePayments.")


def check_date(rules: Rules, vendor: Vendor, process_date: date, now: datetime) -> None:
    """Raise when funds can't leave that day: BDC_1152, or BDC_1402 for a vendor account too new."""
    if process_date <= business_date(now) or not is_banking_day(process_date):
        raise refuse(codes.INVALID_PROCESS_DATE, f"Invalid Process Date: {process_date.isoformat()}")
    days = rules.number("new_vendor_bank_days")
    account = vendor.bank_account
    if account is not None and process_date < banking_days_after(business_date(account.created), days):
        message = "Please select a payment processing date two business days out from today."
        raise refuse(codes.VENDOR_BANK_TOO_NEW, message, 400)


def check_transaction_number(organization: Organization, rules: Rules, number: str | None) -> None:
    """Raise when the reference was used before and that is refused. BILL is not known to refuse it."""
    if number is None or rules.accepts("duplicate_transaction_number"):
        return
    if any(payment.transaction_number == number for payment in organization.payments.values()):
        raise refuse(codes.DUPLICATE_TRANSACTION_NUMBER, f"Duplicate transaction number: {number}")

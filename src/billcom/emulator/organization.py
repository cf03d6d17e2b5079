"""Owns the state of one organization: its records, and finding them by id."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

from billcom.emulator.errors import not_found
from billcom.emulator.records.base import Record
from billcom.emulator.records.bill_approvals import ApprovalPolicy
from billcom.emulator.records.bills import Bill
from billcom.emulator.records.chart_of_accounts import ChartOfAccount
from billcom.emulator.records.customers import Customer
from billcom.emulator.records.funding_accounts import BankAccount, BankAccountUser
from billcom.emulator.records.invoices import Invoice
from billcom.emulator.records.payments import Payment
from billcom.emulator.records.received_payments import ReceivedPayment
from billcom.emulator.records.users import User
from billcom.emulator.records.vendors import Vendor

R = TypeVar("R", bound=Record)


@dataclass
class Organization:
    """One organization; nothing of it is visible from another."""

    id: str
    users: dict[str, User] = field(default_factory=dict[str, User])
    vendors: dict[str, Vendor] = field(default_factory=dict[str, Vendor])
    chart_of_accounts: dict[str, ChartOfAccount] = field(default_factory=dict[str, ChartOfAccount])
    approval_policies: dict[str, ApprovalPolicy] = field(default_factory=dict[str, ApprovalPolicy])
    bills: dict[str, Bill] = field(default_factory=dict[str, Bill])
    payments: dict[str, Payment] = field(default_factory=dict[str, Payment])
    bank_accounts: dict[str, BankAccount] = field(default_factory=dict[str, BankAccount])
    bank_account_users: dict[str, BankAccountUser] = field(default_factory=dict[str, BankAccountUser])
    customers: dict[str, Customer] = field(default_factory=dict[str, Customer])
    invoices: dict[str, Invoice] = field(default_factory=dict[str, Invoice])
    received_payments: dict[str, ReceivedPayment] = field(default_factory=dict[str, ReceivedPayment])

    def vendor(self, record_id: str) -> Vendor:
        """Return a vendor; raise 404 BDC_1205 when there is none."""
        return find(self.vendors, record_id, "Vendor")

    def chart_of_account(self, record_id: str) -> ChartOfAccount:
        """Return an account of the chart; raise 404 BDC_1205 when there is none."""
        return find(self.chart_of_accounts, record_id, "Chart of account")

    def approval_policy(self, record_id: str) -> ApprovalPolicy:
        """Return a bill approval policy; raise 404 BDC_1205 when there is none."""
        return find(self.approval_policies, record_id, "Bill approval policy")

    def bill(self, record_id: str) -> Bill:
        """Return a bill; raise 404 BDC_1205 when there is none."""
        return find(self.bills, record_id, "Bill")

    def payment(self, record_id: str) -> Payment:
        """Return a payment; raise 404 BDC_1205 when there is none."""
        return find(self.payments, record_id, "Payment")

    def bank_account(self, record_id: str) -> BankAccount:
        """Return one of the organization's own bank accounts; raise 404 BDC_1205 when there is none."""
        return find(self.bank_accounts, record_id, "Bank account")

    def customer(self, record_id: str) -> Customer:
        """Return a customer; raise 404 BDC_1205 when there is none."""
        return find(self.customers, record_id, "Customer")

    def invoice(self, record_id: str) -> Invoice:
        """Return an invoice; raise 404 BDC_1205 when there is none."""
        return find(self.invoices, record_id, "Invoice")

    def received_payment(self, record_id: str) -> ReceivedPayment:
        """Return a received payment; raise 404 BDC_1205 when there is none."""
        return find(self.received_payments, record_id, "Received payment")

    def may_pay_from(self, account: BankAccount, user: User) -> bool:
        """Return whether the user is a verified user of the account."""
        return any(
            right.may_pay and right.bank_account_id == account.id and right.user_id == user.id
            for right in self.bank_account_users.values()
        )

    def verify(self, account: BankAccount, now: datetime, *, nominated: bool = False) -> None:
        """Make an account VERIFIED, and its creator a verified user; those `nominated` for it too when asked.

        Unverified: that whoever added the account may pay from it as soon as it is verified.
        """
        account.status, account.updated = "VERIFIED", now
        for right in self.bank_account_users.values():
            if right.bank_account_id == account.id and (nominated or right.user_id == account.created_by):
                right.verification_status, right.updated = "VERIFIED", now

    def bills_paid_by(self, payment: Payment) -> list[Bill]:
        """Return the bills a payment pays."""
        return [self.bills[bill_id] for bill_id in {part.bill_id for part in payment.bill_payments}]

    def invoices_paid_by(self, received: ReceivedPayment) -> list[Invoice]:
        """Return the invoices a received payment pays."""
        return [self.invoices[invoice_id] for invoice_id in {p.invoice_id for p in received.invoice_payments}]


def find(records: Mapping[str, R], record_id: str, kind: str) -> R:
    """Return the record of an id; raise 404 BDC_1205 when there is none."""
    record = records.get(record_id)
    if record is None:
        raise not_found(kind, record_id)
    return record

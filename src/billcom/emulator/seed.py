"""Owns what an organization starts with, and the sample records asked for on top of it."""

from datetime import datetime, timedelta
from decimal import Decimal

from billcom.emulator import ids
from billcom.emulator.organization import Organization
from billcom.emulator.records.address import Address
from billcom.emulator.records.bills import Bill, BillLine
from billcom.emulator.records.chart_of_accounts import ChartOfAccount
from billcom.emulator.records.customers import Customer
from billcom.emulator.records.funding_accounts import BankAccount, BankAccountUser
from billcom.emulator.records.invoices import Invoice, InvoiceLine
from billcom.emulator.records.users import Phone, User
from billcom.emulator.records.vendors import Vendor, VendorBankAccount

PHONE_NUMBER = "5555550100"
ROUTING_NUMBER = "074000010"  # Source: BILL's collection; a test number with a right check digit
ACCOUNT_NUMBER = "111222333"  # Source: BILL's collection
DUE_DAYS = 14
EXPENSE_ACCOUNTS = {"6000": "Office Supplies", "6100": "Instruments", "6200": "Repairs"}
# Seeded records are old enough to be listed at once, however long lists lag behind.
SEEDED_DAYS_AGO = 30


def new_user(username: str, password: str, organization_id: str, dev_key: str) -> User:
    """Return an administrator with a phone."""
    phone = Phone(PHONE_NUMBER, primary=True)
    return User(ids.new_id(ids.USER), username, password, organization_id, dev_key, phones=[phone])


def demo_organization(user: User, now: datetime) -> Organization:
    """Return an organization with one VERIFIED bank account the user may pay from, one PENDING, and a chart."""
    organization = Organization(user.organization_id, users={user.id: user})
    now -= timedelta(days=SEEDED_DAYS_AGO)
    verified = _bank_account(user, now, "VERIFIED", "Operating account")
    verified.default_for_payables = verified.default_for_receivables = True
    pending = _bank_account(user, now, "PENDING", "New account")
    organization.bank_accounts = {verified.id: verified, pending.id: pending}
    right = BankAccountUser(
        id=ids.new_id(ids.BANK_ACCOUNT_USER),
        created=now,
        updated=now,
        bank_account_id=verified.id,
        user_id=user.id,
        verification_status="VERIFIED",
    )
    organization.bank_account_users[right.id] = right
    chart = [_account(number, name, now) for number, name in EXPENSE_ACCOUNTS.items()]
    organization.chart_of_accounts = {account.id: account for account in chart}
    return organization


def _account(number: str, name: str, now: datetime) -> ChartOfAccount:
    """Return an expense account of the chart."""
    account_id = ids.new_id(ids.CHART_OF_ACCOUNT)
    return ChartOfAccount(
        id=account_id, created=now, updated=now, name=name, account_type="EXPENSE", account_number=number
    )


def _bank_account(user: User, now: datetime, status: str, name: str) -> BankAccount:
    """Return a bank account of the organization."""
    return BankAccount(
        id=ids.new_id(ids.BANK_ACCOUNT),
        created=now,
        updated=now,
        name_on_account=name,
        routing_number=ROUTING_NUMBER,
        account_number=ACCOUNT_NUMBER,
        type="CHECKING",
        owner_type="BUSINESS",
        bank_name="Local Bank",
        created_by=user.id,
        status=status,
        access_to_admins=True,
    )


def sample(
    organization: Organization,
    now: datetime,
    *,
    vendors: int,
    bills_per_vendor: int,
    customers: int,
    invoices_per_customer: int,
) -> dict[str, list[str]]:
    """Add vendors with open bills and customers with open invoices; return the ids made, by kind."""
    new_vendors = [_vendor(number, now) for number in range(1, vendors + 1)]
    new_customers = [_customer(number, now) for number in range(1, customers + 1)]
    new_bills = [_bill(v, number, now) for v in new_vendors for number in range(1, bills_per_vendor + 1)]
    new_invoices = [
        _invoice(customer, now) for customer in new_customers for _ in range(invoices_per_customer)
    ]
    organization.vendors |= {vendor.id: vendor for vendor in new_vendors}
    organization.customers |= {customer.id: customer for customer in new_customers}
    organization.bills |= {bill.id: bill for bill in new_bills}
    organization.invoices |= {invoice.id: invoice for invoice in new_invoices}
    return {
        "vendors": [vendor.id for vendor in new_vendors],
        "bills": [bill.id for bill in new_bills],
        "customers": [customer.id for customer in new_customers],
        "invoices": [invoice.id for invoice in new_invoices],
    }


def _address() -> Address:
    """Return a US address."""
    return Address("123 Main Street", "San Jose", "95002", "US", state_or_province="CA")


def _vendor(number: int, now: datetime) -> Vendor:
    """Return a vendor that can be paid by ACH."""
    name = f"Sample Vendor {number}"
    return Vendor(
        id=ids.new_id(ids.VENDOR),
        created=now - timedelta(days=SEEDED_DAYS_AGO),
        updated=now - timedelta(days=SEEDED_DAYS_AGO),
        name=name,
        address=_address(),
        account_type="BUSINESS",
        email=f"vendor{number}@example.com",
        payee_name=name,
        bank_account=VendorBankAccount(name, ACCOUNT_NUMBER, ROUTING_NUMBER, now),
    )


def _bill(vendor: Vendor, number: int, now: datetime) -> Bill:
    """Return an open bill of 100 dollars and `number` cents."""
    return Bill(
        id=ids.new_id(ids.BILL),
        created=now - timedelta(days=SEEDED_DAYS_AGO),
        updated=now - timedelta(days=SEEDED_DAYS_AGO),
        vendor_id=vendor.id,
        due_date=(now + timedelta(days=DUE_DAYS)).date(),
        lines=[BillLine(ids.new_id(ids.BILL_LINE_ITEM), 100_00 + number, description="Sample")],
        invoice_number=f"S{number}",
        invoice_date=now.date(),
    )


def _customer(number: int, now: datetime) -> Customer:
    """Return a customer with a billing address."""
    return Customer(
        id=ids.new_id(ids.CUSTOMER),
        created=now - timedelta(days=SEEDED_DAYS_AGO),
        updated=now - timedelta(days=SEEDED_DAYS_AGO),
        name=f"Sample Customer {number}",
        email=f"customer{number}@example.com",
        account_type="BUSINESS",
        billing_address=_address(),
    )


def _invoice(customer: Customer, now: datetime) -> Invoice:
    """Return an open invoice of 29.98 dollars under a number of its own."""
    return Invoice(
        id=ids.new_id(ids.INVOICE),
        created=now - timedelta(days=SEEDED_DAYS_AGO),
        updated=now - timedelta(days=SEEDED_DAYS_AGO),
        customer_id=customer.id,
        invoice_number=f"S-{ids.random_digits(8)}",
        invoice_date=now.date(),
        due_date=(now + timedelta(days=DUE_DAYS)).date(),
        lines=[InvoiceLine(ids.new_id(ids.INVOICE_LINE_ITEM), Decimal(2), 14_99, "Sample")],
    )

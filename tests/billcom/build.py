"""Owns small builders of requests and records with defaults, and the steps many tests begin with."""

from datetime import date
from decimal import Decimal
from typing import Any

from pydantic import SecretStr

from billcom.client import BillClient
from billcom.inputs import AddressInput, BillInput, CustomerInput, InvoiceInput, InvoiceLineInput, VendorInput
from billcom.intent import Intent
from billcom.local import texted_code
from billcom.lookup import customers, vendors
from billcom.lookup.bills import bill_intent
from billcom.lookup.invoices import invoice_intent
from billcom.models.address import NewAddress
from billcom.models.bank_account import NewBankAccount
from billcom.models.bill import Bill, NewBill, NewBillInvoice, NewBillLine
from billcom.models.customer import Customer, NewCustomer
from billcom.models.invoice import CustomerReference, Invoice, NewInvoice, NewInvoiceLine
from billcom.models.mfa import ChallengeAnswer, StepUp
from billcom.models.payment import FundingAccountReference, NewPayment, Payment
from billcom.models.received_payment import InvoiceAmount, NewCharge, ReceivedPayment
from billcom.models.vendor import NewPaymentInformation, NewVendor, Vendor
from billcom.session import Session

DEVICE = "test laptop"
ROUTING_NUMBER = "074000010"
ACCOUNT_NUMBER = "111222333"
ADDRESS = NewAddress(line1="123 Main Street", city="San Jose", zip_or_postal_code="95002")
ADDRESS_INPUT = AddressInput(line1="123 Main Street", city="San Jose", zip="95002")


class OneSession:
    """A session that was made up: for servers that ask for none."""

    def __init__(self) -> None:
        self.session = Session(
            session_id=SecretStr("made-up"), organization_id="008", user_id="006", trusted=True
        )

    async def current(self) -> Session:
        """Return it."""
        return self.session

    async def renewed(self, expired: Session) -> Session:
        """Return it again."""
        return expired


def bank_account(**changes: Any) -> NewBankAccount:
    """Return a bank account to add."""
    return NewBankAccount(
        **{
            "name_on_account": "Happy Music",
            "routing_number": ROUTING_NUMBER,
            "account_number": ACCOUNT_NUMBER,
            **changes,
        }
    )


def new_vendor(**changes: Any) -> NewVendor:
    """Return a vendor that can be paid by ACH."""
    payment = NewPaymentInformation(payee_name="Happy Music", bank_account=bank_account())
    return NewVendor(**{"name": "Happy Music", "address": ADDRESS, "payment_information": payment, **changes})


def new_bill(vendor_id: str, amount: str = "149.00", number: str = "202501", **changes: Any) -> NewBill:
    """Return a bill of one line."""
    invoice = NewBillInvoice(invoice_number=number, invoice_date=date(2026, 11, 20))
    return NewBill(
        **{
            "vendor_id": vendor_id,
            "due_date": date(2026, 12, 31),
            "bill_line_items": [NewBillLine(amount=Decimal(amount), description="Audio interface")],
            "invoice": invoice,
            **changes,
        }
    )


def new_customer(**changes: Any) -> NewCustomer:
    """Return a customer with a billing address."""
    return NewCustomer(
        **{"name": "Paperless Band", "email": "band@band.example", "billing_address": ADDRESS, **changes}
    )


def new_invoice(customer_id: str, number: str = "202502", price: str = "14.99", **changes: Any) -> NewInvoice:
    """Return an invoice of two of something: 29.98 dollars."""
    line = NewInvoiceLine(quantity=Decimal(2), price=Decimal(price), description="Drum sticks")
    return NewInvoice(
        **{
            "customer": CustomerReference(id=customer_id),
            "invoice_number": number,
            "invoice_date": date(2026, 11, 20),
            "due_date": date(2026, 12, 31),
            "invoice_line_items": [line],
            **changes,
        }
    )


def vendor_input(**changes: Any) -> VendorInput:
    """Return the vendor a person asks for."""
    return VendorInput(**{"name": "Happy Music", "address": ADDRESS_INPUT, **changes})


def bill_input(**changes: Any) -> BillInput:
    """Return the bill a person asks for: what `new_bill` makes."""
    return BillInput(
        **{
            "invoice_number": "202501",
            "amount": "149.00",
            "invoice_date": "2026-11-20",
            "due_date": "2026-12-31",
            **changes,
        }
    )


def customer_input(**changes: Any) -> CustomerInput:
    """Return the customer a person asks for: what `new_customer` makes."""
    return CustomerInput(
        **{
            "name": "Paperless Band",
            "email": "band@band.example",
            "billing_address": ADDRESS_INPUT,
            **changes,
        }
    )


def invoice_input(price: str = "14.99", **changes: Any) -> InvoiceInput:
    """Return the invoice a person asks for: what `new_invoice` makes."""
    return InvoiceInput(
        **{
            "invoice_number": "202502",
            "invoice_date": "2026-11-20",
            "due_date": "2026-12-31",
            "lines": [InvoiceLineInput(quantity=Decimal(2), price=Decimal(price))],
            **changes,
        }
    )


def wanted_vendor(bill: BillClient, **changes: Any) -> Intent[Vendor]:
    """Return what `new_vendor` makes as it is looked for."""
    wanted = vendor_input(**changes)
    known = vendors.wanted_vendor(wanted.name, wanted.email, wanted.account_number, wanted.id)
    return vendors.vendor_intent(bill, known)


def wanted_bill(bill: BillClient, vendor_id: str, **changes: Any) -> Intent[Bill]:
    """Return what `new_bill` makes as it is looked for."""
    wanted = bill_input(**changes)
    return bill_intent(bill, vendor_id, wanted.invoice_number, wanted.invoice_date, wanted.amount)


def wanted_customer(bill: BillClient, **changes: Any) -> Intent[Customer]:
    """Return what `new_customer` makes as it is looked for."""
    wanted = customer_input(**changes)
    known = customers.wanted_customer(wanted.name, wanted.email, wanted.id)
    return customers.customer_intent(bill, known)


def wanted_invoice(
    bill: BillClient, customer_id: str, price: str = "14.99", **changes: Any
) -> Intent[Invoice]:
    """Return what `new_invoice` makes as it is looked for."""
    wanted = invoice_input(price, **changes)
    return invoice_intent(bill, customer_id, wanted.invoice_number, wanted.amount)


async def remember_device(bill: BillClient) -> SecretStr:
    """Answer a challenge; return the id BILL gives the device."""
    challenge = await bill.mfa.challenge()
    remembered = await bill.mfa.validate(
        ChallengeAnswer(
            challenge_id=challenge.challenge_id,
            token=await texted_code(bill, challenge.challenge_id),
            remember_me=True,
            device=DEVICE,
        )
    )
    assert remembered.remember_me_id is not None
    return remembered.remember_me_id


async def pass_mfa(bill: BillClient) -> None:
    """Make the session trusted."""
    remember_me_id = await remember_device(bill)
    assert (await bill.mfa.step_up(StepUp(remember_me_id=remember_me_id, device=DEVICE))).trusted


async def make_vendor(bill: BillClient, **changes: Any) -> Vendor:
    """Create a vendor."""
    return await bill.vendors.create(new_vendor(**changes))


async def make_bill(bill: BillClient, amount: str = "149.00", **changes: Any) -> Bill:
    """Create a bill, of a new vendor unless one is named."""
    vendor_id = changes.pop("vendor_id", None) or (await make_vendor(bill)).id
    return await bill.bills.create(new_bill(vendor_id, amount, **changes))


async def verified_account(bill: BillClient) -> str:
    """Return the id of the funding account every organization starts with."""
    return [row.id async for row in bill.funding_accounts.list() if row.status == "VERIFIED"][0]


async def new_payment(bill: BillClient, paid: Bill, **changes: Any) -> NewPayment:
    """Return the payment of a bill in full, on the next banking day."""
    return NewPayment(
        **{
            "bill_id": paid.id,
            "amount": paid.amount,
            "funding_account": FundingAccountReference(id=await verified_account(bill)),
            **changes,
        }
    )


async def pay(bill: BillClient, paid: Bill, **changes: Any) -> Payment:
    """Pay a bill in full; the session must be trusted."""
    return await bill.payments.create(await new_payment(bill, paid, **changes))


async def make_customer(bill: BillClient, **changes: Any) -> Customer:
    """Create a customer."""
    return await bill.customers.create(new_customer(**changes))


async def make_invoice(bill: BillClient, **changes: Any) -> Invoice:
    """Create an invoice, of a new customer unless one is named."""
    customer_id = changes.pop("customer_id", None) or (await make_customer(bill)).id
    return await bill.invoices.create(new_invoice(customer_id, **changes))


async def new_charge(bill: BillClient, invoice: Invoice, **changes: Any) -> NewCharge:
    """Return the charge of an invoice in full, to a bank account its customer now has."""
    customer_id = invoice.customer_id or ""
    account = await bill.customers.create_bank_account(customer_id, bank_account())
    await bill.customers.authorize_charge(customer_id)
    part = InvoiceAmount(invoice_id=invoice.id, amount=invoice.total_amount or Decimal(0))
    return NewCharge(
        **{
            "customer_id": customer_id,
            "funding_account": FundingAccountReference(id=account.id),
            "invoice_payments": [part],
            **changes,
        }
    )


async def charge(bill: BillClient, invoice: Invoice, **changes: Any) -> ReceivedPayment:
    """Charge an invoice in full."""
    return await bill.received_payments.charge(await new_charge(bill, invoice, **changes))

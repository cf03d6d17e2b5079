"""Owns small builders of what a collection run is planned by: rows, what BILL holds, and journal rows."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from billcom.inputs import AddressInput, InvoiceLineInput
from billcom.intent import Kind
from billcom.journal import Entry, Identity, State
from billcom.models.bank_account import BankAccount, NewBankAccount
from billcom.models.customer import Customer
from billcom.models.invoice import Invoice
from billcom.models.received_payment import ReceivedPayment
from billcom.runs.charges import PlannedInvoice
from billcom.runs.collection_books import CollectionBooks
from billcom.runs.collection_run import plan_collection
from billcom.runs.due_invoices import plan_due_invoices
from billcom.runs.lines import RunLine
from billcom.runs.rows import CollectionRow

MONDAY = date(2026, 11, 23)
ADDRESS = AddressInput(line1="45 Elm Avenue", city="Portland", state="OR", zip="97205")
ACCOUNT = NewBankAccount.model_validate(
    {"name_on_account": "Cedar", "routing_number": "021000021", "account_number": "000987654"}
)
OTHER_ACCOUNT = NewBankAccount.model_validate(
    {"name_on_account": "Cedar", "routing_number": "021000021", "account_number": "000111222"}
)


def row(**changes: Any) -> CollectionRow:
    """Return an invoice of USD 385.00, only to be sent."""
    values: dict[str, Any] = {
        "sheet": "dues",
        "rows": (2,),
        "customer": "Cedar Grove School",
        "invoice_number": "AR-2001",
        "invoice_date": date(2026, 11, 20),
        "due_date": date(2026, 12, 18),
        "lines": (InvoiceLineInput(quantity=Decimal(4), price=Decimal("96.25")),),
    }
    return CollectionRow(**(values | changes))


def charged(**changes: Any) -> CollectionRow:
    """Return an invoice to be charged."""
    return row(**({"charge": True, "authorization_on_file": True} | changes))


def costing(amount: str) -> tuple[InvoiceLineInput, ...]:
    return (InvoiceLineInput(price=Decimal(amount)),)


NEW = {"email": "office@cedar.example", "billing_address": ADDRESS}


def customer(**changes: Any) -> Customer:
    values = {"id": "0cu1", "name": "Cedar Grove School", "archived": False, "email": "office@cedar.example"}
    return Customer.model_validate(
        values | {"billing_address": {"line1": "45 Elm Avenue", "city": "Portland"}} | changes
    )


def account(**changes: Any) -> BankAccount:
    values = {"id": "cba1", "archived": False, "routing_number": "021000021", "account_number": "*****7654"}
    return BankAccount.model_validate(values | {"type": "CHECKING"} | changes)


def invoice(**changes: Any) -> Invoice:
    values = {
        "id": "00e1",
        "archived": False,
        "invoice_number": "AR-2001",
        "invoice_date": date(2026, 11, 20),
        "due_date": date(2026, 12, 18),
        "customer_id": "0cu1",
        "total_amount": Decimal("385.00"),
        "due_amount": Decimal("385.00"),
        "scheduled_amount": Decimal("0.00"),
        "status": "OPEN",
    }
    return Invoice.model_validate(values | changes)


def charge(**changes: Any) -> ReceivedPayment:
    paid = [{"invoice_id": "00e1", "amount": Decimal("385.00")}]
    values = {"id": "0rp1", "customer_id": "0cu1", "invoice_payments": paid, "status": "SCHEDULED"}
    drawn = {"payment_date": date(2026, 12, 1), "funding_account": {"type": "BANK_ACCOUNT", "id": "cba1"}}
    return ReceivedPayment.model_validate(values | drawn | changes)


def known(
    kind: Kind, subject: str, state: State, record_id: str = "", run: str = "", label: str = ""
) -> dict[str, dict[str, Entry]]:
    """Return the journal's last row of one write, as books hold it."""
    details = {"run name": run} if run else {}
    identity = Identity("http://bill", "008", kind, subject, label)
    at = datetime(2026, 11, 23, tzinfo=UTC)
    return {subject: {label: Entry(identity, 2, state, {}, details, record_id, "", "", at)}}


def books(**changes: Any) -> CollectionBooks:
    """Return the books of a BILL that has the customer with one bank account, and no invoice."""
    values: dict[str, Any] = {
        "today": MONDAY,
        "run_name": "november",
        "customers": (customer(),),
        "bank_accounts": {"0cu1": (account(),)},
    }
    return CollectionBooks(**(values | changes))


def lines(*rows: CollectionRow, **changes: Any) -> list[RunLine]:
    return [item.line for item in plan_collection(rows, books(**changes))]


def line(given: CollectionRow, **changes: Any) -> RunLine:
    (only,) = lines(given, **changes)
    return only


def planned(given: CollectionRow, **changes: Any) -> PlannedInvoice:
    (only,) = plan_collection([given], books(**changes))
    return only


def due(given: Invoice, override: str = "", **changes: Any) -> RunLine:
    """Return what charging BILL's own invoice comes to, of a customer that was charged before."""
    with_charge: dict[str, Any] = {"charged_accounts": {"0cu1": "cba1"}, "invoices": (given,)}
    (only,) = plan_due_invoices([given], books(**(with_charge | changes)), {given.id: override})
    return only.line

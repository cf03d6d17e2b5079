"""Owns what a payment run is planned by in tests: rows of a sheet, and vendors, bills and rows of the journal."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from billcom.inputs import AddressInput
from billcom.intent import RUN, Kind
from billcom.journal import Entry, Identity, State
from billcom.models.bank_account import NewBankAccount
from billcom.models.bill import Bill
from billcom.models.payment import Payment
from billcom.models.vendor import Vendor
from billcom.runs.books import PaymentBooks
from billcom.runs.lines import RunLine
from billcom.runs.payment_run import PlannedPayment, plan_bills, plan_rows
from billcom.runs.rows import BillLineRow, PaymentRow

MONDAY = date(2026, 11, 23)
TUESDAY = date(2026, 11, 24)
ADDRESS = AddressInput(line1="123 Main Street", city="San Jose", zip="95002")
MUSIC, BILL, PAYMENT = "00901MUSIC", "00n01BILL", "stp01PAYMENT"
BILL_SUBJECT = f"{MUSIC} 2026-11-20 inv-1001"


def account(number: str = "111222333") -> NewBankAccount:
    """Return a bank account that a sheet gives."""
    return NewBankAccount(name_on_account="Happy Music", routing_number="074000010", account_number=number)  # pyright: ignore[reportArgumentType]


def row(amount: str = "1250.00", **changes: Any) -> PaymentRow:
    """Return a row that pays INV-1001 of a vendor at BILL; its address and account are not told."""
    values: dict[str, Any] = {
        "sheet": "June",
        "rows": (2,),
        "vendor": "Happy Music",
        "invoice_number": "INV-1001",
        "invoice_date": date(2026, 11, 20),
        "due_date": date(2026, 12, 20),
        "lines": (BillLineRow(amount=Decimal(amount)),),
    }
    return PaymentRow(**(values | changes))


def new_row(amount: str = "1250.00", **changes: Any) -> PaymentRow:
    """Return a row that tells all a new vendor needs."""
    return row(amount, **({"address": ADDRESS, "bank_account": account()} | changes))


def vendor(bank_number: str = "*****2333", **changes: Any) -> Vendor:
    """Return a vendor of BILL's; an empty bank number for one without a bank account."""
    held = {"routingNumber": "074000010", "accountNumber": bank_number} if bank_number else None
    values: dict[str, Any] = {
        "id": MUSIC,
        "name": "Happy Music",
        "archived": False,
        "payment_information": {"payByType": "ACH", "bankAccount": held},
    }
    return Vendor.model_validate(values | changes)


def bill(amount: str = "1250.00", **changes: Any) -> Bill:
    """Return an unpaid bill of BILL's."""
    values: dict[str, Any] = {
        "id": BILL,
        "vendor_id": MUSIC,
        "archived": False,
        "amount": Decimal(amount),
        "due_amount": Decimal(amount),
        "scheduled_amount": Decimal(0),
        "due_date": date(2026, 12, 20),
        "invoice": {"invoiceNumber": "INV-1001", "invoiceDate": "2026-11-20"},
        "payment_status": "UNPAID",
        "approval_status": "UNASSIGNED",
    }
    return Bill.model_validate(values | changes)


def payment(amount: str = "1250.00", **changes: Any) -> Payment:
    """Return a scheduled payment of the bill."""
    values: dict[str, Any] = {
        "id": PAYMENT,
        "vendor_id": MUSIC,
        "bill_id": BILL,
        "amount": Decimal(amount),
        "process_date": TUESDAY,
        "status": "SCHEDULED",
        "single_status": "SCHEDULED",
    }
    return Payment.model_validate(values | changes)


def entry(
    kind: Kind, subject: str, state: State = State.DONE, record_id: str = "", label: str = "", **details: str
) -> Entry:
    """Return the last row the journal has of a write; `run` is the run it belonged to."""
    if "run" in details:
        details[RUN] = details.pop("run")
    identity = Identity("http://bill", "008", kind, subject, label)
    at = datetime(2026, 11, 23, 12, tzinfo=UTC)
    return Entry(identity, 1, state, {}, details, record_id, "", "", at)


def paid(run: str = "", label: str = "", record_id: str = PAYMENT) -> dict[str, dict[str, Entry]]:
    """Return the journal's rows of a bill that was paid."""
    of_run = entry(Kind.PAYMENT, BILL, State.DONE, record_id, label, run=run)
    return {BILL: {label: of_run}}


def books(**changes: Any) -> PaymentBooks:
    """Return books on a Monday, with the vendor and no bill, for a run named June."""
    return PaymentBooks(**({"today": MONDAY, "run_name": "June", "vendors": (vendor(),)} | changes))


def planned(*rows: PaymentRow, **changes: Any) -> list[PlannedPayment]:
    """Return what rows come to."""
    return plan_rows(rows, books(**changes))


def line(*rows: PaymentRow, **changes: Any) -> RunLine:
    """Return the line of the last row."""
    return planned(*rows, **changes)[-1].line


def said(*rows: PaymentRow, **changes: Any) -> tuple[str, str]:
    """Return status and reason of the last row's line."""
    last = line(*rows, **changes)
    return last.status.value, last.reason


def due(made: Bill, overrides: dict[str, str] | None = None, **changes: Any) -> RunLine:
    """Return the line of a bill of BILL's own."""
    return plan_bills([made], books(bills=(made,), **changes), overrides)[0].line

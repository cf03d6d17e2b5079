"""Small builders of what the workflows are asked to do, with defaults; all of it is made up."""

from __future__ import annotations

from typing import Any, cast

from prefect import Flow

from billcom.inputs import (
    BillInput,
    CasePolicy,
    ChargeInput,
    CustomerInput,
    InvoiceInput,
    PaymentInput,
    VendorInput,
)
from tasks.blocks import BillBankAccount

ADDRESS = {"line1": "123 Main Street", "city": "San Jose", "state": "CA", "zip": "95002"}
ACCOUNT_NUMBER = "111222333"


async def run(flow: Flow[..., Any], parameters: dict[str, Any]) -> Any:
    """Run a flow with parameters by name, and return its result; what a person decides stops it."""
    return await cast("Any", flow)(**({"on_case": CasePolicy.STOP} | parameters))


def vendor(**changes: Any) -> VendorInput:
    """Return a vendor."""
    return VendorInput(
        **({"name": "Happy Music", "address": ADDRESS, "email": "pay@music.example"} | changes)
    )


def bill(**changes: Any) -> BillInput:
    """Return a bill of USD 1,250.00."""
    given = {
        "invoice_number": "INV-1001",
        "amount": "1250.00",
        "invoice_date": "2026-11-20",
        "due_date": "2026-12-20",
    }
    return BillInput.model_validate(given | changes)


def payment(**changes: Any) -> PaymentInput:
    """Return a payment on the next banking day."""
    return PaymentInput(**changes)


def customer(**changes: Any) -> CustomerInput:
    """Return a customer."""
    given = {"name": "Cedar Grove School", "email": "office@cedar.example", "billing_address": ADDRESS}
    return CustomerInput.model_validate(given | changes)


def invoice(**changes: Any) -> InvoiceInput:
    """Return an invoice of USD 385.00."""
    given = {
        "invoice_number": "AR-2001",
        "invoice_date": "2026-11-23",
        "due_date": "2026-12-07",
        "lines": [
            {"description": "Cello lesson", "quantity": "4", "price": "85.00"},
            {"description": "Cello rental", "price": "45.00"},
        ],
    }
    return InvoiceInput.model_validate(given | changes)


def charge(**changes: Any) -> ChargeInput:
    """Return a charge that the customer has authorized."""
    return ChargeInput.model_validate({"authorization_on_file": True} | changes)


def account(**changes: Any) -> BillBankAccount:
    """Return a bank account."""
    given = {
        "name_on_account": "Happy Music",
        "routing_number": "074000010",
        "account_number": ACCOUNT_NUMBER,
    }
    return BillBankAccount.model_validate(given | changes)

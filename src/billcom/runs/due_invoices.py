"""Planning the charges of BILL's own invoices that are due: whose customer may be charged, and on what. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

from billcom.calendar import next_banking_day
from billcom.errors import ConflictError
from billcom.lookup.parties import check_party
from billcom.models.customer import Customer
from billcom.models.invoice import Invoice
from billcom.money import display
from billcom.runs.charges import (
    PlannedInvoice,
    StopLineError,
    choose_account,
    ends_of,
    held_charges,
    stopped_line,
    with_standing_charge,
)
from billcom.runs.collection_books import CollectionBooks
from billcom.runs.lines import RunLine, Status


def plan_due_invoices(
    invoices: Sequence[Invoice], books: CollectionBooks, overrides: Mapping[str, str] | None = None
) -> list[PlannedInvoice]:
    """Return what BILL's own open invoices come to, in their order; `overrides`: reasons by invoice id."""
    reasons = overrides or {}
    return held_charges([_plan(invoice, books, reasons.get(invoice.id, "")) for invoice in invoices], books)


def is_authorized(customer: Customer, books: CollectionBooks) -> bool:
    """Return whether the customer is known to have authorized charges; whatever is said here, BILL decides.

    It is known by what BILL answers of the customer, else by a charge that was made from here before. Unverified:
    that a customer's record shows `authorizedToCharge`; no call that reads the authorization is documented.
    """
    shown = (customer.model_extra or {}).get("authorizedToCharge")
    return shown if isinstance(shown, bool) else customer.id in books.charged_accounts


def _plan(invoice: Invoice, books: CollectionBooks, override: str) -> PlannedInvoice:
    customer = books.customer_by_id.get(invoice.customer_id or "")
    line = RunLine(
        place="BILL",
        party=customer.name if customer else invoice.customer_id or "",
        number=invoice.invoice_number or "",
        invoice_date=invoice.invoice_date,
        due_date=invoice.due_date,
        amount=_amount(invoice),
        day=_day(invoice, books.today),
        override=override,
        party_is="found",
        document_is="found",
        party_id=invoice.customer_id or "",
        document_id=invoice.id,
    )
    planned = PlannedInvoice(line, None, customer, invoice)
    try:
        return _charged(planned, invoice, customer, books)
    except (ConflictError, StopLineError) as error:
        return stopped_line(planned, error)


def _charged(
    planned: PlannedInvoice, invoice: Invoice, customer: Customer | None, books: CollectionBooks
) -> PlannedInvoice:
    if customer is None:
        raise StopLineError(
            Status.CONFLICT,
            f"customer {invoice.customer_id} is not at BILL any more: look at the invoice there",
        )
    check_party("customer", customer, {}, customer.invoice_currency)
    total = invoice.total_amount
    if total is not None and 0 < invoice.open_amount < total:
        raise StopLineError(
            Status.SKIPPED,
            f"USD {display(invoice.open_amount)} of {display(total)} is open, and a charge takes all of an invoice: "
            "charge the rest in BILL",
        )
    planned = with_standing_charge(planned, invoice, books)
    if planned.line.status is not Status.PLANNED:
        return planned
    if not is_authorized(customer, books):
        raise StopLineError(
            Status.SKIPPED,
            "the customer has not authorized charges, as far as is known here: charge it once by a sheet that says so",
        )
    return _with_account(planned, customer, books)


def _with_account(planned: PlannedInvoice, customer: Customer, books: CollectionBooks) -> PlannedInvoice:
    if books.no_bank_accounts:
        raise StopLineError(Status.CONFLICT, books.no_bank_accounts)
    usable = books.usable_accounts(customer.id)
    if not usable:
        raise StopLineError(
            Status.SKIPPED, "the customer has no bank account at BILL that could be charged: add one there"
        )
    account = choose_account(customer, usable, None)
    last = books.charged_accounts.get(customer.id, "")
    if account is not None and last not in ("", account.id) and not planned.line.override:
        raise StopLineError(
            Status.HELD,
            f"the customer has bank account {account.id} {ends_of(account)} now, the last charge was drawn on {last}: "
            "make sure that its authorization covers it, then give a reason under overrides",
        )
    return replace(planned, bank_account=account, line=replace(planned.line, account=ends_of(account)))


def _amount(invoice: Invoice) -> Decimal:
    """Return what is open, or the whole where nothing is: what the line is about."""
    total = invoice.total_amount or Decimal("0.00")
    return invoice.open_amount if invoice.open_amount > 0 else total


def _day(invoice: Invoice, today: date) -> date:
    """Return the first banking day on which the invoice is due: nobody is charged before."""
    earliest = next_banking_day(today)
    if invoice.due_date is None or invoice.due_date <= earliest:
        return earliest
    return next_banking_day(invoice.due_date - timedelta(days=1))

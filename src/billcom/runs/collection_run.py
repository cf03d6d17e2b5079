"""Planning a collection run of a sheet: what is made, sent, charged, skipped, held, and why. Pure: sends nothing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

from billcom.calendar import next_banking_day, process_date_problem
from billcom.errors import ConflictError
from billcom.inputs import CustomerInput, InvoiceInput
from billcom.journal import State
from billcom.lookup.customers import wanted_customer
from billcom.lookup.parties import check_party, choose_party
from billcom.models.bank_account import NewBankAccount
from billcom.models.customer import Customer
from billcom.models.invoice import Invoice
from billcom.normalization import normalize_text, same_text
from billcom.runs.books import account_ends
from billcom.runs.charges import (
    PlannedInvoice,
    StopLineError,
    choose_account,
    ends_of,
    held_charges,
    made_by_run,
    stopped_line,
    with_standing_charge,
)
from billcom.runs.collection_books import CollectionBooks
from billcom.runs.lines import RunLine, Status
from billcom.runs.near import Known, find_near, looks_like
from billcom.runs.rows import CollectionRow
from billcom.runs.wanted_invoice import WantedInvoice

NOT_EMAILED = "not e-mailed now: BILL had the invoice already"
"""Nothing at BILL tells whether an invoice was e-mailed: only the run that makes it sends it."""


def plan_collection(rows: Sequence[CollectionRow], books: CollectionBooks) -> list[PlannedInvoice]:
    """Return what a sheet's rows come to, in their order."""
    planner = _Planner(books)
    return held_charges([planner.plan(row) for row in rows], books)


def customer_input(rows: Sequence[CollectionRow]) -> CustomerInput:
    """Return the customer of rows, each fact from the first row that states it.

    Raises ValueError when no row has an address: such a customer isn't planned.
    """
    name = rows[0].customer
    address = next((row.billing_address for row in rows if row.billing_address is not None), None)
    if address is None:
        raise ValueError(f"customer {name!r} has no address")
    email = next((row.email for row in rows if row.email), "")
    return CustomerInput(name=name, email=email, billing_address=address)


def invoice_input(row: CollectionRow) -> InvoiceInput:
    """Return the invoice of a row."""
    return InvoiceInput(
        invoice_number=row.invoice_number,
        invoice_date=row.invoice_date,
        due_date=row.due_date,
        lines=list(row.lines),
        send_email=row.send_email,
    )


class _Planner:
    def __init__(self, books: CollectionBooks) -> None:
        self._books = books
        self._new_accounts: dict[str, NewBankAccount] = {}
        self._new_customers: dict[str, CollectionRow] = {}
        self._asked: dict[str, list[Known]] = defaultdict(list)
        self._charged: dict[str, str] = {}

    def plan(self, row: CollectionRow) -> PlannedInvoice:
        """Return what one row comes to."""
        # Only a charge has a day and a bank account: so a plan's fingerprint tells it from an invoice only sent.
        line = RunLine(
            place=row.place,
            party=row.customer,
            number=row.invoice_number,
            invoice_date=row.invoice_date,
            due_date=row.due_date,
            amount=row.amount,
            label=row.label,
            day=(row.payment_date or next_banking_day(self._books.today)) if row.charge else None,
            asked_day=row.payment_date if row.charge else None,
            account=account_ends(row.bank_account) if row.charge else "",
            override=row.override,
        )
        planned = PlannedInvoice(line, row, charges=row.charge)
        try:
            planned = self._with_customer(planned, row)
            planned = self._with_invoice(planned, row)
            planned = self._charged_or_sent(planned, row)
            if planned.line.status is Status.PLANNED:
                self._check_new_invoice(planned, row)
        except (ConflictError, StopLineError) as error:
            planned = stopped_line(planned, error)
        return planned

    def _with_customer(self, planned: PlannedInvoice, row: CollectionRow) -> PlannedInvoice:
        customer = self._customer_of(row)
        if customer is None:
            self._check_new_customer(row)
            return replace(planned, line=replace(planned.line, party_is="new"))
        check_party("customer", customer, {"email": row.email}, customer.invoice_currency)
        own = made_by_run(
            self._books.customer_rows.get(normalize_text(row.customer), {}).get(""), self._books
        )
        line = replace(planned.line, party_is="new" if own else "found", party_id=customer.id)
        return replace(planned, line=line, customer=customer)

    def _customer_of(self, row: CollectionRow) -> Customer | None:
        """Return the customer of this name, or of the id the sheet gives; None where there is none."""
        known = self._books.customer_rows.get(normalize_text(row.customer), {}).get("")
        is_open = known is not None and known.is_open and not row.customer_id
        if is_open and row.email and row.billing_address is not None:
            return None  # being made, or lost on the way: made anew it is looked for first, and closed
        wanted = wanted_customer(row.customer, row.email, row.customer_id)
        return choose_party(
            wanted, self._books.customers_named(row.customer), self._books.customer_by_id, known
        )

    def _check_new_customer(self, row: CollectionRow) -> None:
        first = self._new_customers.get(normalize_text(row.customer), row)
        facts = {
            "e-mail": row.email or first.email,
            "billing address": row.billing_address or first.billing_address,
        }
        missing = [name for name, value in facts.items() if not value]
        if missing:
            raise StopLineError(
                Status.CONFLICT,
                f"customer {row.customer!r} is not at BILL: write its name as BILL has it, or fill in its "
                f"{' and '.join(missing)}",
            )
        self._new_customers.setdefault(normalize_text(row.customer), row)

    def _with_invoice(self, planned: PlannedInvoice, row: CollectionRow) -> PlannedInvoice:
        number = row.invoice_number
        customer_id = planned.customer.id if planned.customer else ""
        wanted = WantedInvoice(customer_id, number, row.amount, row.invoice_date)
        known = self._books.invoice_rows.get(normalize_text(number), {}).get("")
        invoice = None
        if known is not None and known.state is State.DONE and known.record_id in self._books.invoice_by_id:
            invoice = wanted.check(self._books.invoice_by_id[known.record_id])
        elif known is None or not known.is_open:
            invoice = wanted.choose(self._books.invoices_numbered(number))
        if invoice is None:
            return replace(planned, line=replace(planned.line, document_is="new"))
        made = "new" if made_by_run(known, self._books) else "found"
        line = replace(planned.line, document_is=made, document_id=invoice.id)
        return replace(planned, invoice=invoice, line=line)

    def _charged_or_sent(self, planned: PlannedInvoice, row: CollectionRow) -> PlannedInvoice:
        if row.charge:
            planned = self._with_charge(planned, row)
        elif planned.invoice is not None:
            own = planned.line.document_is == "new"
            status = Status.DONE if own else Status.BEFORE
            planned = replace(planned, line=replace(planned.line, status=status))
        if row.send_email and planned.invoice is not None and not planned.line.reason:
            planned = replace(planned, line=replace(planned.line, reason=NOT_EMAILED))
        return planned

    def _with_charge(self, planned: PlannedInvoice, row: CollectionRow) -> PlannedInvoice:
        if not row.authorization_on_file:
            raise StopLineError(
                Status.CONFLICT,
                "a charge needs the customer's signed authorization: write yes under Authorization on file if you hold "
                "it, or no under Charge",
            )
        if planned.invoice is not None:
            planned = with_standing_charge(planned, planned.invoice, self._books)
        if planned.line.status is not Status.PLANNED:
            return planned
        planned = self._with_account(planned, row)
        self._check_day(planned)
        other = self._charged.setdefault(normalize_text(row.invoice_number), row.place)
        if other != row.place:
            raise StopLineError(
                Status.CONFLICT,
                f"{other} charges the same invoice, and a charge takes all of it: remove one of the two",
            )
        return planned

    def _with_account(self, planned: PlannedInvoice, row: CollectionRow) -> PlannedInvoice:
        if self._books.no_bank_accounts:
            raise StopLineError(Status.CONFLICT, self._books.no_bank_accounts)
        if row.bank_account is not None:
            self._check_one_account(row, row.bank_account)
        if planned.customer is not None:
            usable = self._books.usable_accounts(planned.customer.id)
            account = choose_account(planned.customer, usable, row.bank_account)
            ends = ends_of(account) or account_ends(row.bank_account)
            return replace(planned, bank_account=account, line=replace(planned.line, account=ends))
        if row.bank_account is None:
            raise StopLineError(
                Status.CONFLICT, f"customer {row.customer!r} is new, to be charged: fill in its bank account"
            )
        return planned

    def _check_one_account(self, row: CollectionRow, account: NewBankAccount) -> None:
        other = self._new_accounts.setdefault(normalize_text(row.customer), account)
        if other != account:
            raise StopLineError(
                Status.CONFLICT,
                f"customer {row.customer!r} has bank account {account_ends(other)} further up in the sheet and "
                f"{account_ends(account)} here: correct one of the two",
            )

    def _check_day(self, planned: PlannedInvoice) -> None:
        day = planned.line.asked_day
        # One that was sent before is only looked for: its day may have come since.
        reason = process_date_problem(day, self._books.today) if day and not planned.is_open else None
        if reason:
            raise StopLineError(Status.CONFLICT, f"payment date {day} {reason}: correct Payment date")

    def _check_new_invoice(self, planned: PlannedInvoice, row: CollectionRow) -> None:
        """Hold a new invoice that looks like one there is, at BILL or further up in the sheet."""
        others = self._asked[normalize_text(row.customer)]
        if planned.invoice is None:
            self._check_recipient(planned, row)
            if not row.override:
                at_bill = self._books.invoices_of(planned.customer.id) if planned.customer else []
                known = [*map(known_invoice, at_bill), *others]
                if near := find_near(row.invoice_number, row.invoice_date, row.amount, known):
                    raise StopLineError(Status.HELD, looks_like(near))
        if not any(same_text(other.number, row.invoice_number) for other in others):
            others.append(Known(row.invoice_number, row.invoice_date, row.amount, row.place))

    def _check_recipient(self, planned: PlannedInvoice, row: CollectionRow) -> None:
        customer = planned.customer
        if row.send_email and customer is not None and not (customer.email or row.email):
            raise StopLineError(
                Status.CONFLICT,
                f"customer {customer.name!r} has no e-mail address at BILL, and invoice {row.invoice_number} is "
                "to be e-mailed: fill in E-mail",
            )


def known_invoice(invoice: Invoice) -> Known:
    """Return an invoice of BILL's as something that another may look like."""
    state = ", archived" if invoice.archived else ""
    return Known(
        invoice.invoice_number or "",
        invoice.invoice_date,
        invoice.total_amount,
        f"invoice {invoice.id} at BILL{state}",
    )

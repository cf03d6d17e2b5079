"""One line of a collection run while it is planned: which charge there is, which bank account, what stops it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from billcom.errors import ConflictError
from billcom.intent import RUN
from billcom.journal import Entry, State
from billcom.lookup.invoices import check_chargeable
from billcom.lookup.received_payments import check_charge
from billcom.models.bank_account import BankAccount, NewBankAccount
from billcom.models.customer import Customer
from billcom.models.invoice import Invoice
from billcom.models.received_payment import ReceivedPayment
from billcom.normalization import normalize_text
from billcom.runs.books import PaymentBooks, account_ends
from billcom.runs.collection_books import CollectionBooks
from billcom.runs.guards import held_by_caps
from billcom.runs.lines import RunLine, Status
from billcom.runs.rows import CollectionRow


@dataclass(frozen=True)
class PlannedInvoice:
    """One line of a collection run, and what doing it takes.

    `customer`, `invoice` and `bank_account` are BILL's where it has them. `charges`: the invoice is charged, not only
    sent. `is_open`: its charge was sent before, and nobody knows what came of it.
    """

    line: RunLine
    row: CollectionRow | None = None
    customer: Customer | None = None
    invoice: Invoice | None = None
    bank_account: BankAccount | None = None
    charges: bool = True
    is_open: bool = False


class StopLineError(Exception):
    """Nothing is to be done for a line: its status and reason."""

    def __init__(self, status: Status, reason: str) -> None:
        super().__init__(reason)
        self.status = status


def stopped_line(planned: PlannedInvoice, error: ConflictError | StopLineError) -> PlannedInvoice:
    """Return the line as what stops it says."""
    status, record_id = Status.CONFLICT, planned.line.record_id
    if isinstance(error, StopLineError):
        status = error.status
    else:
        record_id = error.record_id or record_id
    return replace(planned, line=replace(planned.line, status=status, reason=str(error), record_id=record_id))


def made_by_run(row: Entry | None, books: CollectionBooks) -> bool:
    """Return whether a journal row is of this very run, as far as it had come before."""
    return row is not None and bool(books.run_name) and row.details.get(RUN) == books.run_name


def with_standing_charge(planned: PlannedInvoice, invoice: Invoice, books: CollectionBooks) -> PlannedInvoice:
    """Return the line with the charge there is, or that there may be one; as it is when it can be charged.

    Raises StopLineError and ConflictError when it must not be charged.
    """
    line = planned.line
    labels = books.charge_rows.get(invoice.id, {})
    for label, row in labels.items():
        if label != normalize_text(line.label) and row.is_open:
            raise StopLineError(
                Status.CONFLICT,
                f"{row.identity} was sent and nobody knows yet whether BILL acted: run resolve_unknowns first",
            )
    last = labels.get(normalize_text(line.label))
    if last is not None and last.state is State.DONE:
        return _charged_before(planned, invoice, last, books)
    if last is not None and last.is_open:
        reason = "sent before, and nobody knows whether BILL acted: looked for first"
        return replace(planned, is_open=True, line=replace(line, reason=reason))
    if invoice.due_amount is not None and invoice.open_amount <= 0 and not invoice.archived:
        raise StopLineError(
            Status.SKIPPED, f"nothing is open at BILL ({invoice.status}): it was paid some other way"
        )
    check_chargeable(invoice, line.amount)
    return planned


def _charged_before(
    planned: PlannedInvoice, invoice: Invoice, last: Entry, books: CollectionBooks
) -> PlannedInvoice:
    charge = books.charges.get(last.record_id)
    if charge is None:
        raise StopLineError(
            Status.CONFLICT,
            f"the journal has {last.identity} as {last.record_id}, and BILL has no such charge: look at the invoice in "
            "BILL; billcom journal show tells what is known",
        )
    check_charge(charge, invoice)
    status = Status.DONE if made_by_run(last, books) else Status.BEFORE
    used = charge.funding_account.id if charge.funding_account else None
    held = books.bank_accounts.get(charge.customer_id or "", ())
    drawn_on = next((account for account in held if account.id == used), None)
    line = replace(planned.line, account=ends_of(drawn_on) or planned.line.account)
    return replace(planned, bank_account=drawn_on, line=with_charge(line, charge, status))


def with_charge(line: RunLine, charge: ReceivedPayment, status: Status, reason: str = "") -> RunLine:
    """Return the line with its charge as BILL says it stands."""
    return replace(
        line,
        status=status,
        reason=reason,
        day=charge.payment_date or line.day,
        record_id=charge.id,
        record_status=charge.status or "",
    )


def choose_account(
    customer: Customer, accounts: Sequence[BankAccount], wanted: NewBankAccount | None
) -> BankAccount | None:
    """Return the bank account to charge among a customer's usable ones; None when it has yet to be added.

    Raises StopLineError: held where several could be meant, conflict where none is known or two look alike.
    """
    name = f"customer {customer.name!r} ({customer.id})"
    if wanted is None:
        if len(accounts) > 1:
            raise StopLineError(
                Status.HELD,
                f"{name} has several bank accounts at BILL ({_named(accounts)}): say in a sheet which one is charged, "
                "or archive the others",
            )
        if not accounts:
            raise StopLineError(
                Status.CONFLICT, f"{name} has no bank account at BILL: fill in its bank account"
            )
        return accounts[0]
    hidden = [account for account in accounts if account.account_number is None]
    if hidden:
        raise StopLineError(
            Status.CONFLICT,
            f"{name} has a bank account whose number BILL doesn't show ({hidden[0].id}): whether it is the one of the "
            "sheet can't be told; archive it, or charge by hand",
        )
    alike = [account for account in accounts if account.matches(wanted)]
    if len(alike) > 1:
        raise StopLineError(
            Status.CONFLICT, f"{name} has two alike bank accounts at BILL ({_named(alike)}): archive one"
        )
    if not alike and customer.billing_address is None:
        raise StopLineError(
            Status.CONFLICT,
            f"{name} has no billing address at BILL, which wants one before a bank account: fill it in there",
        )
    return alike[0] if alike else None


def ends_of(account: BankAccount | None) -> str:
    """Return how a bank account is named in a plan: the last digits, its id where BILL shows none; or nothing."""
    return account_ends(account) or (account.id or "" if account else "")


def held_charges(planned: Sequence[PlannedInvoice], books: CollectionBooks) -> list[PlannedInvoice]:
    """Return lines in their order, those held whose charge would go over a cap on top of what is claimed today.

    An invoice that is only sent moves no money; a charge that may have been sent is claimed already.
    """
    charged = [number for number, item in enumerate(planned) if item.charges and not item.is_open]
    # Dollars claimed for one vendor have a cap of their own; a customer has none.
    money = PaymentBooks(books.today, taken=books.taken, caps=replace(books.caps, vendor_total=None))
    lines = [planned[number].line for number in charged]
    held = held_by_caps(lines, [line.party_id for line in lines], money)
    checked = list(planned)
    for number, line in zip(charged, held, strict=True):
        checked[number] = replace(planned[number], line=line)
    return checked


def _named(accounts: Iterable[BankAccount]) -> str:
    return ", ".join(f"{account.id} {account_ends(account)}".strip() for account in accounts)

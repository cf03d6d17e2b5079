"""Planning a payment run: what will be made, paid, skipped, held, and why. Pure: asks and sends nothing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from billcom.calendar import next_banking_day, process_date_problem
from billcom.errors import ConflictError
from billcom.intent import RUN
from billcom.journal import Entry, State
from billcom.lookup.bills import WantedBill, bill_subject, check_payable, choose_bill
from billcom.lookup.parties import check_party, choose_party
from billcom.lookup.payments import check_payment
from billcom.lookup.vendors import wanted_vendor
from billcom.models.bank_account import NewBankAccount
from billcom.models.bill import ApprovalStatus, Bill
from billcom.models.vendor import Vendor
from billcom.normalization import normalize_text, same_text
from billcom.runs.books import PaymentBooks, account_ends
from billcom.runs.guards import held_by_caps, once_each_bill, within_bills
from billcom.runs.lines import RunLine, Status, with_payment
from billcom.runs.near import Known, find_near, known_bill, looks_like
from billcom.runs.rows import PaymentRow
from billcom.standing import PAST_OTHERS

_UNDECIDED = (ApprovalStatus.ASSIGNED, ApprovalStatus.APPROVING)


@dataclass(frozen=True)
class PlannedPayment:
    """One line of a payment run, and what doing it takes.

    `vendor` and `bill` are BILL's where it has them. `gives_account`: the vendor gets its bank account first.
    `is_part`: less than the whole bill, or a second payment of it.
    """

    line: RunLine
    row: PaymentRow | None = None
    vendor: Vendor | None = None
    bill: Bill | None = None
    gives_account: bool = False
    is_part: bool = False


class _Stop(Exception):
    """Nothing is to be done for a line: its status and reason."""

    def __init__(self, status: Status, reason: str, **more: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason
        self.more = more


def plan_rows(rows: Sequence[PaymentRow], books: PaymentBooks) -> list[PlannedPayment]:
    """Return what a sheet's rows come to, in their order."""
    return _held_together([*map(_Planner(books).plan_row, rows)], books)


def plan_bills(
    bills: Sequence[Bill], books: PaymentBooks, overrides: Mapping[str, str] | None = None
) -> list[PlannedPayment]:
    """Return what BILL's own open bills come to, in their order; `overrides`: reasons by bill id."""
    planner = _Planner(books)
    reasons = overrides or {}
    return _held_together([planner.plan_bill(bill, reasons.get(bill.id, "")) for bill in bills], books)


def _held_together(planned: Sequence[PlannedPayment], books: PaymentBooks) -> list[PlannedPayment]:
    """Return the lines after the guards on them together; what has a reason is stopped, or claimed already."""
    single = once_each_bill([item.line for item in planned])
    planned = [replace(item, line=line) for item, line in zip(planned, single, strict=True)]
    numbers = [number for number, item in enumerate(planned) if not item.line.reason]
    items = [planned[number] for number in numbers]
    lines = within_bills([item.line for item in items], [_open_for_part(item) for item in items])
    lines = held_by_caps(lines, [item.vendor.id if item.vendor else "" for item in items], books)
    held = dict(zip(numbers, lines, strict=True))
    return [replace(item, line=held.get(number, item.line)) for number, item in enumerate(planned)]


def _open_for_part(item: PlannedPayment) -> Decimal | None:
    if not item.is_part or item.row is None:
        return None
    return item.bill.open_amount if item.bill is not None else item.row.bill_amount


class _Planner:
    def __init__(self, books: PaymentBooks) -> None:
        self._books = books
        self._new_accounts: dict[str, NewBankAccount] = {}
        self._asked: dict[str, list[Known]] = defaultdict(list)

    def plan_row(self, row: PaymentRow) -> PlannedPayment:
        """Return what one row comes to."""
        planned = PlannedPayment(
            RunLine(
                place=row.place,
                party=row.vendor,
                number=row.invoice_number,
                invoice_date=row.invoice_date,
                due_date=row.due_date,
                amount=row.amount,
                label=row.label,
                day=row.process_date or next_banking_day(self._books.today),
                asked_day=row.process_date,
                account=account_ends(row.bank_account),
                override=row.override,
            ),
            row,
            is_part=bool(row.label) or row.amount != row.bill_amount,
        )
        try:
            planned = self._with_vendor(planned, row)
            planned = self._with_bill(planned, row)
            if planned.bill is not None:
                planned = self._with_payment(planned, planned.bill)
            if planned.line.status is Status.PLANNED:
                self._check_day(planned)
                self._check_lines(row)
                self._check_near(planned, row)
        except (ConflictError, _Stop) as error:
            planned = _stopped(planned, error)
        return planned

    def plan_bill(self, bill: Bill, override: str) -> PlannedPayment:
        """Return what one bill of BILL's comes to."""
        vendor = self._books.vendor_by_id.get(bill.vendor_id)
        account = vendor.payment_information.bank_account if vendor and vendor.payment_information else None
        line = RunLine(
            place="BILL",
            party=vendor.name if vendor else bill.vendor_name or bill.vendor_id,
            number=bill.invoice.invoice_number or "",
            invoice_date=bill.invoice.invoice_date,
            due_date=bill.due_date,
            amount=bill.open_amount,
            day=next_banking_day(self._books.today),
            account=account_ends(account),
            override=override,
            party_is="found",
            document_is="found",
            party_id=bill.vendor_id,
            document_id=bill.id,
        )
        planned = PlannedPayment(line, None, vendor, bill)
        try:
            if vendor is None:
                raise _Stop(
                    Status.CONFLICT,
                    f"vendor {bill.vendor_id} is not at BILL any more: look at the bill there",
                )
            check_party("vendor", vendor, {}, vendor.bill_currency)
            if not line.account:
                raise _Stop(Status.CONFLICT, _no_account(vendor))
            self._check_same_account(vendor, line)
            return self._with_payment(planned, bill)
        except (ConflictError, _Stop) as error:
            return _stopped(planned, error)

    def _with_vendor(self, planned: PlannedPayment, row: PaymentRow) -> PlannedPayment:
        vendor = self._vendor_of(row)
        if vendor is None:
            return self._new_vendor(planned, row)
        check_party(
            "vendor", vendor, {"email": row.email, "account_number": row.account_number}, vendor.bill_currency
        )
        held = vendor.payment_information.bank_account if vendor.payment_information else None
        made = self._deed(self._books.vendor_rows.get(normalize_text(row.vendor), {}).get(""))
        line = replace(planned.line, party_is=made, party_id=vendor.id, account=account_ends(held))
        gives = held is None
        if held is None and row.bank_account is None:
            raise _Stop(Status.CONFLICT, _no_account(vendor), party_is="found", party_id=vendor.id)
        if held is None and row.bank_account is not None:
            self._check_one_account(row, row.bank_account)
            line = replace(line, account=account_ends(row.bank_account))
        elif held is not None and row.bank_account is not None and not held.matches(row.bank_account):
            raise _Stop(
                Status.CONFLICT,
                f"vendor {vendor.name!r} has bank account {account_ends(held)} at BILL, the sheet says "
                f"{account_ends(row.bank_account)}: ask the vendor over a known telephone number, then correct the "
                "sheet, or replace the account in BILL",
                party_is="found",
                party_id=vendor.id,
            )
        self._check_same_account(vendor, line)
        return replace(planned, line=line, vendor=vendor, gives_account=gives)

    def _vendor_of(self, row: PaymentRow) -> Vendor | None:
        """Return the vendor of this name, or of the id the sheet gives; None where there is none."""
        known = self._books.vendor_rows.get(normalize_text(row.vendor), {}).get("")
        is_open = known is not None and known.is_open and not row.vendor_id
        if is_open and row.address is not None and row.bank_account is not None:
            return None  # being made, or lost on the way: made anew it is looked for first, and closed
        wanted = wanted_vendor(row.vendor, row.email, row.account_number, row.vendor_id)
        return choose_party(wanted, self._books.vendors_named(row.vendor), self._books.vendor_by_id, known)

    def _new_vendor(self, planned: PlannedPayment, row: PaymentRow) -> PlannedPayment:
        account = row.bank_account
        if row.address is None or account is None:
            missing = " and ".join(["address"] * (row.address is None) + ["bank account"] * (account is None))
            raise _Stop(
                Status.CONFLICT,
                f"vendor {row.vendor!r} is not at BILL: write its name as BILL has it, or fill in its {missing}",
            )
        self._check_one_account(row, account)
        return replace(planned, line=replace(planned.line, party_is="new", account=account_ends(account)))

    def _check_one_account(self, row: PaymentRow, account: NewBankAccount) -> None:
        other = self._new_accounts.setdefault(normalize_text(row.vendor), account)
        if other != account:
            raise _Stop(
                Status.CONFLICT,
                f"vendor {row.vendor!r} has bank account {account_ends(other)} further up in the sheet and "
                f"{account_ends(account)} here: correct one of the two",
            )

    def _check_same_account(self, vendor: Vendor, line: RunLine) -> None:
        """Hold a vendor whose bank account is another than the one the last payment went to."""
        last = self._books.paid_accounts.get(vendor.id, "")
        if last and line.account != last and not line.override:
            raise _Stop(
                Status.HELD,
                f"vendor {vendor.name!r} has bank account {line.account} now, the last payment went to {last}: ask the "
                "vendor over a known telephone number, then give a reason under Override reason",
                party_is="found",
                party_id=vendor.id,
            )

    def _with_bill(self, planned: PlannedPayment, row: PaymentRow) -> PlannedPayment:
        if planned.vendor is None:
            return replace(planned, line=replace(planned.line, document_is="new"))
        vendor_id, number = planned.vendor.id, row.invoice_number
        wanted = WantedBill(vendor_id, number, row.invoice_date, row.bill_amount)
        known = self._books.bill_rows.get(bill_subject(vendor_id, number, row.invoice_date), {}).get("")
        bill = None
        if known is not None and known.state is State.DONE and known.record_id in self._books.bill_by_id:
            bill = wanted.check(self._books.bill_by_id[known.record_id])
        if bill is None and not (known is not None and known.is_open):
            alike = [
                b for b in self._books.bills_of(vendor_id) if same_text(b.invoice.invoice_number, number)
            ]
            past = known is not None and PAST_OTHERS in known.details
            bill = choose_bill(wanted, alike, past_others=past)
        line = planned.line
        if bill is None:
            return replace(planned, line=replace(line, document_is="new"))
        return replace(
            planned, bill=bill, line=replace(line, document_is=self._deed(known), document_id=bill.id)
        )

    def _deed(self, row: Entry | None) -> str:
        """Return whether a record was made by this very run, as far as it had come before, or found."""
        name = self._books.run_name
        is_own = row is not None and bool(name) and row.details.get(RUN) == name
        return "new" if is_own else "found"

    def _with_payment(self, planned: PlannedPayment, bill: Bill) -> PlannedPayment:
        """Return the line with the payment there is, or that there may be one."""
        line = planned.line
        labels = self._books.payment_rows.get(bill.id, {})
        for label, row in labels.items():
            if label != normalize_text(line.label) and row.is_open:
                raise _Stop(
                    Status.CONFLICT,
                    f"{row.identity} was sent and nobody knows yet whether BILL acted: run resolve_unknowns first",
                )
        last = labels.get(normalize_text(line.label))
        if last is not None and last.state is State.DONE:
            return self._paid_before(planned, bill, last)
        if last is not None and last.is_open:
            reason = "sent before, and nobody knows whether BILL acted: looked for first"
            return replace(planned, line=replace(line, reason=reason))
        if bill.approval_status in _UNDECIDED:
            waiting = [f"user {a.user_id}" for a in bill.approvers if a.status == "WAITING"]
            raise _Stop(
                Status.WAITING, ", ".join(waiting) and f"its approvers decide first: {', '.join(waiting)}"
            )
        if bill.amount is not None and bill.open_amount <= 0 and not bill.archived:
            raise _Stop(
                Status.SKIPPED, f"nothing is open at BILL ({bill.payment_status}): it was paid some other way"
            )
        check_payable(bill, line.amount if planned.is_part else None)
        return planned

    def _paid_before(self, planned: PlannedPayment, bill: Bill, last: Entry) -> PlannedPayment:
        payment = self._books.payments.get(last.record_id)
        if payment is None:
            raise _Stop(
                Status.CONFLICT,
                f"the journal has {last.identity} as {last.record_id}, and BILL has no such payment: look at the bill "
                "in BILL; billcom journal show tells what is known",
            )
        check_payment(payment, bill, planned.line.amount)
        status = Status.DONE if self._deed(last) == "new" else Status.BEFORE
        return replace(planned, line=with_payment(planned.line, payment, status))

    def _check_day(self, planned: PlannedPayment) -> None:
        day = planned.line.asked_day
        if day and (reason := process_date_problem(day, self._books.today)):
            raise _Stop(Status.CONFLICT, f"process date {day} {reason}: correct Process date")

    def _check_lines(self, row: PaymentRow) -> None:
        unknown = [
            line.gl_account
            for line in row.lines
            if line.gl_account and normalize_text(line.gl_account) not in self._books.gl_accounts
        ]
        if unknown:
            raise _Stop(
                Status.CONFLICT,
                f"GL account {unknown[0]!r} is not in BILL's chart of accounts: write its number or name as there",
            )

    def _check_near(self, planned: PlannedPayment, row: PaymentRow) -> None:
        """Hold a new bill that looks like one there is, at BILL or further up in the sheet."""
        others = self._asked[normalize_text(row.vendor)]
        if planned.bill is None and not row.override:
            at_bill = self._books.bills_of(planned.vendor.id) if planned.vendor else []
            known = [*map(known_bill, at_bill), *others]
            if near := find_near(row.invoice_number, row.invoice_date, row.bill_amount, known):
                raise _Stop(Status.HELD, looks_like(near))
        if not any(same_text(other.number, row.invoice_number) for other in others):
            others.append(Known(row.invoice_number, row.invoice_date, row.bill_amount, row.place))


def _stopped(planned: PlannedPayment, error: ConflictError | _Stop) -> PlannedPayment:
    if isinstance(error, _Stop):
        line = replace(planned.line, status=error.status, reason=error.reason, **error.more)
    else:
        line = replace(planned.line, status=Status.CONFLICT, reason=str(error), record_id=error.record_id)
    return replace(planned, line=line)


def _no_account(vendor: Vendor) -> str:
    return (
        f"vendor {vendor.name!r} ({vendor.id}) has no bank account at BILL, so that it would be paid by cheque: fill "
        "in its bank account"
    )

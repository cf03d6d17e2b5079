"""The chapters of a payment run: vendors, their bank accounts, bills, payments, and a last look at the bills."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace

from billcom.bulk.payments import BillToPay, PaymentTerms
from billcom.bulk.recent import recent_bills, recent_vendors
from billcom.client import BillClient
from billcom.errors import BillError, CaseError, ConflictError, OutcomeUnknownError, UnsettledError
from billcom.inputs import CodeSource
from billcom.intent import Kind, Outcome
from billcom.lookup.bills import bill_subject, check_not_overpaid
from billcom.lookup.rows import plain
from billcom.models import bill as bill_model
from billcom.models import payment as payment_model
from billcom.models import vendor as vendor_model
from billcom.models.bill import ApprovalStatus, Bill, NewBill
from billcom.models.payment import Payment
from billcom.models.vendor import NewVendor, Vendor
from billcom.runs.books import PaymentBooks, account_ends
from billcom.runs.lines import RunLine, Status
from billcom.runs.new_records import new_bill, new_vendor
from billcom.runs.payment_run import PlannedPayment, with_payment
from billcom.runs.rows import PaymentRow
from flows.stages import AT_ONCE, Stage, close_all
from flows.trust import trusted
from tasks.bills import create_bills, read_bills
from tasks.payments import pay_part, pay_together
from tasks.unvisited import unvisited
from tasks.vendors import create_vendor_bank_account, create_vendors

_UNDECIDED = (ApprovalStatus.ASSIGNED, ApprovalStatus.APPROVING)


@dataclass(frozen=True)
class Terms:
    """What all payments of a run have in common."""

    run_name: str
    funding_account_id: str
    code_from: CodeSource


async def pay_all(
    client: BillClient,
    planned: Sequence[PlannedPayment],
    books: PaymentBooks,
    terms: Terms,
    progress: Callable[[int], Awaitable[None]],
) -> list[RunLine]:
    """Do what is planned; return every line with what became of it, in the order of the plan.

    A line that fails takes no other with it. `progress` is told how many lines are finished.
    """
    return await _Paying(client, planned, books, terms, progress).run()


class _Paying:
    def __init__(
        self,
        client: BillClient,
        planned: Sequence[PlannedPayment],
        books: PaymentBooks,
        terms: Terms,
        progress: Callable[[int], Awaitable[None]],
    ) -> None:
        self._client = client
        self._planned = planned
        self._lines = [item.line for item in planned]
        self._books = books
        self._terms = terms
        self._progress = progress
        self._bills_now = recent_bills(client)
        self._vendors_now = recent_vendors(client)
        self._vendors_now.put(*(item.vendor for item in planned if item.vendor is not None))
        self._bills_now.put(*(item.bill for item in planned if item.bill is not None))
        self._vendor_of = {number: item.vendor for number, item in enumerate(planned)}
        turns = asyncio.Semaphore(AT_ONCE)
        self._vendor_stage = Stage(vendor_model.BULK_LIMIT, self._make_vendors, turns)
        self._account_stage = Stage(1, self._give_account, turns)
        self._bill_stage = Stage(bill_model.BULK_LIMIT, self._make_bills, turns)
        self._payment_stage = Stage(payment_model.BULK_LIMIT, self._pay, turns, self._terms_of)
        self._part_stage = Stage(1, self._pay_part, turns)
        self._last_stage = Stage(bill_model.BULK_LIMIT, self._read_again, turns)

    async def run(self) -> list[RunLine]:
        """Send every line through the chapters it needs."""
        unknown = await self._unknown_accounts()
        for numbers in self._by_vendor():
            first = self._planned[numbers[0]]
            if first.vendor is None:
                self._vendor_stage.put(numbers)
            elif first.gives_account or first.vendor.id in unknown:
                self._account_stage.put(numbers)
            else:
                self._with_vendor(numbers, first.vendor)
        await close_all(
            self._vendor_stage,
            self._account_stage,
            self._bill_stage,
            self._payment_stage,
            self._part_stage,
            self._last_stage,
        )
        await self._progress(len(self._lines))
        return self._lines

    async def _unknown_accounts(self) -> set[str]:
        """Return vendors of whom the journal doesn't know whether they got the sheet's bank account: read first."""
        given = {
            item.vendor.id
            for item in self._planned
            if item.line.status is Status.PLANNED and item.vendor and item.row and item.row.bank_account
        }
        rows = await self._client.journal.of_subjects(Kind.VENDOR_BANK_ACCOUNT, given)
        return {id for id, labels in rows.items() if any(row.is_open for row in labels.values())}

    def _by_vendor(self) -> list[list[int]]:
        """Return the numbers of the lines to be paid, those of one vendor together."""
        grouped: dict[str, list[int]] = defaultdict(list)
        for number, item in enumerate(self._planned):
            if item.line.status is Status.PLANNED:
                grouped[item.vendor.id if item.vendor else f"new {plain(item.line.party)}"].append(number)
        return list(grouped.values())

    async def _make_vendors(self, chunk: list[list[int]]) -> None:
        wanted: dict[str, tuple[NewVendor, list[int]]] = {}
        for numbers in chunk:
            vendor = new_vendor([self._row(number) for number in numbers])
            wanted[plain(vendor.name)] = (vendor, numbers)
        try:
            made = await create_vendors(
                self._client, unvisited([vendor for vendor, _ in wanted.values()]), self._terms.run_name
            )
        except BillError as error:
            self._fail([number for numbers in chunk for number in numbers], error)
            return
        for name, (_, numbers) in wanted.items():
            result = made[name]
            if isinstance(result, BillError):
                self._fail(numbers, result)
                continue
            vendor = result.record
            self._vendors_now.put(vendor)
            self._update(numbers, party_id=vendor.id)
            held = vendor.payment_information.bank_account if vendor.payment_information else None
            if held is None:
                self._account_stage.put(numbers)
            elif account_ends(held) != self._lines[numbers[0]].account:
                self._fail(
                    numbers,
                    ConflictError(
                        f"vendor {vendor.name!r} ({vendor.id}) has bank account {account_ends(held)} at BILL"
                    ),
                )
            else:
                self._with_vendor(numbers, vendor)
        await self._tell()

    async def _give_account(self, chunk: list[list[int]]) -> None:
        (numbers,) = chunk
        vendor_id = self._lines[numbers[0]].party_id
        account = next(row.bank_account for n in numbers if (row := self._row(n)).bank_account is not None)
        try:
            await create_vendor_bank_account(self._client, vendor_id, account)
            read = await self._vendors_now.read([vendor_id])
        except BillError as error:
            self._fail(numbers, error)
            return
        self._vendors_now.put(*read.values())
        self._with_vendor(numbers, read[vendor_id])

    def _with_vendor(self, numbers: Sequence[int], vendor: Vendor) -> None:
        """Pass a vendor's lines on: to its bills, each once, or to their payments."""
        by_bill: dict[str, list[int]] = defaultdict(list)
        for number in numbers:
            self._vendor_of[number] = vendor
            bill = self._planned[number].bill
            if bill is not None:
                self._with_bill([number], bill)
            else:
                row = self._row(number)
                by_bill[bill_subject(vendor.id, row.invoice_number, row.invoice_date)].append(number)
        for several in by_bill.values():
            self._bill_stage.put(several)

    async def _make_bills(self, chunk: list[list[int]]) -> None:
        wanted: dict[str, tuple[NewBill, list[int]]] = {}
        for numbers in chunk:
            vendor, row = self._vendor_of[numbers[0]], self._row(numbers[0])
            assert vendor is not None  # noqa: S101 (a line comes here with its vendor)
            bill = new_bill(vendor.id, row, self._books.gl_accounts)
            wanted[bill_subject(vendor.id, row.invoice_number, row.invoice_date)] = (bill, numbers)
        try:
            made = await create_bills(
                self._client, unvisited([bill for bill, _ in wanted.values()]), self._terms.run_name
            )
        except BillError as error:
            self._fail([number for numbers in chunk for number in numbers], error)
            return
        for subject, (_, numbers) in wanted.items():
            result = made[subject]
            if isinstance(result, BillError):
                self._fail(numbers, result)
            else:
                self._bills_now.put(result.record)
                self._with_bill(numbers, result.record)
        await self._tell()

    def _with_bill(self, numbers: Sequence[int], bill: Bill) -> None:
        self._update(numbers, document_id=bill.id)
        for number in numbers:
            if bill.approval_status in _UNDECIDED:
                self._update([number], status=Status.WAITING, reason="its approvers in BILL decide first")
            elif self._planned[number].is_part:
                self._part_stage.put((number, bill))
            else:
                self._payment_stage.put((number, bill))

    def _terms_of(self, item: tuple[int, Bill]) -> PaymentTerms:
        """Return what the payments of one request have in common."""
        line, row = self._lines[item[0]], self._planned[item[0]].row
        assert line.day is not None  # noqa: S101 (a line to be paid has its day)
        return PaymentTerms(self._terms.funding_account_id, line.day, row.memo if row else "")

    def _to_pay(self, item: tuple[int, Bill]) -> BillToPay:
        line = self._lines[item[0]]
        return BillToPay(item[1], line.amount, line.account, line.override)

    async def _pay(self, chunk: list[tuple[int, Bill]]) -> None:
        numbers = {bill.id: number for number, bill in chunk}
        terms = self._terms_of(chunk[0])

        async def pay() -> dict[str, Outcome[Payment] | BillError]:
            return await pay_together(
                self._client,
                unvisited([self._to_pay(item) for item in chunk]),
                terms,
                self._terms.run_name,
                unvisited(self._bills_now),
                unvisited(self._vendors_now),
            )

        try:
            paid = await trusted(self._client, self._terms.code_from, pay)
        except BillError as error:
            self._fail(list(numbers.values()), error)
            return
        for bill_id, result in paid.items():
            if isinstance(result, BillError):
                self._fail([numbers[bill_id]], result)
            else:
                self._paid(numbers[bill_id], bill_id, result.record)
        await self._tell()

    async def _pay_part(self, chunk: list[tuple[int, Bill]]) -> None:
        (item,) = chunk
        number, bill = item

        async def pay() -> Outcome[Payment]:
            return await pay_part(
                self._client,
                self._to_pay(item),
                self._terms_of(item),
                self._lines[number].label,
                self._terms.run_name,
                unvisited(self._bills_now),
                unvisited(self._vendors_now),
            )

        try:
            paid = await trusted(self._client, self._terms.code_from, pay)
        except BillError as error:
            self._fail([number], error)
        else:
            self._paid(number, bill.id, paid.record)

    def _paid(self, number: int, bill_id: str, payment: Payment) -> None:
        self._lines[number] = with_payment(self._lines[number], payment, Status.DONE)
        self._last_stage.put((number, bill_id))

    async def _read_again(self, chunk: list[tuple[int, str]]) -> None:
        """Read paid bills once more: one that is overpaid can still be cancelled."""
        try:
            bills = await read_bills(self._client, [bill_id for _, bill_id in chunk])
        except BillError as error:
            self._update([number for number, _ in chunk], reason=f"paid; not read again: {error}")
            return
        for number, bill_id in chunk:
            try:
                if bill_id in bills:
                    check_not_overpaid(bills[bill_id])
            except CaseError as error:
                self._update([number], status=Status.OPEN, reason=str(error))
        await self._tell()

    def _row(self, number: int) -> PaymentRow:
        row = self._planned[number].row
        assert row is not None  # noqa: S101 (only a sheet's line asks for something new)
        return row

    def _update(self, numbers: Sequence[int], **changes: object) -> None:
        for number in numbers:
            self._lines[number] = replace(self._lines[number], **changes)  # pyright: ignore[reportArgumentType]

    def _fail(self, numbers: Sequence[int], error: BillError) -> None:
        """Note why lines were not paid, or that nobody knows."""
        status = Status.FAILED
        if isinstance(error, UnsettledError | OutcomeUnknownError):
            status = Status.OPEN
        elif isinstance(error, ConflictError):
            status = Status.CONFLICT
        self._update(numbers, status=status, reason=str(error))

    async def _tell(self) -> None:
        await self._progress(sum(line.status is not Status.PLANNED for line in self._lines))

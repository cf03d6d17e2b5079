"""The chapters of a payment run: vendors, their bank accounts, bills, payments, and a last look at the bills."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial

from billcom.bulk.payments import BillToPay, PaymentTerms
from billcom.bulk.recent import recent_bills, recent_vendors
from billcom.client import BillClient
from billcom.errors import BillError, CaseError, ConflictError
from billcom.inputs import CodeSource
from billcom.intent import Kind, Outcome
from billcom.lookup.bills import bill_subject, check_not_overpaid
from billcom.models import bill as bill_model
from billcom.models import payment as payment_model
from billcom.models import vendor as vendor_model
from billcom.models.bill import ApprovalStatus, Bill
from billcom.models.payment import Payment
from billcom.models.vendor import NewVendor, Vendor
from billcom.normalization import normalize_text
from billcom.runs.books import PaymentBooks, account_ends
from billcom.runs.lines import RunLine, Status, with_payment
from billcom.runs.new_records import new_bill, new_vendor
from billcom.runs.payment_run import PlannedPayment
from billcom.runs.rows import PaymentRow
from billcom.unexpected import describe_unexpected
from flows.run_lines import RunLines
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
        self._lines = RunLines(client, planned, progress, self._write_of)
        self._books = books
        self._terms = terms
        self._bills_now = recent_bills(client)
        self._vendors_now = recent_vendors(client)
        vendors = (item.vendor for item in planned if item.vendor is not None)
        bills = (item.bill for item in planned if item.bill is not None)
        self._vendors_now.put(*vendors, read_at=books.read_at)
        self._bills_now.put(*bills, read_at=books.read_at)
        self._vendor_of: dict[int, Vendor] = {}
        turns = asyncio.Semaphore(AT_ONCE)
        crash, limit = self._lines.crash, vendor_model.BULK_LIMIT
        self._vendor_stage = Stage(limit, self._make_vendors, partial(crash, Kind.VENDOR), turns)
        self._account_stage = Stage(1, self._give_account, partial(crash, Kind.VENDOR_BANK_ACCOUNT), turns)
        limit = bill_model.BULK_LIMIT
        self._bill_stage = Stage(limit, self._make_bills, partial(crash, Kind.BILL), turns)
        pay, limit = partial(crash, Kind.PAYMENT), payment_model.BULK_LIMIT
        self._payment_stage = Stage(limit, self._pay, pay, turns, self._terms_of)
        self._part_stage = Stage(1, self._pay_part, pay, turns)
        self._last_stage = Stage(bill_model.BULK_LIMIT, self._read_again, self._not_read_again, turns)

    async def run(self) -> list[RunLine]:
        """Send every line through the stages it needs."""
        unknown = await self._unknown_accounts()
        for numbers in self._by_vendor():
            try:
                self._begin(numbers, unknown)
            except Exception as error:  # noqa: BLE001 (one vendor's defect must not stop the others)
                await self._lines.crash(Kind.VENDOR, [numbers], error)
        await close_all(
            self._vendor_stage,
            self._account_stage,
            self._bill_stage,
            self._payment_stage,
            self._part_stage,
            self._last_stage,
        )
        await self._lines.check_finished()
        await self._lines.tell()
        return self._lines.result()

    def _begin(self, numbers: list[int], unknown: set[str]) -> None:
        first = self._planned[numbers[0]]
        self._lines.writes_next(numbers, Kind.VENDOR)
        if first.vendor is None:
            self._put(self._vendor_stage, Kind.VENDOR, numbers)
        elif first.gives_account or first.vendor.id in unknown:
            self._put(self._account_stage, Kind.VENDOR_BANK_ACCOUNT, numbers)
        else:
            self._with_vendor(numbers, first.vendor)

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
                key = item.vendor.id if item.vendor else f"new {normalize_text(item.line.party)}"
                grouped[key].append(number)
        return list(grouped.values())

    def _put(self, stage: Stage[list[int]], kind: Kind, numbers: list[int]) -> None:
        """Hand lines to a stage that writes one record of this kind for all of them."""
        self._lines.writes_next(numbers, kind)
        stage.put(numbers)

    async def _make_vendors(self, chunk: list[list[int]]) -> None:
        wanted: dict[str, tuple[NewVendor, list[int]]] = {}
        for numbers in chunk:
            vendor = new_vendor([self._row(number) for number in numbers])
            wanted[normalize_text(vendor.name)] = (vendor, numbers)
        try:
            made = await create_vendors(
                self._client, unvisited([vendor for vendor, _ in wanted.values()]), self._terms.run_name
            )
        except BillError as error:
            self._lines.fail([number for numbers in chunk for number in numbers], error)
            return
        for name, (_, numbers) in wanted.items():
            result = made[name]
            if isinstance(result, BillError):
                self._lines.fail(numbers, result)
                continue
            vendor = result.record
            self._vendors_now.put(vendor)
            self._lines.update(numbers, party_id=vendor.id)
            held = vendor.payment_information.bank_account if vendor.payment_information else None
            if held is None:
                self._put(self._account_stage, Kind.VENDOR_BANK_ACCOUNT, numbers)
            elif account_ends(held) != self._lines[numbers[0]].account:
                self._lines.fail(
                    numbers,
                    ConflictError(
                        f"vendor {vendor.name!r} ({vendor.id}) has bank account {account_ends(held)} at BILL"
                    ),
                )
            else:
                self._with_vendor(numbers, vendor)
        await self._lines.tell()

    async def _give_account(self, chunk: list[list[int]]) -> None:
        (numbers,) = chunk
        vendor_id = self._lines[numbers[0]].party_id
        account = next(row.bank_account for n in numbers if (row := self._row(n)).bank_account is not None)
        try:
            await create_vendor_bank_account(self._client, vendor_id, account)
            read = await self._vendors_now.read([vendor_id])
        except BillError as error:
            self._lines.fail(numbers, error)
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
                by_bill[self._bill_subject(number)].append(number)
        for several in by_bill.values():
            self._put(self._bill_stage, Kind.BILL, several)

    def _bill_subject(self, number: int) -> str:
        row = self._row(number)
        return bill_subject(self._vendor_of[number].id, row.invoice_number, row.invoice_date)

    async def _make_bills(self, chunk: list[list[int]]) -> None:
        grouped: dict[str, list[int]] = defaultdict(list)  # two names may turn out to be one vendor
        for numbers in chunk:
            grouped[self._bill_subject(numbers[0])] += numbers
        first = [numbers[0] for numbers in grouped.values()]
        wanted = [new_bill(self._vendor_of[n].id, self._row(n), self._books.gl_accounts) for n in first]
        try:
            made = await create_bills(self._client, unvisited(wanted), self._terms.run_name)
        except BillError as error:
            self._lines.fail([number for numbers in chunk for number in numbers], error)
            return
        for subject, numbers in grouped.items():
            result = made[subject]
            if isinstance(result, BillError):
                self._lines.fail(numbers, result)
            else:
                self._bills_now.put(result.record)
                self._with_bill(numbers, result.record)
        await self._lines.tell()

    def _with_bill(self, numbers: Sequence[int], bill: Bill) -> None:
        self._lines.update(numbers, document_id=bill.id)
        for number in numbers:
            self._lines.writes_next([number], Kind.PAYMENT)
            if bill.approval_status in _UNDECIDED:
                self._lines.update(
                    [number], status=Status.WAITING, reason="its approvers in BILL decide first"
                )
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
        return BillToPay(item[1], line.amount, line.account, line.party, line.override)

    async def _pay(self, chunk: list[tuple[int, Bill]]) -> None:
        wanted: dict[str, tuple[int, Bill]] = {}
        for number, bill in chunk:
            first, _ = wanted.setdefault(bill.id, (number, bill))
            if first != number:
                place = self._lines[first].place
                self._lines.fail(
                    [number], ConflictError(f"{place} pays the same bill: take one of the two out")
                )
        terms = self._terms_of(chunk[0])

        async def pay() -> dict[str, Outcome[Payment] | BillError]:
            return await pay_together(
                self._client,
                unvisited([self._to_pay(item) for item in wanted.values()]),
                terms,
                self._terms.run_name,
                unvisited(self._bills_now),
                unvisited(self._vendors_now),
            )

        try:
            paid = await trusted(self._client, self._terms.code_from, pay)
        except BillError as error:
            self._lines.fail([number for number, _ in wanted.values()], error)
            return
        for bill_id, result in paid.items():
            number, _ = wanted[bill_id]
            if isinstance(result, BillError):
                self._lines.fail([number], result)
            else:
                self._paid(number, bill_id, result.record)
        await self._lines.tell()

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
            self._lines.fail([number], error)
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
            self._lines.update([number for number, _ in chunk], reason=f"paid; not read again: {error}")
            return
        for number, bill_id in chunk:
            try:
                if bill_id in bills:
                    check_not_overpaid(bills[bill_id])
            except CaseError as error:
                self._lines.update([number], status=Status.OPEN, reason=str(error))
        await self._lines.tell()

    async def _not_read_again(self, chunk: list[tuple[int, str]], error: Exception) -> list[tuple[int, str]]:
        reason = describe_unexpected(error, self._client.settings)
        self._lines.update([number for number, _ in chunk], reason=f"paid; not read again: {reason}")
        return []

    def _write_of(self, number: int) -> tuple[Kind, str, str]:
        """Return kind, subject and label of what was to be written next for a line."""
        kind, line = self._lines.next_of(number), self._lines[number]
        if kind is Kind.PAYMENT:
            return kind, line.document_id, line.label
        if kind is Kind.BILL:
            return kind, self._bill_subject(number), ""
        return kind, line.party_id if kind is Kind.VENDOR_BANK_ACCOUNT else normalize_text(line.party), ""

    def _row(self, number: int) -> PaymentRow:
        row = self._planned[number].row
        assert row is not None  # noqa: S101 (only a sheet's line asks for something new)
        return row

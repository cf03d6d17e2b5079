"""The chapters of a collection run: customers, bank accounts, invoices, authorizations, charges, and a last look."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial

from billcom.bulk.recent import IDS_PER_LIST
from billcom.client import BillClient
from billcom.errors import BillError, CaseError
from billcom.inputs import CodeSource
from billcom.intent import Kind, Outcome
from billcom.lookup.customers import customer_bank_account_subject
from billcom.lookup.invoices import check_not_overcharged
from billcom.models.customer import Customer
from billcom.models.invoice import Invoice
from billcom.models.received_payment import ReceivedPayment
from billcom.normalization import normalize_text
from billcom.runs.charges import PlannedInvoice, with_charge
from billcom.runs.collection_run import NOT_EMAILED, customer_input, invoice_input
from billcom.runs.lines import RunLine, Status
from billcom.runs.rows import CollectionRow
from billcom.unexpected import describe_unexpected
from flows.run_lines import RunLines
from flows.stages import AT_ONCE, Stage, close_all
from flows.trust import trusted
from tasks.customers import authorize_charge, create_customer, create_customer_bank_account
from tasks.invoices import create_invoice, email_invoice, read_invoices
from tasks.received_payments import charge_invoice
from tasks.unvisited import unvisited


@dataclass(frozen=True)
class CollectionTerms:
    """What all lines of a run have in common. `states_authorization`: BILL is told that it is on file."""

    run_name: str
    code_from: CodeSource
    states_authorization: bool


async def collect_all(
    client: BillClient,
    planned: Sequence[PlannedInvoice],
    terms: CollectionTerms,
    progress: Callable[[int], Awaitable[None]],
) -> list[RunLine]:
    """Do what is planned; return every line with what became of it, in the order of the plan.

    A line that fails takes no other with it. `progress` is told how many lines are finished.
    """
    return await _Collecting(client, planned, terms, progress).run()


class _Collecting:
    def __init__(
        self,
        client: BillClient,
        planned: Sequence[PlannedInvoice],
        terms: CollectionTerms,
        progress: Callable[[int], Awaitable[None]],
    ) -> None:
        self._client = client
        self._planned = planned
        self._lines = RunLines(client, planned, progress, self._write_of)
        self._terms = terms
        self._customer_of = {number: item.customer for number, item in enumerate(planned)}
        self._account_of = {
            number: item.bank_account.id or "" for number, item in enumerate(planned) if item.bank_account
        }
        self._authorized: dict[str, asyncio.Task[object]] = {}
        turns = asyncio.Semaphore(AT_ONCE)
        self._customer_stage = Stage(1, self._make_customer, partial(self._lines.crash, Kind.CUSTOMER), turns)
        self._account_stage = Stage(
            1, self._give_account, partial(self._lines.crash, Kind.CUSTOMER_BANK_ACCOUNT), turns
        )
        self._invoice_stage = Stage(1, self._make_invoice, partial(self._lines.crash, Kind.INVOICE), turns)
        self._charge_stage = Stage(1, self._charge, partial(self._lines.crash, Kind.CHARGE), turns)
        self._last_stage = Stage(IDS_PER_LIST, self._read_again, self._not_read_again, turns)

    async def run(self) -> list[RunLine]:
        """Send every line through the chapters it needs."""
        for numbers in self._by_customer():
            try:
                self._begin(numbers)
            except Exception as error:  # noqa: BLE001 (one customer's defect must not stop the others)
                await self._lines.crash(Kind.CUSTOMER, [numbers], error)
        await close_all(
            self._customer_stage,
            self._account_stage,
            self._invoice_stage,
            self._charge_stage,
            self._last_stage,
        )
        await self._lines.check_finished()
        await self._lines.tell()
        return self._lines.result()

    def _begin(self, numbers: list[int]) -> None:
        customer = self._planned[numbers[0]].customer
        self._lines.writes_next(numbers, Kind.CUSTOMER)
        if customer is None:
            self._put(self._customer_stage, Kind.CUSTOMER, numbers)
        else:
            self._with_customer(numbers, customer)

    def _by_customer(self) -> list[list[int]]:
        """Return the numbers of the lines to be done, those of one customer together."""
        grouped: dict[str, list[int]] = defaultdict(list)
        for number, item in enumerate(self._planned):
            if item.line.status is Status.PLANNED:
                key = item.customer.id if item.customer else f"new {normalize_text(item.line.party)}"
                grouped[key].append(number)
        return list(grouped.values())

    def _put(self, stage: Stage[list[int]], kind: Kind, numbers: list[int]) -> None:
        """Hand lines to a stage that writes one record of this kind for all of them."""
        self._lines.writes_next(numbers, kind)
        stage.put(numbers)

    async def _make_customer(self, chunk: list[list[int]]) -> None:
        (numbers,) = chunk
        wanted = customer_input([self._row(number) for number in numbers])
        try:
            made = await create_customer(self._client, wanted, self._terms.run_name)
        except BillError as error:
            await self._fail(numbers, error)
            return
        self._with_customer(numbers, made.record)

    def _with_customer(self, numbers: Sequence[int], customer: Customer) -> None:
        """Pass a customer's lines on: those that wait for its bank account, and the others."""
        self._lines.update(numbers, party_id=customer.id)
        for number in numbers:
            self._customer_of[number] = customer
        waiting = [n for n in numbers if self._planned[n].charges and n not in self._account_of]
        if waiting:
            self._put(self._account_stage, Kind.CUSTOMER_BANK_ACCOUNT, waiting)
        self._with_accounts([number for number in numbers if number not in waiting])

    async def _give_account(self, chunk: list[list[int]]) -> None:
        (numbers,) = chunk
        account = next(row.bank_account for n in numbers if (row := self._row(n)).bank_account is not None)
        customer_id = self._lines[numbers[0]].party_id
        try:
            made = await create_customer_bank_account(self._client, customer_id, account)
        except BillError as error:
            await self._fail(numbers, error)
            return
        self._account_of |= dict.fromkeys(numbers, made.record.id or "")
        self._with_accounts(numbers)

    def _with_accounts(self, numbers: Sequence[int]) -> None:
        """Pass lines on: to their invoices, or to the charges of those that BILL has."""
        for number in numbers:
            invoice = self._planned[number].invoice
            if invoice is None:
                self._lines.writes_next([number], Kind.INVOICE)
                self._invoice_stage.put(number)
            else:
                self._lines.writes_next([number], Kind.CHARGE)
                self._charge_stage.put((number, invoice))

    async def _make_invoice(self, chunk: list[int]) -> None:
        (number,) = chunk
        row, customer = self._row(number), self._customer_of[number]
        assert customer is not None  # noqa: S101 (a line comes here with its customer)
        try:
            made = await create_invoice(self._client, customer.id, invoice_input(row), self._terms.run_name)
        except BillError as error:
            await self._fail([number], error)
            return
        invoice = made.record
        self._lines.update([number], document_id=invoice.id)
        if row.send_email and not await self._email(number, customer, made):
            return
        if self._planned[number].charges:
            self._lines.writes_next([number], Kind.CHARGE)
            self._charge_stage.put((number, invoice))
        else:
            self._lines.update([number], status=Status.DONE)
            await self._lines.tell()

    async def _email(self, number: int, customer: Customer, made: Outcome[Invoice]) -> bool:
        """Send an invoice that was made just now; return whether the line may go on."""
        if not made.made:
            self._lines.update([number], reason=NOT_EMAILED)
            return True
        try:
            await email_invoice(self._client, made.record, customer.email or self._row(number).email)
        except BillError as error:
            # Nobody is charged for an invoice that may not have reached them; it is never sent twice.
            reason = f"the invoice was made, and may not have been e-mailed: e-mail it in BILL, then run again. {error}"
            self._lines.update([number], status=Status.FAILED, reason=reason)
            await self._lines.tell()
            return False
        return True

    async def _charge(self, chunk: list[tuple[int, Invoice]]) -> None:
        ((number, invoice),) = chunk
        line = self._lines[number]
        day = line.day
        assert day is not None  # noqa: S101 (a line to be charged has its day)

        async def charge() -> Outcome[ReceivedPayment]:
            return await charge_invoice(
                self._client,
                unvisited(invoice),
                line.amount,
                line.party_id,
                line.party,
                self._account_of[number],
                day,
                line.label,
                run_name=self._terms.run_name,
                override=line.override,
            )

        try:
            if self._terms.states_authorization:
                await self._authorize(line.party_id)
            charged = await trusted(self._client, self._terms.code_from, charge)
        except BillError as error:
            await self._fail([number], error)
            return
        reason = NOT_EMAILED if line.reason == NOT_EMAILED else ""
        self._lines[number] = with_charge(line, charged.record, Status.DONE, reason)
        self._last_stage.put((number, invoice.id))
        await self._lines.tell()

    async def _authorize(self, customer_id: str) -> None:
        """State a customer's authorization to BILL, once for all its lines."""
        if customer_id not in self._authorized:
            self._authorized[customer_id] = asyncio.create_task(self._state_authorization(customer_id))
        await self._authorized[customer_id]

    async def _state_authorization(self, customer_id: str) -> object:
        return await authorize_charge(self._client, customer_id)

    async def _read_again(self, chunk: list[tuple[int, str]]) -> None:
        """Read charged invoices once more: what is drawn twice can be stopped by BILL's support alone, and soon."""
        try:
            invoices = await read_invoices(self._client, [invoice_id for _, invoice_id in chunk])
        except BillError as error:
            self._lines.update([number for number, _ in chunk], reason=f"charged; not read again: {error}")
            return
        for number, invoice_id in chunk:
            try:
                if invoice_id in invoices:
                    check_not_overcharged(invoices[invoice_id])
            except CaseError as error:
                self._lines.update([number], status=Status.OPEN, reason=str(error))

    async def _not_read_again(self, chunk: list[tuple[int, str]], error: Exception) -> list[tuple[int, str]]:
        reason = describe_unexpected(error, self._client.settings)
        self._lines.update([number for number, _ in chunk], reason=f"charged; not read again: {reason}")
        return []

    def _write_of(self, number: int) -> tuple[Kind, str, str]:
        """Return kind, subject and label of what was to be written next for a line."""
        kind, line = self._lines.next_of(number), self._lines[number]
        if kind is Kind.CHARGE:
            return kind, line.document_id, line.label
        if kind is Kind.INVOICE:
            return kind, normalize_text(line.number), ""
        account = self._row(number).bank_account if kind is Kind.CUSTOMER_BANK_ACCOUNT else None
        if account is not None:
            return kind, customer_bank_account_subject(line.party_id, account), ""
        return kind, normalize_text(line.party), ""

    def _row(self, number: int) -> CollectionRow:
        row = self._planned[number].row
        assert row is not None  # noqa: S101 (only a sheet's line asks for something new)
        return row

    async def _fail(self, numbers: Sequence[int], error: BillError) -> None:
        """Note why lines were not done, or that nobody knows."""
        self._lines.fail(numbers, error)
        await self._lines.tell()

"""Accounts payable, from a vendor's bill to its payment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from prefect import flow
from prefect.artifacts import acreate_markdown_artifact

from billcom.checks import check_bill, check_process_date
from billcom.client import BillClient
from billcom.errors import BillError
from billcom.inputs import BillInput, CasePolicy, CodeSource, PaymentInput, VendorInput
from billcom.intent import Decision, Outcome
from billcom.lookup.bills import check_not_overpaid
from billcom.models.bank_account import BankAccount, NewBankAccount
from billcom.models.bill import Bill
from billcom.models.payment import Payment
from billcom.models.vendor import Vendor
from billcom.results import ApResult, Deed
from billcom.runs.lines import RunKind
from flows.cases import decided
from flows.interrupted import report_interrupted
from flows.ledger import Ledger
from flows.reports import ap_report, ap_summary
from flows.start import run_name, start
from flows.trust import ensure_trusted, trusted
from tasks.bills import create_bill, find_bill, get_bill
from tasks.blocks import BankAccountBlock
from tasks.funding_accounts import find_funding_account
from tasks.payments import find_payment, pay_bill
from tasks.session import connect
from tasks.vendors import create_vendor, create_vendor_bank_account, find_vendor, find_vendor_bank_account

ARTIFACT = "ap-workflow"

_interrupted = [report_interrupted(RunKind.PAYMENT, ARTIFACT)]


@flow(
    flow_run_name=run_name("pay {bill.invoice_number} of {vendor.name}"),
    retries=0,
    on_cancellation=_interrupted,
    on_crashed=_interrupted,
)
async def ap_workflow(
    vendor: VendorInput,
    bank_account: BankAccountBlock,
    bill: BillInput,
    payment: PaymentInput = PaymentInput(),  # noqa: B008 (frozen; the run form shows it as the default)
    dry_run: bool = False,
    code_from: CodeSource = CodeSource.PERSON,
    on_case: CasePolicy = CasePolicy.ASK,
    credentials: str = "",
) -> ApResult:
    """Pay a vendor's bill: find or make the vendor and the bill, then pay it from a verified account.

    Run again with the same input it makes nothing twice and pays nothing twice. Raises InputError and
    ConflictError before anything is written to BILL where that can be known, UnsettledError when a payment may
    or may not be at BILL and nobody has said which.

    Args:
        vendor: Who is paid.
        bank_account: The vendor's bank account, paid by ACH. Pick a block: it keeps the numbers out of the run.
        bill: What is paid, in full.
        payment: When and from which account.
        dry_run: Read and plan; write nothing to BILL.
        code_from: Who reads the code BILL texts, when the session is not trusted yet.
        on_case: What to do about a case that reading BILL can't decide.
        credentials: Name of a BILL credentials block. Empty: the environment of the worker.
    """
    ledger = Ledger(ARTIFACT, f"bill {bill.invoice_number}")
    try:
        settings = await start(credentials)
        account = bank_account.to_new_bank_account()
        check_bill(bill)
        async with await connect(settings) as client:
            ledger.journal = client.journal
            await client.journal.head()
            found = await _find(client, ledger, vendor, account, bill, payment.label, on_case)
            if found.bill is not None and found.payment is not None:
                return await _report(ledger, vendor, found.bill, found.payment, dry_run=dry_run)

            process_date = check_process_date(payment, settings.clock.today())
            funding_account = await find_funding_account(client, payment.funding_account_id)
            if dry_run:
                return await _plan(ledger, found, vendor, bill, funding_account.id, process_date)

            await ensure_trusted(client, code_from)
            vendor_id = await _ensure_vendor(client, ledger, found, vendor, account)
            bill_record = await _ensure_bill(client, ledger, found, vendor_id, bill)

            async def pay(decision: Decision | None) -> Outcome[Payment]:
                return await trusted(
                    client,
                    code_from,
                    lambda: pay_bill(
                        client,
                        bill_record,
                        bill.amount,
                        vendor.name,
                        account,
                        funding_account.id,
                        process_date,
                        payment.memo,
                        payment.label,
                        decision,
                    ),
                )

            paid = await decided(on_case, pay)
            ledger.done("payment", f"of bill {bill.invoice_number}", paid.record.id, made=paid.made)

            async def read_again(_decision: Decision | None) -> Bill:
                present = await get_bill(client, bill_record.id)
                check_not_overpaid(present)
                return present

            present = await decided(on_case, read_again)
            return await _report(ledger, vendor, present, paid.record)
    except BillError as error:
        return await ledger.stop(error)


@dataclass(frozen=True)
class _Found:
    """What of the request BILL has already."""

    vendor: Vendor | None = None
    bank_account: BankAccount | None = None
    bill: Bill | None = None
    payment: Payment | None = None


async def _find(
    client: BillClient,
    ledger: Ledger,
    wanted_vendor: VendorInput,
    account: NewBankAccount,
    wanted_bill: BillInput,
    label: str,
    on_case: CasePolicy,
) -> _Found:
    """Look for everything the request names; note in the ledger what is there."""
    vendor = await decided(on_case, lambda said: find_vendor(client, wanted_vendor, said))
    if vendor is None:
        return _Found()
    ledger.done("vendor", vendor.name, vendor.id, made=False)
    bank_account = await find_vendor_bank_account(client, vendor.id, account)
    bill = await decided(on_case, lambda said: find_bill(client, vendor.id, wanted_bill, said))
    if bill is None:
        return _Found(vendor, bank_account)
    ledger.done("bill", wanted_bill.invoice_number, bill.id, made=False)
    payment = await find_payment(client, bill, label)
    if payment is not None:
        ledger.done("payment", f"of bill {wanted_bill.invoice_number}", payment.id, made=False)
    return _Found(vendor, bank_account, bill, payment)


async def _ensure_vendor(
    client: BillClient, ledger: Ledger, found: _Found, wanted: VendorInput, account: NewBankAccount
) -> str:
    """Return the id of the vendor, made with its bank account, or given it."""
    vendor = found.vendor
    if vendor is None:
        made = await create_vendor(client, wanted, account)
        ledger.done("vendor", wanted.name, made.record.id, made=made.made)
        if made.made:
            return made.record.id
        vendor = made.record
    if found.bank_account is None:
        given = await create_vendor_bank_account(client, vendor.id, account)
        ledger.done("bank account", f"of {wanted.name}", vendor.id, made=given.made)
    return vendor.id


async def _ensure_bill(
    client: BillClient, ledger: Ledger, found: _Found, vendor_id: str, wanted: BillInput
) -> Bill:
    """Return the bill, made unless it was found."""
    if found.bill is not None:
        return found.bill
    made = await create_bill(client, vendor_id, wanted)
    ledger.done("bill", wanted.invoice_number, made.record.id, made=made.made)
    return made.record


async def _plan(
    ledger: Ledger,
    found: _Found,
    vendor: VendorInput,
    bill: BillInput,
    funding_account_id: str,
    process_date: date,
) -> ApResult:
    """Report what a run would make, and make nothing."""
    if found.vendor is None:
        ledger.add("vendor", vendor.name, "", Deed.PLANNED)
    elif found.bank_account is None:
        ledger.add("bank account", f"of {vendor.name}", "", Deed.PLANNED)
    if found.bill is None:
        ledger.add("bill", bill.invoice_number, "", Deed.PLANNED)
    ledger.add("payment", f"of bill {bill.invoice_number}", "", Deed.PLANNED)
    result = ApResult(
        dry_run=True,
        amount=bill.amount,
        steps=tuple(ledger.steps),
        vendor_id=found.vendor.id if found.vendor else "",
        bill_id=found.bill.id if found.bill else "",
        funding_account_id=funding_account_id,
        process_date=process_date,
    )
    return await _publish(ledger, result, vendor.name, bill.invoice_number)


async def _report(
    ledger: Ledger, vendor: VendorInput, bill: Bill, payment: Payment, *, dry_run: bool = False
) -> ApResult:
    """Report what stands at BILL now."""
    used = payment.funding_account
    result = ApResult(
        dry_run=dry_run,
        amount=payment.amount or bill.amount or Decimal(0),
        steps=tuple(ledger.steps),
        vendor_id=bill.vendor_id,
        bill_id=bill.id,
        funding_account_id=(used and used.id) or "",
        payment_id=payment.id,
        process_date=payment.process_date,
        payment_status=payment.status or "",
        payment_single_status=payment.single_status or "",
        bill_payment_status=bill.payment_status or "",
    )
    number = bill.invoice.invoice_number or bill.id
    return await _publish(ledger, result, vendor.name, number)


async def _publish(ledger: Ledger, result: ApResult, vendor: str, bill: str) -> ApResult:
    """Leave the report as the run's artifact; return the result."""
    report = ap_report(result, vendor, bill, await ledger.chain())
    await acreate_markdown_artifact(report, key=ARTIFACT, description=ap_summary(result))
    return result

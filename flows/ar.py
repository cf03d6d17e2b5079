"""Accounts receivable, from a customer's invoice to the charge that pays it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from prefect import flow
from prefect.artifacts import acreate_markdown_artifact

from billcom.checks import check_invoice, check_payment_date
from billcom.client import BillClient
from billcom.errors import BillError
from billcom.inputs import CasePolicy, ChargeInput, CodeSource, CustomerInput, InvoiceInput
from billcom.intent import Decision, Outcome
from billcom.lookup.invoices import check_not_overcharged
from billcom.models.bank_account import BankAccount, NewBankAccount
from billcom.models.customer import Customer
from billcom.models.invoice import Invoice
from billcom.models.received_payment import ReceivedPayment
from billcom.results import ArResult, Deed
from billcom.runs.lines import RunKind
from flows.cases import decided
from flows.interrupted import report_interrupted
from flows.ledger import Ledger
from flows.reports import ar_report, ar_summary
from flows.start import run_name, start
from flows.trust import trusted
from tasks.blocks import BankAccountBlock
from tasks.customers import (
    authorize_charge,
    check_bank_accounts_enabled,
    create_customer,
    create_customer_bank_account,
    find_customer,
    find_customer_bank_account,
)
from tasks.invoices import create_invoice, email_invoice, find_invoice, get_invoice, make_payment_link
from tasks.received_payments import charge_invoice, find_charge
from tasks.session import connect

ARTIFACT = "ar-workflow"

_interrupted = [report_interrupted(RunKind.COLLECTION, ARTIFACT)]


@flow(
    flow_run_name=run_name("invoice {invoice.invoice_number} to {customer.name}"),
    retries=0,
    on_cancellation=_interrupted,
    on_crashed=_interrupted,
)
async def ar_workflow(
    customer: CustomerInput,
    bank_account: BankAccountBlock,
    invoice: InvoiceInput,
    charge: ChargeInput = ChargeInput(),  # noqa: B008 (frozen; the run form shows it as the default)
    dry_run: bool = False,
    code_from: CodeSource = CodeSource.PERSON,
    on_case: CasePolicy = CasePolicy.ASK,
    credentials: str = "",
) -> ArResult:
    """Invoice a customer and charge the invoice: find or make customer, bank account and invoice, then charge.

    Run again with the same input it makes nothing twice, sends nothing twice and charges nothing twice.
    BILL has no way to undo a charge. Raises InputError and ConflictError before anything is written to BILL
    where that can be known, UnsettledError when a charge may or may not be at BILL and nobody has said which.

    Args:
        customer: Who owes us.
        bank_account: The customer's bank account. Pick a block: it keeps the numbers out of the run.
        invoice: What for. E-mailed and linked only when this run makes it.
        charge: Whether and when the invoice is charged, in full.
        dry_run: Read and plan; write nothing to BILL.
        code_from: Who reads the code BILL texts, should BILL ask for one.
        on_case: What to do about a case that reading BILL can't decide.
        credentials: Name of a BILL credentials block. Empty: the environment of the worker.
    """
    what = f"invoice {invoice.invoice_number}"
    ledger = Ledger(ARTIFACT, what)
    try:
        settings = await start(credentials)
        account = bank_account.to_new_bank_account()
        check_invoice(invoice, charge)
        async with await connect(settings) as client:
            ledger.journal = client.journal
            await client.journal.head()
            found = await _find(client, ledger, customer, account, invoice, charge, on_case)
            day = None
            if charge.charge and found.charge is None:
                day = check_payment_date(charge, settings.clock.today())
            if dry_run:
                return await _plan(ledger, found, customer, invoice, day)

            customer_record = await _ensure_customer(client, ledger, found, customer)
            bank_account_id = ""
            if day is not None:
                bank_account_id = await _ensure_bank_account(client, ledger, found, customer_record, account)
            invoice_record, sent = await _ensure_invoice(client, ledger, found, customer_record, invoice)
            charged = found.charge
            if day is not None:
                await authorize_charge(client, customer_record.id)

                async def charge_it(decision: Decision | None) -> Outcome[ReceivedPayment]:
                    return await trusted(
                        client,
                        code_from,
                        lambda: charge_invoice(
                            client,
                            invoice_record,
                            invoice.amount,
                            customer_record.id,
                            customer.name,
                            bank_account_id,
                            day,
                            charge.label,
                            decision,
                        ),
                    )

                outcome = await decided(on_case, charge_it)
                ledger.done("charge", f"of {what}", outcome.record.id, made=outcome.made)
                charged = outcome.record

            async def read_again(_decision: Decision | None) -> Invoice:
                present = await get_invoice(client, invoice_record.id)
                check_not_overcharged(present)
                return present

            present = await decided(on_case, read_again)
            return await _report(ledger, customer, present, charged, bank_account_id, sent)
    except BillError as error:
        return await ledger.stop(error)


@dataclass(frozen=True)
class _Found:
    """What of the request BILL has already."""

    customer: Customer | None = None
    bank_account: BankAccount | None = None
    invoice: Invoice | None = None
    charge: ReceivedPayment | None = None


@dataclass(frozen=True)
class _Sent:
    """How this run told the customer of the invoice."""

    emailed: bool = False
    not_emailed: bool = False
    payment_link: str = ""


async def _find(
    client: BillClient,
    ledger: Ledger,
    wanted: CustomerInput,
    account: NewBankAccount,
    wanted_invoice: InvoiceInput,
    charge: ChargeInput,
    on_case: CasePolicy,
) -> _Found:
    """Look for everything the request names; note in the ledger what is there."""
    customer = await decided(on_case, lambda said: find_customer(client, wanted, said))
    if customer is None:
        if charge.charge:
            await check_bank_accounts_enabled(client)
        return _Found()
    ledger.done("customer", customer.name, customer.id, made=False)
    invoice = await decided(on_case, lambda said: find_invoice(client, customer.id, wanted_invoice, said))
    if invoice is not None:
        ledger.done("invoice", wanted_invoice.invoice_number, invoice.id, made=False)
    if not charge.charge:
        return _Found(customer, None, invoice)
    if invoice is not None:
        charged = await find_charge(client, invoice, wanted_invoice.amount, charge.label)
        if charged is not None:
            ledger.done("charge", f"of invoice {wanted_invoice.invoice_number}", charged.id, made=False)
            return _Found(customer, None, invoice, charged)
    bank_account = await find_customer_bank_account(client, customer.id, account)
    if bank_account is not None:
        ledger.done("bank account", f"of {customer.name}", bank_account.id or "", made=False)
    return _Found(customer, bank_account, invoice)


async def _ensure_customer(
    client: BillClient, ledger: Ledger, found: _Found, wanted: CustomerInput
) -> Customer:
    """Return the customer, made with its billing address unless it was found."""
    if found.customer is not None:
        return found.customer
    made = await create_customer(client, wanted)
    ledger.done("customer", wanted.name, made.record.id, made=made.made)
    return made.record


async def _ensure_bank_account(
    client: BillClient, ledger: Ledger, found: _Found, customer: Customer, account: NewBankAccount
) -> str:
    """Return the id of the customer's bank account, added unless it was found."""
    if found.bank_account is not None:
        return found.bank_account.id or ""
    made = await create_customer_bank_account(client, customer.id, account)
    ledger.done("bank account", f"of {customer.name}", made.record.id or "", made=made.made)
    return made.record.id or ""


async def _ensure_invoice(
    client: BillClient, ledger: Ledger, found: _Found, customer: Customer, wanted: InvoiceInput
) -> tuple[Invoice, _Sent]:
    """Return the invoice, made and e-mailed unless it was found, with its payment link if asked."""
    invoice, is_new = found.invoice, False
    if invoice is None:
        made = await create_invoice(client, customer.id, wanted)
        ledger.done("invoice", wanted.invoice_number, made.record.id, made=made.made)
        invoice, is_new = made.record, made.made
    email = customer.email or ""
    # Nothing at BILL tells whether an invoice was e-mailed: only the run that makes it sends it.
    sends = wanted.send_email and is_new
    if sends:
        await email_invoice(client, invoice, email)
    link = await make_payment_link(client, invoice, customer, email) if wanted.payment_link else ""
    return invoice, _Sent(emailed=sends, not_emailed=wanted.send_email and not sends, payment_link=link)


async def _plan(
    ledger: Ledger, found: _Found, customer: CustomerInput, invoice: InvoiceInput, payment_date: date | None
) -> ArResult:
    """Report what a run would make, and make nothing."""
    if found.customer is None:
        ledger.add("customer", customer.name, "", Deed.PLANNED)
    if payment_date is not None and found.bank_account is None:
        ledger.add("bank account", f"of {customer.name}", "", Deed.PLANNED)
    if found.invoice is None:
        ledger.add("invoice", invoice.invoice_number, "", Deed.PLANNED)
    if payment_date is not None:
        ledger.add("charge", f"of invoice {invoice.invoice_number}", "", Deed.PLANNED)
    result = ArResult(
        dry_run=True,
        amount=invoice.amount,
        steps=tuple(ledger.steps),
        customer_id=found.customer.id if found.customer else "",
        bank_account_id=(found.bank_account and found.bank_account.id) or "",
        invoice_id=found.invoice.id if found.invoice else "",
        received_payment_id=found.charge.id if found.charge else "",
        payment_date=payment_date,
    )
    return await _publish(ledger, result, customer.name, invoice.invoice_number)


async def _report(
    ledger: Ledger,
    customer: CustomerInput,
    invoice: Invoice,
    charge: ReceivedPayment | None,
    bank_account_id: str,
    sent: _Sent,
) -> ArResult:
    """Report what stands at BILL now."""
    used = charge.funding_account if charge else None
    result = ArResult(
        dry_run=False,
        amount=invoice.total_amount or invoice.open_amount,
        steps=tuple(ledger.steps),
        customer_id=invoice.customer_id or "",
        bank_account_id=bank_account_id or (used and used.id) or "",
        invoice_id=invoice.id,
        received_payment_id=charge.id if charge else "",
        payment_date=charge.payment_date if charge else None,
        received_payment_status=(charge and charge.status) or "",
        invoice_status=invoice.status or "",
        emailed=sent.emailed,
        not_emailed=sent.not_emailed,
        payment_link=sent.payment_link,
    )
    number = invoice.invoice_number or invoice.id
    return await _publish(ledger, result, customer.name, number)


async def _publish(ledger: Ledger, result: ArResult, customer: str, invoice: str) -> ArResult:
    """Leave the report as the run's artifact; return the result."""
    report = ar_report(result, customer, invoice, await ledger.chain())
    await acreate_markdown_artifact(report, key=ARTIFACT, description=ar_summary(result))
    return result

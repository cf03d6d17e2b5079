"""What a process of the soak and of the race does: the workflows' own tasks, one after the other, without Prefect."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any, cast

from prefect import Task

from billcom.client import BillClient
from billcom.intent import Decision
from billcom.settings import Settings
from tasks.bills import create_bill
from tasks.customers import authorize_charge, create_customer, create_customer_bank_account
from tasks.invoices import create_invoice
from tasks.payments import pay_bill
from tasks.received_payments import charge_invoice
from tasks.vendors import create_vendor
from tests import samples

AMOUNT = Decimal("1250.00")
DAY = date(2026, 12, 31)
"""When the money leaves: after everything here, however often the clock jumps."""


async def pay(
    number: int, funding_account_id: str, label: str = "", decision: Decision | None = None, until: str = ""
) -> None:
    """Pay bill `number`, from its vendor on, as a row of a sheet asks for it; or only `until` one of these."""
    account = samples.account().to_new_bank_account()
    async with BillClient(Settings.load(), run="sheet") as client:
        vendor = await _call(
            create_vendor, client, samples.vendor(name=f"Vendor {number}", email=""), account
        )
        if until == "vendor":
            return
        bill = await _call(
            create_bill, client, vendor.record.id, samples.bill(invoice_number=f"INV-{number}")
        )
        if until == "bill":
            return
        await _call(
            pay_bill,
            client,
            bill.record,
            AMOUNT,
            vendor.record.name,
            account,
            funding_account_id,
            DAY,
            "",
            label,
            decision,
        )


async def pay_due(bill_id: str, funding_account_id: str) -> None:
    """Pay a bill of which the id alone is known, as a list of due bills asks for it."""
    account = samples.account().to_new_bank_account()
    async with BillClient(Settings.load(), run="due bills") as client:
        bill = await client.bills.get(bill_id)
        name = (await client.vendors.get(bill.vendor_id)).name
        await _call(pay_bill, client, bill, AMOUNT, name, account, funding_account_id, DAY)


async def charge(number: int, label: str = "", decision: Decision | None = None, until: str = "") -> None:
    """Charge invoice `number`, from its customer on; or only `until` one of these."""
    account = samples.account().to_new_bank_account()
    async with BillClient(Settings.load(), run="sheet") as client:
        made = await _call(create_customer, client, samples.customer(name=f"Customer {number}"))
        customer_id = made.record.id
        if until == "customer":
            return
        held = await _call(create_customer_bank_account, client, customer_id, account)
        wanted = samples.invoice(invoice_number=f"AR-{number}")
        invoice = await _call(create_invoice, client, customer_id, wanted)
        if until == "invoice":
            return
        await _call(authorize_charge, client, customer_id)
        customer = made.record.name
        given = (
            invoice.record,
            wanted.amount,
            customer_id,
            customer,
            held.record.id,
            DAY,
            label,
            decision,
        )
        await _call(charge_invoice, client, *given)


async def _call(task: Task[..., Any], *given: Any) -> Any:
    return await cast("Any", task.fn)(*given)

"""Every deployment and sample block, in one place for whoever serves or registers them."""

from __future__ import annotations

from typing import Any

from prefect.client.schemas.objects import ConcurrencyLimitConfig, ConcurrencyLimitStrategy
from prefect.deployments.runner import RunnerDeployment
from prefect.schedules import Cron
from pydantic import BaseModel

from billcom.inputs import CasePolicy
from billcom.settings import Settings
from deployments import samples
from flows.ap import ap_workflow
from flows.ar import ar_workflow
from flows.check_trust import check_trust
from flows.collection_runs import charge_due_invoices, send_invoices
from flows.enroll import enroll_mfa
from flows.payment_runs import pay_bills, pay_due_bills
from flows.repair import resolve_unknowns
from tasks.blocks import BillBankAccount, BillCredentials

NAME = "on-demand-local"
DAILY = "daily-local"
EVERY_MORNING = Cron("0 7 * * *", timezone="America/New_York")
ONE_AT_A_TIME = ConcurrencyLimitConfig(limit=1, collision_strategy=ConcurrencyLimitStrategy.ENQUEUE)
CREDENTIALS = "local-bill"
VENDOR_ACCOUNT = "happy-music-supplies"
CUSTOMER_ACCOUNT = "cedar-grove-school"


async def register_blocks() -> dict[str, str]:
    """Register both block types and a sample of each; return the id of each sample by its name.

    May be repeated: samples are overwritten, nothing else is touched.
    """
    settings = Settings.load()
    credentials = BillCredentials(
        environment=settings.environment,
        username=settings.username,
        password=settings.password,
        organization_id=settings.organization_id,
        dev_key=settings.dev_key,
        base_url=settings.base_url,
    )
    blocks: dict[str, BillCredentials | BillBankAccount] = {
        CREDENTIALS: credentials,
        VENDOR_ACCOUNT: samples.vendor_account(),
        CUSTOMER_ACCOUNT: samples.customer_account(),
    }
    await BillCredentials.aregister_type_and_schema()
    await BillBankAccount.aregister_type_and_schema()
    return {name: str(await block.asave(name, overwrite=True)) for name, block in blocks.items()}


async def deployments(blocks: dict[str, str]) -> list[RunnerDeployment]:
    """Return the deployments, their forms filled with the samples. `blocks`: ids by name."""
    today = Settings.load().clock.today()
    ap = await ap_workflow.ato_deployment(
        NAME,
        parameters={
            "vendor": _plain(samples.VENDOR),
            "bank_account": _reference(blocks[VENDOR_ACCOUNT]),
            "bill": _plain(samples.bill(today)),
        },
        tags=["ap", "local"],
        concurrency_limit=ONE_AT_A_TIME,
        description="Pay a vendor's bill: vendor, bill, payment.",
    )
    ar = await ar_workflow.ato_deployment(
        NAME,
        parameters={
            "customer": _plain(samples.CUSTOMER),
            "bank_account": _reference(blocks[CUSTOMER_ACCOUNT]),
            "invoice": _plain(samples.invoice(today)),
            "charge": _plain(samples.CHARGE),
        },
        tags=["ar", "local"],
        concurrency_limit=ONE_AT_A_TIME,
        description="Invoice a customer and charge the invoice.",
    )
    pay = await pay_bills.ato_deployment(
        NAME,
        parameters={"source": "payment_run.csv"},
        tags=["ap", "sheet", "local"],
        concurrency_limit=ONE_AT_A_TIME,
        description="Pay the bills of a sheet in the input folder; a dry run unless said otherwise.",
    )
    pay_due = await pay_due_bills.ato_deployment(
        NAME,
        tags=["ap", "due", "local"],
        concurrency_limit=ONE_AT_A_TIME,
        description="Pay BILL's own bills that fall due; a dry run unless said otherwise.",
    )
    send = await send_invoices.ato_deployment(
        NAME,
        parameters={"source": "collection_run.csv"},
        tags=["ar", "sheet", "local"],
        concurrency_limit=ONE_AT_A_TIME,
        description="Send the invoices of a sheet, and charge those that say so; a dry run unless said otherwise.",
    )
    charge_due = await charge_due_invoices.ato_deployment(
        NAME,
        tags=["ar", "due", "local"],
        concurrency_limit=ONE_AT_A_TIME,
        description="Charge BILL's own invoices that are due; a dry run unless said otherwise.",
    )
    enroll = await enroll_mfa.ato_deployment(
        NAME,
        tags=["mfa", "local"],
        concurrency_limit=ONE_AT_A_TIME,
        description="Have BILL remember this machine for 30 days, by a texted code.",
    )
    check = await check_trust.ato_deployment(
        DAILY,
        schedule=EVERY_MORNING,
        tags=["mfa", "local"],
        concurrency_limit=ONE_AT_A_TIME,
        description="Check that unattended payments would go through; warn before BILL forgets this machine.",
    )
    repair = await resolve_unknowns.ato_deployment(
        DAILY,
        schedule=EVERY_MORNING,
        parameters={"on_case": CasePolicy.STOP.value},
        tags=["repair", "local"],
        concurrency_limit=ONE_AT_A_TIME,
        description="Settle writes whose outcome is open; report what BILL did late, while it can be cancelled.",
    )
    return [ap, ar, pay, pay_due, send, charge_due, enroll, check, repair]


def _plain(value: BaseModel) -> dict[str, Any]:
    return value.model_dump(mode="json", exclude_none=True)


def _reference(block_id: str) -> dict[str, Any]:
    return {"$ref": {"block_document_id": block_id}}

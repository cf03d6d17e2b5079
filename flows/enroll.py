"""Having BILL remember this machine for 30 days: a person types one code, unattended runs go on from it."""

from __future__ import annotations

from datetime import datetime

from prefect import flow
from prefect.artifacts import acreate_markdown_artifact

from billcom.client import BillClient
from billcom.errors import BillError, ConflictError
from billcom.inputs import CodeSource
from billcom.remembered_device import RememberedDevices
from flows.ledger import Ledger
from flows.trust import regain_trust
from tasks.session import connect, load_settings

ARTIFACT = "enroll-mfa"


@flow(flow_run_name="remember this machine at BILL", retries=0)
async def enroll_mfa(credentials: str = "", code_from: CodeSource = CodeSource.PERSON) -> datetime:
    """Have BILL remember this machine for 30 days: it texts a code, a person types it into this run's form.

    Return when BILL forgets it again (UTC). Enrolling before that starts the 30 days anew. Nothing but the
    remembered device changes at BILL.

    Args:
        credentials: Name of a BILL credentials block. Empty: the environment of the worker.
        code_from: Who reads the code BILL texts.
    """
    try:
        settings = await load_settings(credentials)
        async with await connect(settings) as client:
            await regain_trust(client, code_from, anew=True)
            return await _report(client)
    except BillError as error:
        return await Ledger(ARTIFACT, "MFA enrolment").stop(error)


async def _report(client: BillClient) -> datetime:
    settings = client.settings
    kept = RememberedDevices(settings).kept()
    if kept is None or kept.expires is None:
        raise ConflictError(
            "MFA: BILL accepted the code but remembers no device; unattended runs will still ask. Ask BILL"
        )
    until = f"{kept.expires:%Y-%m-%d %H:%M} UTC"
    text = (
        f"# BILL remembers this machine until {until}\n\nUser {settings.username}, organization "
        f"{settings.organization_id}, {settings.environment.value}. Until then runs on this machine that share "
        "its state directory ask nobody for a code. The check-trust flow warns before it ends; run this flow "
        "again then."
    )
    await acreate_markdown_artifact(text, key=ARTIFACT, description=f"remembered until {until}")
    return kept.expires

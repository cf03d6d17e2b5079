"""Having BILL remember a device for 30 days: a person types one code, unattended runs go on from it."""

from __future__ import annotations

from datetime import datetime

from prefect import flow
from prefect.artifacts import acreate_markdown_artifact

from billcom.client import BillClient
from billcom.errors import BillError, ConflictError
from billcom.inputs import CodeSource
from billcom.remembered_device import STATE_DIRECTORY
from flows.ledger import Ledger
from flows.start import start
from flows.trust import regain_trust
from tasks.session import connect

ARTIFACT = "enroll-mfa"


@flow(flow_run_name="remember this machine at BILL", retries=0)
async def enroll_mfa(credentials: str = "", code_from: CodeSource = CodeSource.PERSON) -> datetime:
    """Have BILL remember this machine for 30 days: it texts a code, a person types it into this run's form.

    With a credentials block the device is kept in it, for every machine that names the block and has the same
    BILL_SESSION_KEY. Return when BILL forgets it again (UTC). Enrolling before that starts the 30 days anew.
    Nothing but the remembered device changes at BILL.

    Args:
        credentials: Name of a BILL credentials block. Empty: the environment of the worker.
        code_from: Who reads the code BILL texts.
    """
    try:
        settings = await start(credentials)
        async with await connect(settings) as client:
            await regain_trust(client, code_from, anew=True)
            return await _report(client)
    except BillError as error:
        return await Ledger(ARTIFACT, "MFA enrolment").stop(error)


async def _report(client: BillClient) -> datetime:
    settings = client.settings
    until, where = await _kept_longest(client)
    shown = f"{until:%Y-%m-%d %H:%M} UTC"
    what, who = where, "runs that name this block, on every machine with the same BILL_SESSION_KEY,"
    if where == STATE_DIRECTORY:
        what, who = "this machine", "runs on this machine that share its state directory"
    text = (
        f"# BILL remembers {what} until {shown}\n\nUser {settings.username}, organization "
        f"{settings.organization_id}, {settings.environment.value}. Until then {who} ask nobody for a "
        "code. The check-trust flow warns before it ends; run this flow again then."
    )
    await acreate_markdown_artifact(text, key=ARTIFACT, description=f"remembered until {shown}")
    return until


async def _kept_longest(client: BillClient) -> tuple[datetime, str]:
    """Return until when the device that was remembered last is, and where it is kept."""
    known = await client.devices.known()
    if dated := [(device.expires, device.where) for device in known.devices if device.expires]:
        return max(dated)
    raise ConflictError(
        "MFA: BILL accepted the code but remembers no device; unattended runs will still ask. Ask BILL"
    )

"""Whether unattended payments would go through, looked at while there is time to mend it. Asks nobody for a code."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from prefect import flow
from prefect.artifacts import acreate_markdown_artifact
from prefect.events import emit_event
from prefect.logging import get_run_logger
from prefect.states import Failed

from billcom.errors import BillError, ConflictError
from billcom.readiness import Finding, Verdict, could_pay, trust_finding
from billcom.remembered_device import RememberedDevices
from billcom.settings import Settings
from billcom.trust import Trust
from flows.reports import escaped
from flows.start import start
from tasks.mfa import look_at_trust
from tasks.readiness import check_funding_accounts, check_role, check_stop
from tasks.session import connect

ARTIFACT = "check-trust"
EXPIRING = "billcom.trust.expiring"
"""Event at 10, 5 and 1 days left; its resource is `billcom.organization.<id>`. An automation can act on it."""


@flow(flow_run_name="check that payments would go through", retries=0)
async def check_trust(credentials: str = "") -> int | None:
    """Check sign-in, device, stop switches, role and funding accounts; fail when no payment could be made now.

    Made to be scheduled. Warns, by its artifact and the event `billcom.trust.expiring`, when the remembered
    device has 10, 5 and 1 days left. Never waits for a person. Return the whole days left, None when a
    device of the environment is used, whose age nothing tells. Writes nothing to BILL.

    Args:
        credentials: Name of a BILL credentials block. Empty: the environment of the worker.
    """
    findings: list[Finding] = []
    try:
        settings = await start(credentials)
        async with await connect(settings) as client:
            trust = await look_at_trust(client)
            findings.append(trust_finding(trust))
            findings.append(await check_stop(client))
            findings.append(await check_role(client))
            findings.extend(await check_funding_accounts(client))
    except BillError as error:
        return await _fail(error, findings)
    if not could_pay(findings):
        reasons = "; ".join(
            f"{finding.check}: {finding.text}" for finding in findings if finding.stops_payment
        )
        return await _fail(ConflictError(f"no payment could be made now. {reasons}"), findings)
    _warn(settings, trust)
    verdict = "warning" if trust.warning else "ok"
    await acreate_markdown_artifact(
        _report("Payments would go through", findings),
        key=ARTIFACT,
        description=f"{verdict}: {findings[0].text}",
    )
    return trust.days_left


def _warn(settings: Settings, trust: Trust) -> None:
    """Log each time, and emit the event once for each number of days."""
    if trust.warning is None or trust.expires is None:
        return
    get_run_logger().warning(trust_finding(trust).text)
    if not RememberedDevices(settings).first_warning(trust.expires, trust.warning):
        return
    organization = settings.organization_id
    emit_event(
        EXPIRING,
        resource={
            "prefect.resource.id": f"billcom.organization.{organization}",
            "prefect.resource.name": f"BILL organization {organization}",
        },
        payload={
            "days_left": trust.days_left,
            "expires": trust.expires.isoformat(),
            "environment": settings.environment.value,
            "username": settings.username,
        },
    )


async def _fail(error: BillError, findings: Sequence[Finding]) -> Any:
    """Return the failed state that ends the run, its reason in an artifact; no traceback in the log."""
    why = Finding("", Verdict.PROBLEM, f"{type(error).__name__}: {error}", stops_payment=True)
    report = _report(
        "No payment could be made now", findings if not could_pay(findings) else [*findings, why]
    )
    await acreate_markdown_artifact(report, key=ARTIFACT, description=f"stopped by {type(error).__name__}")
    return Failed(message=f"{type(error).__name__}: {error}", data=error)


def _report(title: str, findings: Sequence[Finding]) -> str:
    rows = [f"| {f.check} | {f.verdict.value} | {escaped(f.text)} |" for f in findings]
    return "\n".join([f"# {title}", "", "| Check | | |", "|---|---|---|", *rows])

"""What Prefect's server does by itself: it tells somebody who can act. Recovery is in `deployments.recovery`."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from prefect.client.orchestration import get_client
from prefect.events.actions import SendNotification
from prefect.events.schemas.automations import AutomationCore, EventTrigger, Posture

from flows.check_trust import EXPIRING

TAG = "billcom"
"""Every deployment's; runs without it are none of ours."""

TOLD_ONCE_IN = timedelta(hours=1)

_WHAT = "{{ flow_run.name }} ({{ flow_run.state.name }})\n{{ flow_run.state.message }}\n{{ flow_run|ui_url }}"


def notification(block_id: UUID) -> list[AutomationCore]:
    """Return the automations that tell somebody, through a notification block."""
    return [
        AutomationCore(
            name="billcom: tell when a run fails",
            trigger=_when(["Failed", "TimedOut"], timedelta()),
            actions=[SendNotification(block_document_id=block_id, subject="BILL: a run failed", body=_WHAT)],
        ),
        AutomationCore(
            name="billcom: tell when a run crashes",
            description="Once an hour for each run: it is started again meanwhile.",
            trigger=_when(["Crashed"], TOLD_ONCE_IN),
            actions=[SendNotification(block_document_id=block_id, subject="BILL: a run crashed", body=_WHAT)],
        ),
        AutomationCore(
            name="billcom: tell when a run waits for a person",
            trigger=_when(["Paused", "Suspended"], timedelta()),
            actions=[
                SendNotification(
                    block_document_id=block_id, subject="BILL: a run waits for your answer", body=_WHAT
                )
            ],
        ),
        AutomationCore(
            name="billcom: tell before BILL forgets a device",
            trigger=EventTrigger(expect={EXPIRING}, posture=Posture.Reactive, threshold=1),
            actions=[
                SendNotification(
                    block_document_id=block_id,
                    subject="BILL: unattended runs will soon ask for a code",
                    body="{{ event.resource.name }}: {{ event.payload.days_left }} days left. Run enroll-mfa, and type "
                    "the code BILL texts.",
                )
            ],
        ),
    ]


async def register(automations: list[AutomationCore]) -> None:
    """Make automations, or bring those of their names up to date. May be repeated."""
    async with get_client() as prefect:
        for automation in automations:
            known = await prefect.read_automations_by_name(automation.name)
            if known:
                await prefect.update_automation(known[0].id, automation)
            else:
                await prefect.create_automation(automation)


def _when(states: list[str], within: timedelta) -> EventTrigger:
    """Return the trigger for a run that comes to one of some states, at most once `within` some time."""
    return EventTrigger(
        match={"prefect.resource.id": "prefect.flow-run.*"},
        match_related={"prefect.resource.role": "tag", "prefect.resource.id": f"prefect.tag.{TAG}"},
        for_each={"prefect.resource.id"},
        expect={f"prefect.flow-run.{name}" for name in states},
        posture=Posture.Reactive,
        threshold=1,
        within=within,
    )

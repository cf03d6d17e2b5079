"""What Prefect's server does by itself: it notices dead runs, starts them again, and tells somebody who can act.

Starting a run again is safe because no write is repeated that BILL has done; how often is bounded by the run itself
(`flows.start.MAX_CRASHES`).
"""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import StateType
from prefect.events.actions import ChangeFlowRunState, SendNotification
from prefect.events.schemas.automations import AutomationCore, EventTrigger, Posture

from flows.check_trust import EXPIRING

TAG = "billcom"
"""Every deployment's; runs without it are none of ours."""

HEARTBEAT_SECONDS = 30
"""How often a run says that it is alive, as workers tell it to; Prefect takes no less."""

SILENT_FOR = timedelta(seconds=3 * HEARTBEAT_SECONDS)
STUCK_FOR = timedelta(minutes=3)
"""A worker makes a run's process within seconds; Kubernetes may take longer to fetch an image."""

RETRY_AFTER = timedelta(seconds=30)
TOLD_ONCE_IN = timedelta(hours=1)

_ENDED = ("Completed", "Failed", "Cancelled", "TimedOut", "Postponed")
_WAITING = ("Scheduled", "AwaitingRetry", "AwaitingConcurrencySlot", "Resuming", "Late")
_STARTING = ("Pending", "Submitting", "InfrastructurePending")
_HALTED = ("Suspended", "Paused", "Cancelling")

_WHAT = "{{ flow_run.name }} ({{ flow_run.state.name }})\n{{ flow_run.state.message }}\n{{ flow_run|ui_url }}"


def recovery() -> list[AutomationCore]:
    """Return the automations that bring a dead run back."""
    return [
        AutomationCore(
            name="billcom: a run that is silent has crashed",
            description=f"No heartbeat for {SILENT_FOR.total_seconds():.0f} seconds: its process or machine is gone.",
            trigger=_unless(
                ["heartbeat"], ["heartbeat", *_ENDED, "Crashed", *_WAITING, "Suspended"], SILENT_FOR
            ),
            actions=[_to(StateType.CRASHED, "Crashed", "no sign of life from its process")],
        ),
        AutomationCore(
            name="billcom: start a crashed run again",
            description="The same run with the same parameters; it goes on from what stands at BILL.",
            trigger=_unless(["Crashed"], [*_WAITING, *_STARTING, "Running", *_ENDED], RETRY_AFTER),
            actions=[_to(StateType.SCHEDULED, "AwaitingRetry", "started again: it had crashed")],
        ),
        AutomationCore(
            name="billcom: start a stuck run again",
            description="A worker took the run and died before the run's process began.",
            trigger=_unless(_STARTING, ["Running", *_ENDED, "Crashed", *_WAITING, *_HALTED], STUCK_FOR),
            actions=[_to(StateType.SCHEDULED, "AwaitingRetry", "started again: its worker never did")],
        ),
    ]


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


def _unless(after: list[str] | tuple[str, ...], expect: list[str], within: timedelta) -> EventTrigger:
    """Return the trigger for a run that comes to one state, and to none of others within some time."""
    return EventTrigger(
        match={"prefect.resource.id": "prefect.flow-run.*"},
        match_related={"prefect.resource.role": "tag", "prefect.resource.id": f"prefect.tag.{TAG}"},
        for_each={"prefect.resource.id"},
        after={f"prefect.flow-run.{name}" for name in after},
        expect={f"prefect.flow-run.{name}" for name in expect},
        posture=Posture.Proactive,
        threshold=1,
        within=within,
    )


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


def _to(state: StateType, name: str, message: str) -> ChangeFlowRunState:
    # Not forced: a run that has ended meanwhile stays as it is.
    return ChangeFlowRunState(state=state, name=name, message=message, force=False)

"""Three requests at once for an organization, over clients and processes, and never more."""

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

from billcom import BillClient, Settings
from billcom.errors import OutcomeUnknownError
from billcom.slots import Slots
from tests.billcom.build import new_vendor
from tests.billcom.controls import Controls

pytestmark = pytest.mark.anyio

# Locks every slot of a folder, says so, and stays until it is killed.
HOLDER = """
import fcntl, os, pathlib, sys
for number in range(3):
    fcntl.flock(os.open(pathlib.Path(sys.argv[1]) / f"slot-{number}.lock", os.O_RDWR | os.O_CREAT), fcntl.LOCK_EX)
print("held", flush=True)
sys.stdin.read()
"""


async def enter(slots: Slots, entered: asyncio.Event, leave: asyncio.Event) -> None:
    """Hold a slot until told to leave."""
    async with slots.hold():
        entered.set()
        await leave.wait()


async def turns() -> None:
    """Let every other task run many times over."""
    for _ in range(100):
        await asyncio.sleep(0)


async def test_twelve_calls_over_two_clients_are_three_at_a_time(
    bill: BillClient, settings: Settings, controls: Controls
) -> None:
    async with BillClient(settings, sessions=bill.sessions) as other:
        await bill.sessions.current()
        controls.rules(latency_ms=20).forget()
        calls = [client.authentication.session_details() for client in (bill, other) for _ in range(6)]
        await asyncio.gather(*calls)
    assert controls.sent() == ["GET /v3/login/session"] * 12
    assert {row["code"] for row in controls.journal()} == {None}
    assert controls.peak_in_flight() == 3


async def test_a_fourth_waits_until_one_leaves(tmp_path: Path) -> None:
    mine, others = Slots(tmp_path / "slots"), Slots(tmp_path / "slots")
    entered, leave = [asyncio.Event() for _ in range(4)], [asyncio.Event() for _ in range(4)]
    tasks = [
        asyncio.create_task(enter(mine if number % 2 else others, entered[number], leave[number]))
        for number in range(3)
    ]
    for event in entered[:3]:
        await event.wait()
    tasks.append(asyncio.create_task(enter(mine, entered[3], leave[3])))
    await turns()
    assert not entered[3].is_set()
    leave[1].set()
    await asyncio.wait_for(entered[3].wait(), 5)
    for event in leave:
        event.set()
    await asyncio.gather(*tasks)


async def test_organizations_do_not_wait_for_each_other(tmp_path: Path) -> None:
    entered, leave = [asyncio.Event() for _ in range(4)], asyncio.Event()
    one, other = Slots(tmp_path / "one"), Slots(tmp_path / "other")
    tasks = [
        asyncio.create_task(enter(other if number == 3 else one, event, leave))
        for number, event in enumerate(entered)
    ]
    await asyncio.wait_for(asyncio.gather(*(event.wait() for event in entered)), 5)
    leave.set()
    await asyncio.gather(*tasks)


async def test_a_slot_is_left_after_a_failure(tmp_path: Path) -> None:
    slots = Slots(tmp_path, count=1)
    with pytest.raises(RuntimeError, match="inside"):
        async with slots.hold():
            raise RuntimeError("inside")
    async with asyncio.timeout(5), slots.hold():
        pass


async def test_a_slot_is_left_by_who_gives_up_waiting_for_an_answer(
    settings: Settings, bill: BillClient, controls: Controls
) -> None:
    await bill.sessions.current()
    controls.fault("delay", "POST", "/v3/vendors", seconds=0.3, times=3)
    async with BillClient(settings, sessions=bill.sessions, timeout_seconds=0.1) as client:
        for _ in range(3):
            with pytest.raises(OutcomeUnknownError):
                await client.vendors.create(new_vendor())
    directory = settings.state_path / "slots" / settings.organization_key
    entered, leave = [asyncio.Event() for _ in range(3)], asyncio.Event()
    tasks = [asyncio.create_task(enter(Slots(directory), event, leave)) for event in entered]
    await asyncio.wait_for(asyncio.gather(*(event.wait() for event in entered)), 5)
    leave.set()
    await asyncio.gather(*tasks)


async def test_the_slots_of_a_process_that_died_are_free(tmp_path: Path) -> None:
    slots = Slots(tmp_path / "slots")
    with subprocess.Popen(  # noqa: ASYNC220 (nothing else waits)
        [sys.executable, "-c", HOLDER, str(tmp_path / "slots")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as holder:
        assert holder.stdout is not None and holder.stdout.readline() == "held\n"
        entered, leave = asyncio.Event(), asyncio.Event()
        task = asyncio.create_task(enter(slots, entered, leave))
        await turns()
        assert not entered.is_set()
        holder.kill()
        holder.wait()
    await asyncio.wait_for(entered.wait(), 5)
    leave.set()
    await task


def test_lock_files_are_the_owners_alone(tmp_path: Path) -> None:
    Slots(tmp_path / "slots")
    assert (tmp_path / "slots").stat().st_mode & 0o777 == 0o700

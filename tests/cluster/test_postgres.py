"""Journal and slots on PostgreSQL: over machines that share nothing else, and while it goes away."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any

import pytest

from billcom import BillClient
from billcom.errors import BillError, JournalError
from billcom.journal import Journal
from billcom.models.bill import Bill
from billcom.shared_slots import SharedSlots
from billcom.slots import SLOTS
from tests.billcom.build import make_bill
from tests.billcom.conftest import NewClient, Waits
from tests.billcom.controls import Controls
from tests.billcom.writes import payment
from tests.cluster.databases import Postgres

pytestmark = [pytest.mark.cluster, pytest.mark.anyio]

PAY = "POST /v3/payments"


@pytest.fixture(autouse=True)
def runs_again(database: Postgres) -> None:
    """PostgreSQL runs, whatever the test before did."""
    if not database.is_running():
        database.start()


@pytest.fixture
async def payable(trusted: BillClient, controls: Controls) -> Bill:
    """A bill that can be paid."""
    made = await make_bill(trusted)
    controls.advance(minutes=1).forget()
    return made


@pytest.fixture
async def elsewhere(new_client: NewClient, settings: Any, tmp_path: Path) -> BillClient:
    """A client of the same organization on another machine: nothing in common but PostgreSQL."""
    return await new_client(
        journal_url=settings.journal_url, state_dir=tmp_path / "another-machine", sleeps=True
    )


async def test_two_machines_pay_a_bill_once(
    trusted: BillClient, elsewhere: BillClient, payable: Bill, controls: Controls
) -> None:
    wanted = [await payment(client, payable) for client in (trusted, elsewhere)]
    outcomes = await asyncio.gather(*(each.once() for each in wanted), return_exceptions=True)
    made = [outcome.made for outcome in outcomes if not isinstance(outcome, BaseException)]
    assert made.count(True) == 1, outcomes
    assert controls.sent("POST") == [PAY]
    assert await wanted[1].states() == ["SENDING", "DONE"]
    await Journal(elsewhere.settings).verify()


async def test_without_postgresql_nothing_is_sent_and_afterwards_it_is_paid_once(
    trusted: BillClient, payable: Bill, controls: Controls, database: Postgres
) -> None:
    wanted = await payment(trusted, payable)
    controls.forget()
    database.stop()
    with pytest.raises(JournalError) as caught:
        await wanted.once()
    assert "BILL_JOURNAL_URL) can't be used" in str(caught.value)
    assert database.password not in str(caught.value)
    assert controls.sent() == []
    database.start()
    assert (await wanted.once()).made is True
    assert controls.sent("POST") == [PAY]


async def test_a_payment_under_way_when_postgresql_goes_is_found_afterwards(
    trusted: BillClient, payable: Bill, controls: Controls, database: Postgres
) -> None:
    wanted = await payment(trusted, payable)
    controls.forget()
    controls.fault("delay", "POST", "/v3/payments", seconds=2)
    paying = asyncio.create_task(wanted.once())
    await has_sent(controls, PAY)
    database.stop()
    with pytest.raises(BillError) as caught:
        await paying
    assert "BILL may have acted" in str(caught.value) or "can't be used" in str(caught.value)
    database.start()
    assert (await wanted.states()) == ["SENDING"]
    outcome = await wanted.once()
    assert outcome.made is False
    assert controls.sent("POST") == [PAY]
    assert await wanted.states() == ["SENDING", "DONE"]


async def has_sent(controls: Controls, call: str) -> None:
    """Return once BILL has been asked for something."""
    deadline = time.monotonic() + 10
    while call not in controls.sent():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.02)


async def test_calls_from_two_machines_are_three_at_a_time(
    bill: BillClient, elsewhere: BillClient, controls: Controls
) -> None:
    await bill.sessions.current()
    controls.rules(latency_ms=50).forget()
    calls = [client.authentication.session_details() for client in (bill, elsewhere) for _ in range(9)]
    await asyncio.gather(*calls)
    assert controls.sent() == ["GET /v3/login/session"] * 18
    assert controls.peak_in_flight() == 3


async def test_a_dead_holders_slots_are_free(bill: BillClient, database: Postgres) -> None:
    dead, other = (SharedSlots(bill.settings, SLOTS) for _ in range(2))
    async with dead.hold(), dead.hold(), dead.hold():
        waiting = asyncio.create_task(enter(other))
        await asyncio.sleep(0.1)
        assert not waiting.done()
        database.sql("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted")
        await asyncio.wait_for(waiting, 2)
    await enter(dead)  # on a new connection
    await dead.close()
    await other.close()


async def test_slots_come_back_after_postgresql_was_away(bill: BillClient, database: Postgres) -> None:
    slots = SharedSlots(bill.settings, SLOTS)
    await enter(slots)
    database.stop()
    with pytest.raises(JournalError) as caught:
        await enter(slots)
    assert "BILL_JOURNAL_URL) can't be used" in str(caught.value)
    assert database.password not in str(caught.value)
    database.start()
    for _ in range(SLOTS + 1):
        await enter(slots)
    await slots.close()


async def test_a_slot_is_given_back_by_who_is_cancelled(bill: BillClient) -> None:
    slots = SharedSlots(bill.settings, 1)
    holding = asyncio.create_task(enter(slots, seconds=30))
    await asyncio.sleep(0.1)
    holding.cancel()
    with pytest.raises(asyncio.CancelledError):
        await holding
    await asyncio.wait_for(enter(slots), 2)
    await slots.close()


async def test_a_run_takes_few_connections(
    trusted: BillClient, payable: Bill, database: Postgres, waits: Waits
) -> None:
    await (await payment(trusted, payable)).once()
    count = database.sql("SELECT count(*) FROM pg_stat_activity WHERE datname = 'billcom'")
    assert int(count) <= 3


async def enter(slots: SharedSlots, seconds: float = 0) -> None:
    async with slots.hold():
        await asyncio.sleep(seconds)

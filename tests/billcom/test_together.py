"""Several at once want the same thing: clients, processes, machines; and never more than three requests in flight."""

import asyncio
import signal
from contextlib import ExitStack
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from billcom import BillClient, Settings
from billcom.errors import CaseError
from billcom.intent import Outcome
from billcom.journal import State
from billcom.models.invoice import Invoice
from billcom.models.vendor import Vendor
from tests.billcom.beside import beside
from tests.billcom.build import make_customer, make_invoice, new_invoice, new_vendor
from tests.billcom.conftest import NewClient, NewSettings
from tests.billcom.controls import Controls
from tests.billcom.writes import VENDORS, invoice, vendor

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("permissive")]

SEND = "POST /v3/vendors"


async def test_two_of_one_machine_make_one_record(
    bill: BillClient, new_client: NewClient, controls: Controls
) -> None:
    clients = [await new_client() for _ in range(4)]
    outcomes = await asyncio.gather(*(vendor(client).once() for client in clients))
    assert sorted(outcome.made for outcome in outcomes) == [False, False, False, True]
    assert len({outcome.record.id for outcome in outcomes}) == 1
    assert controls.acted() == [SEND]
    assert await vendor(bill).states() == ["SENDING", "DONE"]


async def test_on_one_machine_the_second_does_nothing_before_the_first_is_through(
    bill: BillClient, new_client: NewClient, controls: Controls
) -> None:
    other = vendor(await new_client())
    others: list[asyncio.Task[Outcome[Vendor]]] = []

    async def send() -> Vendor:
        asked = controls.sent()
        others.append(asyncio.create_task(other.once()))
        for _ in range(100):
            await bill.local("GET", "/_local/health")
        assert controls.sent() == asked
        return await bill.vendors.create(new_vendor())

    made = await vendor(bill).sending(send).once()
    found = await others[0]
    assert (made.made, found.made, made.record.id) == (True, False, found.record.id)
    assert controls.acted() == [SEND]


def test_two_processes_of_one_machine_make_one_record(settings: Settings, controls: Controls) -> None:
    with beside("make", settings) as one, beside("make", settings) as other:
        for process in (one, other):
            assert process.hears() == "ready"
        controls.forget()
        for process in (one, other):
            process.begin()
        said = [process.hears().split() for process in (one, other)]
    assert sorted(made for _, made in said) == ["False", "True"]
    assert len({record_id for record_id, _ in said}) == 1
    assert controls.acted() == [SEND]


@pytest.fixture
def shared(tmp_path: Path) -> str:
    """The address of a journal that several machines share."""
    return f"sqlite+aiosqlite:///{tmp_path}/shared.db"


async def test_several_machines_with_one_journal_make_one_record(
    new_client: NewClient, controls: Controls, shared: str, tmp_path: Path
) -> None:
    machines = [
        await new_client(
            sleeps=True, settle_seconds=2, journal_url=shared, state_dir=tmp_path / f"machine-{number}"
        )
        for number in range(3)
    ]
    outcomes = await asyncio.gather(*(vendor(client).once() for client in machines))
    assert sorted(outcome.made for outcome in outcomes) == [False, False, True]
    assert len({outcome.record.id for outcome in outcomes}) == 1
    assert controls.acted() == [SEND]


async def test_what_another_machine_finds_first_was_not_sent_twice(
    new_client: NewClient, controls: Controls, shared: str, tmp_path: Path
) -> None:
    controls.rules("permissive", list_delay_ms=0).fault("delay", "POST", VENDORS, seconds=0.5)
    one, other = [
        await new_client(
            sleeps=True, settle_seconds=2, journal_url=shared, state_dir=tmp_path / f"machine-{number}"
        )
        for number in range(2)
    ]
    sending = asyncio.Event()

    async def send() -> Vendor:
        sending.set()
        return await one.vendors.create(new_vendor())

    async def meanwhile() -> Outcome[Vendor]:
        await sending.wait()
        return await vendor(other).once()

    made, found = await asyncio.gather(vendor(one).sending(send).once(), meanwhile())
    assert (made.made, found.made, made.record.id) == (True, False, found.record.id)
    assert await vendor(one).states() == ["SENDING", "DONE"]
    assert controls.acted() == [SEND]


async def test_an_answer_after_it_was_given_up_still_counts(bill: BillClient) -> None:
    wanted = vendor(bill)

    async def send() -> Vendor:
        await wanted.note(State.NOT_SENT)
        return await bill.vendors.create(new_vendor())

    outcome = await wanted.sending(send).once()
    last = (await wanted.rows())[-1]
    assert (last.state, last.record_id, last.note) == (
        "DONE",
        outcome.record.id,
        "answered after it was given up",
    )


async def test_an_answer_after_it_was_given_up_and_sent_again_is_for_a_person(bill: BillClient) -> None:
    wanted = vendor(bill)

    async def send() -> Vendor:
        await wanted.note(State.NOT_SENT, State.SENDING)
        return await bill.vendors.create(new_vendor())

    with pytest.raises(CaseError, match="vendor happy music was sent twice, as 009") as caught:
        await wanted.sending(send).once()
    assert caught.value.sequence == 3
    assert await wanted.states() == ["SENDING", "NOT_SENT", "SENDING"]


async def test_a_process_that_was_stopped_after_its_claim_sends_nothing_when_it_goes_on(
    new_client: NewClient, new_settings: NewSettings, controls: Controls, shared: str, tmp_path: Path
) -> None:
    mine = await new_client(sleeps=True, settle_seconds=0.3, journal_url=shared)
    there = mine.settings.model_copy(update={"state_dir": tmp_path / "machine-2"})
    with beside("make_stopped", there) as process:
        assert process.hears() == "ready"
        controls.forget()
        process.begin()
        assert process.hears() == "claimed"
        outcome = await vendor(mine).once()
        assert outcome.made is True
        process.send_signal(signal.SIGCONT)
        assert process.hears() == f"{outcome.record.id} False"
    assert controls.sent("POST") == [SEND]
    assert [(row.state, row.note) for row in await vendor(mine).rows()] == [
        ("SENDING", ""),
        ("NOT_SENT", "not at BILL after the settle time"),
        ("SENDING", ""),
        ("DONE", ""),
    ]


async def test_three_that_look_after_a_refused_number_do_not_wait_for_each_other(
    bill: BillClient, controls: Controls
) -> None:
    controls.rules("permissive", duplicate_invoice_number="refuse", list_delay_ms=0)
    customers = [await make_customer(bill, name=name) for name in ("A", "B", "C")]
    together = asyncio.Barrier(3)

    async def write(number: int) -> Outcome[Invoice]:
        customer_id = customers[number].id

        async def guard() -> None:
            await make_invoice(bill, customer_id=customer_id, number=f"20250{number}")

        async def send() -> Invoice:
            await together.wait()
            return await bill.invoices.create(new_invoice(customer_id, number=f"20250{number}"))

        wanted = invoice(bill, customer_id, invoice_number=f"20250{number}")
        return await wanted.sending(send).once(guard)

    async with asyncio.timeout(10):
        outcomes = await asyncio.gather(*(write(number) for number in range(3)))
    assert [outcome.made for outcome in outcomes] == [False, False, False]


async def test_reads_within_three_writes_at_once_do_not_wait_for_each_other(bill: BillClient) -> None:
    await bill.sessions.current()
    together = asyncio.Barrier(3)

    async def write() -> None:
        async with bill.one_write(5) as window:
            window.open()
            await together.wait()
            await bill.authentication.session_details()

    async with asyncio.timeout(1):
        await asyncio.gather(*(write() for _ in range(3)))


async def test_writes_and_reads_at_once_are_three_at_a_time(bill: BillClient, controls: Controls) -> None:
    await bill.sessions.current()
    controls.rules(latency_ms=20).forget()
    writes = [vendor(bill, name=f"Vendor {number}").once() for number in range(6)]
    reads = [bill.authentication.session_details() for _ in range(6)]
    await asyncio.gather(*writes, *reads)
    assert controls.acted() == [SEND] * 6
    assert {row["code"] for row in controls.journal()} == {None}
    assert controls.peak_in_flight() == 3


def starts(controls: Controls) -> list[datetime]:
    """Return when BILL was asked, call by call."""
    return [datetime.fromisoformat(row["time"]) for row in controls.journal()]


async def test_a_process_that_is_killed_with_every_slot_holds_up_nobody(
    settings: Settings, new_client: NewClient, controls: Controls
) -> None:
    mine = await new_client(sleeps=True)
    await mine.sessions.current()
    with beside("read", settings) as process:
        assert process.hears() == "ready"
        controls.rules(latency_ms=200).forget()
        process.begin()
        assert process.hears() == "three"
        assert controls.peak_in_flight() == 3
        process.kill()
        before = len(controls.journal())
        await asyncio.gather(*(mine.authentication.session_details() for _ in range(6)))
    asked = starts(controls)[before - 1 :]
    assert max(later - earlier for earlier, later in pairwise(asked)) <= timedelta(seconds=1)


@pytest.mark.slow
def test_four_processes_come_near_to_three_requests_at_all_times(
    settings: Settings, controls: Controls
) -> None:
    with ExitStack() as stack:
        processes = [stack.enter_context(beside("read", settings)) for _ in range(4)]
        assert [process.hears() for process in processes] == ["ready"] * 4
        controls.rules(latency_ms=200).forget()
        for process in processes:
            process.begin()
        for said in ("three", "read"):
            assert [process.hears() for process in processes] == [said] * 4
    asked = starts(controls)
    assert (len(asked), controls.peak_in_flight()) == (60, 3)
    # At best, three begin every 200 ms, the last three after 3.8 seconds.
    assert asked[-1] - asked[0] <= timedelta(seconds=3.8 / 0.9)

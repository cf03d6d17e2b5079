"""The journal: rows that two processes can't both write, a chain that shows what was altered, caps on money."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from billcom import BillClient
from billcom.errors import JournalError
from billcom.intent import Kind
from billcom.journal import Head, Journal, LostRaceError, NewEntry, State
from billcom.journal_rows import chained
from tests.billcom.build import make_bill
from tests.billcom.conftest import NewSettings
from tests.billcom.controls import Controls
from tests.billcom.journals import (
    URL,
    claim,
    done,
    drop_tables,
    file_only,
    note,
    pay_once,
    settings_below,
    sql,
    states,
    vendor_once,
    work,
)

pytestmark = pytest.mark.anyio


@pytest.fixture(autouse=True)
async def empty_server() -> None:
    await drop_tables(URL)


@pytest.fixture
def new_settings(tmp_path: Path) -> NewSettings:
    return settings_below(tmp_path)


@pytest.fixture
def journal(new_settings: NewSettings) -> Journal:
    """A journal that is empty."""
    return Journal(new_settings(), run="run-1")


async def test_a_row_says_all_that_was_appended(journal: Journal) -> None:
    identity = journal.identity(Kind.PAYMENT, "00n1", "second")
    content, details = {"amount": "149.00"}, {"process_date": "2026-11-30"}
    (row,) = await journal.append(NewEntry(identity, None, State.SENDING, content, details, "stp1", "why"))
    (read,) = await journal.entries()
    assert read == row
    assert (read.identity.kind, read.identity.subject, read.identity.label) == ("payment", "00n1", "second")
    assert (read.content, read.details, read.record_id, read.note) == (content, details, "stp1", "why")
    assert (read.sequence, read.position, read.run, read.is_open) == (1, 1, "run-1", True)
    assert abs((datetime.now(UTC) - read.at).total_seconds()) < 60


async def test_the_next_row_keeps_what_is_not_given(journal: Journal) -> None:
    row = await done(journal, "00n1", "stp1", details={"process_date": "2026-11-30"})
    assert (row.sequence, row.content, row.details) == (
        2,
        {"amount": "149.00"},
        {"process_date": "2026-11-30"},
    )
    assert await journal.last(row.identity) == row
    assert row.is_open is False


async def test_rows_written_together_come_back_in_their_order(journal: Journal) -> None:
    wanted = [NewEntry(journal.identity(Kind.BILL, subject), None, State.SENDING) for subject in "cab"]
    made = await journal.append(*wanted)
    assert [row.identity.subject for row in made] == ["c", "a", "b"]
    assert [row.position for row in made] == [1, 2, 3]


async def test_rows_are_written_all_or_none(journal: Journal) -> None:
    first = await claim(journal, "00n1")
    taken = NewEntry(first.identity, None, State.SENDING, {"amount": "1.00"})
    with pytest.raises(LostRaceError):
        await journal.append(NewEntry(journal.identity(Kind.BILL, "a"), None, State.SENDING), taken)
    assert await journal.entries() == [first]


async def test_the_last_row_of_each_identity_stands(journal: Journal) -> None:
    await done(journal, "00n1", "stp1")
    await claim(journal, "00n1", label="second")
    await claim(journal, "00n2", state=State.UNKNOWN)
    assert states(await journal.standing()) == [
        ("00n1", "DONE", "stp1"),
        ("00n1", "SENDING", ""),
        ("00n2", "UNKNOWN", ""),
    ]
    assert states(await journal.open_attempts()) == [("00n1", "SENDING", ""), ("00n2", "UNKNOWN", "")]
    assert sorted(await journal.of_subject(Kind.PAYMENT, "00n1")) == ["", "second"]


async def test_another_organization_has_a_journal_of_its_own(
    new_settings: NewSettings, journal: Journal
) -> None:
    await claim(journal)
    other = Journal(new_settings(organization_id="00801OTHER"))
    assert await other.entries() == []
    assert (await claim(other)).position == 1
    assert (await other.verify()).length == 1


async def test_one_row_follows_another_only_once(journal: Journal) -> None:
    first = await claim(journal)
    await note(journal, first, State.DONE, "stp1")
    with pytest.raises(LostRaceError):
        await note(journal, first, State.UNKNOWN)
    assert states(await journal.standing()) == [("00n1", "DONE", "stp1")]


async def test_two_processes_never_write_the_same_row_nor_exceed_a_total_together(
    journal: Journal, new_settings: NewSettings
) -> None:
    said = work(journal.settings, "race", workers=2)
    outcomes = [dict(line.split()[::-1] for line in lines if " " in line) for lines in said]
    assert all({outcomes[0][n], outcomes[1][n]} == {"won", "lost"} for n in map(str, range(1, 9)))
    assert (await journal.verify()).length == 8
    assert sorted(line for lines in said for line in lines if " " not in line) == (
        ["claimed"] * 7 + ["refused"] * 9
    )
    assert (await Journal(new_settings(organization_id="00801CAPPED")).verify()).length == 7


# What somebody did to the journal of three rows, and the first row at which it is seen.
SPOILED = {
    "changed": ('UPDATE entries SET content = \'{"amount": "1.00"}\' WHERE position = 2', "row 2 "),
    "state changed": ("UPDATE entries SET state = 'REJECTED' WHERE position = 2", "row 2 "),
    "of another subject": ("UPDATE entries SET subject = '00n9' WHERE position = 1", "row 1 "),
    "first removed": ("DELETE FROM entries WHERE position = 1", "row 2 "),
    "middle removed": ("DELETE FROM entries WHERE position = 2", "row 3 "),
    "last removed": ("DELETE FROM entries WHERE position = 3", "2 rows and not row 3"),
    "all removed": ("DELETE FROM entries", "0 rows and not row 3"),
    "unreadable": ("UPDATE entries SET details = 'no JSON' WHERE position = 2", "row 2 can't be read"),
    "unheard of": ("UPDATE entries SET state = 'FINE' WHERE position = 2", "row 2 can't be read"),
}


@pytest.mark.parametrize(("statement", "where"), SPOILED.values(), ids=SPOILED)
async def test_what_was_altered_is_seen(journal: Journal, statement: str, where: str) -> None:
    await done(journal)
    await claim(journal, "00n2")
    assert (await journal.verify()).length == 3
    await sql(journal.settings, statement)
    with pytest.raises(JournalError, match=where):
        await journal.verify()


async def test_rows_that_changed_places_are_seen(journal: Journal) -> None:
    await done(journal)
    await claim(journal, "00n2")
    places = ((2, 9), (3, 2), (9, 3))
    await sql(
        journal.settings, *(f"UPDATE entries SET position = {b} WHERE position = {a}" for a, b in places)
    )
    with pytest.raises(JournalError, match="row 2 "):
        await journal.verify()


async def test_a_row_rewritten_with_a_digest_that_fits_is_seen_at_the_next(journal: Journal) -> None:
    row = await done(journal)
    await claim(journal, "00n2")
    forged = chained(replace(row, record_id="stpOTHER"), Head(row.position - 1, row.previous))
    await sql(
        journal.settings,
        f"UPDATE entries SET record_id = 'stpOTHER', digest = '{forged.digest}' WHERE position = 2",
    )
    with pytest.raises(JournalError, match=r"row 3 .* or the row before it is another"):
        await journal.verify()


# Of what this machine has seen, the journal holds only an older part.
LOST = {
    "cut short": "DELETE FROM entries WHERE position = (SELECT max(position) FROM entries)",
    "emptied": "DELETE FROM entries",
    "of another origin": "UPDATE entries SET digest = 'other' WHERE position = (SELECT max(position) FROM entries)",
}


@pytest.mark.parametrize("statement", LOST.values(), ids=LOST)
async def test_nothing_is_sent_with_a_journal_that_lost_rows(
    bill: BillClient, controls: Controls, statement: str
) -> None:
    await vendor_once(bill)
    await sql(bill.settings, statement)
    controls.forget()
    with pytest.raises(JournalError, match="No money moves until billcom journal rebuild has read BILL"):
        await pay_once(bill, await _unpaid(bill))
    assert controls.sent("POST", "/payments") == []


async def _unpaid(bill: BillClient) -> Any:
    (vendor,) = [row async for row in bill.vendors.list()]
    return await make_bill(bill, vendor_id=vendor.id)


@file_only
@pytest.mark.parametrize("change", ["deleted", "restored"])
async def test_nothing_is_sent_with_a_journal_that_was_deleted_or_restored(
    bill: BillClient, controls: Controls, change: str
) -> None:
    path = bill.settings.state_path / "journal.db"
    await bill.journal.head()
    backup = path.read_bytes()
    await vendor_once(bill)
    path.unlink()
    if change == "restored":
        path.write_bytes(backup)
    controls.forget()
    async with BillClient(bill.settings, sessions=bill.sessions) as next_run:
        with pytest.raises(JournalError, match="0 rows and not row 2 as it was"):
            await pay_once(next_run, await _unpaid(next_run))
    assert controls.sent("POST", "/payments") == []


async def test_rows_of_another_machine_in_the_place_of_those_seen_stop_this_one(
    new_settings: NewSettings, tmp_path: Path, journal: Journal
) -> None:
    first = await claim(journal)
    await claim(journal, "00n2")
    await sql(journal.settings, "DELETE FROM entries WHERE position = 2")
    shared = URL or f"sqlite+aiosqlite:///{journal.settings.state_path}/journal.db"
    other = Journal(new_settings(state_dir=tmp_path / "other", journal_url=shared))
    await note(other, first, State.DONE, "stp1")
    with pytest.raises(JournalError, match="2 rows and not row 2 as it was"):
        await claim(journal, "00n3")


async def test_a_machine_that_has_seen_nothing_goes_on_from_the_last_row(
    new_settings: NewSettings, tmp_path: Path, journal: Journal
) -> None:
    await claim(journal)
    shared = URL or f"sqlite+aiosqlite:///{journal.settings.state_path}/journal.db"
    other = Journal(new_settings(state_dir=tmp_path / "other", journal_url=shared))
    assert (await claim(other, "00n2")).position == 2
    assert (await claim(journal, "00n3")).position == 3


async def test_a_witness_that_cannot_be_read_stops_everything(journal: Journal) -> None:
    await claim(journal)
    settings = journal.settings
    (settings.state_path / "witness" / settings.organization_key).write_text("nonsense")
    with pytest.raises(JournalError, match="which says how long the journal is, can't be read"):
        await claim(journal, "00n2")
    assert len(await journal.entries()) == 1


async def test_a_witness_that_cannot_be_written_is_a_journal_error(journal: Journal) -> None:
    folder = journal.settings.state_path / "witness"
    folder.parent.mkdir(mode=0o700)
    folder.write_text("in its way")
    with pytest.raises(JournalError, match="witness"):
        await claim(journal)

"""While a journal is rebuilt no money moves, on any machine; what dies is run again; damaged files are kept."""

import os
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from billcom import BillClient, Settings
from billcom.errors import JournalError, UnavailableError
from billcom.journal import Entry, Journal, State
from billcom.rebuild import rebuild
from tests.billcom.build import make_bill
from tests.billcom.conftest import NewSettings
from tests.billcom.controls import Controls
from tests.billcom.journals import (
    URL,
    claim,
    done,
    drop_tables,
    file_only,
    lose,
    pay_once,
    rebuilt,
    settings_below,
    sql,
    standing,
    vendor_once,
)

pytestmark = pytest.mark.anyio


@pytest.fixture(autouse=True)
async def empty_server() -> None:
    await drop_tables(URL)


@pytest.fixture
def new_settings(tmp_path: Path) -> NewSettings:
    return settings_below(tmp_path)


async def test_nothing_is_sent_while_it_reads(
    trusted: BillClient, controls: Controls, monkeypatch: pytest.MonkeyPatch
) -> None:
    await vendor_once(trusted)
    other = await make_bill(trusted)
    tried: list[str] = []

    async def pause(_seconds: float) -> None:
        settings = trusted.settings
        async with BillClient(settings, sessions=trusted.sessions) as run:
            with pytest.raises(JournalError) as caught:
                await pay_once(run, other)
            tried.append(str(caught.value))

    monkeypatch.setattr(trusted, "pause", pause)
    controls.forget()
    await rebuild(trusted, print)
    assert len(tried) == 1 and "the journal is being rebuilt" in tried[0]
    assert controls.sent("POST") == []
    assert (await pay_once(trusted, other)).made is True


def broken_reading(controls: Controls) -> None:
    controls.fault("html_500", "GET", "/v3/receivable-payments", times=9)


@pytest.mark.parametrize("spoil", [lose, None], ids=["lost", "whole"])
async def test_one_that_dies_leaves_money_stopped_until_it_is_run_again(
    trusted: BillClient, controls: Controls, spoil: Callable[[Settings], Any] | None
) -> None:
    paid, other = await make_bill(trusted, number="1"), await make_bill(trusted, number="2")
    payment = (await pay_once(trusted, paid)).record
    if spoil is not None:
        await spoil(trusted.settings)
    broken_reading(controls)
    with pytest.raises(UnavailableError):
        await rebuild(trusted, print)
    controls.forget()
    async with BillClient(trusted.settings, sessions=trusted.sessions) as next_run:
        for client in (trusted, next_run):
            with pytest.raises(JournalError, match="a rebuild did not finish"):
                await pay_once(client, other)
    assert controls.sent("POST") == []
    controls.delete("/faults")
    await rebuilt(trusted)
    assert (paid.id, "DONE", payment.id) in await standing(trusted)
    assert (await pay_once(trusted, other)).made is True


async def test_one_that_another_has_taken_over_writes_nothing(trusted: BillClient) -> None:
    await vendor_once(trusted)
    slow, _ = await trusted.journal.begin_rebuild()
    await rebuilt(trusted)
    before = await trusted.journal.entries()
    with pytest.raises(JournalError, match="another rebuild has begun or ended meanwhile"):
        await trusted.journal.finish_rebuild(slow, [], "")
    assert await trusted.journal.entries() == before


async def test_a_sign_in_that_fails_leaves_the_journal_as_it_was(
    bill: BillClient, controls: Controls
) -> None:
    await done(bill.journal)
    controls.fault("error", "POST", "/v3/login", code="BDC_1102", status=401)
    with pytest.raises(Exception, match="BDC_1102"):
        await rebuild(bill, print)
    assert (await claim(bill.journal, "00n2")).position == 3


def shared(settings: Settings) -> str:
    """Return the address of a journal, for another machine."""
    return URL or f"sqlite+aiosqlite:///{settings.state_path}/journal.db"


async def test_other_machines_go_on_with_the_new_journal(
    trusted: BillClient, new_settings: NewSettings, controls: Controls, tmp_path: Path
) -> None:
    values = {"base_url": trusted.settings.base_url, **controls.credentials}
    settings = new_settings(**values, state_dir=tmp_path / "other", journal_url=shared(trusted.settings))
    other = Journal(settings)
    for number in range(5):
        await claim(other, f"00n{number}", state=State.REJECTED)
    await claim(trusted.journal, "00n9", state=State.REJECTED)
    await sql(trusted.settings, "DELETE FROM entries WHERE position > 2")
    with pytest.raises(JournalError, match="not row 5"):
        await other.head()
    await rebuilt(trusted)
    assert (await other.head()).length == 3
    await claim(other, "00n7", state=State.REJECTED)
    await claim(trusted.journal, "00n8", state=State.REJECTED)
    assert (await other.verify()).length == 5


@file_only
async def test_an_older_journal_put_back_after_a_rebuild_is_seen(trusted: BillClient) -> None:
    path = trusted.settings.state_path / "journal.db"
    for number in range(9):
        await claim(trusted.journal, f"00n{number}", state=State.REJECTED)
    backup = path.read_bytes()
    await rebuilt(trusted)
    path.write_bytes(backup)
    with pytest.raises(JournalError, match="restored from an older backup"):
        await claim(trusted.journal, "00n99")


def garbage(path: Path) -> None:
    path.write_bytes(b"no database at all " * 99)


def torn(path: Path) -> None:
    """Spoil an index: the rows can be read, and no query that needs it goes right."""
    with sqlite3.connect(path) as connection:
        page = connection.execute("PRAGMA page_size").fetchone()[0]
        query = "SELECT rootpage FROM sqlite_master WHERE type = 'index' AND tbl_name = 'entries'"
        roots = [row[0] for row in connection.execute(query)]
    connection.close()
    with path.open("r+b") as file:
        for root in roots:
            file.seek((root - 1) * page)
            file.write(b"\xff" * page)


@file_only
@pytest.mark.parametrize(("spoil", "readable"), [(garbage, False), (torn, True)], ids=["garbage", "torn"])
async def test_a_damaged_file_is_moved_aside_and_begun_anew(
    trusted: BillClient, spoil: Callable[[Path], None], readable: bool
) -> None:
    paid = await make_bill(trusted)
    payment = (await pay_once(trusted, paid)).record
    await claim(trusted.journal, "00n1", label="second", state=State.UNKNOWN)
    path = trusted.settings.state_path / "journal.db"
    await trusted.journal.close()  # what it has read of the file it would not read again
    spoil(path)
    damaged = path.read_bytes()
    with pytest.raises(JournalError):
        await claim(trusted.journal, "00n2")
    said = await rebuilt(trusted)
    (aside,) = path.parent.glob("journal.db.damaged-*")
    assert aside.read_bytes() == damaged
    assert said[0] == f"the journal's file was damaged: it is {aside} now, what could be read of it is used"
    assert (paid.id, "DONE", payment.id) in await standing(trusted)
    assert [row.identity.label for row in await trusted.journal.open_attempts()] == ["second"] * readable
    assert path.stat().st_mode & 0o777 == 0o600


@file_only
async def test_a_damaged_file_stops_money_even_when_the_rebuild_dies_and_leaves_a_new_one(
    trusted: BillClient, controls: Controls
) -> None:
    await vendor_once(trusted)
    garbage(trusted.settings.state_path / "journal.db")
    witness = trusted.settings.state_path / "witness" / trusted.settings.organization_key
    witness.unlink()
    aside = await trusted.journal.move_damaged_aside("now")
    assert aside is not None
    os.truncate(trusted.settings.state_path / "journal.db", 0)
    with pytest.raises(JournalError, match="No money moves until"):
        await claim(Journal(trusted.settings), "00n1")


async def test_the_rows_of_another_organization_stay(trusted: BillClient, new_settings: NewSettings) -> None:
    other = Journal(new_settings(organization_id="00801OTHER"))
    rows: list[Entry] = [await done(other, "00n1", "stp1")]
    await lose_own(trusted)
    await rebuilt(trusted)
    assert (await other.entries())[-1:] == rows
    assert (await other.verify()).length == 2


async def lose_own(bill: BillClient) -> None:
    """Remove the rows of one organization."""
    await vendor_once(bill)
    organization_id = bill.settings.organization_id
    await sql(bill.settings, f"DELETE FROM entries WHERE organization_id = '{organization_id}'")

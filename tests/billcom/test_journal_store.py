"""Where the journal can't be kept, as it is damaged, locked, full or behind a wrong address, nothing is sent."""

import os
import sqlite3
import threading
from pathlib import Path
from typing import Any

import pytest

from billcom import BillClient, journal_store
from billcom.errors import JournalError
from billcom.journal import Journal
from tests.billcom.conftest import NewSettings
from tests.billcom.controls import Controls
from tests.billcom.journals import (
    URL,
    claim,
    drop_tables,
    file_only,
    settings_below,
    sql,
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


# What stands where the journal should be; made in the state folder, before anything was written.
UNUSABLE = {
    "garbage": (lambda path: path.write_bytes(b"no database at all " * 99), "file is not a database"),
    "cut in the middle": (lambda path: _cut(path), "malformed"),
    "a folder": (lambda path: path.mkdir(), "unable to open database file"),
    "readable by others": (lambda path: path.parent.chmod(0o755), "others can read .*: chmod 700 "),
}


def _cut(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE filler (text)")
        connection.executemany("INSERT INTO filler VALUES (?)", [("x" * 1000,)] * 99)
    connection.close()
    os.truncate(path, 5000)


def left_open(*, since: set[threading.Thread]) -> list[threading.Thread]:
    """Return the threads of SQLite connections opened since then that don't end; one that is ending is waited for."""
    opened = [thread for thread in {*threading.enumerate()} - since if "connection_worker" in thread.name]
    for thread in opened:
        thread.join(timeout=5)
    return [thread for thread in opened if thread.is_alive()]


@file_only
@pytest.mark.parametrize(("spoil", "why"), UNUSABLE.values(), ids=UNUSABLE)
async def test_nothing_is_sent_without_a_journal(
    bill: BillClient, controls: Controls, spoil: Any, why: str
) -> None:
    path = bill.settings.state_path / "journal.db"
    path.parent.mkdir(mode=0o700, exist_ok=True)
    spoil(path)
    before = set(threading.enumerate())
    with pytest.raises(JournalError, match=why) as caught:
        await vendor_once(bill)
    assert "\n" not in str(caught.value)
    assert controls.sent("POST") == []
    assert left_open(since=before) == []


@file_only
async def test_nothing_is_sent_with_a_state_folder_that_is_none(
    new_settings: NewSettings, tmp_path: Path
) -> None:
    (tmp_path / "state").write_text("a file")
    with pytest.raises(JournalError, match="can't be used"):
        await Journal(new_settings()).entries()


@file_only
async def test_nothing_is_sent_with_a_journal_that_cannot_be_written(
    bill: BillClient, controls: Controls, new_settings: NewSettings
) -> None:
    await bill.journal.head()
    url = f"sqlite+aiosqlite:///file:{bill.settings.state_path}/journal.db?mode=ro&uri=true"
    settings = new_settings(base_url=bill.settings.base_url, **controls.credentials, journal_url=url)
    async with BillClient(settings) as reader:
        with pytest.raises(JournalError, match="readonly database"):
            await vendor_once(reader)
    assert controls.sent("POST") == []


@file_only
async def test_nothing_is_sent_while_another_process_holds_the_journal(
    bill: BillClient, controls: Controls, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal_store, "BUSY_SECONDS", 0.05)
    await bill.journal.head()
    other = sqlite3.connect(bill.settings.state_path / "journal.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        with pytest.raises(JournalError, match="database is locked"):
            await vendor_once(bill)
    finally:
        other.close()
    assert controls.sent("POST") == []
    assert (await vendor_once(bill)).made is True


@pytest.mark.parametrize("version", [0, 2])
async def test_a_journal_of_another_version_is_left_alone(journal: Journal, version: int) -> None:
    await claim(journal)
    await sql(journal.settings, f"UPDATE schema_version SET version = {version}")
    with pytest.raises(JournalError, match=f"is of version {version}, this program writes version 1"):
        await claim(Journal(journal.settings), "00n2")


@file_only
async def test_nothing_is_sent_when_the_disk_is_full(bill: BillClient, controls: Controls) -> None:
    await bill.journal.head()
    controls.forget()
    (said,) = work(bill.settings, "full")
    assert len(said) == 1 and "can't be used" in said[0]
    assert controls.sent("POST") == []
    assert await bill.journal.entries() == []


@pytest.mark.parametrize(
    "url",
    [
        "postgresql+asyncpg://ann:pass-word@127.0.0.1:5four/journal",
        "postgresql+asyncpg://ann:pass-word@",
        "postgresql+asyncpg://ann:p@ss/pass-word@127.0.0.1/journal",
        "postgresql://ann:pass-word@127.0.0.1/journal",
        "mysql+aiomysql://ann:pass-word@127.0.0.1/journal",
        "sqlite+aiosqlite://",
        "pass-word",
    ],
)
async def test_an_address_that_is_none_of_a_journal_is_refused_and_not_shown(
    new_settings: NewSettings, url: str
) -> None:
    with pytest.raises(JournalError, match="BILL_JOURNAL_URL is no address of a journal") as caught:
        await Journal(new_settings(journal_url=url)).entries()
    assert "pass-word" not in f"{caught.value!r} {caught.value.__cause__!r} {caught.value.__context__!r}"


async def test_a_server_that_cannot_be_reached_is_named_without_its_password(
    new_settings: NewSettings,
) -> None:
    url = "postgresql+asyncpg://ann:pass-word@127.0.0.1:1/journal"
    with pytest.raises(JournalError, match=r"the journal \(BILL_JOURNAL_URL\) can't be used") as caught:
        await Journal(new_settings(journal_url=url)).entries()
    assert "pass-word" not in str(caught.value)

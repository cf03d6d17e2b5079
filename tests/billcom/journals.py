"""Owns how tests write to journals, spoil them and look at them: SQLite, or the server of TEST_JOURNAL_URL."""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from billcom import BillClient, Settings
from billcom.intent import Kind, Outcome
from billcom.journal import REBUILD, Entry, Journal, NewEntry, State
from billcom.journal_store import JournalStore, metadata
from billcom.lookup.payments import payment_intent, payment_reference
from billcom.lookup.vendors import vendor_intent, wanted_vendor
from billcom.models.bill import Bill
from billcom.models.payment import Payment
from billcom.models.vendor import Vendor
from billcom.once import once
from billcom.rebuild import rebuild
from tests.billcom.build import new_payment, new_vendor
from tests.billcom.conftest import NewSettings

URL = os.environ.get("TEST_JOURNAL_URL", "")
"""Empty: each test has a file of its own. A PostgreSQL address: its tables are dropped before each test."""

file_only = pytest.mark.skipif(bool(URL), reason="is about the journal's file")

_ROOT = Path(__file__).resolve().parents[2]


async def sql(settings: Settings, *statements: str) -> None:
    """Change the journal behind its back."""
    async with JournalStore(settings).transaction("a test", writes=True) as connection:
        for statement in statements:
            await connection.execute(text(statement))


async def drop_tables(url: str) -> None:
    """Empty the server's database."""
    if not url:
        return
    engine = create_async_engine(url)
    async with engine.begin() as connection:
        await connection.run_sync(metadata.drop_all)
    await engine.dispose()


async def claim(
    journal: Journal, subject: str = "00n1", amount: str = "149.00", after: Entry | None = None, **more: Any
) -> Entry:
    """Append that a payment is about to be sent."""
    identity = journal.identity(more.pop("kind", Kind.PAYMENT), subject, more.pop("label", ""))
    state = more.pop("state", State.SENDING)
    (row,) = await journal.append(NewEntry(identity, after, state, {"amount": amount}, **more))
    return row


async def note(journal: Journal, after: Entry, state: State, record_id: str = "") -> Entry:
    """Append what came of it."""
    (row,) = await journal.append(NewEntry(after.identity, after, state, record_id=record_id))
    return row


async def done(journal: Journal, subject: str = "00n1", record_id: str = "stp1", **more: Any) -> Entry:
    """Append that a payment was sent and made."""
    return await note(journal, await claim(journal, subject, **more), State.DONE, record_id)


async def vendor_once(bill: BillClient) -> Outcome[Vendor]:
    """Make the vendor unless it is there."""
    return await once(
        bill,
        vendor_intent(bill, wanted_vendor("Happy Music")),
        send=lambda: bill.vendors.create(new_vendor()),
    )


async def pay_once(bill: BillClient, paid: Bill, label: str = "") -> Outcome[Payment]:
    """Pay the bill unless it is paid."""
    reference = payment_reference(bill, paid.id, label)
    payment = await new_payment(bill, paid, transaction_number=reference)
    return await once(bill, payment_intent(bill, paid, label), send=lambda: bill.payments.create(payment))


def work(settings: Settings, job: str, workers: int = 1) -> list[list[str]]:
    """Do a job of `journal_worker` in processes that begin together; return the lines each printed."""
    command = [sys.executable, "-m", "tests.billcom.journal_worker", job]
    environment = {
        **os.environ,
        **_environment(settings),
        "PYTHONPATH": os.pathsep.join([str(_ROOT), *sys.path]),
    }
    begun = [
        subprocess.Popen(
            command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=_ROOT
        )
        for _ in range(workers)
    ]
    for process in begun:
        assert process.stdout is not None and process.stdout.readline() == "ready\n"
    for process in begun:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    said = [process.communicate(timeout=60)[0].splitlines() for process in begun]
    assert [process.returncode for process in begun] == [0] * workers
    return said


def _environment(settings: Settings) -> dict[str, str]:
    names = ("base_url", "username", "organization_id")
    shown = {name: str(getattr(settings, name) or "") for name in names}
    secrets = ("password", "dev_key", "journal_url")
    shown |= {name: getattr(settings, name).get_secret_value() for name in secrets}
    shown["state_dir"] = str(settings.state_path)
    return {f"BILL_{name.upper()}": value for name, value in shown.items() if value}


def states(entries: Sequence[Entry]) -> list[tuple[str, str, str]]:
    """Return subject, state and record of each row."""
    return [(row.identity.subject, row.state.value, row.record_id) for row in entries]


def settings_below(folder: Path) -> NewSettings:
    """Return what builds settings whose journal is a file below a test's own folder, or on the server."""

    def build(**values: Any) -> Settings:
        return Settings.load(**{"state_dir": folder / "state", "journal_url": URL, **values})

    return build


class Said(list[str]):
    """What a rebuild said, line by line."""

    def about(self, word: str) -> list[str]:
        """Return the lines that begin with a word, without it."""
        return [line.removeprefix(f"{word}: ") for line in self if line.startswith(f"{word}: ")]


async def rebuilt(bill: BillClient) -> Said:
    """Rebuild the journal; return what was said."""
    said = Said()
    await rebuild(bill, said.append)
    assert (await bill.journal.verify()).length == len(await bill.journal.entries())
    return said


async def standing(bill: BillClient) -> list[tuple[str, str, str]]:
    """Return subject, state and record of what stands, without the rebuild itself."""
    rows = await bill.journal.standing()
    return states([row for row in rows if row.identity.kind != REBUILD])


async def lose(settings: Settings) -> None:
    """Remove every row."""
    await sql(settings, "DELETE FROM entries")

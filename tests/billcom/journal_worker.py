"""Owns what tests have other processes do to a journal: `python -m tests.billcom.journal_worker JOB`."""

import asyncio
import os
import resource
import sys

from billcom import BillClient, Settings
from billcom.errors import CapError, JournalError
from billcom.journal import Journal, LostRaceError, NewEntry, State
from tests.billcom.journals import vendor_once

ROWS = 8


async def race() -> None:
    """Claim one payment after the other, and then others up to a total; say which were won, and what was claimed."""
    await claim_each(Journal(Settings.load()))
    await claim_up_to_a_total(Journal(Settings.load(organization_id="00801CAPPED", max_total="70.00")))


async def claim_each(journal: Journal) -> None:
    for number in range(1, ROWS + 1):
        identity = journal.identity("payment", f"00n{number}")
        try:
            await journal.append(NewEntry(identity, None, State.SENDING, {"amount": "1.00"}))
            print("won", number)
        except LostRaceError:
            print("lost", number)


async def claim_up_to_a_total(journal: Journal) -> None:
    for number in range(1, ROWS + 1):
        identity = journal.identity("payment", f"00n{number}", label=str(os.getpid()))
        try:
            await journal.append(NewEntry(identity, None, State.SENDING, {"amount": "10.00"}))
            print("claimed")
        except CapError:
            print("refused")


async def full() -> None:
    """Make a vendor on a disk that has room for no byte more."""
    async with BillClient(Settings.load()) as bill:
        await bill.sessions.current()
        await bill.journal.head()
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
        try:
            await vendor_once(bill)
        except JournalError as error:
            print(error)


if __name__ == "__main__":
    print("ready", flush=True)
    sys.stdin.readline()
    asyncio.run({"race": race, "full": full}[sys.argv[1]]())

"""Owns the processes beside the tests' own: `python -m tests.billcom.beside`, told what to do by its arguments.

Each says `ready` once it is signed in, begins when it reads a line, and says what came of it.
"""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from billcom import BillClient, Settings, attempt
from billcom.models.vendor import Vendor
from tests.billcom.build import new_vendor
from tests.billcom.writes import vendor

ROOT = Path(__file__).resolve().parents[2]
SEND_WITHIN_SECONDS = 0.1


async def make(client: BillClient) -> str:
    """Have the vendor at BILL."""
    outcome = await vendor(client).once()
    return f"{outcome.record.id} {outcome.made}"


async def make_stopped(client: BillClient) -> str:
    """Have the vendor at BILL, but be stopped between the claim and the first sending."""
    attempt.SEND_WITHIN_SECONDS = SEND_WITHIN_SECONDS
    stops = [signal.SIGSTOP]

    async def send() -> Vendor:
        if stops:
            say("claimed")
            os.kill(os.getpid(), stops.pop())
        return await client.vendors.create(new_vendor())

    outcome = await vendor(client).sending(send).once()
    return f"{outcome.record.id} {outcome.made}"


async def read(client: BillClient) -> str:
    """Ask BILL for something fifteen times, as fast as may be; say when three of them are answered."""
    for number, asked in enumerate(
        asyncio.as_completed([client.authentication.session_details() for _ in range(15)])
    ):
        await asked
        if number == 2:
            say("three")
    return "read"


def say(text: str) -> None:
    """Tell the test."""
    print(text, flush=True)


async def main(deed: str) -> None:
    """Do one of the above."""
    async with BillClient(Settings.load()) as client:
        await client.sessions.current()
        say("ready")
        sys.stdin.readline()
        say(await {"make": make, "make_stopped": make_stopped, "read": read}[deed](client))


class Beside(subprocess.Popen[str]):
    """A process that was told what to do."""

    def hears(self) -> str:
        """Return what it says next."""
        assert self.stdout is not None
        return self.stdout.readline().rstrip("\n")

    def begin(self) -> None:
        """Let it begin."""
        assert self.stdin is not None
        self.stdin.write("\n")
        self.stdin.flush()


@contextmanager
def beside(deed: str, settings: Settings) -> Iterator[Beside]:
    """Start a process with these settings; it is killed at the end."""
    values = {
        "PYTHONPATH": os.pathsep.join([*filter(None, [os.environ.get("PYTHONPATH")]), str(ROOT)]),
        "BILL_BASE_URL": settings.base_url,
        "BILL_USERNAME": settings.username,
        "BILL_PASSWORD": settings.password.get_secret_value(),
        "BILL_ORGANIZATION_ID": settings.organization_id,
        "BILL_DEV_KEY": settings.dev_key.get_secret_value(),
        "BILL_STATE_DIR": str(settings.state_dir),
        "BILL_JOURNAL_URL": settings.journal_url.get_secret_value(),
        "BILL_SETTLE_SECONDS": str(settings.settle_seconds),
    }
    command = [sys.executable, "-m", "tests.billcom.beside", deed]
    pipe = subprocess.PIPE
    with Beside(command, env=os.environ | values, stdin=pipe, stdout=pipe, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))

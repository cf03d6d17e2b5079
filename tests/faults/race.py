"""`python -m tests.faults.race`: two processes race for one bill, over and over: one payment each time.

One begins from the vendor and the bill, as a sheet's row does; the other from the bill's id, as a list of due bills
does. Half of the rounds are on one machine, half on two that share the journal.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Awaitable, Callable
from functools import partial

from tests import samples
from tests.faults import deeds
from tests.faults.books import Books
from tests.faults.forks import BROKEN, Fork
from tests.faults.house import open_house
from tests.faults.table import LIST_SECONDS
from tests.faults.verdict import requests

ROUNDS = 200
SETTLE_SECONDS = 5.0
TIMEOUT_SECONDS = 30.0
AT_ONCE = 10
"""Rounds under way at once, each of an organization of its own."""


class Round:
    """One bill, two processes."""

    def __init__(self, books: Books, number: int) -> None:
        self.books = books
        self.number = number
        self.on_two_machines = number % 2 == 1
        self.bill_id = self._make_bill()

    def start(self, gate: int) -> list[Fork]:
        """Fork both processes; they begin once the writing end of `gate` is closed."""
        funding = self.books.funding_account_id
        both: tuple[Callable[[], Awaitable[None]], ...] = (
            partial(deeds.pay, self.number, funding),
            partial(deeds.pay_due, self.bill_id, funding),
        )
        machines = ("one", "two" if self.on_two_machines else "one")
        forks: list[Fork] = []
        for name, machine, deed in zip(("sheet", "due"), machines, both, strict=True):

            async def begin(deed: Callable[[], Awaitable[None]] = deed) -> None:
                os.read(gate, 1)
                await deed()

            log = self.books.folder / f"{self.number}-{name}.log"
            forks.append(Fork(begin, log, self.books.environment(machine)))
        return forks

    def payments(self) -> int:
        """Return how many payments of the bill BILL was asked for, and carried out."""
        rows = requests(self.books.organization, method="POST", path="/v3/payments")
        return len([row for row in rows if row["acted"]])

    def _make_bill(self) -> str:
        """Make the vendor with its bank account, and the bill, by hand; return the bill's id."""
        wanted, account = samples.bill(), samples.account()
        vendor = {
            "name": f"Vendor {self.number}",
            "address": {"line1": "1 Main", "city": "Reno", "zipOrPostalCode": "89501", "country": "US"},
            "paymentInformation": {
                "bankAccount": {
                    "nameOnAccount": account.name_on_account,
                    "accountNumber": samples.ACCOUNT_NUMBER,
                    "routingNumber": account.routing_number.get_secret_value(),
                }
            },
        }
        organization = self.books.organization
        vendor_id = organization.record("POST", "vendors", vendor)["id"]
        bill = {
            "vendorId": vendor_id,
            "dueDate": str(wanted.due_date),
            "invoice": {"invoiceNumber": f"INV-{self.number}", "invoiceDate": str(wanted.invoice_date)},
            "billLineItems": [{"amount": float(wanted.amount)}],
        }
        bill_id = organization.record("POST", "bills", bill)["id"]
        self.books.by_hand |= {vendor_id, bill_id}
        return bill_id


def main() -> int:
    """Run the rounds; print what they came to; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.race", description=__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    options = parser.parse_args()
    started = time.monotonic()
    counts: list[int] = []
    wrong: list[str] = []
    with open_house(prefect=False, logins_per_hour=100_000) as house:
        for first in range(0, options.rounds, AT_ONCE):
            numbers = range(first, min(first + AT_ONCE, options.rounds))
            rounds = [
                Round(Books(house, f"round-{number}", SETTLE_SECONDS, TIMEOUT_SECONDS), number)
                for number in numbers
            ]
            time.sleep(LIST_SECONDS)
            wrong += _race(rounds)
            time.sleep(LIST_SECONDS)
            counts += [round_.payments() for round_ in rounds]
            wrong += [f"round {r.number}: {said}" for r in rounds for said in r.books.contradictions()]
    exactly_once = counts.count(1)
    print("\n".join(wrong))
    print(f"{len(counts)} rounds: {exactly_once} paid once, {sum(c > 1 for c in counts)} more often, "
          f"{counts.count(0)} not at all  {time.monotonic() - started:.0f} s")  # fmt: skip
    return 0 if exactly_once == len(counts) and not wrong else 1


def _race(rounds: list[Round]) -> list[str]:
    """Let both processes of every round go at once; return what none of them may say."""
    gate, open_gate = os.pipe()
    racing = [(round_, fork) for round_ in rounds for fork in round_.start(gate)]
    os.close(gate)
    os.write(open_gate, b"." * len(racing))
    os.close(open_gate)
    return [
        f"round {round_.number}: {fork.log.name}: {fork.said()}"
        for round_, fork in racing
        if fork.wait() == BROKEN or fork.said()
    ]


if __name__ == "__main__":
    sys.exit(main())

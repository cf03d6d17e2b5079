"""What is proved: each write, each fault, and what is expected of the two together, written down beforehand."""

from __future__ import annotations

import signal
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.faults.sheets import Payee, bills_of

LIST_SECONDS = 3.0
"""How late a new record is in lists, by the permissive rules."""

SETTLE_SECONDS = 9.0
TIMEOUT_SECONDS = 4.0
LATE_SECONDS = 20.0
"""When BILL acts after everybody has taken the request for lost: well past the settle time."""

ACTING_SECONDS = 25.0
"""How long BILL keeps the answer back while it acts: longer than anybody waits."""


PAYEES = tuple(Payee(number) for number in (1, 2, 3))
BILLS = tuple(bills_of(PAYEES, 2))
"""What a payment run of the table pays: all its vendors are new."""


@dataclass(frozen=True)
class Write:
    """One write of a workflow: the request it is, and what has to stand at BILL before it is needed.

    `records`: how many it makes at once.
    """

    name: str
    workflow: str
    path: str
    vendor_stands: bool = False
    records: int = 1


WRITES = (
    Write("vendor", "ap", "/v3/vendors"),
    Write("vendor bank account", "ap", "/v3/vendors/*/bank-account", vendor_stands=True),
    Write("bill", "ap", "/v3/bills"),
    Write("payment", "ap", "/v3/payments"),
    Write("customer", "ar", "/v3/customers"),
    Write("customer bank account", "ar", "/v3/customers/*/bank-accounts"),
    Write("invoice", "ar", "/v3/invoices"),
    Write("charge", "ar", "/v3/receivable-payments"),
    Write("vendors in bulk", "bulk", "/v3/vendors/bulk", records=len(PAYEES)),
    Write("bills in bulk", "bulk", "/v3/bills/bulk", records=len(BILLS)),
    Write("payments in bulk", "bulk", "/v3/payments/bulk", records=len(BILLS)),
)


@dataclass(frozen=True)
class Fault:
    """One way for a write to go wrong.

    `script` is what the local BILL does; `trap` the signal the process gives itself before or after the
    request; `strike` what is done to the process from outside once BILL has acted; `skew_seconds` how far
    its clock is ahead.
    """

    name: str
    script: dict[str, Any] | None = None
    trap: tuple[str, int] | None = None
    strike: str = ""
    skew_seconds: int = 0


_ACTING = {"action": "delay", "seconds": ACTING_SECONDS}
_DROPPED = {"action": "act_then_drop"}

FAULTS = (
    Fault("refused before acting", {"action": "refuse"}),
    Fault("acted, answer dropped", _DROPPED),
    Fault("acted, answered too late", {"action": "delay", "seconds": TIMEOUT_SECONDS + 2}),
    Fault("acted, answered 500 in HTML", {"action": "html_500", "status": 500, "acted": True}),
    Fault("BDC_1322 three at once", {"action": "error", "code": "BDC_1322", "status": 422}),
    Fault("BDC_1144 hour used up", {"action": "error", "code": "BDC_1144", "status": 422}),
    Fault("BDC_1109 session expired", {"action": "sign_out"}),
    Fault("BDC_1361 trust lost", {"action": "distrust"}),
    Fault("killed before the request", trap=("before", signal.SIGKILL)),
    Fault("killed while BILL acts", _ACTING, strike="kill"),
    Fault("killed after the answer", trap=("after", signal.SIGKILL)),
    Fault("cancelled while BILL acts", _ACTING, strike="cancel"),
    Fault("SIGTERM while BILL acts", _ACTING, strike="terminate"),
    Fault("stopped before the request", trap=("before", signal.SIGSTOP)),
    Fault("acts after the settle time", {"action": "act_late", "seconds": LATE_SECONDS}),
    Fault("acted, a gateway's 4xx", {"action": "html_500", "status": 413, "acted": True}),
    Fault("lists 3 s late"),
    Fault("clock 10 minutes ahead", _DROPPED, skew_seconds=600),
)

# Columns: the writes above, the last three in bulk. In every case each record stands at BILL exactly once in the end.
#   made    and nobody was asked
#   asked   and a person was asked first: it was sent, is absent after settling, and may yet be done
#   twin    but for a second one that BILL made after the settle time: reported, and never paid
_EXPECTED = """
                              vendor account bill payment customer account invoice charge  vendors bills payments
refused before acting         made   made    made asked   made     made    made    asked   made    made  asked
acted, answer dropped         made   made    made made    made     made    made    made    made    made  made
acted, answered too late      made   made    made made    made     made    made    made    made    made  made
acted, answered 500 in HTML   made   made    made made    made     made    made    made    made    made  made
BDC_1322 three at once        made   made    made made    made     made    made    made    made    made  made
BDC_1144 hour used up         made   made    made made    made     made    made    made    made    made  made
BDC_1109 session expired      made   made    made made    made     made    made    made    made    made  made
BDC_1361 trust lost           made   made    made made    made     made    made    made    made    made  made
killed before the request     made   made    made asked   made     made    made    asked   made    made  asked
killed while BILL acts        made   made    made made    made     made    made    made    made    made  made
killed after the answer       made   made    made made    made     made    made    made    made    made  made
cancelled while BILL acts     made   made    made made    made     made    made    made    made    made  made
SIGTERM while BILL acts       made   made    made made    made     made    made    made    made    made  made
stopped before the request    made   made    made asked   made     made    made    asked   made    made  asked
acts after the settle time    twin   made    twin asked   twin     twin    twin    asked   twin    twin  asked
acted, a gateway's 4xx        made   made    made made    made     made    made    made    made    made  made
lists 3 s late                made   made    made made    made     made    made    made    made    made  made
clock 10 minutes ahead        made   made    made made    made     made    made    made    made    made  made
"""


@dataclass(frozen=True)
class Case:
    """One cell of the table."""

    write: Write
    fault: Fault
    expected: str = "made"
    holdings: Mapping[str, int] = field(default_factory=dict[str, int])

    @property
    def name(self) -> str:
        """Return it for a line of the report."""
        return f"{self.write.name} · {self.fault.name}"


_WHOLE = {"ap": Write("AP", "ap", "/v3/payments"), "ar": Write("AR", "ar", "/v3/receivable-payments")}

# What is done is in `special`, under the same name. Then: what stands at BILL in the end (payments and charges: those
# that live), where it is not each record once; and whether a person was asked.
_SPECIALS: tuple[tuple[str, str, str, dict[str, int]], ...] = (
    ("two runs at once, one machine", "ap", "made", {}),
    ("two runs at once, two machines", "ap", "made", {}),
    ("two charges at once, two machines", "ar", "made", {}),
    ("same fields from a sheet saved again", "ap", "made", {}),
    ("amount edited in the sheet", "ap", "asked", {}),
    ("last year's invoice number again", "ap", "asked", {"bills": 2, "payments": 2}),
    ("payment cancelled, wanted again", "ap", "asked", {}),
    ("payment made by hand meanwhile", "ap", "asked", {}),
    ("vendor renamed, next bill", "ap", "made", {"bills": 2, "payments": 2}),
    ("vendor archived, next bill, restored", "ap", "asked", {"bills": 2, "payments": 2}),
    ("two journals, one after the other", "ap", "made", {}),
    ("journal cut short, next bill", "ap", "made", {}),
    ("journal lost, next bill", "ap", "made", {}),
    ("trust lost by a session signed in trusted", "ap", "made", {"bills": 2, "payments": 2}),
)


def specials() -> Iterator[Case]:
    """Yield the cases beside the table."""
    for name, workflow, expected, holdings in _SPECIALS:
        yield Case(_WHOLE[workflow], Fault(name), expected, holdings)


def cases() -> Iterator[Case]:
    """Yield every cell, fault by fault."""
    rows = {line[:30].strip(): line[30:].split() for line in _EXPECTED.strip("\n").splitlines()[1:]}
    for fault in FAULTS:
        expected = rows[fault.name]
        for write, word in zip(WRITES, expected, strict=True):
            yield Case(write, fault, word)

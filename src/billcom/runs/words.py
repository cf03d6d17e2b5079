"""The words that people read of a run, in reports, in workbooks and at a terminal, by which way the money goes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from billcom.runs.lines import Group, RunKind, Status


@dataclass(frozen=True)
class Words:
    """What things are called in one kind of run. `move` is one payment or charge and begins its column headings.

    `without_day` is what money is called that moves on no day of ours. `outcomes` say what becomes of lines, first
    with a day, `{when}`, then without one.
    """

    party: str
    document: str
    item: str
    move: str
    day: str
    cash: str
    without_day: str
    statuses: Mapping[Status, str]
    groups: Mapping[Group, str]
    outcomes: Mapping[Status, tuple[str, str]]


_SAME = {
    Status.WAITING: "waiting for approval in BILL",
    Status.SKIPPED: "skipped",
    Status.HELD: "held",
    Status.CONFLICT: "conflict",
    Status.FAILED: "failed",
    Status.OPEN: "open: nobody knows yet",
}

WORDS: Mapping[RunKind, Words] = {
    RunKind.PAYMENT: Words(
        party="Vendor",
        document="Bill",
        item="payment",
        move="Payment",
        day="Process date",
        cash="Cash out",
        without_day="no date",
        statuses={
            Status.PLANNED: "to be paid",
            Status.DONE: "paid",
            Status.BEFORE: "already paid",
            **_SAME,
        },
        groups={Group.PAID: "Paid or to be paid", Group.SKIPPED: "Skipped", Group.FAILED: "Needs you"},
        outcomes={
            Status.DONE: ("made: funds leave {when}", "made: BILL gives no date"),
            Status.PLANNED: ("to be made: funds leave {when}", "to be made: no date yet"),
        },
    ),
    # A line of a collection run may be charged or only sent, so one word has to do for both.
    RunKind.COLLECTION: Words(
        party="Customer",
        document="Invoice",
        item="invoice",
        move="Charge",
        day="Payment date",
        cash="Cash in",
        without_day="sent, not charged",
        statuses={
            Status.PLANNED: "planned",
            Status.DONE: "done",
            Status.BEFORE: "done before",
            **_SAME,
        },
        groups={Group.PAID: "Done or planned", Group.SKIPPED: "Skipped", Group.FAILED: "Needs you"},
        outcomes={
            Status.DONE: ("charged: funds are drawn {when}, and only PAID is money in", "sent, not charged"),
            Status.PLANNED: ("to be charged: funds are drawn {when}", "to be sent, not charged"),
        },
    ),
}

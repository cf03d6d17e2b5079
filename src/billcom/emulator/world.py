"""Owns everything the local BILL knows, over all organizations, and the time it has lived up to."""

import heapq
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from typing import Any

from billcom.emulator import ids
from billcom.emulator.clock import Clock, iso
from billcom.emulator.faults import Faults
from billcom.emulator.limits import Limits
from billcom.emulator.organization import Organization
from billcom.emulator.records.users import User
from billcom.emulator.requests import Entry, Requests
from billcom.emulator.rules import Rules, Value
from billcom.emulator.seed import demo_organization, new_user
from billcom.emulator.sessions import Session, Sessions
from billcom.emulator.wire import Json

USERNAME = "demo@example.com"
PASSWORD = "local-only"
ORGANIZATION_ID = "00801LOCALDEMO000001"
DEV_KEY = "01LOCALDEVKEY0000001"

Happening = Callable[[datetime], None]


@dataclass
class LateAct:
    """A request that seemed to fail and is done later: what it asked for, and the row it has in the journal."""

    method: str
    path: str
    query: str
    body: bytes
    session: Session | None
    entry: Entry


@dataclass
class Mail:
    """One message in the mail inbox; `kind` is payment_notice, invoice or nomination."""

    time: datetime
    to: list[str]
    subject: str
    kind: str
    record_id: str
    organization_id: str

    def wire(self) -> Json:
        """Return the message as the control API shows it."""
        return {**self.__dict__, "time": iso(self.time)}


class World:
    """All state. It is held in memory and changes only inside one request, or in `settle`."""

    def __init__(
        self,
        clock: Clock | None = None,
        mfa_token: str | None = None,
        rules: Mapping[str, Value] | None = None,
        *,
        permissive: bool = False,
    ) -> None:
        self.clock = clock or Clock()
        self._mfa_token = mfa_token
        self._rules = dict(rules or {})
        self._permissive = permissive
        self._order = count()
        self.act: Callable[[LateAct, datetime], None] | None = None
        self.reset()

    def reset(self) -> None:
        """Return to the start: the demo organization alone, rules and clock as given, nothing journaled."""
        self.clock.restart()
        self.rules = Rules(self._rules, permissive=self._permissive)
        self.faults = Faults()
        self.requests = Requests()
        self.limits = Limits()
        self.sessions = Sessions(self._mfa_token)
        self.mail: list[Mail] = []
        self.organizations: dict[str, Organization] = {}
        self.users: dict[str, User] = {}
        self.dev_keys: set[str] = set()
        self.late: list[tuple[datetime, int, LateAct]] = []
        self._progress: list[tuple[datetime, int, Happening]] = []
        user = new_user(USERNAME, PASSWORD, ORGANIZATION_ID, DEV_KEY)
        self._admit(user)

    def new_organization(self, dev_key: str | None = None) -> User:
        """Make an organization like the demo one; return its administrator, with a dev key of their own or this one."""
        name = ids.random_text(10).lower()
        user = new_user(
            f"{name}@example.com",
            ids.random_text(16),
            ids.new_id(ids.ORGANIZATION),
            dev_key or ids.new_id("01"),
        )
        self._admit(user)
        return user

    def add_user(self, organization: Organization, role: str, full_name: str | None) -> User:
        """Make another user of an organization, with a name and password of their own and the same dev key."""
        dev_key = next(iter(organization.users.values())).dev_key
        name = ids.random_text(10).lower()
        user = new_user(f"{name}@example.com", ids.random_text(16), organization.id, dev_key)
        user.role = role
        user.full_name = full_name or f"Local {role.replace('_', ' ').title()}"
        self.users[user.username] = user
        organization.users[user.id] = user
        return user

    def _admit(self, user: User) -> None:
        """Add a user and a seeded organization for them."""
        self.users[user.username] = user
        self.dev_keys.add(user.dev_key)
        self.organizations[user.organization_id] = demo_organization(user, self.clock.now())

    def send_mail(
        self, now: datetime, to: list[str], subject: str, kind: str, record_id: str, org: str
    ) -> None:
        """Put a message into the mail inbox."""
        self.mail.append(Mail(now, to, subject, kind, record_id, org))

    def act_at(self, due: datetime, late: LateAct) -> None:
        """Do a late act when the clock reaches `due`."""
        heapq.heappush(self.late, (due, next(self._order), late))

    def progress_at(self, due: datetime, move: Happening) -> None:
        """Move a payment on when the clock reaches `due`; while progress is manual, it waits."""
        heapq.heappush(self._progress, (due, next(self._order), move))

    def settle(self, now: datetime) -> None:
        """Let everything happen that was due by `now`, in the order of its time."""
        while queue := self._next_queue(now):
            due, _, happening = heapq.heappop(queue)
            if not isinstance(happening, LateAct):
                happening(due)
            elif self.act is not None:
                self.act(happening, due)

    def _next_queue(self, now: datetime) -> list[Any] | None:
        """Return the queue whose first happening is the earliest due one, None when nothing is due."""
        queues: list[list[Any]] = [self.late]
        if self.rules.choice("payment_progress") == "clock":
            queues.append(self._progress)
        due = [queue for queue in queues if queue and queue[0][0] <= now]
        return min(due, key=lambda queue: queue[0][:2]) if due else None

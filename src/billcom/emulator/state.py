"""Owns what survives a restart: the whole world as one JSON file, written whole or not at all."""

import fcntl
import heapq
import os
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from billcom.emulator import payment_life
from billcom.emulator.faults import Fault
from billcom.emulator.organization import Organization
from billcom.emulator.requests import Entry
from billcom.emulator.rules import Value
from billcom.emulator.sessions import Challenge, Session, Text
from billcom.emulator.world import LateAct, Mail, World

VERSION = 1


@dataclass
class SavedSession:
    """A session; organization and user by what they are called."""

    id: str
    organization_id: str
    username: str
    dev_key: str
    trusted: bool
    last_used: datetime


@dataclass
class SavedChallenge:
    """A texted code that is still to be typed."""

    id: str
    username: str
    phone_number: str
    code: str
    expires: datetime
    wrong_codes: int


@dataclass
class SavedLateAct:
    """A request that is still to be done; `entry` is the number of its row in the journal."""

    due: datetime
    method: str
    path: str
    query: str
    body: str
    session: SavedSession | None
    entry: int


@dataclass
class State:
    """Everything a client or the control API can see. `saved` is real time, `now` the local BILL's."""

    version: int
    saved: datetime
    now: datetime
    rules: dict[str, Value]
    dev_keys: list[str]
    organizations: dict[str, Organization]
    sessions: list[SavedSession] = field(default_factory=list[SavedSession])
    challenges: list[SavedChallenge] = field(default_factory=list[SavedChallenge])
    texts: list[Text] = field(default_factory=list[Text])
    mail: list[Mail] = field(default_factory=list[Mail])
    faults: list[Fault] = field(default_factory=list[Fault])
    faults_made: int = 0
    requests: list[Entry] = field(default_factory=list[Entry])
    peaks: dict[str, int] = field(default_factory=dict[str, int])
    hour: datetime | None = None
    requests_this_hour: dict[str, int] = field(default_factory=dict[str, int])
    logins_this_hour: dict[str, int] = field(default_factory=dict[str, int])
    late: list[SavedLateAct] = field(default_factory=list[SavedLateAct])


_STATE = TypeAdapter(State)


class StateFile:
    """The file of one local BILL; no other has it meanwhile.

    Raises ValueError, naming the file and what to do, when it is another's, can't be written, is damaged or of another
    version; it is left as it is then.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._lock = os.open(
                path.with_name(f"{path.name}.lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600
            )
        except OSError as error:
            raise ValueError(
                f"state file {path}: {error.strerror}: choose a folder that can be written"
            ) from None
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(self._lock)
            raise ValueError(
                f"state file {path} is another local BILL's: stop that one, or name another file"
            ) from None

    def load(self, world: World, *, keep_clock: bool) -> None:
        """Bring a world back to what was saved, if anything was; its clock by the time that has passed, or kept."""
        try:
            state = _STATE.validate_json(self._path.read_bytes())
        except FileNotFoundError:
            return
        except (OSError, ValidationError):
            self.close()
            raise ValueError(
                f"state file {self._path} can't be read: restore it, or remove it to start anew"
            ) from None
        if state.version != VERSION:
            self.close()
            raise ValueError(
                f"state file {self._path} is of version {state.version}, this local BILL's is {VERSION}: use the one "
                "that wrote it, or remove it to start anew"
            )
        _restore(world, state)
        if not keep_clock:
            world.clock.set(state.now + (datetime.now(UTC) - state.saved))

    def save(self, world: World) -> None:
        """Write the world, whole or not at all."""
        draft = self._path.with_name(f".{self._path.name}.new")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(_STATE.dump_json(_captured(world)))
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self._path)

    def close(self) -> None:
        """Let another have the file."""
        os.close(self._lock)


def _captured(world: World) -> State:
    numbers = {id(entry): number for number, entry in enumerate(world.requests.entries)}
    return State(
        version=VERSION,
        saved=datetime.now(UTC),
        now=world.clock.now(),
        rules=world.rules.values(),
        dev_keys=sorted(world.dev_keys),
        organizations=world.organizations,
        sessions=[_saved(session) for session in world.sessions.live.values()],
        challenges=[
            SavedChallenge(c.id, c.user.username, c.phone.number, c.code, c.expires, c.wrong_codes)
            for c in world.sessions.challenges.values()
        ],
        texts=world.sessions.texts,
        mail=world.mail,
        faults=world.faults.in_force,
        faults_made=world.faults.made,
        requests=world.requests.entries,
        peaks=dict(world.requests.peaks),
        hour=world.limits.hour,
        requests_this_hour=dict(world.limits.requests),
        logins_this_hour=dict(world.limits.logins),
        late=[
            SavedLateAct(
                due, late.method, late.path, late.query, late.body.decode("latin-1"),
                late.session and _saved(late.session), numbers.get(id(late.entry), -1),
            )
            for due, _, late in sorted(world.late, key=lambda item: item[:2])
        ],
    )  # fmt: skip


def _saved(session: Session) -> SavedSession:
    return SavedSession(
        session.id,
        session.organization.id,
        session.user.username,
        session.dev_key,
        session.trusted,
        session.last_used,
    )


def _restore(world: World, state: State) -> None:
    world.rules.update(state.rules)
    world.dev_keys = set(state.dev_keys)
    world.organizations = state.organizations
    world.users = {
        user.username: user for each in state.organizations.values() for user in each.users.values()
    }
    sessions = world.sessions
    sessions.live = {saved.id: _session(world, saved) for saved in state.sessions}
    for saved in state.challenges:
        user = world.users[saved.username]
        phone = next(phone for phone in user.phones if phone.number == saved.phone_number)
        sessions.challenges[saved.id] = Challenge(
            saved.id, user, phone, saved.code, saved.expires, saved.wrong_codes
        )
    sessions.texts, world.mail = state.texts, state.mail
    world.faults.in_force, world.faults.made = state.faults, state.faults_made
    world.requests.entries, world.requests.peaks = state.requests, Counter(state.peaks)
    world.limits.hour = state.hour
    world.limits.requests, world.limits.logins = (
        Counter(state.requests_this_hour),
        Counter(state.logins_this_hour),
    )
    _restore_what_is_to_come(world, state)


def _restore_what_is_to_come(world: World, state: State) -> None:
    """Let late acts be done, and payments and charges move on: when, their own dates say."""
    heapq.heapify(world.late)
    for late in state.late:
        session = None if late.session is None else _session(world, late.session)
        entry = (
            state.requests[late.entry] if late.entry >= 0 else Entry("", late.method, late.path, late.query)
        )
        world.act_at(
            late.due, LateAct(late.method, late.path, late.query, late.body.encode("latin-1"), session, entry)
        )
    for organization in world.organizations.values():
        _share_payments(organization)
        for payment in organization.payments.values():
            if payment.online:
                payment_life.watch(world, organization, payment)
        for received in organization.received_payments.values():
            if received.online and received.status == "SCHEDULED":
                payment_life.watch_charge(world, organization, received)


def _share_payments(organization: Organization) -> None:
    """Let bills and invoices hold the payments of their organization again, not copies of them."""
    for bill in organization.bills.values():
        bill.payments = [organization.payments[payment.id] for payment in bill.payments]
    for invoice in organization.invoices.values():
        invoice.payments = [organization.received_payments[received.id] for received in invoice.payments]


def _session(world: World, saved: SavedSession) -> Session:
    """Return the session: the live one where it is live still."""
    live = world.sessions.live.get(saved.id)
    if live is not None:
        return live
    organization, user = world.organizations[saved.organization_id], world.users[saved.username]
    return Session(saved.id, organization, user, saved.dev_key, saved.trusted, saved.last_used)

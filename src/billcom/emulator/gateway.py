"""Owns what happens to one BILL request from arrival to answer: limits, faults, session, handler, journal."""

import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast
from urllib.parse import parse_qsl

from billcom.emulator import codes
from billcom.emulator.errors import BillError, refuse, untrusted
from billcom.emulator.faults import Fault
from billcom.emulator.form import parse_body
from billcom.emulator.limits import Limits
from billcom.emulator.requests import Entry
from billcom.emulator.routing import Answer, Call, Routes
from billcom.emulator.world import LateAct, World

LOGIN_PATH = "/v3/login"

HTML = "<html><head><title>{0} Bad Gateway</title></head><body><h1>{0} Bad Gateway</h1></body></html>"


@dataclass(frozen=True)
class Incoming:
    """A request as it came over HTTP; `path` starts at `/v3`."""

    method: str
    path: str
    query_text: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Outcome:
    """What to do for the caller: wait, then send answer or HTML, or with neither close the connection."""

    answer: Answer | None = None
    html: str | None = None
    html_status: int = 0
    wait_seconds: float = 0.0


@dataclass
class Flight:
    """A request being served, and the counts and the row it occupies."""

    incoming: Incoming
    entry: Entry
    limits: Limits
    dev_key: str
    in_flight: int = 0

    def land(self) -> None:
        """Give the slot back."""
        if self.entry.organization_id is not None:
            self.limits.land(self.dev_key, self.entry.organization_id)


class Gateway:
    """Serves requests against a world. Nothing in `serve` waits, so each request is atomic."""

    def __init__(self, world: World, routes: Routes) -> None:
        self._world = world
        self._routes = routes
        world.act = self._act_late

    def board(self, incoming: Incoming) -> Flight:
        """Journal a request and count it in flight."""
        world = self._world
        now = world.clock.now()
        world.settle(now)
        entry = world.requests.open(now, incoming.method, incoming.path, incoming.query_text)
        session = world.sessions.peek(incoming.headers.get("sessionid"))
        dev_key = incoming.headers.get("devkey", "")
        if session is not None:
            entry.organization_id = session.organization.id
            entry.session = session.digest
        elif incoming.path == LOGIN_PATH:
            dev_key, entry.organization_id = self._read_login(incoming.body)
        flight = Flight(incoming, entry, world.limits, dev_key)
        if entry.organization_id is not None:
            flight.in_flight = world.limits.take_off(dev_key, entry.organization_id)
            world.requests.flew(entry.organization_id, flight.in_flight)
        return flight

    def serve(self, flight: Flight) -> Outcome:
        """Do the request, or not, as limits, faults and rules have it; fill its journal row."""
        now = self._world.clock.now()
        try:
            return self._serve(flight, now)
        except BillError as error:
            return self._refused(flight.entry, error, now)
        except Exception:  # noqa: BLE001  whatever breaks here, the caller of a server gets a 500
            traceback.print_exc()
            return self._refused(flight.entry, refuse(codes.SYSTEM_ERROR, "System error.", 500), now)

    def _serve(self, flight: Flight, now: datetime) -> Outcome:
        """Do the request; raise BillError when it is refused."""
        world, incoming, entry = self._world, flight.incoming, flight.entry
        if flight.dev_key in world.dev_keys:
            login = incoming.path == LOGIN_PATH
            world.limits.check(world.rules, flight.dev_key, now, in_flight=flight.in_flight, login=login)
        fault = world.faults.meet(incoming.method, incoming.path, entry.organization_id)
        entry.fault = fault and fault.action
        if fault and fault.action in ("sign_out", "distrust"):
            raise self._estrange(fault, incoming.headers.get("sessionid"))
        if fault and not _acts(fault):
            return self._fail(fault, entry)
        route, params = self._routes.find(incoming.method, incoming.path)
        call = Call(world, now, incoming.headers, params, incoming.query)
        if not route.public:
            self._sign_in(call, flight)
        call.body = parse_body(incoming.body)
        if fault and fault.action == "act_late":
            self._postpone(fault, call, incoming, entry)
            return Outcome()
        answer = route.handler(call)
        entry.status, entry.acted = answer.status, route.writes
        return self._deliver(fault, answer, entry)

    def _sign_in(self, call: Call, flight: Flight) -> None:
        """Put the live session into the call; raise 401 when the dev key or the session is not good."""
        if flight.dev_key not in self._world.dev_keys:
            raise refuse(codes.WRONG_DEV_KEY, "Developer key is invalid.", 401)
        session_id = flight.incoming.headers.get("sessionid")
        call.signed_in = self._world.sessions.use(session_id, flight.dev_key, call.now)

    def _deliver(self, fault: Fault | None, answer: Answer, entry: Entry) -> Outcome:
        """Return the answer, unless a fault keeps, spoils or delays it."""
        wait = self._world.rules.number("latency_ms") / 1000
        if fault is None:
            return Outcome(answer, wait_seconds=wait)
        if fault.action == "act_then_drop":
            entry.status = None
            return Outcome(wait_seconds=wait)
        if fault.action == "html_500":
            return self._fail(fault, entry)
        return Outcome(answer, wait_seconds=wait + (fault.seconds or 0.0))

    def _fail(self, fault: Fault, entry: Entry) -> Outcome:
        """Return what a fault gives in place of an answer."""
        if fault.action == "refuse":
            return Outcome()
        if fault.action == "error":
            raise refuse(fault.code, fault.message, fault.status)
        entry.status = fault.status
        return Outcome(html=HTML.format(fault.status), html_status=fault.status)

    def _estrange(self, fault: Fault, session_id: str | None) -> BillError:
        """End the session, or its trust, for good; return what BILL then answers."""
        session = self._world.sessions.peek(session_id)
        if fault.action == "distrust":
            if session is not None:
                session.trusted = False
            return untrusted()
        if session is not None:
            self._world.sessions.close(session)
        return refuse(codes.INVALID_SESSION, "Session is invalid. Please log in.", 401)

    def _postpone(self, fault: Fault, call: Call, incoming: Incoming, entry: Entry) -> None:
        """Arrange for the request to be done later on the local clock; what it then answers nobody hears."""
        rule_seconds = self._world.rules.number("late_act_ms") / 1000
        seconds = rule_seconds if fault.seconds is None else fault.seconds
        late = LateAct(
            incoming.method, incoming.path, incoming.query_text, incoming.body, call.signed_in, entry
        )
        self._world.act_at(call.now + timedelta(seconds=seconds), late)

    def _act_late(self, late: LateAct, due: datetime) -> None:
        """Do a request that was put off; a session that has ended since was live when it came."""
        route, params = self._routes.find(late.method, late.path)
        call = Call(self._world, due, {}, params, dict(parse_qsl(late.query, keep_blank_values=True)))
        call.signed_in = late.session
        try:
            call.body = parse_body(late.body)
            status, code, acted = route.handler(call).status, None, route.writes
        except BillError as error:
            status, code, acted = error.status, error.code, False
        self._world.requests.late(due, late.entry, status, code, acted=acted)

    def _refused(self, entry: Entry, error: BillError, now: datetime) -> Outcome:
        """Return an error answer and journal it."""
        entry.status, entry.code = error.status, error.code
        wait = self._world.rules.number("latency_ms") / 1000
        return Outcome(Answer(error.status, error.entries(now)), wait_seconds=wait)

    def _read_login(self, body: bytes) -> tuple[str, str | None]:
        """Return the dev key and the organization a sign-in names, where it names known ones."""
        try:
            content = parse_body(body)
        except BillError:
            return "", None
        fields = cast(dict[str, Any], content) if isinstance(content, dict) else {}
        organization_id = fields.get("organizationId")
        known = isinstance(organization_id, str) and organization_id in self._world.organizations
        return str(fields.get("devKey")), organization_id if known else None


def _acts(fault: Fault) -> bool:
    """Return whether a request that meets the fault is done all the same, sooner or later."""
    return fault.action in ("act_then_drop", "act_late", "delay") or (
        fault.action == "html_500" and fault.acted
    )

"""Owns the table of endpoints and what a handler is given and gives back."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from billcom.emulator import codes
from billcom.emulator.errors import BillError, refuse, untrusted
from billcom.emulator.form import Form
from billcom.emulator.organization import Organization
from billcom.emulator.records.users import User
from billcom.emulator.sessions import Session
from billcom.emulator.world import World


@dataclass(frozen=True)
class Answer:
    """A status and the JSON body to send; None sends no body."""

    status: int
    body: object = None


@dataclass
class Call:
    """One request as a handler sees it. `now` is the instant it acts, which a late act moves."""

    world: World
    now: datetime
    headers: Mapping[str, str]
    params: Mapping[str, str] = field(default_factory=dict[str, str])
    query: Mapping[str, str] = field(default_factory=dict[str, str])
    body: object = None
    signed_in: Session | None = None

    @property
    def session(self) -> Session:
        """The live session the request carries."""
        if self.signed_in is None:
            raise refuse(codes.INVALID_SESSION, "Session is invalid. Please log in.", 401)
        return self.signed_in

    @property
    def organization(self) -> Organization:
        """The organization signed in to."""
        return self.session.organization

    @property
    def user(self) -> User:
        """The user signed in."""
        return self.session.user

    def form(self) -> Form:
        """Return the body as a form, strict about unknown fields when the rule says so."""
        return Form({} if self.body is None else self.body, strict=self.strict)

    @property
    def strict(self) -> bool:
        """Whether unknown request fields are refused."""
        return not self.world.rules.accepts("strict_fields")

    def need_trust(self) -> None:
        """Raise 403 BDC_1361 unless the session passed MFA."""
        if not self.session.trusted:
            raise untrusted()


Handler = Callable[[Call], Answer]


@dataclass(frozen=True)
class Route:
    """One endpoint: method, path in segments (`{name}` takes any), and whether it needs no session."""

    method: str
    segments: tuple[str, ...]
    handler: Handler
    public: bool = False

    @property
    def writes(self) -> bool:
        """Whether a success changes state."""
        return self.method != "GET"

    def match(self, segments: tuple[str, ...]) -> dict[str, str] | None:
        """Return the path's parameters, or None when the path is another."""
        params: dict[str, str] = {}
        for pattern, segment in zip(self.segments, segments, strict=True):
            if pattern.startswith("{"):
                params[pattern[1:-1]] = segment
            elif pattern != segment:
                return None
        return params


class Routes:
    """The endpoints of one noun, or of all: a fixed segment wins over a parameter."""

    def __init__(self, parts: Iterable["Routes"] = ()) -> None:
        self._table: dict[tuple[str, int], list[Route]] = defaultdict(list)
        for part in parts:
            for routes in part._table.values():
                for route in routes:
                    self._add(route)

    def add(self, method: str, path: str, *, public: bool = False) -> Callable[[Handler], Handler]:
        """Register the decorated handler for a method and path."""

        def register(handler: Handler) -> Handler:
            self._add(Route(method, tuple(path.split("/")), handler, public))
            return handler

        return register

    def find(self, method: str, path: str) -> tuple[Route, dict[str, str]]:
        """Return the endpoint and its path parameters; raise 404 BDC_1121 when there is none."""
        segments = tuple(path.split("/"))
        for route in self._table.get((method, len(segments)), ()):
            params = route.match(segments)
            if params is not None:
                return route, params
        raise unknown_path(method, path)

    def _add(self, route: Route) -> None:
        """Keep routes of one length in the order of their fixed segments, most first."""
        routes = self._table[route.method, len(route.segments)]
        routes.append(route)
        routes.sort(key=lambda known: [segment.startswith("{") for segment in known.segments])


def unknown_path(method: str, path: str) -> BillError:
    """Return the 404 for a path BILL does not serve. Unverified: that a wrong method answers the same."""
    return refuse(codes.UNKNOWN_PATH, f"API not supported: {method} {path}", 404)

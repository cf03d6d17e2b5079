"""Transport to BILL: one request at a time with its session, slot and total timeout; errors told apart.

Knows no record and no workflow. Repeats reads only, and a call of which no byte was sent.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, nullcontext
from contextvars import ContextVar
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from types import TracebackType
from typing import Any, Self, cast

import httpx
import simplejson
from pydantic import SecretStr

from billcom.clock import uptime
from billcom.errors import (
    BillError,
    ConcurrencyLimitError,
    HourlyLimitError,
    NeverSentError,
    OutcomeUnknownError,
    SessionExpiredError,
    SettingsError,
    TooLateError,
    UnavailableError,
    error_from,
    read_entries,
)
from billcom.journal import Journal
from billcom.remembered_device import DeviceStore, RememberedDevices
from billcom.resources.authentication import Authentication
from billcom.resources.bill_approvals import BillApprovals
from billcom.resources.bills import Bills
from billcom.resources.chart_of_accounts import ChartOfAccounts
from billcom.resources.customers import Customers
from billcom.resources.funding_accounts import FundingAccounts
from billcom.resources.invoices import Invoices
from billcom.resources.mfa import Mfa
from billcom.resources.payments import Payments
from billcom.resources.received_payments import ReceivedPayments
from billcom.resources.vendors import Vendors
from billcom.session import OwnSession, Session, SessionSource
from billcom.settings import Environment, Settings
from billcom.slots import slots_of

_CONNECT_SECONDS = 5.0
_ATTEMPTS = 4
_BACKOFF_SECONDS = 0.25
# Shorter than a server keeps an idle connection open: a write on one that was just closed has no known outcome.
_KEEPALIVE_SECONDS = 2.0
_AFTER_THE_HOUR_SECONDS = 5.0
# Failures before the first byte of the request.
_NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)

logger = logging.getLogger("billcom")


class BillClient:
    """BILL v3 for one organization and user: `async with BillClient(settings) as bill: await bill.vendors.get(…)`.

    `sessions` says where the session comes from; without it the client signs in for itself when first
    needed. `devices` says where remembered devices are kept: in the state directory, unless given. At most
    three requests are in flight for the organization over all processes of this machine that share the state
    directory. `run` is noted in the journal. `timeout_seconds` is for one whole request, from its first byte
    to the last of its answer; BILL_TIMEOUT_SECONDS unless given. `before_money` is called before each payment or
    charge is claimed, and raises when it must not be sent.

    Every call raises the errors of `billcom.errors`: UnavailableError for reads, OutcomeUnknownError for
    writes whose answer never came, an ApiError for BILL's own refusals.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        sessions: SessionSource | None = None,
        devices: DeviceStore | None = None,
        run: str = "",
        timeout_seconds: float | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        before_money: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        self.settings = settings
        self.authentication = Authentication(self)
        self.mfa = Mfa(self)
        self.vendors = Vendors(self)
        self.bills = Bills(self)
        self.bill_approvals = BillApprovals(self)
        self.chart_of_accounts = ChartOfAccounts(self)
        self.payments = Payments(self)
        self.funding_accounts = FundingAccounts(self)
        self.customers = Customers(self)
        self.invoices = Invoices(self)
        self.received_payments = ReceivedPayments(self)
        self.sessions: SessionSource = sessions or OwnSession(self.authentication.sign_in)
        self.devices: DeviceStore = devices or RememberedDevices(settings)
        self.journal = Journal(settings, run, keep=True, before_money=before_money)
        self._timeout_seconds = timeout_seconds or settings.timeout_seconds
        self._sleep = sleep
        self.date_header = ""  # HTTP's Date of the last answer: the only time that BILL tells
        self._slots = slots_of(settings)
        self._http = httpx.AsyncClient(
            verify=settings.base_url.startswith("https:"),  # to load certificates takes longer than a call
            timeout=httpx.Timeout(self._timeout_seconds, connect=_CONNECT_SECONDS),
            limits=httpx.Limits(keepalive_expiry=_KEEPALIVE_SECONDS),
        )

    async def __aenter__(self) -> Self:
        """Return the client; nothing is sent yet."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the connections. The session is left alone: others may share it."""
        await self.journal.close()
        await self._slots.close()
        await self._http.aclose()

    async def request(
        self,
        method: str,
        path: str,
        *,
        body: object = None,
        query: Mapping[str, str] | None = None,
        repeatable: bool = False,
        with_session: bool = True,
    ) -> Any:
        """Send one call and return the JSON of its answer (numbers with a point as Decimal), None if empty.

        `path` begins with `/v3/`. GET, and what is `repeatable` (doing it twice is doing it once), raises
        UnavailableError when no proper answer came; any other call OutcomeUnknownError.
        """
        call = _Call(method, path, body, query, repeatable or method == "GET")
        session = await self.sessions.current() if with_session else None
        renewed = False
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                return await self._exchange(call, session)
            except (UnavailableError, ConcurrencyLimitError) as error:
                if attempt == _ATTEMPTS or not call.may_be_repeated_after(error):
                    raise
                await self.back_off(attempt)
            except HourlyLimitError as error:
                if not call.repeatable or attempt == _ATTEMPTS:
                    raise
                await self.wait_for_hour(error)
            except SessionExpiredError:
                if session is None or renewed or not call.repeatable or attempt == _ATTEMPTS:
                    raise
                session, renewed = await self.sessions.renewed(session), True
        raise AssertionError("the last attempt returns or raises")

    async def pause(self, seconds: float) -> None:
        """Wait; what waits in tests is theirs to say."""
        await self._sleep(seconds)

    async def wait_for_hour(self, error: HourlyLimitError) -> None:
        """Wait for the top of the hour where BILL_WAIT_FOR_HOUR allows it; else raise `error`."""
        if not self.settings.wait_for_hour:
            raise error
        left = (self._next_hour() - self.settings.clock.now()).total_seconds()
        logger.warning("%s Waiting %.0f seconds.", error, left)
        await self.pause(left + _AFTER_THE_HOUR_SECONDS * random.random())

    def _next_hour(self) -> datetime:
        now = self.settings.clock.now()
        return now.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)

    @asynccontextmanager
    async def one_write(self, within_seconds: float) -> AsyncGenerator[Window]:
        """Hold a slot for one write: once its window is open, it is sent within the time or not at all.

        The request in it raises TooLateError when its first byte would go out later: as after a process was
        stopped, or a machine asleep.
        """
        async with self._slots.hold():
            window = Window(within_seconds)
            token = _WINDOW.set((self, window))
            try:
                yield window
            finally:
                _WINDOW.reset(token)

    async def back_off(self, attempt: int = 1) -> None:
        """Wait before a repetition, longer with each `attempt`, never all for the same time."""
        await self._sleep(_BACKOFF_SECONDS * 2**attempt * (0.5 + random.random()))

    async def local(self, method: str, path: str, body: object = None) -> Any:
        """Call the local BILL's own controls, `path` such as `/_local/phone`. Only in the local environment."""
        if self.settings.environment is not Environment.LOCAL:
            raise SettingsError(
                f"BILL_ENVIRONMENT is {self.settings.environment.value}: {path} is of the local BILL alone"
            )
        root = self.settings.base_url.removesuffix("/connect")
        try:
            response = await self._http.request(method, root + path, content=_encode(body), headers=_JSON)
            return simplejson.loads(response.raise_for_status().content or b"null", use_decimal=True)
        except (httpx.HTTPError, ValueError) as error:
            raise UnavailableError(
                f"{method} {path}: the local BILL gave no proper answer ({type(error).__name__}). Is it running?"
            ) from error

    async def _exchange(self, call: _Call, session: Session | None) -> Any:
        owner, window = _WINDOW.get()
        holds_slot = owner is self
        mine = window if holds_slot and call.method != "GET" else None
        try:
            async with (
                nullcontext() if holds_slot else self._slots.hold(),
                asyncio.timeout(self._timeout_seconds),
            ):
                response = await self._http.request(
                    call.method,
                    self.settings.base_url + call.path,
                    params=call.query,
                    content=_encode(call.body),
                    headers=_JSON | self._session_headers(session),
                    extensions={"trace": mine.check} if mine else {},
                )
                self.date_header = response.headers.get("Date", "")
        except _NEVER_SENT as error:
            where = self.settings.base_url
            raise NeverSentError(
                f"{call}: {where} can't be reached. Check BILL_BASE_URL and the network; nothing was sent."
            ) from error
        except (httpx.HTTPError, TimeoutError) as error:
            raise call.lost(type(error).__name__) from error
        try:
            return _answer(response, call)
        except HourlyLimitError as error:
            raise error.about(f"it is at {self._next_hour():%H:%M} UTC") from None

    def _session_headers(self, session: Session | None) -> dict[str, str]:
        if session is None:
            return {}
        return {
            "sessionId": session.session_id.get_secret_value(),
            "devKey": self.settings.dev_key.get_secret_value(),
        }


class Window:
    """The time between a claim and the first byte of its request, the machine's sleep included."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._ends = float("inf")

    def open(self) -> None:
        """Start it, the claim being on disk."""
        self._ends = uptime() + self._seconds

    async def check(self, event: str, _details: object) -> None:
        """Raise TooLateError when a request's headers would go out after its end."""
        if event.endswith("send_request_headers.started") and uptime() > self._ends:
            raise TooLateError(
                f"claimed more than {self._seconds:g} seconds ago: nothing was sent. Run again to go on"
            )


_WINDOW: ContextVar[tuple[BillClient | None, Window | None]] = ContextVar("window", default=(None, None))

_JSON = {"Content-Type": "application/json", "Accept": "application/json"}


@dataclass(frozen=True)
class _Call:
    """One call, and what its failures mean."""

    method: str
    path: str
    body: object
    query: Mapping[str, str] | None
    repeatable: bool

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    def may_be_repeated_after(self, error: BillError) -> bool:
        """Whether the client itself repeats it: a read, or a call of which nothing was sent or done."""
        harmless = isinstance(error, NeverSentError) or self.method == "GET"
        return harmless or (self.repeatable and isinstance(error, ConcurrencyLimitError))

    def lost(self, why: str) -> BillError:
        """Return the error for an answer that never came, or is none of BILL's."""
        if self.repeatable:
            return UnavailableError(
                f"{self}: no proper answer ({why}). Nothing is lost by trying again later."
            )
        return OutcomeUnknownError(
            f"{self}: no proper answer ({why}). BILL may have acted: look for the record before anything else."
        )

    def without_secrets(self, text: str) -> str:
        """Return BILL's text without what this call sent in confidence, should BILL repeat it."""
        for secret in _secrets(self.body):
            text = text.replace(secret, "…")
        return text


def _answer(response: httpx.Response, call: _Call) -> Any:
    status = response.status_code
    logger.debug("%s %s", call, status)
    try:
        parsed: Any = simplejson.loads(response.content, use_decimal=True) if response.content else None
    except ValueError:
        raise call.lost(f"{status} without JSON") from None
    if 200 <= status < 300:
        return parsed
    entries = [replace(e, message=call.without_secrets(e.message)) for e in read_entries(parsed)]
    if 400 <= status < 500 and entries:
        raise error_from(status, entries, call.method, call.path)
    said = "; ".join(f"{entry.code} {entry.message}".strip() for entry in entries)
    raise call.lost(f"answer {status} {said}".strip())


def _secrets(body: object) -> Iterator[str]:
    if isinstance(body, SecretStr) and body.get_secret_value():
        yield body.get_secret_value()
    elif isinstance(body, Mapping):
        for value in cast("Mapping[str, object]", body).values():
            yield from _secrets(value)
    elif isinstance(body, list):
        for value in cast("list[object]", body):
            yield from _secrets(value)


def _encode(body: object) -> bytes | None:
    if body is None:
        return None
    return simplejson.dumps(body, use_decimal=True, default=_plain).encode()


def _plain(value: object) -> str:
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    if isinstance(value, date) and not isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no place in a request body")

"""Transport to BILL: one request at a time with its session, slot and total timeout; errors told apart.

Knows no record and no workflow. Repeats reads only, and a call of which no byte was sent.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Mapping
from datetime import date, datetime
from types import TracebackType
from typing import Any, Self

import httpx
import simplejson
from pydantic import SecretStr

from billcom.errors import (
    ApiError,
    ConcurrencyLimitError,
    OutcomeUnknownError,
    SessionExpiredError,
    SettingsError,
    UnavailableError,
    error_from,
    read_entries,
)
from billcom.resources.authentication import Authentication
from billcom.resources.bills import Bills
from billcom.resources.customers import Customers
from billcom.resources.funding_accounts import FundingAccounts
from billcom.resources.invoices import Invoices
from billcom.resources.mfa import Mfa
from billcom.resources.payments import Payments
from billcom.resources.received_payments import ReceivedPayments
from billcom.resources.vendors import Vendors
from billcom.session import OwnSession, Session, SessionSource
from billcom.settings import Environment, Settings
from billcom.slots import Slots

TIMEOUT_SECONDS = 30.0
"""For one whole request, from its first byte to the last of its answer."""

_CONNECT_SECONDS = 5.0
_READ_ATTEMPTS = 4
_BACKOFF_SECONDS = 0.25
# Shorter than a server keeps an idle connection open: a write on one that was just closed has no known outcome.
_KEEPALIVE_SECONDS = 2.0
# Failures before the first byte of the request.
_NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)

logger = logging.getLogger("billcom")


class _NeverSentError(UnavailableError):
    """BILL could not be reached, so nothing was sent."""


class BillClient:
    """BILL v3 for one organization and user: `async with BillClient(settings) as bill: await bill.vendors.get(…)`.

    `sessions` says where the session comes from; without it the client signs in for itself when first
    needed. At most three requests are in flight for the organization over all processes of this machine
    that share the state directory.

    Every call raises the errors of `billcom.errors`: UnavailableError for reads, OutcomeUnknownError for
    writes whose answer never came, an ApiError for BILL's own refusals.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        sessions: SessionSource | None = None,
        timeout_seconds: float = TIMEOUT_SECONDS,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.settings = settings
        self.authentication = Authentication(self)
        self.mfa = Mfa(self)
        self.vendors = Vendors(self)
        self.bills = Bills(self)
        self.payments = Payments(self)
        self.funding_accounts = FundingAccounts(self)
        self.customers = Customers(self)
        self.invoices = Invoices(self)
        self.received_payments = ReceivedPayments(self)
        self.sessions: SessionSource = sessions or OwnSession(self.authentication.sign_in)
        self._timeout_seconds = timeout_seconds
        self._sleep = sleep
        self._slots = Slots(settings.state_path / "slots" / settings.organization_key)
        self._http = httpx.AsyncClient(
            timeout=httpx.Timeout(timeout_seconds, connect=_CONNECT_SECONDS),
            limits=httpx.Limits(keepalive_expiry=_KEEPALIVE_SECONDS),
        )

    async def __aenter__(self) -> Self:
        """Return the client; nothing is sent yet."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the connections. The session is left alone: others may share it."""
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
        reading = method == "GET"
        for attempt in range(1, _READ_ATTEMPTS + 1):
            try:
                return await self._with_session(
                    method, path, body, query, reading or repeatable, with_session=with_session
                )
            except (UnavailableError, ConcurrencyLimitError) as error:
                again = reading or isinstance(error, _NeverSentError)
                if not again or attempt == _READ_ATTEMPTS:
                    raise
            await self._sleep(_BACKOFF_SECONDS * 2**attempt * (0.5 + random.random()))
        raise AssertionError("the last attempt returns or raises")

    async def local(self, method: str, path: str, body: object = None) -> Any:
        """Call the local BILL's own controls, `path` such as `/_local/phone`. Only in the local environment."""
        if self.settings.environment is not Environment.LOCAL:
            raise SettingsError(
                f"BILL_ENVIRONMENT is {self.settings.environment.value}: {path} is of the local BILL alone"
            )
        root = self.settings.base_url.removesuffix("/connect")
        response = await self._http.request(method, root + path, content=_encode(body), headers=_JSON)
        return simplejson.loads(response.raise_for_status().content or b"null", use_decimal=True)

    async def _with_session(
        self,
        method: str,
        path: str,
        body: object,
        query: Mapping[str, str] | None,
        repeatable: bool,
        *,
        with_session: bool,
    ) -> Any:
        if not with_session:
            return await self._exchange(method, path, body, query, repeatable, None)
        session = await self.sessions.current()
        try:
            return await self._exchange(method, path, body, query, repeatable, session)
        except SessionExpiredError:
            if not repeatable:
                raise
            session = await self.sessions.renewed(session)
            return await self._exchange(method, path, body, query, repeatable, session)

    async def _exchange(
        self,
        method: str,
        path: str,
        body: object,
        query: Mapping[str, str] | None,
        repeatable: bool,
        session: Session | None,
    ) -> Any:
        lost = UnavailableError if repeatable else OutcomeUnknownError
        what = f"{method} {path}"
        try:
            async with self._slots.hold(), asyncio.timeout(self._timeout_seconds):
                response = await self._http.request(
                    method,
                    self.settings.base_url + path,
                    params=query,
                    content=_encode(body),
                    headers=_JSON | self._session_headers(session),
                )
        except _NEVER_SENT as error:
            where = self.settings.base_url
            raise _NeverSentError(
                f"{what}: {where} can't be reached. Check BILL_BASE_URL and the network; nothing was sent."
            ) from error
        except (httpx.HTTPError, TimeoutError) as error:
            raise lost(_lost(what, type(error).__name__, repeatable)) from error
        return _answer(response, method, path, lost, repeatable)

    def _session_headers(self, session: Session | None) -> dict[str, str]:
        if session is None:
            return {}
        return {
            "sessionId": session.session_id.get_secret_value(),
            "devKey": self.settings.dev_key.get_secret_value(),
        }


_JSON = {"Content-Type": "application/json", "Accept": "application/json"}


def _answer(response: httpx.Response, method: str, path: str, lost: type[Exception], repeatable: bool) -> Any:
    logger.debug("%s %s %s", method, path, response.status_code)
    status = response.status_code
    try:
        parsed: Any = simplejson.loads(response.content, use_decimal=True) if response.content else None
    except ValueError:
        raise lost(_lost(f"{method} {path}", f"{status} without JSON", repeatable)) from None
    if 200 <= status < 300:
        return parsed
    entries = read_entries(parsed)
    if 400 <= status < 500 and entries:
        error: ApiError = error_from(status, entries, method, path)
        raise error
    raise lost(_lost(f"{method} {path}", f"answer {status}", repeatable))


def _lost(what: str, why: str, repeatable: bool) -> str:
    if repeatable:
        return f"{what}: no proper answer ({why}). Nothing is lost by trying again later."
    return f"{what}: no proper answer ({why}). BILL may have acted: look for the record before anything else."


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

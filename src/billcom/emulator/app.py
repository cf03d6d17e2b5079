"""Owns the web application: BILL's paths under /connect, and the control API under /_local."""

import asyncio
import json
from asyncio import Transport
from collections.abc import Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.types import Receive, Scope, Send

from billcom.emulator.errors import BillError, bad_shape
from billcom.emulator.form import parse_body
from billcom.emulator.gateway import Gateway, Incoming, Outcome
from billcom.emulator.routes import BILL, LOCAL
from billcom.emulator.routing import Answer, Call
from billcom.emulator.world import World

BASE_PATH = "/connect"
WEBHOOK_BASE_PATH = "/connect-events"


class App:
    """The ASGI application. The server must put its `transport` into the scope's state, to be closed on."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.changed: Callable[[], None] = lambda: None
        self._gateway = Gateway(world, BILL)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one HTTP request."""
        if scope["type"] != "http":
            raise NotImplementedError(scope["type"])
        request = Request(scope, receive)
        path = request.url.path
        if path.startswith(BASE_PATH + "/"):
            await self._serve_bill(request, path.removeprefix(BASE_PATH), send)
        else:
            answer = await self._serve_local(request, path)
            await _respond(answer)(scope, receive, send)

    async def _serve_bill(self, request: Request, path: str, send: Send) -> None:
        """Serve one of BILL's paths."""
        body = await request.body()
        flight = self._gateway.board(
            Incoming(request.method, path, request.url.query, request.query_params, request.headers, body)
        )
        try:
            outcome = self._gateway.serve(flight)
            if outcome.wait_seconds:
                await asyncio.sleep(outcome.wait_seconds)
        finally:
            flight.land()
            self.changed()
        response = _response(outcome)
        if response is None:
            await _hang_up(request)
        else:
            await response(request.scope, request.receive, send)

    async def _serve_local(self, request: Request, path: str) -> Answer:
        """Serve the control API, which is neither journaled nor counted."""
        now = self.world.clock.now()
        self.world.settle(now)
        self.changed()
        try:
            route, params = LOCAL.find(request.method, path)
            call = Call(self.world, now, request.headers, params, request.query_params)
            call.body = parse_body(await request.body())
            return route.handler(call)
        except BillError as error:
            return Answer(error.status, error.entries(now))
        except (ValueError, TypeError, OverflowError) as error:
            return Answer(400, bad_shape(str(error)).entries(now))


def _response(outcome: Outcome) -> Response | None:
    """Return what is sent; None when the connection is to be closed instead."""
    if outcome.html is not None:
        return HTMLResponse(outcome.html, outcome.html_status)
    return None if outcome.answer is None else _respond(outcome.answer)


def _respond(answer: Answer) -> Response:
    """Return an answer as HTTP; no body for None and for 204."""
    if answer.body is None:
        return Response(status_code=answer.status)
    content = json.dumps(answer.body, ensure_ascii=False, separators=(",", ":")).encode()
    return Response(content, answer.status, media_type="application/json")


async def _hang_up(request: Request) -> None:
    """Close the connection without an answer and wait until the server has noticed, so that it sends none."""
    transport: Transport = request.scope["state"]["transport"]
    transport.close()
    message: dict[str, Any] = {}
    while message.get("type") != "http.disconnect":
        message = dict(await request.receive())

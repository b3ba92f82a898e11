"""What every provider in miniature is built on: a journal, faults on request, background work.

A connector's `sandbox.py` exports three names:

    SETTINGS: Mapping[str, Any]                  settings of a connection that works against it,
                                                 without `base_url`; its secrets are dummies
    EXAMPLES: Mapping[str, Mapping[str, Any]]    operation → arguments that succeed with SETTINGS
    def routes(desk: Desk) -> list[BaseRoute]    called once per server

and, where a fault means something else here than everywhere, or nothing at all (None):

    MEANINGS: Mapping[FaultKind, type[CallFailed] | None]

The server mounts the routes under `/<connector>`. A route made with `desk.route(...)` is journalled
and fails on request; a plain Starlette `Route` beside it (a control door such as `/_settings`) is
neither. A handler is `async def handler(asked: Asked) -> Response`; it sets `asked.effect = True`
once it has done something that a client must not do twice.

    def routes(desk: Desk) -> list[BaseRoute]:
        shop = Shop(desk)
        return [desk.route("/orders", "create_order", shop.create_order)]

Needs uvicorn: see `reset`.
"""

import asyncio
import logging
import os
import socket
import struct
import sys
from collections import deque
from collections.abc import Awaitable, Callable, Collection, Coroutine, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl

import httpx2
import orjson
from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from uzel.kit.credentials import HIDDEN, without_credentials
from uzel.kit.faults import REFUSALS, REQUEST_KINDS, SILENCES, WEBHOOK_KINDS, FaultKind, Faults

JOURNAL_ENTRIES = 200_000
LONGEST_HOLD_S = 60.0
SLOW_S = 2.0
LINGER_STRUCT = "hh" if os.name == "nt" else "ii"
SECRET_NAMES = frozenset(
    {
        *("api_id", "api_key", "api_token", "apilogin", "authorization", "key", "password"),
        *("access_token", "client_secret", "refresh_token", "secret", "token"),
    }
)

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Entry:
    """One request as a part saw it: the outside judge of what a client really did.

    at       aware UTC, when the request had arrived
    status   HTTP status of the answer; None where no answer was sent
    request  the fields that matter, without secrets
    fault    the fault it met, else None
    effect   whether the provider did what was asked
    """

    at: datetime
    connector: str
    operation: str
    method: str
    path: str
    status: int | None
    request: Mapping[str, Any]
    fault: str | None
    effect: bool


class Journal:
    """What was asked, in memory, the newest `JOURNAL_ENTRIES`. `readers` hear of each entry."""

    def __init__(self) -> None:
        self.entries: deque[Entry] = deque(maxlen=JOURNAL_ENTRIES)
        self.readers: list[Callable[[Entry], None]] = []

    def append(self, entry: Entry) -> None:
        self.entries.append(entry)
        for read in self.readers:
            read(entry)

    def clear(self) -> None:
        self.entries.clear()

    def of(self, connector: str | None = None, operation: str | None = None) -> list[Entry]:
        """The entries, oldest first."""
        return [
            entry
            for entry in self.entries
            if connector in (None, entry.connector) and operation in (None, entry.operation)
        ]


@dataclass(slots=True)
class Asked:
    """One request, read.

    params  of the path; `fields` of the query, then of a form or of a JSON object
    json    the body as JSON, None where it is none
    effect  the handler sets it once it has done what was asked
    query   as it came: in `fields` the last of several values with one name is the only one
    """

    method: str
    path: str
    params: Mapping[str, Any]
    headers: Headers
    body: bytes
    json: Any
    fields: dict[str, Any]
    effect: bool = False
    query: str = ""


Handler = Callable[[Asked], Awaitable[Response]]
Describe = Callable[[Asked], Mapping[str, Any]]


def without_secrets(asked: Asked) -> Mapping[str, Any]:
    """The journal's `request` unless a part says otherwise: all fields, secret ones hidden."""
    return {
        name: HIDDEN if name.lower() in SECRET_NAMES else value
        for name, value in {**asked.params, **asked.fields}.items()
    }


@dataclass(slots=True)
class Desk:
    """What the server hands to the part of one connector. All desks of a server share everything
    but `connector` and `refusals`.

    http      for outgoing webhooks
    refusals  how this provider words a refusal; a bare status where it is not given
    """

    connector: str
    journal: Journal
    faults: Faults
    http: httpx2.AsyncClient
    tasks: set[asyncio.Task[None]]
    closing: asyncio.Event
    refusals: dict[FaultKind, Callable[[], Response]] = field(default_factory=dict)

    def route(
        self,
        path: str,
        operation: str,
        handler: Handler,
        *,
        methods: Collection[str] = ("POST",),
        describe: Describe = without_secrets,
    ) -> Route:
        """A route that is journalled under `operation` and fails on request."""
        door = Door(self, operation, handler, describe)
        return Route(path, endpoint=door, methods=list(methods), name=operation)

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Run in the background; cancelled when the server stops."""
        task = asyncio.create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self.tasks.discard(task)
        if not task.cancelled() and (error := task.exception()):
            log.error("background work of the sandbox %s failed", self.connector, exc_info=error)

    def webhook_copies(self) -> int:
        """How often the next outgoing message is to be sent: 1, or by a fault 0 or 2."""
        fault = self.faults.take(self.connector, None, WEBHOOK_KINDS)
        if fault is None:
            return 1
        return 2 if fault is FaultKind.DUPLICATE_WEBHOOK else 0

    def refuse(self, fault: FaultKind) -> Response:
        """This provider's answer for one of `REFUSALS`."""
        make = self.refusals.get(fault)
        return make() if make else Response(status_code=int(fault))


class Door:
    """One operation as an ASGI application: read, meet a fault, act, journal, answer."""

    def __init__(self, desk: Desk, operation: str, handler: Handler, describe: Describe) -> None:
        self.desk = desk
        self.operation = operation
        self.handler = handler
        self.describe = describe

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            asked = await read(Request(scope, receive))
        except ClientDisconnect:
            return
        at = datetime.now(UTC)
        fault = self.desk.faults.take(self.desk.connector, self.operation, REQUEST_KINDS)
        answer = await self._answer(asked, fault)
        self._note(at, asked, fault, answer)
        if fault in SILENCES:
            await hold(self.desk, receive)
        elif fault is FaultKind.RESET:
            await reset(receive)
        else:
            if fault is FaultKind.SLOW:
                await asyncio.sleep(SLOW_S)
            await answer(scope, receive, send)

    async def _answer(self, asked: Asked, fault: FaultKind | None) -> Response:
        if fault is FaultKind.TIMEOUT_BEFORE:
            return Response()
        if fault in REFUSALS:
            return self.desk.refuse(FaultKind(fault))
        answer = await self.handler(asked)
        if fault is FaultKind.GARBAGE:
            return HTMLResponse("<html><body><h1>Технические работы</h1></body></html>")
        return answer

    def _note(self, at: datetime, asked: Asked, fault: FaultKind | None, answer: Response) -> None:
        unanswered = fault in SILENCES or fault is FaultKind.RESET
        self.desk.journal.append(
            Entry(
                at=at,
                connector=self.desk.connector,
                operation=self.operation,
                method=sys.intern(asked.method),
                path=sys.intern(without_credentials(asked.path, asked.params)),
                status=None if unanswered else answer.status_code,
                request=self.describe(asked),
                fault=fault,
                effect=asked.effect,
            )
        )


async def read(request: Request) -> Asked:
    """Raises ClientDisconnect."""
    body = await request.body()
    query = request.scope["query_string"].decode("latin-1")
    fields: dict[str, Any] = dict(parse_qsl(query, keep_blank_values=True))
    json: Any = None
    if "urlencoded" in request.headers.get("content-type", ""):
        fields |= parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True)
    elif body:
        try:
            json = orjson.loads(body)
        except orjson.JSONDecodeError:
            json = None
        fields |= json if isinstance(json, dict) else {}
    path, params = request.scope["path"], request.path_params
    return Asked(request.method, path, params, request.headers, body, json, fields, query=query)


async def disconnected(receive: Receive) -> None:
    """Return when the client has left."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def hold(desk: Desk, receive: Receive) -> None:
    """Leave a request without an answer until its client leaves, at most `LONGEST_HOLD_S`."""
    left = asyncio.ensure_future(disconnected(receive))
    closing = asyncio.ensure_future(desk.closing.wait())
    await asyncio.wait({left, closing}, timeout=LONGEST_HOLD_S, return_when=asyncio.FIRST_COMPLETED)
    gone = left.done()
    left.cancel()
    closing.cancel()
    if not gone:
        await reset(receive)


async def reset(receive: Receive) -> None:
    """Close the connection with a TCP reset.

    ASGI has no word for it. Under uvicorn `receive` is a bound method of the request's cycle, which
    holds the transport; with a linger time of zero the close becomes a reset on the wire.
    """
    transport = getattr(getattr(receive, "__self__", None), "transport", None)
    if transport is None:
        raise RuntimeError("the sandbox can reset connections under uvicorn only")
    raw = transport.get_extra_info("socket")
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack(LINGER_STRUCT, 1, 0))
    transport.abort()
    await disconnected(receive)

"""Webhooks, as a bare ASGI application: this is the path thousands of requests a second take."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from uzel.events.door import (
    BUSY,
    MOST_BYTES,
    NOT_POST,
    RETRY_AFTER_S,
    TOO_LARGE,
    Door,
    Reply,
    Request,
)

PREFIX = "/api/webhook/"
MOST_DRAINED_BYTES = 16 * MOST_BYTES
DRAIN_WITHIN_S = 2.0
MOST_DIGITS = len(str(MOST_BYTES))
CONTENT_TYPES = {b"{": b"application/json", b"[": b"application/json"}

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


class TooLarge(Exception):
    """The body passes the limit. `more`: the sender is still sending it."""

    def __init__(self, *, more: bool) -> None:
        super().__init__("the body passes the limit")
        self.more = more


class Gone(Exception):
    """The sender hung up before the body was complete."""


class Hooks:
    """`POST /api/webhook/{connector}`."""

    def __init__(self, door: Door) -> None:
        self._door = door

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Read within the limit, ask the door, answer."""
        connector = scope["path"][len(PREFIX) :].strip("/")
        headers = scope["headers"]
        query = scope["query_string"].decode("latin-1")
        if scope["method"] == "GET":
            reply = self._door.challenge(connector, headers, query)
        elif scope["method"] != "POST":
            reply = self._door.turn_away(connector, NOT_POST)
        elif self._door.full:
            # Before the body is read: what cannot be taken should cost next to nothing.
            reply = self._door.turn_away(connector, BUSY)
        else:
            try:
                body = await read_body(headers, receive)
            except TooLarge as error:
                if error.more:
                    await drain(receive)
                reply = self._door.turn_away(connector, TOO_LARGE)
            except Gone:
                return
            else:
                client = scope.get("client")
                reply = await self._door.enter(
                    Request(
                        connector,
                        headers,
                        query,
                        body,
                        client[0] if client else None,
                    )
                )
        await answer(send, reply)


async def read_body(headers: list[tuple[bytes, bytes]], receive: Receive) -> bytes:
    """The body, if it keeps within the limit. Raises TooLarge, Gone."""
    for name, value in headers:
        if name == b"content-length" and not fits(value):
            # Who asks first whether to send it at all is not told to go on.
            asks_first = any(name == b"expect" for name, _ in headers)
            raise TooLarge(more=not asks_first)
    message = await receive()
    body: bytes = message.get("body", b"")
    if len(body) > MOST_BYTES:
        raise TooLarge(more=bool(message.get("more_body")))
    parts, size = [body], len(body)
    while message.get("more_body"):
        message = await receive()
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > MOST_BYTES:
            raise TooLarge(more=bool(message.get("more_body")))
    if message["type"] == "http.disconnect":
        raise Gone
    return b"".join(parts) if len(parts) > 1 else body


def fits(length: bytes) -> bool:
    """Whether a Content-Length keeps within the limit. Thousands of digits are a length too."""
    digits = length.lstrip(b"0") or b"0"
    return digits.isdigit() and len(digits) <= MOST_DIGITS and int(digits) <= MOST_BYTES


async def drain(receive: Receive) -> None:
    """Throw away a moderate rest of a body: a sender that finds the connection closed while it is
    sending never reads our answer.
    """
    left = MOST_DRAINED_BYTES
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(DRAIN_WITHIN_S):
            while left > 0:
                message = await receive()
                left -= len(message.get("body", b""))
                if not message.get("more_body"):
                    return


async def answer(send: Send, reply: Reply) -> None:
    """Send status and body."""
    headers = [
        (b"content-type", CONTENT_TYPES.get(reply.body[:1], b"text/plain")),
        (b"content-length", b"%d" % len(reply.body)),
    ]
    if reply.status == 503:
        headers.append((b"retry-after", b"%d" % RETRY_AFTER_S))
    if reply.status == 413:
        # The rest of the body may not be read, so the connection cannot be used again.
        headers.append((b"connection", b"close"))
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    await send({"type": "http.response.body", "body": reply.body})

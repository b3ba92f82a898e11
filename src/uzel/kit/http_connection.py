"""One outgoing HTTP/1.1 connection: bytes of a request out, one answer in, read by httptools.

It knows for sure whether an answer is whole: a connection that ends early is an error, never a
short body.
"""

import asyncio
import zlib
from dataclasses import dataclass, field
from typing import cast

import httptools
import httpx2

MOST_HEADERS = 100
MOST_HEAD_BYTES = 64 * 1024
# Far above the largest page of any provider that we read (250 deals are about a megabyte).
MOST_BODY_BYTES = 8 * 1024 * 1024


@dataclass(slots=True)
class Reply:
    """An answer as it arrives; `body` still encoded."""

    status: int = 0
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    body: bytearray = field(default_factory=bytearray)
    head_bytes: int = 0
    sized: bool = False  # whether its end is marked in the bytes, not by the end of the connection


class HttpConnection(asyncio.Protocol):
    """A connection that is asked one thing at a time. `usable` once an answer came whole and the
    other side agreed to go on.
    """

    def __init__(self) -> None:
        self.usable = True
        self.idle_since = 0.0
        self._transport: asyncio.Transport | None = None
        self._parser: httptools.HttpResponseParser | None = None
        self._reply = Reply()
        self._whole: asyncio.Future[Reply] | None = None

    def send(self, request: bytes) -> asyncio.Future[Reply]:
        """Write a request; the future ends with its answer or an httpx2.TransportError."""
        assert self._transport is not None
        self._parser = httptools.HttpResponseParser(self)
        self._reply = Reply()
        self._whole = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return self._whole

    @property
    def waiting(self) -> bool:
        """Whether an answer is still to come: nobody else may ask then."""
        return self._whole is not None

    def close(self) -> None:
        """Be of no further use. An answer that is still awaited is lost."""
        self.usable = False
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is no subclass of it

    def data_received(self, data: bytes) -> None:
        if self._whole is None or self._parser is None:  # nobody asked
            self.close()
            return
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError as error:
            cause = error.__context__
            self._fail(
                cause
                if isinstance(cause, httpx2.TransportError)
                else httpx2.RemoteProtocolError("not an HTTP answer")
            )

    def eof_received(self) -> None:
        """Only an answer without any mark of its end may end here."""
        if self._whole is not None and self._reply.status and not self._reply.sized:
            self.usable = False
            self._finish()

    def connection_lost(self, error: Exception | None) -> None:
        self.usable = False
        kind = httpx2.ReadError if error else httpx2.RemoteProtocolError
        self._fail(kind("the connection ended before the answer did"))

    # What httptools calls.

    def on_message_begin(self) -> None:
        if self._whole is None:  # a second answer to one question
            self.usable = False

    def on_header(self, name: bytes, value: bytes) -> None:
        reply = self._reply
        reply.head_bytes += len(name) + len(value)
        if len(reply.headers) >= MOST_HEADERS or reply.head_bytes > MOST_HEAD_BYTES:
            raise httpx2.RemoteProtocolError("the answer's head is too long")
        reply.headers.append((name, value))

    def on_headers_complete(self) -> None:
        assert self._parser is not None
        reply = self._reply
        reply.status = self._parser.get_status_code()
        names = {name.lower() for name, _ in reply.headers}
        reply.sized = bool(names & {b"content-length", b"transfer-encoding"})

    def on_body(self, body: bytes) -> None:
        if len(self._reply.body) + len(body) > MOST_BODY_BYTES:
            raise httpx2.RemoteProtocolError("the answer is too long")
        self._reply.body += body

    def on_message_complete(self) -> None:
        assert self._parser is not None
        if 100 <= self._reply.status < 200:  # "100 Continue" and the like: the answer follows
            self._reply = Reply()
            return
        self.usable = self.usable and self._parser.should_keep_alive()
        self._finish()

    def _finish(self) -> None:
        whole, self._whole = self._whole, None
        reply, self._reply = self._reply, Reply()
        if whole is not None and not whole.done():
            whole.set_result(reply)
        if not self.usable:
            self.close()

    def _fail(self, error: httpx2.TransportError) -> None:
        whole, self._whole = self._whole, None
        if whole is not None and not whole.done():
            whole.set_exception(error)
        self.close()


def decoded(reply: Reply) -> bytes:
    """The body without its compression, which we do not ask for but some send all the same.

    Raises httpx2.DecodingError, also for a small body that unpacks into too large a one.
    """
    encodings = [v.strip().lower() for n, v in reply.headers if n.lower() == b"content-encoding"]
    body = bytes(reply.body)
    if encodings in ([], [b"identity"]):
        return body
    if encodings not in ([b"gzip"], [b"x-gzip"], [b"deflate"]):
        raise httpx2.DecodingError("an encoding that was not asked for")
    unpack = zlib.decompressobj(zlib.MAX_WBITS | 32)  # 32: gzip or zlib, as its head says
    try:
        plain = unpack.decompress(body, MOST_BODY_BYTES)
    except zlib.error as error:
        raise httpx2.DecodingError("the compression is broken") from error
    if not unpack.eof:
        raise httpx2.DecodingError("the compressed body is cut off or too long")
    return plain

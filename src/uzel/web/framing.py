"""Where a request ends and how large it may be: HTTP/1.1 as uvicorn reads it, with sharp edges.

uvicorn and its parser (llhttp) leave this to whoever stands in front of them, and nobody has to
stand in front of Uzel.

A request that asks for another protocol (`Upgrade`, RFC 9110 7.8) is read as if it had not asked:
llhttp would stop at its head, and its body would pass for the next request. CONNECT, codings other
than `chunked`, and a head that can be read in two ways are refused, and nothing after them is read.

The head has a limit, and so has what stands around the content of a body: the extensions of chunks,
and trailers, which are read and thrown away.
"""

import re
from typing import Any

import httptools
from uvicorn.protocols.http.flow_control import HIGH_WATER_LIMIT
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from uzel.crm.files import MOST_BYTES as LARGEST_DOCUMENT
from uzel.events.door import MOST_BYTES
from uzel.payouts.claims.thread import LARGEST_FILE
from uzel.web.hooks import MOST_DRAINED_BYTES, PREFIX

MOST_HEAD_BYTES = 64 * 1024
MOST_HEADERS = 100
# Times the content may a body in chunks measure: a chunk of one byte takes six, or a few more with
# an extension.
MOST_AROUND = 16
# Read, not kept: hooks throw away so much of a body over the limit before they answer.
MOST_HOOK_BYTES = MOST_BYTES + MOST_DRAINED_BYTES
# Where files come in; so much more lets the door say itself what is too much.
LARGE = (
    (re.compile(r"/api/v1/claims/[0-9]+/files"), LARGEST_FILE + MOST_BYTES),
    (
        re.compile(r"/webservice\.php/?|/modules/Webforms/capture\.php|/storage/.*"),
        LARGEST_DOCUMENT + 4 * MOST_BYTES,
    ),
)
# These say how the message is framed or answered.
FRAMING = frozenset((b"host", b"transfer-encoding", b"expect"))

# Where a connection stands in what it reads: between two messages, in a head, in a body; no longer
# reading until earlier requests are answered; hanging up.
BETWEEN, HEAD, BODY, DEAF, LEAVING = range(5)


def most_of(path: str) -> int:
    """How many bytes of a body are read there."""
    if path.startswith(PREFIX):
        return MOST_HOOK_BYTES
    return next((most for large, most in LARGE if large.fullmatch(path)), MOST_BYTES)


class FramingProtocol(HttpToolsProtocol):
    """What a connection reads.

    phase, since  where it stands, and from when on the loop's clock
    ahead         requests that others of this connection wait for
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Without uvicorn's leniency for what follows a message that ended the connection.
        self.parser = httptools.HttpRequestParser(self)
        self.phase = BETWEEN
        self.since = self.loop.time()
        self.ahead: list[RequestResponseCycle] = []
        self._refusal = 0
        self._hosts, self._coding = 0, b""
        self._head_bytes = self._body_bytes = self._content_bytes = 0

    def fail(self, status: int) -> None:
        """Refuse what is being read, and read no more."""
        raise NotImplementedError

    def body_arrives(self) -> None:
        """A body is on its way that did not come with its head."""
        raise NotImplementedError

    def data_received(self, data: bytes) -> None:
        """Large packets in pieces, so that limits are noticed in time."""
        if len(data) <= MOST_HEAD_BYTES:
            self._read(data)
            return
        for start in range(0, len(data), MOST_HEAD_BYTES):
            self._read(data[start : start + MOST_HEAD_BYTES])

    def _read(self, data: bytes) -> None:
        before = self.phase
        if before >= DEAF:
            return
        self._feed(data)
        if self.phase == HEAD:
            # A head that begins behind the body of another has most of a piece for free.
            self._head_bytes += 0 if before == BODY else len(data)
            if self._head_bytes > MOST_HEAD_BYTES:
                self.fail(431)
        elif self.phase == BODY:
            self._body_bytes += len(data) if before == BODY else 0
            self._measure_body()

    def _feed(self, data: bytes) -> None:
        while data:
            try:
                self.parser.feed_data(data)
                return
            except httptools.HttpParserUpgrade as stopped:
                data = self._without_upgrade(data[stopped.args[0] :])
            except httptools.HttpParserError:
                self.fail(self._refusal or 400)
                return

    def _without_upgrade(self, rest: bytes) -> bytes:
        """The request again, as if it had not asked for another protocol, and what follows its
        head; nothing where the other protocol is all it asks for.
        """
        method, version = self.parser.get_method(), self.parser.get_http_version()
        if method == b"CONNECT":
            self.fail(400)
            return b""
        lines = [b"%s %s HTTP/%s" % (method, self.url, version.encode())]
        lines += [b"%s: %s" % field for field in self.headers if field[0] != b"upgrade"]
        self.parser = httptools.HttpRequestParser(self)
        return b"\r\n".join((*lines, b"", rest))

    def _measure_body(self) -> None:
        self.body_arrives()
        if self._content_bytes > most_of(self.scope["path"]):
            self.fail(413)
        elif self._body_bytes > MOST_AROUND * self._content_bytes + MOST_HEAD_BYTES:
            self.fail(431)

    # What the parser finds

    def on_message_begin(self) -> None:
        self.phase = HEAD
        self.since = self.loop.time()
        self._head_bytes = self._hosts = 0
        self._coding = b""
        super().on_message_begin()

    def on_header(self, name: bytes, value: bytes) -> None:
        name = name.lower()
        if name in FRAMING:
            if name == b"host":
                self._hosts += 1
            elif name == b"expect":
                self.expect_100_continue = value.lower() == b"100-continue"
            else:
                self._coding += value.lower()
        self.headers.append((name, value))

    def on_headers_complete(self) -> None:
        self._refusal = self._wrong_with_head()
        if self._refusal:
            raise httptools.HttpParserError(f"answered with {self._refusal}")
        if self.parser.should_upgrade():
            return  # it comes again without that wish
        earlier = self.cycle
        super().on_headers_complete()
        if self.pipeline:
            self.ahead.append(earlier)
        self.phase = BODY
        self.since = self.loop.time()
        self._body_bytes = self._content_bytes = 0
        # What the parser finds from now on are trailers; the list so far belongs to the request.
        self.headers = []

    def _wrong_with_head(self) -> int:
        """The status to refuse a head with, 0 if nothing is wrong."""
        if len(self.headers) > MOST_HEADERS:
            return 431
        if self._head_bytes and size_of_head(self.url, self.headers) > MOST_HEAD_BYTES:
            return 431
        version = self.parser.get_http_version()
        if version == "1.1":
            in_order = self._hosts == 1 and self._coding in (b"", b"chunked")
        else:
            in_order = version == "1.0" and self._hosts <= 1 and not self._coding
        return 0 if in_order else 400

    def on_body(self, body: bytes) -> None:
        """As uvicorn's own, which asks at every turn whether another protocol has begun."""
        self._content_bytes += len(body)
        cycle = self.cycle
        if not cycle.response_complete:
            cycle.body += body
            if len(cycle.body) > HIGH_WATER_LIMIT:
                self.flow.pause_reading()
            cycle.message_event.set()

    def on_message_complete(self) -> None:
        """As uvicorn's own."""
        if self.phase == HEAD:
            return  # it asked for another protocol
        self.phase = BETWEEN
        cycle = self.cycle
        if not cycle.response_complete:
            cycle.more_body = False
            cycle.message_event.set()

    def _should_upgrade(self) -> bool:
        return False


def size_of_head(url: bytes, headers: list[tuple[bytes, bytes]]) -> int:
    """Bytes of a head, near enough."""
    return len(url) + sum(len(name) + len(value) + 4 for name, value in headers)

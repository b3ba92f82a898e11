"""Our transport below httpx2: a pool of connections that costs little and knows what left.

httpx2's own looks through its whole pool with a system call per connection before every request,
which took half of a worker's time. Here a connection is taken from the end of a list. The errors
are httpx2's, so `kit.http.ask` reads them the same way: ConnectError and ConnectTimeout mean that
not a byte left; any other that it may have arrived.
"""

import asyncio
import ssl
import time
from collections.abc import Awaitable, Callable

import httpx2

from uzel.errors import AddressRefused, ConfigError
from uzel.kit.addresses import allowed
from uzel.kit.http_connection import HttpConnection, decoded

Origin = tuple[str, str, int]
Look = Callable[[], Awaitable[None]]
# The extension of a request under which stands what is awaited once its connection is there, right
# before its first byte: what it raises keeps the request from leaving.
LAST_LOOK = "uzel_last_look"
# A host that does not answer on one of its addresses may on another; each gets its share of time.
MOST_ADDRESSES = 3
PORTS = {"http": 80, "https": 443}


class Transport(httpx2.AsyncBaseTransport):
    """Keeps idle connections for `keep_s`, which must be shorter than any provider does: a request
    that races with their close looks like a lost answer.
    """

    def __init__(self, trust: ssl.SSLContext, keep_s: float) -> None:
        self._trust = trust
        self._keep_s = keep_s
        self._idle: dict[Origin, list[HttpConnection]] = {}
        self._busy: set[HttpConnection] = set()
        self._sweep: asyncio.TimerHandle | None = None

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        content = await request.aread()
        head = head_of(request)
        limits = request.extensions.get("timeout", {})
        origin = origin_of(request.url)
        connection = self._take(origin) or await self._connect(origin, limits.get("connect"))
        self._busy.add(connection)
        try:
            if (look := request.extensions.get(LAST_LOOK)) is not None:
                await look()
            async with asyncio.timeout(limits.get("read")):
                reply = await connection.send(head + content)
        except TimeoutError as error:
            raise httpx2.ReadTimeout("no whole answer in time") from error
        finally:
            self._busy.discard(connection)
            self._give_back(origin, connection)
        plain = [(n, v) for n, v in reply.headers if n.lower() not in DESCRIBE_THE_WIRE]
        return httpx2.Response(reply.status, headers=plain, content=decoded(reply))

    async def aclose(self) -> None:
        if self._sweep is not None:
            self._sweep.cancel()
        for connection in [*self._busy, *(c for idle in self._idle.values() for c in idle)]:
            connection.close()
        self._idle.clear()

    async def _connect(self, origin: Origin, within_s: float | None) -> HttpConnection:
        """Raises AddressRefused for one that may not be reached; see `kit.addresses`."""
        _, host, port = origin
        problem: Exception = httpx2.ConnectError("no address")
        try:
            addresses = (await allowed(host, port))[:MOST_ADDRESSES]
        except ConfigError as error:
            raise AddressRefused(str(error)) from error
        except (OSError, UnicodeError) as error:  # TimeoutError is one; UnicodeError: not a name
            raise httpx2.ConnectError(f"the name leads nowhere: {type(error).__name__}") from error
        for address in addresses:
            try:
                async with asyncio.timeout(within_s and within_s / len(addresses)):
                    return await self._open(origin, address)
            except TimeoutError:
                problem = httpx2.ConnectTimeout("no connection in time")
            except OSError as error:
                problem = httpx2.ConnectError(type(error).__name__)
        raise problem

    async def _open(self, origin: Origin, address: str) -> HttpConnection:
        scheme, host, port = origin
        trust = self._trust if scheme == "https" else None
        _, connection = await asyncio.get_running_loop().create_connection(
            HttpConnection, address, port, ssl=trust, server_hostname=host if trust else None
        )
        return connection

    def _take(self, origin: Origin) -> HttpConnection | None:
        """The idle connection used last; the others grow old and are closed."""
        idle = self._idle.get(origin, [])
        while idle:
            connection = idle.pop()
            if connection.usable and time.monotonic() - connection.idle_since < self._keep_s:
                return connection
            connection.close()
        return None

    def _give_back(self, origin: Origin, connection: HttpConnection) -> None:
        if not connection.usable or connection.waiting:
            connection.close()
            return
        connection.idle_since = time.monotonic()
        self._idle.setdefault(origin, []).append(connection)
        if self._sweep is None:
            loop = asyncio.get_running_loop()
            self._sweep = loop.call_later(self._keep_s, self._close_old)

    def _close_old(self) -> None:
        now = time.monotonic()
        for origin, idle in list(self._idle.items()):
            fresh = [c for c in idle if c.usable and now - c.idle_since < self._keep_s]
            for connection in set(idle).difference(fresh):
                connection.close()
            self._idle[origin] = fresh
        self._idle = {origin: idle for origin, idle in self._idle.items() if idle}
        loop = asyncio.get_running_loop()
        self._sweep = loop.call_later(self._keep_s, self._close_old) if self._idle else None


# The response holds the body plain and whole, so what described its way here would be untrue.
DESCRIBE_THE_WIRE = frozenset({b"content-encoding", b"content-length", b"transfer-encoding"})


def origin_of(url: httpx2.URL) -> Origin:
    """Scheme, host and port; raises httpx2.UnsupportedProtocol for what is not HTTP."""
    if url.scheme not in PORTS or not url.host:
        raise httpx2.UnsupportedProtocol(f"{url.scheme!r} is no HTTP address")
    return url.scheme, url.raw_host.decode(), url.port or PORTS[url.scheme]


def head_of(request: httpx2.Request) -> bytes:
    """Request line and headers. httpx2 has checked the names; a line break in a value would be a
    second header or a second request, so it raises httpx2.LocalProtocolError.
    """
    fields = b"".join([b"%b: %b\r\n" % pair for pair in request.headers.raw])
    if fields.count(b"\n") != len(request.headers.raw) or fields.count(b"\r") != fields.count(
        b"\n"
    ):
        raise httpx2.LocalProtocolError("a line break in a header")
    target = request.url.raw_path
    return b"%b %b HTTP/1.1\r\n%b\r\n" % (request.method.encode(), target, fields)

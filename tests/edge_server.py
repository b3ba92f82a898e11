"""The web server's protocol on a real socket, before an application that remembers what it saw.

What this application was asked is what the protocol takes for requests; what comes back over the
socket is what a sender sees.
"""

import asyncio
import contextlib
import re
import socket
import threading
from collections import Counter
from collections.abc import Iterator, MutableMapping
from dataclasses import dataclass, field
from typing import Any

import asyncpg
import uvicorn
import uvloop

from parts import RING
from uzel.connections.registry import Registry
from uzel.events.door import Door
from uzel.events.receive import Receiver
from uzel.web.deadlines import Limits
from uzel.web.hooks import Receive, Send
from uzel.web.protocol import shedding_protocol

WAIT_S = 20.0
LARGE_BYTES = 32 * 1024 * 1024
HANDS_OFF = Limits(head_s=WAIT_S, body_s=WAIT_S, linger_s=2 * WAIT_S)
_ANSWER = re.compile(
    rb"HTTP/1\.1 (\d{3}) [^\r]*\r\n((?:[^\r]+\r\n)*)content-length: (\d+)\r\n((?:[^\r]+\r\n)*)\r\n"
)


@dataclass(frozen=True)
class Seen:
    """A request as the application got it. `body` is None where the sender left before its end."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes | None


@dataclass(frozen=True)
class EdgeServer:
    """seen     requests in the order in which they were complete, or given up
    begun    paths in the order in which requests began
    go_on    lets requests for `/slow` be answered
    """

    port: int
    door: Door
    refused: Counter[int]
    seen: list[Seen] = field(default_factory=list)
    begun: list[str] = field(default_factory=list)
    go_on: threading.Event = field(default_factory=threading.Event)
    news: threading.Condition = field(default_factory=threading.Condition)

    def connect(self, **options: Any) -> socket.socket:
        """A connection that gives up after a while."""
        return socket.create_connection(("127.0.0.1", self.port), timeout=WAIT_S, **options)

    def exchange(self, sent: bytes) -> list[int]:
        """The statuses of everything that comes back until the server hangs up."""
        with self.connect() as sender:
            with contextlib.suppress(ConnectionError):
                sender.sendall(sent)
            return statuses(rest(sender))

    def saw(self, count: int) -> list[Seen]:
        """The requests seen, once there are so many."""
        with self.news:
            assert self.news.wait_for(lambda: len(self.seen) >= count, WAIT_S), self.seen
            return list(self.seen)

    def paths(self) -> list[str]:
        """Of the requests seen."""
        return [seen.path for seen in self.seen]


def rest(sender: socket.socket) -> bytes:
    """Everything until the other side hangs up."""
    data = b""
    while part := sender.recv(65536):
        data += part
    return data


def answer_from(sender: socket.socket) -> tuple[int, bytes]:
    """The next answer: its status and head."""
    data = b""
    while (head := _ANSWER.match(data)) is None or len(data) < head.end() + int(head[3]):
        part = sender.recv(1)
        assert part, data
        data += part
    return int(head[1]), data[: head.end()]


def statuses(data: bytes) -> list[int]:
    """Of a row of answers, each of which must be whole."""
    found, start = [], 0
    while start < len(data):
        head = _ANSWER.match(data, start)
        assert head, data[start:]
        found.append(int(head[1]))
        start = head.end() + int(head[3])
    assert start == len(data)
    return found


async def body_of(receive: Receive) -> bytes | None:
    """The whole body, None if the sender left."""
    body, more = b"", True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        body += message.get("body", b"")
        more = message.get("more_body", False)
    return body


class Remembering:
    """Answers everything with 200: `/slow` when told to, `/early` before the body has come,
    `/large` at length, `/live` when the sender has left.
    """

    def __init__(self, server: EdgeServer) -> None:
        self._server = server

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        server, path = self._server, scope["path"]
        with server.news:
            server.begun.append(path)
            server.news.notify_all()
        body = b"" if path == "/early" else await body_of(receive)
        if path == "/live":
            body = await body_of(receive)
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        with server.news:
            server.seen.append(Seen(scope["method"], path, headers, body))
            server.news.notify_all()
        if path == "/slow":
            await asyncio.to_thread(server.go_on.wait, WAIT_S)
        said = b"x" * LARGE_BYTES if path == "/large" else path.encode()
        length = [(b"content-length", str(len(said)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": length})
        await send({"type": "http.response.body", "body": said})


@contextlib.contextmanager
def edge_server(limits: Limits = HANDS_OFF, keep_alive_s: int = 20) -> Iterator[EdgeServer]:
    """Serve until the block ends."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=512)
    started = threading.Event()
    made: list[tuple[EdgeServer, uvicorn.Server]] = []

    async def serve() -> None:
        # Behind this door is no database: nothing gets so far.
        pool = asyncpg.create_pool("postgresql://127.0.0.1:9/none", min_size=0)
        door = Door(Registry(pool, RING), Receiver(pool))
        server = EdgeServer(listener.getsockname()[1], door, Counter())
        config = uvicorn.Config(
            Remembering(server),
            http=shedding_protocol(door, limits=limits, refused=server.refused),
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            timeout_keep_alive=keep_alive_s,
            timeout_graceful_shutdown=1,
        )
        made.append((server, uvicorn.Server(config)))
        started.set()
        await made[0][1].serve(sockets=[listener])

    thread = threading.Thread(target=lambda: uvloop.run(serve()), daemon=True)
    thread.start()
    assert started.wait(WAIT_S)
    try:
        yield made[0][0]
    finally:
        made[0][0].go_on.set()
        made[0][1].should_exit = True
        thread.join(WAIT_S)
        listener.close()

"""The loops against real servers on loopback: what is counted, and what a wait is charged to."""

import asyncio
import socket
import struct
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import pytest

from uzel.bench.load import LoadResult, Target, closed_loop, open_loop, request_bytes
from uzel.bench.process import run
from uzel.errors import ConfigError

RESET = b"reset"
HANG_UP = b"hang up"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

Handler = Callable[[int], Awaitable[bytes]]
"""The answer to the nth request the server reads, counted from 0."""


class Server:
    """Reads requests by their Content-Length and writes back whatever bytes the handler gives."""

    def __init__(self, handler: Handler) -> None:
        self.bodies: list[bytes] = []
        self.connections = 0
        self._handler = handler

    @asynccontextmanager
    async def serve(self) -> AsyncIterator[Target]:
        server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        async with server:
            yield Target("127.0.0.1", server.sockets[0].getsockname()[1])

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while await self._one(reader, writer):
                pass
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # the client left
        finally:
            writer.close()

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        length = int(head.partition("Content-Length: ")[2].partition("\r\n")[0])
        self.bodies.append(await reader.readexactly(length))
        answer = await self._handler(len(self.bodies) - 1)
        if answer == RESET:
            linger = struct.pack("ii", 1, 0)
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            writer.transport.abort()
            return False
        writer.write(answer.removesuffix(HANG_UP))
        return not answer.endswith(HANG_UP)


def post(i: int) -> bytes:
    return request_bytes("POST", "/", "test", {}, b"%d" % i)


async def ok(_: int) -> bytes:
    return OK


def against(
    handler: Handler, load: Callable[[Target], Coroutine[Any, Any, LoadResult]]
) -> LoadResult:
    async def both() -> LoadResult:
        async with Server(handler).serve() as target:
            return await load(target)

    return run(both())


@pytest.mark.parametrize("runner", [run, asyncio.run])
@pytest.mark.parametrize("connections", [1, 7, 40])
def test_a_closed_loop_sends_each_index_once(
    runner: Callable[[Coroutine[Any, Any, LoadResult]], LoadResult], connections: int
) -> None:
    server = Server(ok)

    async def load() -> LoadResult:
        async with server.serve() as target:
            return await closed_loop(target, post, connections=connections, total=300)

    before = time.time()
    result = runner(load())
    assert sorted(map(int, server.bodies)) == list(range(300))
    assert sorted(result.acknowledged) == list(range(300))
    assert (result.sent, result.by_status, result.errors) == (300, {200: 300}, {})
    assert server.connections == connections
    assert len(result.ok) == 300
    assert result.per_s == pytest.approx(300 / result.seconds)
    assert len(result.acknowledged_at) == 300
    assert before - 1 < result.acknowledged_at[0] <= result.acknowledged_at[-1] < time.time() + 1
    assert result.acknowledged_at == sorted(result.acknowledged_at)


def test_a_closed_loop_ends_with_its_time_or_its_iterable() -> None:
    timed = against(ok, lambda target: closed_loop(target, post, connections=3, seconds=0.2))
    assert timed.seconds >= 0.19
    assert timed.sent == len(timed.acknowledged) > 3
    bodies = [post(i) for i in range(20)]
    listed = against(ok, lambda target: closed_loop(target, bodies, connections=3))
    assert sorted(listed.acknowledged) == list(range(20))


def test_a_closed_loop_without_an_end_is_refused() -> None:
    with pytest.raises(ConfigError):
        run(closed_loop(Target("127.0.0.1", 1), post, connections=1))


def test_an_open_loop_sends_what_comes_due() -> None:
    server = Server(ok)

    async def load(requests: Any) -> LoadResult:
        async with server.serve() as target:
            return await open_loop(target, requests, per_s=1000, seconds=0.25, connections_max=20)

    result = run(load(post))
    assert sorted(map(int, server.bodies)) == sorted(result.acknowledged) == list(range(250))
    assert (result.sent, result.by_status, result.errors) == (250, {200: 250}, {})
    assert result.seconds >= 0.24
    assert result.queued + len(result.late) == 250
    listed = run(load([post(i) for i in range(30)]))
    assert sorted(listed.acknowledged) == list(range(30))


def test_statuses_and_retry_after_are_counted() -> None:
    answers = [
        OK,
        b"HTTP/1.1 503 Busy\r\nRetry-After: 2\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 503 Busy\r\nContent-Length: 4\r\n\r\nbusy",
        b"HTTP/1.1 201 Made\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
        b"HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n",
    ]

    async def in_turn(n: int) -> bytes:
        return answers[n % 5]

    result = against(in_turn, lambda target: closed_loop(target, post, connections=1, total=50))
    assert result.by_status == {200: 10, 503: 20, 201: 10, 404: 10}
    assert result.retry_after == {"2": 10, "": 10}
    assert (len(result.ok), len(result.refused)) == (20, 20)
    assert result.acknowledged == [i for i in range(50) if i % 5 in (0, 3)]
    assert result.error_count == 0


def test_an_open_loop_charges_the_wait_to_every_request_that_came_due_meanwhile() -> None:
    async def stalls_at_first(n: int) -> bytes:
        await asyncio.sleep(0.15 if n == 0 else 0)
        return OK

    result = against(
        stalls_at_first,
        lambda target: open_loop(target, post, per_s=1000, seconds=0.02, connections_max=1),
    )
    assert len(result.ok) == 20
    assert result.ok.percentile(0) >= 120, "the last came due 19 ms after the first"
    assert result.ok.max_ms >= 140
    assert result.queued >= 18, "no connection was free"


def test_requests_do_not_wait_for_one_another_while_connections_are_free() -> None:
    arrived = 0
    all_there = asyncio.Event()

    async def waits_for_the_others(_: int) -> bytes:
        nonlocal arrived
        arrived += 1
        if arrived == 10:
            all_there.set()
        await all_there.wait()
        return OK

    result = against(
        waits_for_the_others,
        lambda target: open_loop(target, post, per_s=1000, seconds=0.01, connections_max=10),
    )
    assert result.by_status == {200: 10}


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (RESET, "reset"),
        (HANG_UP, "closed"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nok" + HANG_UP, "closed"),
        (b"HTTP/1.1 200 OK\r\n\r\nuntil I hang up" + HANG_UP, "malformed"),
        (b"nonsense", "malformed"),
        (OK + OK, "unasked"),
    ],
)
def test_what_is_no_answer_is_an_error_of_its_kind(answer: bytes, kind: str) -> None:
    async def every_third(n: int) -> bytes:
        return answer if n % 3 == 2 else OK

    def closed(target: Target) -> Coroutine[Any, Any, LoadResult]:
        return closed_loop(target, post, connections=2, total=30)

    def opened(target: Target) -> Coroutine[Any, Any, LoadResult]:
        return open_loop(target, post, per_s=1000, seconds=0.03, connections_max=2)

    for load in (closed, opened):
        result = against(every_third, load)
        assert result.errors == {kind: 10}
        assert result.by_status == {200: 20}
        assert result.sent == 30
        assert len(set(result.acknowledged)) == 20


def test_a_server_that_closes_after_each_answer_costs_connections_and_no_errors() -> None:
    closing = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n" + HANG_UP

    async def close_each(_: int) -> bytes:
        return closing

    def opened(target: Target) -> Coroutine[Any, Any, LoadResult]:
        return open_loop(target, post, per_s=1000, seconds=0.03, connections_max=4)

    closed = against(close_each, lambda target: closed_loop(target, post, connections=2, total=30))
    for result in (closed, against(close_each, opened)):
        assert (result.by_status, result.errors) == ({200: 30}, {})


def test_silence_is_a_time_out() -> None:
    async def never(_: int) -> bytes:
        await asyncio.Event().wait()
        return OK

    closed = against(
        never, lambda target: closed_loop(target, post, connections=2, total=2, timeout_s=0.1)
    )
    assert (closed.sent, closed.errors, closed.acknowledged) == (2, {"timeout": 2}, [])
    opened = against(
        never,
        lambda target: open_loop(
            target, post, per_s=1000, seconds=0.003, connections_max=1, timeout_s=0.1
        ),
    )
    assert sum(opened.errors.values()) == 3
    assert set(opened.errors) <= {"timeout", "queue_timeout"}
    assert opened.sent == opened.errors["timeout"]


def test_a_server_that_falls_silent_is_not_credited_with_the_time_it_was_fast() -> None:
    async def only_the_first(n: int) -> bytes:
        await asyncio.Event().wait() if n else None
        return OK

    result = against(
        only_the_first,
        lambda target: closed_loop(target, post, connections=1, seconds=0.2, timeout_s=0.3),
    )
    assert (result.by_status, result.errors) == ({200: 1}, {"timeout": 1})
    assert result.seconds >= 0.19


def test_a_target_that_is_not_there_is_an_error_and_an_end() -> None:
    with socket.socket() as taken:  # bound, not listening: nobody else gets this port meanwhile
        taken.bind(("127.0.0.1", 0))
        target = Target("127.0.0.1", taken.getsockname()[1])
        closed = run(closed_loop(target, post, connections=2, total=5, timeout_s=0.1))
        opened = run(open_loop(target, post, per_s=1000, seconds=0.02, connections_max=4))
    assert set(closed.errors) == set(opened.errors) == {"connect"}
    assert closed.sent == opened.sent == 0
    assert closed.per_s == 0


@pytest.mark.parametrize("bad_index", [0, 5])
def test_a_mistake_in_the_requests_ends_the_run_and_is_heard(bad_index: int) -> None:
    def mistaken(i: int) -> bytes:
        if i == bad_index:
            raise LookupError("no such body")
        return post(i)

    with pytest.raises(LookupError, match="no such body"):
        against(ok, lambda target: closed_loop(target, mistaken, connections=1, total=9))
    with pytest.raises(LookupError, match="no such body"):
        against(
            ok,
            lambda target: open_loop(target, mistaken, per_s=500, seconds=0.1, connections_max=1),
        )

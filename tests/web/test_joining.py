"""What is written comes out whole and in order, however it was written."""

import asyncio
import socket
from collections.abc import Callable, Coroutine
from typing import cast

import pytest
import uvloop

from uzel.web.joining import JoiningTransport

WAIT_S = 20.0


async def open_pair() -> tuple[JoiningTransport, socket.socket]:
    """A transport, and the other end of its connection."""
    loop = asyncio.get_running_loop()
    made: asyncio.Future[asyncio.Transport] = loop.create_future()

    class Server(asyncio.Protocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            made.set_result(cast("asyncio.Transport", transport))

    server = await loop.create_server(Server, "127.0.0.1", 0)
    other = socket.create_connection(server.sockets[0].getsockname(), timeout=WAIT_S)
    transport = JoiningTransport(await made)
    server.close()
    return transport, other


async def rest(other: socket.socket) -> bytes:
    """What arrives until the transport hangs up."""

    def read() -> bytes:
        with other:
            return b"".join(iter(lambda: other.recv(65536), b""))

    return await asyncio.to_thread(read)


Run = Callable[[Coroutine[None, None, None]], None]


@pytest.fixture(params=[asyncio.run, uvloop.run])
def run(request: pytest.FixtureRequest) -> Run:
    """Both kinds of loop."""
    chosen: Run = request.param
    return chosen


def test_parts_come_out_in_the_order_in_which_they_were_written(run: Run) -> None:
    async def write() -> None:
        transport, other = await open_pair()
        transport.write(b"1")
        transport.write_now(b"2")
        transport.write(b"3")
        await asyncio.sleep(0)
        transport.write_now(b"4")
        transport.write_now(b"5")
        transport.write(b"6")
        transport.close()
        assert await rest(other) == b"123456"

    run(write())


def test_now_is_before_anything_else_happens(run: Run) -> None:
    async def write() -> None:
        transport, other = await open_pair()
        transport.write_now(b"now")
        assert other.recv(10) == b"now"  # the loop has not moved on
        transport.close()
        assert await rest(other) == b""

    run(write())


def test_what_does_not_fit_into_the_socket_follows(run: Run) -> None:
    async def write() -> None:
        transport, other = await open_pair()
        whole = b"".join(b"%07d\n" % number for number in range(1_000_000))
        for start in range(0, len(whole), 500_000):
            transport.write_now(whole[start : start + 500_000])
        assert 0 < transport.unread_bytes() <= len(whole)
        transport.write_eof()
        assert await rest(other) == whole
        transport.close()

    run(write())


def test_the_end_comes_after_what_was_written_before(run: Run) -> None:
    async def write() -> None:
        transport, other = await open_pair()
        transport.write(b"last words")
        transport.write_eof()
        assert await rest(other) == b"last words"
        transport.close()

    run(write())


def test_writing_to_somebody_who_is_gone_is_no_error(run: Run) -> None:
    async def write() -> None:
        transport, other = await open_pair()
        other.close()
        for _ in range(3):
            transport.write_now(b"hello?")
        transport.close()
        transport.write_now(b"too late")

    run(write())

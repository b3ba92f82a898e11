"""Who keeps a connection waiting loses it; who is kept waiting by us does not.

Nothing here measures time: a test waits until the server hangs up, or asks again after others have
been hung up on.
"""

import contextlib
import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from edge_server import LARGE_BYTES, EdgeServer, answer_from, edge_server, rest, statuses
from uzel.web.deadlines import Limits

SOON = Limits(head_s=0.4, body_s=0.6, unread_s=0.6, linger_s=0.2, every_s=0.1)
GET = b"GET /a HTTP/1.1\r\nHost: h\r\n\r\n"
HALF = GET[:-2]
LAST = b"GET /last HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"


@pytest.fixture(scope="module")
def serving() -> Iterator[EdgeServer]:
    with edge_server(SOON, keep_alive_s=1) as server:
        yield server


@pytest.fixture
def server(serving: EdgeServer) -> EdgeServer:
    serving.seen.clear()
    serving.begun.clear()
    serving.go_on.clear()
    return serving


def post(path: bytes, *lines: bytes, body: bytes = b"") -> bytes:
    return b"\r\n".join((b"POST %s HTTP/1.1\r\nHost: h" % path, *lines, b"", body))


@pytest.mark.parametrize(
    "half", [b"P", b"POST /a", GET[:-2], post(b"/a", b"Content-Length: 5")[:-2], b"\r\n" + GET[:-1]]
)
def test_a_head_that_does_not_end_in_time_is_refused(server: EdgeServer, half: bytes) -> None:
    assert server.exchange(half) == [408]
    assert server.begun == []


@pytest.mark.parametrize(
    "half",
    [
        post(b"/a", b"Content-Length: 5"),
        post(b"/a", b"Content-Length: 5", body=b"half"),
        post(b"/a", b"Transfer-Encoding: chunked"),
        post(b"/a", b"Transfer-Encoding: chunked", body=b"4\r\nhalf\r\n0\r\nX-Trailer: "),
        post(b"/a", b"Connection: upgrade", b"Upgrade: h2c", b"Content-Length: 5", body=b"half"),
    ],
)
def test_so_is_a_body(server: EdgeServer, half: bytes) -> None:
    assert server.exchange(half) == [408]
    assert [(seen.path, seen.body) for seen in server.saw(1)] == [("/a", None)]


def test_a_byte_now_and_then_does_not_help(server: EdgeServer) -> None:
    with server.connect() as other, server.connect() as sender:
        other.sendall(post(b"/a", b"Content-Length: 5"))
        sender.sendall(b"GET /a HTTP/1.1\r\nX-Endless: ")
        sender.settimeout(0.05)
        data = b""
        with contextlib.suppress(ConnectionError):
            while not data:
                sender.sendall(b"e")
                with contextlib.suppress(TimeoutError):
                    data = sender.recv(4096)
        assert statuses(data) in ([], [408])
        assert statuses(rest(other)) == [408]
    assert server.begun == ["/a"]


@pytest.mark.parametrize("before", [b"", b"\r\n\r\n", GET, GET + GET])
def test_a_connection_without_a_request_is_closed_without_a_word(
    server: EdgeServer, before: bytes
) -> None:
    assert server.exchange(before) == [200] * before.count(GET)


def test_who_has_had_an_answer_may_ask_again() -> None:
    with edge_server(SOON, keep_alive_s=20) as server, server.connect() as sender:
        for _ in range(3):
            # Others begin and are hung up on meanwhile.
            sender.sendall(GET)
            assert answer_from(sender)[0] == 200
            assert server.exchange(HALF) == [408]
        sender.sendall(LAST)
        assert statuses(rest(sender)) == [200]


def test_who_waits_for_us_is_not_overdue(server: EdgeServer) -> None:
    with server.connect() as sender:
        sender.sendall(post(b"/slow", b"Content-Length: 2", body=b"{}"))
        server.saw(1)
        for _ in range(3):
            assert server.exchange(HALF) == [408]
        server.go_on.set()
        assert answer_from(sender)[0] == 200


def test_half_a_request_behind_one_under_way_is_refused_in_its_turn(server: EdgeServer) -> None:
    with server.connect() as sender:
        sender.sendall(post(b"/slow", b"Content-Length: 0") + GET[:-2])
        server.saw(1)
        assert server.exchange(HALF) == [408]
        server.go_on.set()
        assert statuses(rest(sender)) == [200, 408]
    assert server.paths() == ["/slow"]


def test_an_answer_before_the_body_is_the_last(server: EdgeServer) -> None:
    assert server.exchange(post(b"/early", b"Content-Length: 5", body=b"half")) == [200]


def slow_reader(server: EdgeServer) -> socket.socket:
    """Asks for more than fits into what lies between us, and reads nothing of it."""
    sender = socket.socket()
    sender.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
    sender.settimeout(20)
    sender.connect(("127.0.0.1", server.port))
    sender.sendall(b"GET /large HTTP/1.1\r\nHost: h\r\n\r\n")
    return sender


def test_who_does_not_read_the_answer_is_let_go(server: EdgeServer) -> None:
    with slow_reader(server) as sender:
        server.saw(1)
        for _ in range(4):
            assert server.exchange(HALF) == [408]
        received = 0
        with contextlib.suppress(ConnectionError):
            while part := sender.recv(1 << 20):
                received += len(part)
        assert received < LARGE_BYTES


def test_who_reads_it_slowly_is_not() -> None:
    limits = replace(SOON, unread_s=2.0)
    with edge_server(limits) as server, slow_reader(server) as sender:
        received = 0
        for _ in range(6):
            received += len(sender.recv(1 << 20))
            assert server.exchange(HALF) == [408]
        while received < LARGE_BYTES:
            part = sender.recv(1 << 20)
            assert part
            received += len(part)


def open_files() -> int:
    return sum(1 for _ in Path("/dev/fd").iterdir())


def test_nothing_is_left_of_those_who_were_let_go() -> None:
    with edge_server(SOON, keep_alive_s=1) as server:
        assert server.exchange(LAST) == [200]
        before = open_files()
        senders = [server.connect() for _ in range(50)]
        for number, sender in enumerate(senders):
            sender.sendall((b"", HALF, post(b"/a", b"Content-Length: 5"))[number % 3])
        for sender in senders:
            rest(sender)
            sender.close()
        assert server.exchange(LAST) == [200]
        assert open_files() <= before
        assert server.refused == {408: 33}

"""Under overload: who is refused, how, and who is not."""

import contextlib
import socket
from collections.abc import Iterator
from dataclasses import replace

import pytest

from edge_server import HANDS_OFF, WAIT_S, EdgeServer, answer_from, edge_server, rest, statuses
from uzel.web.protocol import MOST_HURRIED

ROOM_FOR_ONE = replace(HANDS_OFF, most_under_way=1)
HOOK = b"POST /api/webhook/iiko?key=k HTTP/1.1\r\nHost: h\r\n"
WEBHOOK = HOOK + b"Content-Length: 2\r\n\r\n{}"
LAST = b"GET /last HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"
SLOW = b"GET /slow HTTP/1.1\r\nHost: h\r\n\r\n"


@pytest.fixture
def server() -> Iterator[EdgeServer]:
    with edge_server(ROOM_FOR_ONE) as serving:
        yield serving


@contextlib.contextmanager
def busy(server: EdgeServer) -> Iterator[socket.socket]:
    """A request is under way, and that is all there is room for."""
    with server.connect() as sender:
        sender.sendall(SLOW)
        server.saw(1)
        yield sender
        server.go_on.set()
        assert answer_from(sender)[0] == 200


def test_a_whole_webhook_is_refused_and_may_come_again_on_its_connection(
    server: EdgeServer,
) -> None:
    with server.connect() as sender:
        with busy(server):
            for _ in range(3):
                sender.sendall(WEBHOOK)
                status, head = answer_from(sender)
                assert (status, b"\r\nretry-after: 5\r\n" in head) == (503, True)
            assert server.door.outcomes["?", "busy"] == 3
        sender.sendall(WEBHOOK)
        assert answer_from(sender)[0] == 200
    assert server.paths() == ["/slow", "/api/webhook/iiko"]


def test_everybody_gets_an_answer_when_many_are_refused_in_one_turn(server: EdgeServer) -> None:
    many = MOST_HURRIED + 50
    with busy(server), contextlib.ExitStack() as stack:
        senders = [stack.enter_context(server.connect()) for _ in range(many)]
        for _ in range(2):
            for sender in senders:
                sender.sendall(WEBHOOK)
            assert {answer_from(sender)[0] for sender in senders} == {503}
    assert server.door.outcomes["?", "busy"] == 2 * many


def test_what_is_more_or_less_than_one_webhook_takes_the_usual_way(server: EdgeServer) -> None:
    with busy(server):
        assert server.exchange(WEBHOOK + LAST) == [200, 200]
        assert server.exchange(LAST) == [200]
        with server.connect() as sender:
            sender.sendall(WEBHOOK[:-1])
            with server.news:
                assert server.news.wait_for(lambda: len(server.begun) == 5, WAIT_S)
            sender.sendall(WEBHOOK[-1:])
            assert answer_from(sender)[0] == 200


def test_the_rest_of_a_body_is_not_taken_for_a_webhook(server: EdgeServer) -> None:
    with server.connect() as sender:
        sender.sendall(HOOK + b"Content-Length: %d\r\n\r\n" % len(WEBHOOK))
        with busy(server):
            sender.sendall(WEBHOOK)
            assert answer_from(sender)[0] == 200
    assert server.seen[-1].body == WEBHOOK


def test_nor_is_the_rest_of_a_head(server: EdgeServer) -> None:
    with server.connect() as sender:
        sender.sendall(b"GET /a HTTP/1.1\r\nHost: h\r\nX-Header:")
        with busy(server):
            sender.sendall(WEBHOOK)
            assert statuses(rest(sender)) == [400]  # a head with two Hosts
    assert server.paths() == ["/slow"]


def test_a_webhook_behind_a_request_under_way_is_not_refused_before_its_turn(
    server: EdgeServer,
) -> None:
    with busy(server) as sender:
        sender.sendall(WEBHOOK)
        assert server.exchange(LAST) == [200]
        server.go_on.set()
        assert answer_from(sender)[0] == 200
        sender.sendall(SLOW)


def test_half_sent_bodies_take_no_room(server: EdgeServer) -> None:
    """They cost their senders nothing, so many of them must not keep others out."""
    halves = [server.connect() for _ in range(5)]
    for half in halves:
        half.sendall(HOOK + b"Content-Length: 2\r\n\r\n{")
    with server.news:
        assert server.news.wait_for(lambda: len(server.begun) == 5, WAIT_S)
    assert server.exchange(WEBHOOK.replace(b"Host", b"Connection: close\r\nHost")) == [200]
    with server.connect() as sender:
        sender.sendall(WEBHOOK)
        assert answer_from(sender)[0] == 200
    for half in halves[:2]:
        half.sendall(b"}" + LAST)
        assert statuses(rest(half)) == [200, 200]
    for half in halves:
        half.close()
    server.saw(5 + 2 + 2)
    with busy(server), server.connect() as sender:
        sender.sendall(WEBHOOK)
        assert answer_from(sender)[0] == 503


def test_when_a_sender_leaves_all_it_asked_for_is_told(server: EdgeServer) -> None:
    with server.connect() as sender:
        sender.sendall(b"GET /live HTTP/1.1\r\nHost: h\r\n\r\n" + WEBHOOK + LAST)
        with server.news:
            assert server.news.wait_for(lambda: server.begun, WAIT_S)
    assert [(seen.path, seen.body) for seen in server.saw(1)] == [("/live", None)]

"""Where requests end and how large they may be, over real sockets: what the application saw, and
what the sender got, tell whether both sides cut the bytes at the same places.
"""

from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_server import EdgeServer, Seen, answer_from, edge_server, rest, statuses
from uzel.web.framing import MOST_HEAD_BYTES, MOST_HEADERS

LAST = b"GET /last HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"
SMUGGLED = b"GET /smuggled HTTP/1.1\r\nHost: h\r\n\r\n"
H2C = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP\r\n"


@pytest.fixture(scope="module")
def serving() -> Iterator[EdgeServer]:
    with edge_server() as server:
        yield server


@pytest.fixture
def server(serving: EdgeServer) -> EdgeServer:
    serving.seen.clear()
    serving.begun.clear()
    serving.go_on.clear()
    return serving


def post(*lines: bytes, body: bytes = b"", path: bytes = b"/a", version: bytes = b"1.1") -> bytes:
    """A request with these header lines; a Host is added."""
    start = b"POST %s HTTP/%s" % (path, version)
    return b"\r\n".join((start, b"Host: h", *lines, b"", body))


def with_length(body: bytes, *lines: bytes) -> bytes:
    return post(b"Content-Length: %d" % len(body), *lines, body=body)


def in_chunks(*chunks: bytes, extension: bytes = b"", trailers: bytes = b"") -> bytes:
    body = b"".join(b"%x%s\r\n%s\r\n" % (len(one), extension, one) for one in chunks)
    return post(b"Transfer-Encoding: chunked", body=body + b"0\r\n" + trailers + b"\r\n")


def upgraded(request: bytes) -> bytes:
    """The same request with the wish for another protocol."""
    return request.replace(b"Host: h\r\n", b"Host: h\r\n" + H2C, 1)


UPGRADES = (
    upgraded(with_length(SMUGGLED)),
    upgraded(in_chunks(SMUGGLED)),
    with_length(SMUGGLED, b"upgrade: websocket", b"connection: upgrade", b"Sec-WebSocket-Key: x"),
    with_length(SMUGGLED, b"Upgrade: TLS/1.0"),
)


@pytest.mark.parametrize("request_", UPGRADES)
def test_the_body_of_one_that_asks_for_another_protocol_is_its_body(
    server: EdgeServer, request_: bytes
) -> None:
    assert server.exchange(request_ + LAST) == [200, 200]
    assert [(seen.path, seen.body) for seen in server.seen] == [("/a", SMUGGLED), ("/last", b"")]
    assert server.seen[0].headers["host"] == "h"


def test_many_in_one_packet_may_ask_for_another_protocol(server: EdgeServer) -> None:
    many = 1500
    assert server.exchange(UPGRADES[0] * many + LAST) == [200] * (many + 1)
    assert server.paths() == ["/a"] * many + ["/last"]


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_it_makes_no_difference_how_the_bytes_arrive(
    serving: EdgeServer, data: st.DataObject
) -> None:
    serving.seen.clear()
    sent = b"".join((UPGRADES[1], with_length(b"{}"), UPGRADES[0], in_chunks(b"a", b"bc"), LAST))
    cuts = data.draw(st.lists(st.integers(0, len(sent)), max_size=8).map(sorted))
    with serving.connect() as sender:
        for start, end in zip([0, *cuts], [*cuts, len(sent)], strict=True):
            sender.sendall(sent[start:end])
        assert statuses(rest(sender)) == [200] * 5
    bodies = [seen.body for seen in serving.seen]
    assert bodies == [SMUGGLED, b"{}", SMUGGLED, b"abc", b""]


@pytest.mark.parametrize(
    "request_",
    [
        b"CONNECT h:443 HTTP/1.1\r\nHost: h:443\r\n\r\n",
        b"CONNECT /a HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        post(b"Content-Length: 0", b"Transfer-Encoding: chunked", body=b"0\r\n\r\n"),
        post(b"Transfer-Encoding: chunked", b"Content-Length: 0", body=b"0\r\n\r\n"),
        post(b"Content-Length: 0", b"Content-Length: 0"),
        post(b"Content-Length: 0", b"Content-Length: 35"),
        post(b"Content-Length: 0, 0"),
        post(b"Content-Length: +0"),
        post(b"Content-Length : 0"),
        post(b"Content-Length: " + b"9" * 40),
        post(b"X-Folded: one\r\n two"),
        post(b"Transfer-Encoding:\r\n chunked", body=b"0\r\n\r\n"),
        post(b"Transfer-Encoding: gzip, chunked", body=b"0\r\n\r\n"),
        post(b"Transfer-Encoding: identity", b"Transfer-Encoding: chunked", body=b"0\r\n\r\n"),
        post(b"Transfer-Encoding: chunked", b"Transfer-Encoding: chunked", body=b"0\r\n\r\n"),
        post(b"Transfer-Encoding: xchunked", body=b"0\r\n\r\n"),
        post(b"Transfer-Encoding: chunked", body=b"0\r\n\r\n", version=b"1.0"),
        upgraded(post(b"Transfer-Encoding: chunked", b"Content-Length: 0", body=b"0\r\n\r\n")),
        upgraded(post(b"Transfer-Encoding: gzip, chunked", body=b"0\r\n\r\n")),
        post(version=b"2.0"),
        b"GET /a\r\n\r\n",
        b"GET /a HTTP/1.1\r\n\r\n",
        post(b"Host: other"),
        post(b"X-A: b\nX-C: d"),
        post(b"X-A: b\rX-C: d"),
        post(b"X-A: b\x00c"),
        post(path=b"/\xff"),
    ],
)
def test_after_a_request_that_can_be_read_in_two_ways_nothing_is_read(
    server: EdgeServer, request_: bytes
) -> None:
    assert server.exchange(request_ + SMUGGLED + LAST) == [400]
    assert server.begun == []


@pytest.mark.parametrize(
    "broken", [b"x", b"-1\r\n", b"2\r\nabc\r\n", b"2\nab\n0\n\n", b"f" * 17 + b"\r\n"]
)
def test_a_body_that_cannot_be_read_ends_the_connection_and_its_request(
    server: EdgeServer, broken: bytes
) -> None:
    sent = post(b"Transfer-Encoding: chunked", body=b"1\r\na\r\n" + broken + SMUGGLED)
    with server.connect() as sender:
        sender.sendall(sent)
        assert statuses(rest(sender)) == [400]
        # While the sender is still there.
        assert [seen.body for seen in server.saw(1)] == [None]


def test_what_follows_the_last_request_is_no_request(server: EdgeServer) -> None:
    refused = server.refused[400]
    assert server.exchange(LAST + SMUGGLED + LAST) == [200]
    assert server.begun == ["/last"]
    assert server.refused[400] == refused + 1


def test_a_refusal_waits_for_the_answers_before_it(server: EdgeServer) -> None:
    slow = post(b"Content-Length: 0", path=b"/slow")
    with server.connect() as sender:
        sender.sendall(slow + with_length(b"b") + post(b"Host: two") + SMUGGLED)
        server.go_on.set()
        assert statuses(rest(sender)) == [200, 200, 400]
    assert server.paths() == ["/slow", "/a"]


def test_a_broken_body_behind_others_is_refused_in_its_turn(server: EdgeServer) -> None:
    slow = post(b"Content-Length: 0", path=b"/slow")
    broken = post(b"Transfer-Encoding: chunked", body=b"nonsense")
    with server.connect() as sender:
        sender.sendall(slow + with_length(b"b") + broken)
        server.go_on.set()
        assert statuses(rest(sender)) == [200, 200, 400]
    assert server.paths() == ["/slow", "/a"]


def lines(count: int) -> list[bytes]:
    return [b"X-%d: v" % number for number in range(count)]


def test_a_head_may_be_large(server: EdgeServer) -> None:
    long = b"X-Long: " + b"l" * (MOST_HEAD_BYTES - 2000)
    heads = (post(*lines(MOST_HEADERS - 1)), post(long), post(path=b"/" + b"p" * 60_000))
    assert server.exchange(b"".join(heads) + LAST) == [200] * 4


@pytest.mark.parametrize(
    "head",
    [
        post(*lines(MOST_HEADERS)),
        upgraded(post(*lines(MOST_HEADERS - 3))),
        post(b"X-Long: " + b"l" * MOST_HEAD_BYTES),
        post(path=b"/" + b"p" * MOST_HEAD_BYTES),
        post(*(b"X-%d: " % number + b"v" * 8000 for number in range(9))),
        b"POST /a HTTP/1.1\r\nHost: h\r\nX-Endless: " + b"e" * 20 * MOST_HEAD_BYTES,
        b"POST /" + b"e" * 20 * MOST_HEAD_BYTES,
        b"POST /a HTTP/1.1\r\n" + b"e" * 20 * MOST_HEAD_BYTES,
    ],
    ids=lambda head: f"{len(head)} bytes",
)
def test_but_not_without_end(server: EdgeServer, head: bytes) -> None:
    assert server.exchange(head + LAST) == [431]
    assert server.begun == []


def test_what_stands_around_a_body_may_be_as_much_as_senders_need(server: EdgeServer) -> None:
    many = in_chunks(*(b"c" for _ in range(40_000)), extension=b";n=1", trailers=b"X-T: 1\r\n")
    assert server.exchange(many + LAST) == [200, 200]
    assert len(server.seen[0].body or b"") == 40_000


@pytest.mark.parametrize(
    "around",
    [
        in_chunks(b"a", extension=b";" + b"e" * 30 * MOST_HEAD_BYTES),
        in_chunks(*(b"a" for _ in range(2000)), extension=b";" + b"e" * 1000),
        in_chunks(b"a", trailers=b"X-T: " + b"t" * 30 * MOST_HEAD_BYTES + b"\r\n"),
        in_chunks(b"a", trailers=b"X-T: t\r\n" * 200_000),
    ],
    ids=lambda sent: f"{len(sent)} bytes",
)
def test_but_there_is_an_end_to_it_as_well(server: EdgeServer, around: bytes) -> None:
    assert server.exchange(around + LAST) == [431]
    assert [seen.body for seen in server.saw(1)] == [None]


def test_trailers_are_no_headers(server: EdgeServer) -> None:
    trailers = b"Host: other\r\nX-Api-Key: k\r\nX-Real-Ip: 127.0.0.1\r\n"
    assert server.exchange(in_chunks(b"a", trailers=trailers) + LAST) == [200, 200]
    headers = {"host": "h", "transfer-encoding": "chunked"}
    assert server.seen[0] == Seen("POST", "/a", headers, b"a")


def test_a_page_takes_no_large_body(server: EdgeServer) -> None:
    large = b"b" * 3 * 1024 * 1024
    assert server.exchange(with_length(large) + LAST) == [413]
    assert server.exchange(in_chunks(large) + LAST) == [413]
    assert [seen.body for seen in server.saw(2)] == [None, None]


def test_an_answer_before_the_body_does_not_make_the_body_a_request(server: EdgeServer) -> None:
    body = SMUGGLED * 10
    early = b"POST /early HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n\r\n" % len(body)
    with server.connect() as sender:
        sender.sendall(early)
        assert answer_from(sender)[0] == 200
        sender.sendall(body + LAST)
        assert statuses(rest(sender)) == [200]
    assert server.begun == ["/early", "/last"]

"""What may be refused unread, and what must take the usual way."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from uzel.web.refusals import is_whole_webhook

BODY = b'{"eventType":"StopListUpdate"}'


def request(
    start: bytes = b"POST /api/webhook/iiko?key=k HTTP/1.1",
    headers: tuple[bytes, ...] = (b"Host: h", b"Content-Length: 30"),
    body: bytes = BODY,
) -> bytes:
    return b"\r\n".join((start, *headers, b"", body))


@pytest.mark.parametrize(
    "data",
    [
        request(),
        request(headers=(b"host: h", b"content-length:30", b"X-Empty:")),
        request(headers=(b"HOST: h", b"CONTENT-LENGTH: 0030", b"Connection: keep-alive")),
    ],
)
def test_a_whole_webhook_may_be_refused_unread(data: bytes) -> None:
    assert is_whole_webhook(data)


@pytest.mark.parametrize(
    "data",
    [
        request(start=b"GET /api/webhook/iiko?key=k HTTP/1.1"),
        request(start=b"POST /api/v1/events HTTP/1.1"),
        request(start=b"POST /api/webhook/iiko?key=k HTTP/1.0"),
        request(headers=(b"Host: h",)),
        request(headers=(b"Content-Length: 30", b"Content-Length: 30")),
        request(headers=(b"Content-Length: 30", b"Transfer-Encoding: chunked")),
        request(headers=(b"Content-Length: 30", b"Connection: close")),
        request(headers=(b"Content-Length: 30", b"Connection: upgrade")),
        request(headers=(b"Content-Length: 30", b"Expect: 100-continue")),
        request(headers=(b"Content-Length: 30", b"Upgrade: h2c")),
        request(headers=(b"Content-Length: 30", b"no colon")),
        request(headers=(b"Content-Length: 30", b"X-Folded: one", b" two")),
        request(headers=(b"Content-Length: 30", b"X-A: b\nTransfer-Encoding: chunked")),
        request(headers=(b"Content-Length : 30",)),
        request(headers=(b"Content-Length: +30",)),
        request(headers=(b"Content-Length: " + b"0" * 5000 + b"30",)),
        request() + request(),
        b"",
    ],
)
def test_everything_else_takes_the_usual_way(data: bytes) -> None:
    assert not is_whole_webhook(data)


@given(st.integers(0, len(request()) - 1))
def test_a_part_of_a_webhook_takes_the_usual_way(length: int) -> None:
    assert not is_whole_webhook(request()[:length])

"""Hooks of the whole web application, byte by byte, on a real socket."""

import json
import socket

import pytest

from running_web import WAIT_S, WebApp
from sample_data import IIKO_KEY, delivery

HOOK = f"POST /api/webhook/iiko?key={IIKO_KEY} HTTP/1.1"
H2C = ("Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAAQ")
METRICS = b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n"
SIGN_IN = b"POST /sign-in HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n"


def exchange(web_app: WebApp, body: bytes, *lines: str) -> bytes:
    """What comes back for one webhook until the server hangs up, or falls silent after an answer
    to a request that was put behind it.
    """
    port = int(web_app.url.rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port), timeout=WAIT_S) as sender:
        sender.sendall("\r\n".join((HOOK, "Host: localhost", *lines, "", "")).encode() + body)
        sender.sendall(b"GET /healthz HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
        return b"".join(iter(lambda: sender.recv(65536), b""))


def stored(web_app: WebApp, body: bytes) -> int:
    count: int = web_app.run(
        lambda: web_app.deps.pool.fetchval("select count(*) from raw_event where body = $1", body)
    )
    return count


def test_a_webhook_may_ask_for_another_protocol(shared_web: WebApp) -> None:
    body = json.dumps(delivery(71, "Closed", None)).encode()
    said = exchange(shared_web, body, f"Content-Length: {len(body)}", *H2C)
    assert said.startswith(b"HTTP/1.1 200 ") and said.count(b"HTTP/1.1 ") == 2
    assert stored(shared_web, body) == 1


@pytest.mark.parametrize("smuggled", [METRICS, SIGN_IN])
def test_its_body_is_no_request(shared_web: WebApp, smuggled: bytes) -> None:
    said = exchange(shared_web, smuggled, f"Content-Length: {len(smuggled)}", *H2C)
    assert said.startswith(b"HTTP/1.1 400 ") and said.count(b"HTTP/1.1 ") == 2
    assert b"uzel_" not in said


@pytest.mark.parametrize(
    ("length", "status"),
    [
        ("0" * 5000 + "{}", 200),
        ("0" * 30_000 + "1048577", 413),
        ("9" * 19, 413),
        ("9" * 5000, 400),
        ("1" + "0" * 5000, 400),
    ],
    ids=lambda value: f"{value!s:.8}",
)
def test_a_length_of_thousands_of_digits_is_a_length(
    shared_web: WebApp, length: str, status: int
) -> None:
    body = json.dumps(delivery(len(length), "Closed", None)).encode()
    said = exchange(shared_web, body, f"Content-Length: {length.format(len(body))}")
    assert said.startswith(b"HTTP/1.1 %d " % status), said
    assert stored(shared_web, body) == (status == 200)

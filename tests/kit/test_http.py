"""`ask` against a real socket: which HTTP outcome means which error."""

import asyncio
import socket
import struct
import traceback
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import httpx2
import pytest

from uzel.errors import (
    AuthFailed,
    CallFailed,
    ConfigError,
    ContractBroken,
    OutcomeUnknown,
    RateLimited,
    Rejected,
    Unavailable,
)
from uzel.kit.http import LONGEST_RETRY_AFTER_S, ask, json_of, new_client, waits

Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
Refusal = Callable[[httpx2.Response], CallFailed | None]
CANARY = "canary-2f6b1c"


def answering(raw: bytes) -> Talk:
    """A server that writes `raw` to the first request and closes."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(raw)
        await writer.drain()
        writer.close()

    return talk


def status(code: int, *headers: str, body: bytes = b"") -> bytes:
    lines = [f"HTTP/1.1 {code} X", f"content-length: {len(body)}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


async def never(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()
    writer.close()


async def reset(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    raw: socket.socket = writer.get_extra_info("socket")
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


def asked(talk: Talk, *, effect: bool, refusal: Refusal | None = None) -> httpx2.Response:
    async def run() -> httpx2.Response:
        async with await asyncio.start_server(talk, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            async with new_client(f"http://127.0.0.1:{port}/api") as http:
                http.timeout = httpx2.Timeout(10, read=0.2)
                form = {"secret": CANARY}
                return await ask(http, "POST", "/do", effect=effect, form=form, refusal=refusal)

    return asyncio.run(run())


def test_a_2xx_answer_is_returned() -> None:
    response = asked(answering(status(202, body=b"ok")), effect=True)
    assert (response.status_code, response.content) == (202, b"ok")
    assert response.url.path == "/api/do"
    assert response.request.headers["user-agent"] == "uzel"


@pytest.mark.parametrize(
    ("code", "error"),
    [
        (301, ContractBroken),
        (400, Rejected),
        (401, AuthFailed),
        (403, AuthFailed),
        (404, Rejected),
        (409, Rejected),
        (422, Rejected),
        (429, RateLimited),
    ],
)
@pytest.mark.parametrize("effect", [True, False])
def test_a_refusal_means_the_same_with_and_without_an_effect(
    code: int, error: type[CallFailed], effect: bool
) -> None:
    raw = status(code, "location: https://elsewhere.example/")
    with pytest.raises(error) as caught:
        asked(answering(raw), effect=effect)
    assert type(caught.value) is error
    assert caught.value.http_status == code


LOST = {
    "500": answering(status(500)),
    "503": answering(status(503)),
    "no answer": never,
    "reset": reset,
    "closed at once": answering(b""),
    "half an answer": answering(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf"),
    "no HTTP": answering(b"SSH-2.0-OpenSSH\r\n\r\n"),
    "broken compression": answering(status(200, "content-encoding: gzip", body=b"no gzip")),
}


@pytest.mark.parametrize("how", LOST)
@pytest.mark.parametrize(("effect", "error"), [(True, OutcomeUnknown), (False, Unavailable)])
def test_a_lost_answer_is_unknown_only_where_there_was_an_effect(
    how: str, effect: bool, error: type[CallFailed]
) -> None:
    with pytest.raises(error) as caught:
        asked(LOST[how], effect=effect)
    assert type(caught.value) is error


@pytest.mark.parametrize("how", LOST)
def test_what_was_sent_never_stands_in_the_error(how: str) -> None:
    with pytest.raises(CallFailed) as caught:
        asked(LOST[how], effect=True)
    shown = "".join(traceback.format_exception(caught.value)) + repr(caught.value)
    assert CANARY not in shown


def test_without_a_connection_nothing_happened() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

    async def run() -> None:
        async with new_client(f"http://127.0.0.1:{port}") as http:
            await ask(http, "POST", "/", effect=True)

    with pytest.raises(Unavailable):
        asyncio.run(run())


@pytest.mark.parametrize("base_url", ["ftp://example.org", "example.org", ""])
def test_an_address_that_is_none_is_a_matter_of_configuration(base_url: str) -> None:
    async def run() -> None:
        async with new_client(base_url) as http:
            await ask(http, "POST", "/", effect=True)

    with pytest.raises(ConfigError):
        asyncio.run(run())


def limited(*headers: str) -> float:
    """How many seconds a 429 with `headers` makes us wait."""
    before = datetime.now(UTC)
    with pytest.raises(RateLimited) as caught:
        asked(answering(status(429, *headers)), effect=True)
    return (caught.value.retry_at - before).total_seconds()


@pytest.mark.parametrize(
    ("code", "body", "error"),
    [(429, b"spent", AuthFailed), (429, b"", RateLimited), (500, b"spent", AuthFailed)],
)
def test_a_body_that_says_more_than_the_status_comes_first(
    code: int, body: bytes, error: type[CallFailed]
) -> None:
    def refusal(response: httpx2.Response) -> CallFailed | None:
        return AuthFailed("spent") if response.content == b"spent" else None

    with pytest.raises(CallFailed) as caught:
        asked(answering(status(code, body=body)), effect=True, refusal=refusal)
    assert type(caught.value) is error


def test_retry_after_is_read_in_both_forms_and_kept_within_a_day() -> None:
    later = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=1)
    assert limited("retry-after: 100") >= 100
    assert limited(f"retry-after: {format_datetime(later, usegmt=True)}") > 3000
    assert limited("retry-after: 99999999") < LONGEST_RETRY_AFTER_S + 60
    assert limited("retry-after: soon") >= 30
    assert limited() >= 30
    assert limited("retry-after: Mon, 01 Jan 2001 00:00:00 GMT") >= 0


PAGES = (b"<!DOCTYPE html><title>503</title>", b"\xef\xbb\xbf\n <html lang=ru>", b"<HTML></HTML>")


@pytest.mark.parametrize("body", [*PAGES, b"{", b"[1]", b""])
def test_a_page_for_people_is_no_broken_contract(body: bytes) -> None:
    """Maintenance is shown with status 200, too."""
    answer = httpx2.Response(200, content=body)
    expected = Unavailable if body in PAGES else ContractBroken
    with pytest.raises(expected) as caught:
        json_of(answer, effect=False)
    assert type(caught.value) is expected
    with pytest.raises(OutcomeUnknown):
        json_of(answer, effect=True)


def test_a_provider_may_need_longer_and_an_impatient_client_stays_so() -> None:
    async def usual() -> None:
        async with new_client("http://127.0.0.1") as http:
            assert waits(http, None) == http.timeout
            longer = waits(http, 30.0)
            assert (longer.read, longer.connect) == (30.0, http.timeout.connect)
            assert waits(http, 2.0).read == 2.0
            http.timeout = httpx2.Timeout(10, read=0.2)
            assert waits(http, 30.0) == http.timeout

    asyncio.run(usual())

"""Our transport against real sockets, on both event loops: whole answers only, nothing reused that
should not be, nothing unbounded.
"""

import asyncio
import contextlib
import gzip
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any, TypeVar

import httpx2
import pytest
import uvloop
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from hypothesis import given, settings
from hypothesis import strategies as st

from uzel.kit.http_connection import MOST_BODY_BYTES
from uzel.kit.http_transport import Transport

Answer = TypeVar("Answer")
Go = Callable[[Coroutine[Any, Any, Answer]], Answer]
Writes = Callable[[int, asyncio.StreamWriter], Awaitable[None]]
OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"


@pytest.fixture(params=["asyncio", "uvloop"])
def go(request: pytest.FixtureRequest) -> Go[Any]:
    return asyncio.run if request.param == "asyncio" else uvloop.run


class Server:
    """Answers the n-th request of each connection with `writes(n, writer)`; counts connections."""

    def __init__(self, writes: Writes) -> None:
        self._writes = writes
        self.connections = 0
        self.heads: list[bytes] = []
        self.url = ""

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        number = 0
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                self.heads.append(await reader.readuntil(b"\r\n\r\n"))
                await self._writes(number, writer)
                await writer.drain()
                number += 1
        writer.close()

    @contextlib.asynccontextmanager
    async def open(self, trust: ssl.SSLContext | None = None) -> AsyncIterator["Server"]:
        async with await asyncio.start_server(self.talk, "127.0.0.1", 0, ssl=trust) as server:
            port = server.sockets[0].getsockname()[1]
            self.url = f"http{'s' if trust else ''}://127.0.0.1:{port}"
            yield self


def saying(*answers: bytes) -> Writes:
    """The n-th request of a connection gets the n-th answer, later ones the last."""

    async def writes(number: int, writer: asyncio.StreamWriter) -> None:
        writer.write(answers[min(number, len(answers) - 1)])

    return writes


def client(keep_s: float = 4.0, trust: ssl.SSLContext | None = None) -> httpx2.AsyncClient:
    transport = Transport(trust or ssl.create_default_context(), keep_s)
    return httpx2.AsyncClient(transport=transport, timeout=httpx2.Timeout(5, read=0.5))


async def bodies(writes: Writes, times: int, keep_s: float = 4.0) -> tuple[list[bytes], int]:
    """What `times` requests one after the other were answered, and over how many connections."""
    async with Server(writes).open() as server, client(keep_s) as http:
        found = [(await http.get(server.url)).content for _ in range(times)]
        return found, server.connections


def chunked(body: bytes, size: int) -> bytes:
    parts = [body[i : i + size] for i in range(0, len(body), size)]
    lines = b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in parts)
    return b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n" + lines + b"0\r\n\r\n"


def test_a_connection_is_used_again(go: Go[Any]) -> None:
    assert go(bodies(saying(OK), 3)) == ([b"ok"] * 3, 1)


@pytest.mark.parametrize(
    "answer",
    [
        OK.replace(b"\r\n\r\n", b"\r\nconnection: close\r\n\r\n"),
        OK.replace(b"1.1", b"1.0"),
        OK + OK,
    ],
    ids=["asked to close", "HTTP/1.0", "two answers to one question"],
)
def test_a_connection_is_not_used_again(go: Go[Any], answer: bytes) -> None:
    assert go(bodies(saying(answer), 2)) == ([b"ok"] * 2, 2)


def test_an_idle_connection_grows_old(go: Go[Any]) -> None:
    assert go(bodies(saying(OK), 2, keep_s=0.0)) == ([b"ok"] * 2, 2)


def test_a_connection_closed_in_between_costs_nothing(go: Go[Any]) -> None:
    async def once(number: int, writer: asyncio.StreamWriter) -> None:
        writer.write(OK)
        await writer.drain()
        writer.close()

    async def run() -> list[bytes]:
        async with Server(once).open() as server, client() as http:
            first = (await http.get(server.url)).content
            await asyncio.sleep(0.05)
            return [first, (await http.get(server.url)).content]

    assert go(run()) == [b"ok", b"ok"]


def test_answers_without_a_length_in_chunks_and_after_a_100(go: Go[Any]) -> None:
    async def until_the_end(number: int, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n\r\nall of it")
        writer.close()

    assert go(bodies(until_the_end, 1)) == ([b"all of it"], 1)
    assert go(bodies(saying(chunked(b"abcdefgh", 3)), 2)) == ([b"abcdefgh"] * 2, 1)
    assert go(bodies(saying(b"HTTP/1.1 100 Continue\r\n\r\n" + OK), 2)) == ([b"ok"] * 2, 1)


def test_compression_that_nobody_asked_for(go: Go[Any]) -> None:
    packed = gzip.compress(b"plain")
    head = b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: %d\r\n\r\n" % len(packed)
    assert go(bodies(saying(head + packed), 1)) == ([b"plain"], 1)


def of_length(body: bytes, *headers: bytes) -> bytes:
    lines = [b"HTTP/1.1 200 OK", b"content-length: %d" % len(body), *headers, b"", b""]
    return b"\r\n".join(lines) + body


BOMB = gzip.compress(bytes(MOST_BODY_BYTES + 1))
REFUSED = {
    "too long": of_length(bytes(MOST_BODY_BYTES + 1)),
    "too long in chunks": chunked(bytes(MOST_BODY_BYTES + 1), 1024 * 1024),
    "a bomb": of_length(BOMB, b"content-encoding: gzip"),
    "cut compression": of_length(gzip.compress(b"plain")[:-9], b"content-encoding: gzip"),
    "two encodings": of_length(BOMB, b"content-encoding: gzip", b"content-encoding: gzip"),
    "many headers": of_length(b"ok", *(b"x-%d: 1" % number for number in range(200))),
    "long headers": of_length(b"ok", *(b"x-%d: %b" % (n, b"v" * 7000) for n in range(10))),
}


@pytest.mark.parametrize("how", REFUSED)
def test_what_is_too_much_is_an_error_and_not_a_part_of_it(go: Go[Any], how: str) -> None:
    with pytest.raises((httpx2.RemoteProtocolError, httpx2.DecodingError)):
        go(bodies(saying(REFUSED[how]), 1))


@given(st.data())
@settings(max_examples=40, deadline=None)
def test_an_answer_cut_anywhere_is_never_a_shorter_one(data: st.DataObject) -> None:
    whole = data.draw(st.sampled_from([OK, chunked(b"abcdefgh", 3), of_length(b"x" * 50)]))
    cut = data.draw(st.integers(0, len(whole) - 1))

    async def part(number: int, writer: asyncio.StreamWriter) -> None:
        writer.write(whole[:cut])
        await writer.drain()
        writer.close()

    with pytest.raises(httpx2.TransportError):
        asyncio.run(bodies(part, 1))


def test_a_late_answer_never_reaches_the_next_question(go: Go[Any]) -> None:
    """The connection of a request that was given up is not used again."""

    async def late(number: int, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.8 if server.connections == 1 else 0)
        writer.write(of_length(b"for the first" if server.connections == 1 else b"for the second"))

    server = Server(late)

    async def run() -> bytes:
        async with server.open(), client() as http:
            with pytest.raises(httpx2.ReadTimeout):
                await http.get(server.url)
            return (await http.get(server.url)).content

    assert go(run()) == b"for the second"
    assert server.connections == 2


def test_a_cancelled_request_gives_its_connection_up(go: Go[Any]) -> None:
    async def never(number: int, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(60 if server.connections == 1 else 0)
        writer.write(OK)

    server = Server(never)

    async def run() -> bytes:
        async with server.open(), client() as http:
            task = asyncio.create_task(http.get(server.url))
            while not server.heads:
                await asyncio.sleep(0.01)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            return (await http.get(server.url)).content

    assert go(run()) == b"ok"


@pytest.mark.parametrize("value", ["a\r\nx-injected: 1", "a\nb", "a\rb"])
def test_a_header_stays_one_header(value: str) -> None:
    async def run() -> list[bytes]:
        async with Server(saying(OK)).open() as server, client() as http:
            with pytest.raises((httpx2.LocalProtocolError, ValueError)):
                await http.get(server.url, headers={"x-key": value})
            return server.heads

    assert asyncio.run(run()) == []


def certified(folder: Path, name: str) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """A server's context with a certificate for 127.0.0.1 under `name`, and who trusts it."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([alternative(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = folder / "server.pem"
    pem.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    own = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    own.load_cert_chain(pem)
    return own, ssl.create_default_context(cafile=str(pem))


def alternative(name: str) -> x509.GeneralName:
    if name[0].isdigit():
        return x509.IPAddress(IPv4Address(name))
    return x509.DNSName(name)


def test_tls_is_checked(go: Go[Any], tmp_path: Path) -> None:
    own, trusting = certified(tmp_path, "127.0.0.1")

    async def run(trust: ssl.SSLContext | None) -> bytes:
        async with Server(saying(OK)).open(own) as server, client(trust=trust) as http:
            return (await http.get(server.url)).content

    assert go(run(trusting)) == b"ok"
    with pytest.raises(httpx2.ConnectError):
        go(run(None))


def test_a_certificate_for_another_name_is_not_accepted(go: Go[Any], tmp_path: Path) -> None:
    own, trusting = certified(tmp_path, "elsewhere.example")

    async def run() -> None:
        async with Server(saying(OK)).open(own) as server, client(trust=trusting) as http:
            await http.get(server.url)

    with pytest.raises(httpx2.ConnectError):
        go(run())

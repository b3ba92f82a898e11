"""The *test* button: an answer in words within a bounded time, whatever the other side does."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from pydantic import SecretStr

from parts import Sandbox, go
from uzel.calls.check import Check, check
from uzel.connections.registry import Active
from uzel.connectors.smsru import CONNECTOR
from uzel.connectors.smsru.config import SmsruConfig
from uzel.kit import addresses

CANARY = "canary-7a05"


def active(base_url: str) -> Active:
    """A connection to an SMS.ru at this address, even one no form would take."""
    config = SmsruConfig(api_id=SecretStr(CANARY)).model_copy(update={"base_url": base_url})
    return Active(1, 1, CONNECTOR, "main", config, 5.0, "active", None, None)


@contextlib.asynccontextmanager
async def trickling() -> AsyncIterator[str]:
    """A provider that sends a header now and then, and never the last one."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            writer.write(b"HTTP/1.1 200 OK\r\n")
            while not reader.at_eof():
                writer.write(b"x: 1\r\n")
                await writer.drain()
                await asyncio.sleep(0.01)
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()


def test_a_provider_that_never_ends_its_answer_is_not_waited_for() -> None:
    async def run() -> Check:
        async with trickling() as url:
            return await check(active(url), within_s=0.5)

    found = go(run)
    assert found == Check(False, "поставщик не ответил за 0.5 с; попробуйте позже")


@pytest.mark.parametrize(
    "base_url", ["http://[::1", "http://", "ftp://x.example", "http://127.0.0.1:1", "", "http://\n"]
)
def test_an_address_that_is_none_or_where_nobody_listens_is_said(base_url: str) -> None:
    found = go(lambda: check(active(base_url)))
    assert not found.good and found.text
    assert CANARY not in found.text


def test_what_is_private_is_not_asked(sandbox: Sandbox) -> None:
    """The address was public when it was saved; what counts is where it leads now."""
    before = len(sandbox.http.get("/_journal").json())
    addresses.permit("")
    try:
        found = go(lambda: check(active(f"{sandbox.url}/smsru")))
    finally:
        addresses.permit("127.0.0.1")
    assert not found.good and "UZEL_ALLOW_PRIVATE_ADDRESSES" in found.text
    assert len(sandbox.http.get("/_journal").json()) == before


def test_a_good_key_and_settings_that_cannot_be_read(sandbox: Sandbox) -> None:
    good = active(f"{sandbox.url}/smsru")
    assert go(lambda: check(good)).text.startswith("баланс: ")
    unread = replace(good, config=None, state_reason="sealed with another key")
    assert go(lambda: check(unread)) == Check(False, "sealed with another key")

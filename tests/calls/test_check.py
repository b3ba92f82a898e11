"""The *test* button: an answer in words within a bounded time, whatever the other side does."""

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from pydantic import SecretStr

from parts import Direct, Sandbox, go, settings_of
from standing_behind import standing_behind
from uzel.calls.check import Check, Seen, check
from uzel.connections.registry import Active
from uzel.connector import Connector
from uzel.connectors import connectors
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
            return await check(active(url), Direct(), within_s=0.5)

    found = go(run)
    assert found == Check(False, "поставщик не ответил за 0.5 с; попробуйте позже")


@pytest.mark.parametrize(
    "base_url", ["http://[::1", "http://", "ftp://x.example", "http://127.0.0.1:1", "", "http://\n"]
)
def test_an_address_that_is_none_or_where_nobody_listens_is_said(base_url: str) -> None:
    found = go(lambda: check(active(base_url), Direct()))
    assert not found.good and found.text
    assert CANARY not in found.text


def test_what_is_private_is_not_asked(sandbox: Sandbox) -> None:
    """The address was public when it was saved; what counts is where it leads now."""
    before = len(sandbox.http.get("/_journal").json())
    addresses.permit("")
    try:
        found = go(lambda: check(active(f"{sandbox.url}/smsru"), Direct()))
    finally:
        addresses.permit("127.0.0.1")
    assert not found.good and "UZEL_ALLOW_PRIVATE_ADDRESSES" in found.text
    assert len(sandbox.http.get("/_journal").json()) == before


@pytest.mark.parametrize(
    "connector", [c for c in connectors().values() if c.test is not None], ids=lambda c: c.name
)
def test_what_a_provider_says_is_told_in_words(
    sandbox: Sandbox, connector: Connector, dsn: str, tmp_path: Path
) -> None:
    config = connector.config.model_validate(settings_of(connector.name, sandbox.url))
    asked = Active(1, 1, connector, "main", config, 5.0, "active", None, None)
    with standing_behind(sandbox.url, [connector.name], dsn, tmp_path):
        found = go(lambda: check(asked, Direct()))
    assert found.good, found.text
    assert not re.search(r"\b[a-z]+(_[a-z]+)*:(?!//)|None|[A-Z]+_[A-Z]+", found.text), found.text


def test_notifications_that_are_off_are_not_all_that_was_to_be_done(sandbox: Sandbox) -> None:
    connector = connectors()["yclients"]
    config = connector.config.model_validate(settings_of("yclients", sandbox.url))
    asked = Active(1, 1, connector, "main", config, 5.0, "active", None, None)
    found = go(lambda: check(asked, Direct()))
    assert found.good and found.missing and "впишите адрес" in found.text


@pytest.mark.parametrize("name", ["iiko", "rkeeper"])
def test_who_cannot_be_asked_is_known_by_what_came_last(name: str) -> None:
    connector = connectors()[name]
    silent = Active(1, 1, connector, "main", connector.config(), 5.0, "active", None, None)
    zone = ZoneInfo("Asia/Almaty")

    def told(ever: bool, last_at: datetime | None) -> Check:
        return go(lambda: check(silent, Direct(), seen=Seen(ever, last_at, zone)))

    assert told(False, None).missing and "ещё ничего не приходило" in told(False, None).text
    at = datetime(2026, 11, 20, 20, 30, tzinfo=UTC)
    assert "21.11.2026 01:30 (Asia/Almaty)" in told(True, at).text
    assert not told(True, at).missing and not told(True, None).missing


def test_a_good_key_and_settings_that_cannot_be_read(sandbox: Sandbox) -> None:
    good = active(f"{sandbox.url}/smsru")
    assert go(lambda: check(good, Direct())).text.startswith("баланс: ")
    unread = replace(good, config=None, state_reason="sealed with another key")
    assert go(lambda: check(unread, Direct())) == Check(False, "sealed with another key")

"""Numbers of cards through every door of a payout: afterwards no table and no log line has one.

They are as whoever reads a backup would find them: every value of every table as text, bytes as hex
and as the text they are.
"""

import contextlib
import io
import json
import logging
import random
from collections.abc import Iterator
from typing import Any

import asyncpg
import orjson
import pytest

from parts import RING, Hub, Sandbox, go, module_dsn, open_hub, sandbox, sandbox_server
from payouts_hub import Payouts, payouts
from uzel.connectors.telegram.sandbox import SETTINGS
from uzel.connectors.telegram.webhook import SECRET_HEADER
from uzel.errors import ConfigError
from uzel.events import typed
from uzel.explain import explain
from uzel.flows.payouts import cards
from uzel.kit import logs
from uzel.kit.card_numbers import luhn
from uzel.kit.secrets import KeyRing

__all__ = ["module_dsn", "sandbox", "sandbox_server"]

SECRET = [(SECRET_HEADER.encode(), SETTINGS["webhook_secret"].encode())]
TABLES = (
    "select table_name from information_schema.tables "
    "where table_schema = 'public' and table_type = 'BASE TABLE'"
)


def canaries(seed: int, count: int) -> list[str]:
    """Cards that nobody has."""
    chance = random.Random(seed)
    made = []
    for _ in range(count):
        body = f"2200{chance.randrange(10**11):011}"
        made.append(next(body + digit for digit in "0123456789" if luhn(body + digit) == 0))
    return made


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    """Everything this process logs, as its log has it."""
    root = logging.getLogger()
    level, stream = root.level, io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logs.JsonFormatter())
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield stream
    root.removeHandler(handler)
    root.setLevel(level)


async def dump(pool: Any) -> str:
    """All that the database has."""
    said = []
    for table in await pool.fetch(TABLES):
        for row in await pool.fetch(f'select * from "{table[0]}"'):
            for value in row.values():
                is_bytes = isinstance(value, bytes)
                said.append(f"{value.decode('latin-1')} {value.hex()}" if is_bytes else str(value))
    return "\n".join(said)


def leaks(text: str, numbers: list[str]) -> list[str]:
    digits = "".join(sign for sign in text if sign.isdecimal() or sign in "\n,;{}()")
    return [it for it in numbers if it in text or it in digits or it.encode().hex() in text]


def message(number: int, text: str, **more: Any) -> dict[str, Any]:
    """A Message of the Bot API in an Update."""
    person = {"id": 77, "is_bot": False, "first_name": "Анна"}
    chat = {"id": 77, "type": "private"}
    said = {"message_id": number, "from": person, "chat": chat, "date": 1_764_000_000}
    return {"update_id": number, "message": {**said, "text": text, **more}}


async def came_in(hub: Hub, connector: str) -> list[Any]:
    number, _ = hub.others[connector]
    return await hub.pool.fetch(
        "select e.id, e.raw_event_id, e.data, r.body from raw_event r join event e "
        "on e.raw_event_id = r.id where r.connection_id = $1 order by r.id",
        number,
    )


def test_what_is_typed_into_a_chat(module_dsn: str, sandbox: Sandbox, written: io.StringIO) -> None:
    first, second, quoted = numbers = canaries(7, 3)
    spaced = " ".join(first[start : start + 4] for start in range(0, 16, 4))

    async def story() -> None:
        async with open_hub(module_dsn, sandbox.url, also=["telegram"]) as hub:
            update = message(
                4001, f"вот: {spaced} или {second}", reply_to_message={"text": f"та {quoted}?"}
            )
            for _ in range(2):
                assert (await hub.post(update, "telegram", SECRET)).status == 200
            assert (await hub.post(message(4002, "спасибо"), "telegram", SECRET)).status == 200
            await hub.process()
            event, other = await came_in(hub, "telegram")
            assert event["data"]["text"] == (
                f"вот: {first[:4]} {first[4:6]}•• •••• {first[-4:]} или "
                f"{second[:6]}••••••{second[-4:]}"
            )
            assert other["body"] == orjson.dumps(message(4002, "спасибо")) or other["body"]
            async with hub.pool.acquire() as connection:
                assert await typed.numbers_of(connection, RING, event["id"]) == [first, second]
                assert await typed.numbers_of(connection, RING, other["id"]) == []
                assert leaks(await dump(hub.pool), numbers) == []
                await typed.forget(connection, event["id"])
                assert await typed.numbers_of(connection, RING, event["id"]) == []
            # What nobody used is destroyed all the same.
            await hub.post(message(4003, first), "telegram", SECRET)
            await hub.pool.execute("update vault set put_at = now() - interval '25 hours'")
            await cards.purge(hub.pool)
            assert await hub.pool.fetchval("select count(*) from vault") == 0
            assert leaks(await dump(hub.pool), numbers) == []
        assert leaks(written.getvalue(), numbers) == []
        said = explain("telegram", json.dumps(update).encode())
        assert leaks(json.dumps(said), numbers) == []

    go(story)


def test_what_the_provider_posts(module_dsn: str, sandbox: Sandbox, written: io.StringIO) -> None:
    numbers = canaries(11, 4)
    payload: dict[str, Any] = {
        "id": "5c0e8400-e29b-41d4-a716-446655440000",
        "status": "executed",
        "amount": "1000.00",
        "requisites": {"card_number": numbers[0], "note": f"карта {numbers[1]}"},
        "number": int(numbers[2]),
        numbers[3]: [numbers[3]],
    }

    async def story() -> None:
        async with open_hub(module_dsn, sandbox.url, also=["konsol"]) as hub:
            body = {"action_name": "updated", "payload": payload}
            assert (await hub.post(body, "konsol")).status == 200
            torn = json.dumps(body).encode().replace(b'"id"', b'"number": 1, "id"')
            assert (await hub.post(torn, "konsol")).status == 200
            await hub.process()
            event, *_ = await came_in(hub, "konsol")
            assert event["data"]["payment_id"] == payload["id"]
            assert leaks(await dump(hub.pool), numbers) == []
            assert await hub.pool.fetchval("select count(*) from raw_secret") == 0
        assert leaks(written.getvalue(), numbers) == []

    go(story)


async def refused(it: Payouts, number: str, status: int, words: str) -> None:
    answer = {"token": it.token, "status": status, "text": words}
    it.sandbox.http.post("/konsol/_answers", json=answer).raise_for_status()
    await it.pay(card=number)
    await it.work()


def test_what_is_paid(module_dsn: str, sandbox: Sandbox, written: io.StringIO) -> None:
    numbers = canaries(13, 6)

    async def story() -> None:
        async with payouts(module_dsn, sandbox) as it:
            begun = await it.pay(card=numbers[0])
            assert leaks(await dump(it.pool), numbers) == []
            await it.reach(begun, "paid")
            await refused(it, numbers[1], 422, '{"errors": ["bad card {card_number}"]}')
            await refused(it, numbers[2], 200, '{"success": false, "error": "{card_number}"}')
            await refused(it, numbers[3], 502, "<html>{card_number}</html>")
            it.arm("reset")
            await it.pay(card=numbers[4])
            await it.work()
            with contextlib.suppress(asyncpg.CheckViolationError):
                await it.pool.execute("update payout set amount_minor = 0")
            waiting = await it.pay(card=numbers[5])
            assert leaks(await dump(it.pool), numbers) == []
            await it.pool.execute("update vault set put_at = now() - interval '25 hours'")
            await cards.purge(it.pool)
            assert await it.pool.fetchval("select count(*) from vault") == 0
            assert (await it.row(waiting))["error"] == "card_needed"
        assert leaks(written.getvalue(), numbers) == []

    go(story)


def test_a_sealed_card_is_read_with_the_master_key_only(module_dsn: str, sandbox: Sandbox) -> None:
    (number,) = canaries(17, 1)

    async def story() -> None:
        async with payouts(module_dsn, sandbox) as it:
            await it.pay(card=number)
            sealed = await it.pool.fetchval("select sealed from vault order by id desc limit 1")
            assert number.encode() not in sealed
            number_of = await it.pool.fetchval("select max(id) from vault")
            place = f"vault/{number_of}"
            assert RING.open(sealed, place).decode() == number
            for ring, where in ((KeyRing([b"x" * 32]), place), (RING, f"vault/{number_of + 1}")):
                with pytest.raises(ConfigError):
                    ring.open(sealed, where)

    go(story)

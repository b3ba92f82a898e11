"""Canaries: secrets nobody else has, through every door and every failure; none comes out again.

Searched are the log lines as they are written, every value of every table, and what was answered.
"""

import contextlib
import io
import json
import logging
import traceback
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import asyncpg
import httpx2
import pytest

from door_server import DoorServer, door
from parts import (
    RING,
    Direct,
    Hub,
    Sandbox,
    go,
    module_dsn,
    new_phone,
    open_hub,
    report,
    sandbox,
    sandbox_server,
    visit,
)
from uzel.calls import recover
from uzel.calls.check import check
from uzel.connections import config, manage, store
from uzel.connectors.smsru.config import SmsruConfig
from uzel.errors import ConfigError, UzelError
from uzel.events.process import Processor
from uzel.jobs.worker import guarded
from uzel.kit import logs
from uzel.kit.secrets import KeyRing, fingerprint
from uzel.people import manage as people

__all__ = ["door", "module_dsn", "sandbox", "sandbox_server"]

API_ID = f"canary-api-id-{uuid4().hex}"
BAD_API_ID = f"bad-canary-{uuid4().hex}"
HOOK = f"hook_canary_{uuid4().hex}"
DOOR_HOOK = f"hook_canary_door_{uuid4().hex}"
WRONG_HOOK = f"hook_canary_wrong_{uuid4().hex}"
PASSWORD = f"canary password {uuid4().hex}"
TYPED = f"canary typed in vain {uuid4().hex}"
CANARIES = (API_ID, BAD_API_ID, HOOK, WRONG_HOOK, PASSWORD, TYPED)


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    """Everything this process logs, as its log has it."""
    root = logging.getLogger()
    before = (root.handlers[:], root.level)
    stream = io.StringIO()
    logs.set_up_logs("json", "debug")
    handler = root.handlers[0]
    assert isinstance(handler, logging.StreamHandler)
    handler.setStream(stream)
    logging.getLogger("asyncio").setLevel("WARNING")
    yield stream
    root.handlers[:], root.level = before


async def everything(pool: Any) -> str:
    """Every value of every table as text; bytes as such and in hex."""
    tables = await pool.fetch(
        "select quote_ident(table_name) as name from information_schema.tables "
        "where table_schema = 'public'"
    )
    text = ""
    for table in tables:
        rows = await pool.fetch(f"select * from {table['name']}")
        for row in rows:
            for value in row.values():
                text += value.decode("latin-1") if isinstance(value, bytes) else str(value)
                text += "\n"
    return text


def absent(text: str, *canaries: str) -> None:
    """No canary in it, neither plain nor in hex."""
    assert text
    for canary in canaries or CANARIES:
        assert canary not in text
        assert canary.encode().hex() not in text


async def own_key(hub: Hub, connection_id: int, key: str) -> None:
    async with hub.pool.acquire() as connection:
        await store.set_key(connection, connection_id, fingerprint(key))
    await hub.registry.refresh()


async def own_api_id(hub: Hub, api_id: str, base_url: str) -> None:
    async with hub.pool.acquire() as connection, connection.transaction():
        await manage.change(
            connection,
            RING,
            hub.smsru,
            {"api_id": api_id, "base_url": base_url},
            rate_per_s=1000.0,
        )
        await store.set_state(connection, hub.smsru, "active", None)
    await hub.registry.refresh()


async def calls_of_every_end(hub: Hub, sandbox: Sandbox) -> None:
    """Accepted, refused, lost in every way, never begun."""
    for fault in (None, "401", "429", "500", "reset", "garbage"):
        await own_api_id(hub, API_ID, f"{sandbox.url}/smsru")
        if fault:
            sandbox.arm(fault)
        await hub.plan_text(new_phone())
        await hub.hurry()
        await hub.call()
    for api_id, base_url in ((BAD_API_ID, f"{sandbox.url}/smsru"), (API_ID, "http://127.0.0.1:1")):
        await own_api_id(hub, api_id, base_url)
        active = hub.registry.get(hub.smsru)
        assert active is not None
        absent((await check(active, Direct())).text)
        await hub.plan_text(new_phone())
        await hub.hurry()
        await hub.call()
    await recover.recover_abandoned(hub.pool, hub.registry, hub.runner)


async def broken_settings(hub: Hub) -> str:
    """What is said about settings that are wrong or cannot be opened."""
    said = ""
    for values in (
        {"api_id": {"a": API_ID}, "base_url": API_ID},
        {"api_id": API_ID, "sender": API_ID, "nonsense": API_ID},
    ):
        try:
            config.validate(SmsruConfig, values)
        except ConfigError as error:
            said += "".join(traceback.format_exception(error))
    sealed = config.seal(RING, hub.smsru, {"api_id": API_ID})
    for ring, place in ((KeyRing([b"?" * 32]), hub.smsru), (RING, hub.smsru + 1)):
        try:
            config.unseal(ring, place, sealed)
        except ConfigError as error:
            said += "".join(traceback.format_exception(error))
    return said


async def bugs(hub: Hub) -> None:
    """Exceptions with secrets in their text, where they are logged."""

    async def careless(*arguments: object) -> Any:
        raise ValueError(f"api_id={API_ID}, headers: {{'authorization': 'Bearer {HOOK}'}}")

    await hub.post([visit(str(uuid4()), phone=new_phone())])
    ids = [
        r["id"] for r in await hub.pool.fetch("select id from raw_event where state = 'received'")
    ]
    await Processor(hub.pool, hub.registry, {"visit.completed": careless}).process(ids)
    with contextlib.suppress(Exception):
        await guarded("work", careless)(type("Job", (), {"payload": None, "attempts": 0})())
    logging.getLogger("uzel.test").error(
        "asked %s", f"https://hub.example/api/webhook/iiko?key={HOOK}", extra={"api_id": API_ID}
    )


def test_no_secret_comes_out_of_what_goes_wrong(
    module_dsn: str, sandbox: Sandbox, written: io.StringIO
) -> None:
    async def run() -> None:
        async with open_hub(module_dsn, sandbox.url) as hub:
            await own_key(hub, hub.iiko, HOOK)
            hub.iiko_key = HOOK
            await calls_of_every_end(hub, sandbox)
            absent(await broken_settings(hub))
            await bugs(hub)
            for record in (("202647-1", 103, 1795165600),):
                await hub.post(report(API_ID, record), "smsru")
            await hub.process()
            absent(await everything(hub.pool))
            with pytest.raises(asyncpg.PostgresError):
                await hub.pool.execute("select $1::int + 1, 'api_id=' || $2", 1, API_ID + "\x00")

    go(run)
    for line in written.getvalue().splitlines():
        json.loads(line)
    absent(written.getvalue())


def test_no_secret_comes_back_through_the_door(door: DoorServer, written: io.StringIO) -> None:
    hub = door.hub
    door.run(lambda: own_key(hub, hub.iiko, DOOR_HOOK))
    url = f"http://127.0.0.1:{door.port}/api/webhook/iiko"
    answers = ""
    for key in (DOOR_HOOK, WRONG_HOOK):
        for way in (
            {"params": {"key": key}},
            {"headers": {"x-api-key": key}},
            {"headers": {"authorization": f"Bearer {key}"}},
            {"headers": {"authorization": key}},
            {"params": {"key": key}, "headers": {"referer": f"https://x.example/?key={key}"}},
        ):
            for body in (b"{}", b"not json", b'{"eventType":', b"x" * (1024 * 1024 + 1)):
                answer = httpx2.post(url, content=body, timeout=30, **way)  # type: ignore[arg-type]
                answers += f"{answer.status_code} {answer.headers} {answer.text}\n"
    assert {"200", "400", "401", "413"} <= {line[:3] for line in answers.splitlines()}
    absent(answers, DOOR_HOOK, WRONG_HOOK)
    door.refused()
    absent(door.run(lambda: everything(hub.pool)), DOOR_HOOK, WRONG_HOOK)
    logging.getLogger("uzel.test").info("the end")
    absent(written.getvalue(), DOOR_HOOK, WRONG_HOOK)


def test_no_password_or_token_is_kept(module_dsn: str, written: io.StringIO) -> None:
    async def run() -> None:
        async with open_hub(module_dsn, "http://127.0.0.1:9") as hub:
            async with hub.pool.acquire() as connection:
                await people.save_person(connection, "canary", PASSWORD, "admin")
                token = await people.add_token(connection, "canary", ["read"])
            session = await people.sign_in(hub.pool, "canary", PASSWORD, "192.0.2.1")
            assert session is not None
            assert await people.sign_in(hub.pool, "canary", TYPED, "192.0.2.1") is None
            # A password typed into the wrong field is somebody's secret too.
            assert await people.sign_in(hub.pool, "canary", "x" * 9, "192.0.2.1") is None
            with pytest.raises(UzelError):
                async with hub.pool.acquire() as connection:
                    await people.save_person(connection, "canary", TYPED * 50, "admin")
            absent(await everything(hub.pool), PASSWORD, TYPED, token, session)
            logging.getLogger("uzel.test").info("session %s", "ended")
            absent(written.getvalue(), PASSWORD, TYPED, token, session)

    go(run)

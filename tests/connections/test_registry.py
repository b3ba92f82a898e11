"""Connections in memory: current, readable, and never a secret in sight."""

import asyncio
from uuid import uuid4

import asyncpg
import pytest
from pydantic import SecretStr, ValidationError

from parts import RING, Hub, go, open_hub
from uzel.connections import config, manage, store
from uzel.connections.registry import Registry
from uzel.connectors.smsru.config import SmsruConfig
from uzel.errors import ConfigError
from uzel.kit import database
from uzel.kit.secrets import KeyRing

NOWHERE = "http://127.0.0.1:9"
CANARY = "canary-0b9e77c1"


async def change(hub: Hub, **values: object) -> None:
    async with hub.pool.acquire() as connection, connection.transaction():
        await manage.change(connection, RING, hub.smsru, values, rate_per_s=None)


def api_id(hub: Hub) -> str:
    active = hub.registry.get(hub.smsru)
    assert active is not None and isinstance(active.config, SmsruConfig)
    return active.config.api_id.get_secret_value()


def test_a_change_is_seen_and_a_secret_left_out_is_kept(module_dsn: str) -> None:
    async def run() -> None:
        async with open_hub(module_dsn, NOWHERE) as hub:
            before = api_id(hub)
            for empty in (None, ""):
                await change(hub, api_id=empty, base_url=f"{NOWHERE}/smsru/v2")
                await hub.registry.refresh()
                assert api_id(hub) == before
            active = hub.registry.get(hub.smsru)
            assert active is not None and active.config is not None
            assert getattr(active.config, "base_url", "") == f"{NOWHERE}/smsru/v2"
            assert active.rate_per_s == active.connector.rate_per_s
            await change(hub, api_id=CANARY, base_url="http://127.0.0.1:10")
            await hub.registry.refresh()
            assert api_id(hub) == CANARY

    go(run)


def test_of_two_changes_at_once_both_are_seen_whichever_is_committed_last(module_dsn: str) -> None:
    """The one with the earlier time is committed after the registry has seen the later one."""

    async def run() -> None:
        async with open_hub(module_dsn, NOWHERE) as hub:
            slow = await asyncpg.connect(module_dsn)
            transaction = slow.transaction()
            await transaction.start()
            await store.set_key(slow, hub.iiko, b"a new fingerprint")
            await store.set_state(hub.pool, hub.smsru, "off", "by a person")
            await hub.registry.refresh()
            assert hub.registry.by_key("iiko", hub.iiko_key) is not None
            await transaction.commit()
            await slow.close()
            await hub.registry.refresh()
            assert hub.registry.by_key("iiko", hub.iiko_key) is None

    go(run)


def test_a_new_key_works_and_the_old_one_does_not(module_dsn: str) -> None:
    async def run() -> None:
        async with open_hub(module_dsn, NOWHERE) as hub:
            async with hub.pool.acquire() as connection:
                new = await manage.new_key(connection, hub.iiko)
            await hub.registry.refresh()
            assert hub.registry.by_key("iiko", hub.iiko_key) is None
            found = hub.registry.by_key("iiko", new)
            assert found is not None and found.id == hub.iiko
            assert hub.registry.by_key("smsru", new) is None

    go(run)


@pytest.mark.parametrize(("state", "lets_in"), [("active", True), ("paused", True), ("off", False)])
def test_only_what_a_person_switched_off_is_deaf(
    module_dsn: str, state: str, lets_in: bool
) -> None:
    async def run() -> None:
        async with open_hub(module_dsn, NOWHERE) as hub:
            await store.set_state(hub.pool, hub.iiko, state, None)
            await hub.registry.refresh()
            assert (hub.registry.by_key("iiko", hub.iiko_key) is not None) is lets_in

    go(run)


@pytest.mark.parametrize("damage", ["another key", "settings", "sealed elsewhere"])
def test_a_connection_that_cannot_be_read_costs_no_other(module_dsn: str, damage: str) -> None:
    async def run() -> None:
        async with open_hub(module_dsn, NOWHERE) as hub:
            ring = KeyRing([b"?" * 32]) if damage == "another key" else RING
            if damage == "settings":
                await hub.pool.execute(
                    "update connection set settings = settings || $2 where id = $1",
                    hub.smsru,
                    {"base_url": CANARY},
                )
            if damage == "sealed elsewhere":
                sealed = config.seal(RING, hub.smsru + 1, {"api_id": CANARY})
                await hub.pool.execute(
                    "update connection set secrets = $2 where id = $1", hub.smsru, sealed
                )
            registry = Registry(hub.pool, ring)
            await registry.refresh()
            broken, whole = registry.get(hub.smsru), registry.get(hub.iiko)
            assert broken is not None and whole is not None
            assert (broken.config, broken.state) == (None, "paused")
            assert broken.state_reason and CANARY not in broken.state_reason
            assert whole.config is not None and whole.state == "active"

    go(run)


def test_the_loop_that_keeps_it_fresh_outlives_every_error(
    module_dsn: str, caplog: pytest.LogCaptureFixture
) -> None:
    async def run() -> None:
        async with open_hub(module_dsn, NOWHERE) as hub:
            keeping = asyncio.create_task(hub.registry.keep_fresh())
            await hub.pool.execute("alter table connection rename to connection_gone")
            try:
                async with asyncio.timeout(20):
                    while "not refreshed" not in caplog.text:
                        await asyncio.sleep(0.05)
            finally:
                await hub.pool.execute("alter table connection_gone rename to connection")
            await store.set_key(await hub.pool.acquire(), hub.iiko, uuid4().bytes)
            async with asyncio.timeout(20):
                while hub.registry.by_key("iiko", hub.iiko_key) is not None:
                    await asyncio.sleep(0.05)
            assert not keeping.done()
            keeping.cancel()

    go(run)


def test_settings_that_are_wrong_are_named_and_never_shown() -> None:
    values = {"api_id": {"nested": CANARY}, "base_url": CANARY, "sender": CANARY, "x": CANARY}
    with pytest.raises(ConfigError) as refused:
        config.validate(SmsruConfig, values)
    said = str(refused.value)
    assert CANARY not in said and refused.value.__cause__ is None
    assert all(name in said for name in ("base_url", "sender", "api_id", "x"))
    # Had it come with its cause, a traceback would show the value.
    with pytest.raises(ValidationError, match=CANARY):
        SmsruConfig.model_validate(values)


def test_secret_fields_leave_the_open_settings_and_come_back_sealed() -> None:
    typed = config.validate(SmsruConfig, {"api_id": CANARY, "base_url": "http://127.0.0.1:9"})
    open_settings, secrets = config.split(typed)
    assert CANARY not in str(open_settings) and secrets == {"api_id": CANARY}
    sealed = config.seal(RING, 7, secrets)
    assert sealed is not None and CANARY.encode() not in sealed
    assert config.unseal(RING, 7, sealed) == secrets
    with pytest.raises(ConfigError):
        config.unseal(RING, 8, sealed)
    assert CANARY not in repr(typed) and CANARY not in str(SecretStr(CANARY))


def test_what_is_missing_from_a_new_connection_is_said(module_dsn: str) -> None:
    async def run() -> None:
        async with open_hub(module_dsn, NOWHERE) as hub:

            async def add(connector: str, name: str, values: dict[str, str]) -> None:
                async with hub.pool.acquire() as connection, connection.transaction():
                    await manage.add(connection, RING, connector, name, values)

            name = uuid4().hex
            with pytest.raises(ConfigError, match="no connector"):
                await add("teleport", name, {})
            with pytest.raises(ConfigError, match="api_id"):
                await add("smsru", name, {})
            await add("smsru", name, {"api_id": "x"})
            with pytest.raises(ConfigError, match="already"):
                await add("smsru", name, {"api_id": "x"})

    go(run)


def test_the_environment_makes_a_default_connection_once(dsn: str) -> None:
    async def run() -> None:
        connection = await database.connect(dsn, name="test")
        environment = {"SMSRU_API_KEY": CANARY, "SMSRU_BASE_URL": "http://127.0.0.1:9"}
        assert await manage.adopt_environment(connection, RING, environment) == ["smsru"]
        assert await manage.adopt_environment(connection, RING, environment) == []
        row = await connection.fetchrow("select * from connection")
        assert row is not None and CANARY not in str(dict(row))
        assert row["settings"]["base_url"] == "http://127.0.0.1:9"
        await connection.close()

    go(run)

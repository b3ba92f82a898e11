"""Where a connection's requests may be sent, and what they may take along."""

from collections.abc import Iterator
from uuid import uuid4

import pytest

from parts import RING, Hub, go, open_hub
from uzel.connections import config, manage
from uzel.connectors import connectors
from uzel.errors import ConfigError
from uzel.kit import addresses
from uzel.kit.secrets import KeyRing

HERE = "http://127.0.0.1:9"


@pytest.fixture
def closed() -> Iterator[None]:
    """An installation that has opened nothing."""
    addresses.permit("")
    yield
    addresses.permit("127.0.0.1")


async def change(hub: Hub, ring: KeyRing = RING, **values: object) -> None:
    async with hub.pool.acquire() as connection, connection.transaction():
        await manage.change(connection, ring, hub.smsru, values, rate_per_s=None)


async def add(hub: Hub, **values: object) -> manage.Added:
    async with hub.pool.acquire() as connection, connection.transaction():
        return await manage.add(connection, RING, "smsru", uuid4().hex, dict(values))


async def stored(hub: Hub) -> tuple[str, str]:
    """(address, secret) as the database has them."""
    row = await hub.pool.fetchrow(
        "select settings, secrets from connection where id = $1", hub.smsru
    )
    assert row is not None
    secrets = config.unseal(RING, hub.smsru, row["secrets"])
    return row["settings"]["base_url"], secrets["api_id"]


@pytest.mark.parametrize(
    "address",
    [
        "https://evil.example",
        "https://127.0.0.1:9/smsru",
        "http://127.0.0.1:10/smsru",
        "http://127.0.0.1/smsru",
        "http://127.0.0.2:9/smsru",
        "http://[::ffff:127.0.0.1]:9/smsru",
        None,
    ],
)
def test_a_stored_secret_does_not_go_to_another_server(
    module_dsn: str, address: str | None
) -> None:
    async def run() -> None:
        async with open_hub(module_dsn, HERE) as hub:
            before = await stored(hub)
            for kept in ({}, {"api_id": ""}, {"api_id": None}):
                with pytest.raises(ConfigError, match="api_id"):
                    await change(hub, base_url=address, **kept)
            assert await stored(hub) == before

    go(run)


def test_who_types_the_secret_may_send_it_anywhere(module_dsn: str) -> None:
    async def run() -> None:
        async with open_hub(module_dsn, HERE) as hub:
            await change(hub, base_url="http://127.0.0.1:10", api_id="typed again")
            assert await stored(hub) == ("http://127.0.0.1:10", "typed again")

    go(run)


@pytest.mark.parametrize("same", [f"{HERE}/smsru", "HTTP://127.0.0.1:9/smsru/", f"{HERE}/v2"])
def test_another_path_is_the_same_server(module_dsn: str, same: str) -> None:
    async def run() -> None:
        async with open_hub(module_dsn, HERE) as hub:
            _, secret = await stored(hub)
            await change(hub, base_url=same, sender="Uzel")
            assert await stored(hub) == (same.rstrip("/").lower(), secret)

    go(run)


def test_secrets_nobody_can_open_are_replaced_by_typing_them(module_dsn: str) -> None:
    """Not even knowing where they were sent is needed then."""

    async def run() -> None:
        async with open_hub(module_dsn, HERE) as hub:
            await hub.pool.execute(
                "update connection set secrets = '\\x01', settings = $2 where id = $1",
                hub.smsru,
                {"base_url": "http://[::1"},
            )
            with pytest.raises(ConfigError, match="UZEL_MASTER_KEY"):
                await change(hub, base_url=HERE)
            await change(hub, base_url=HERE, api_id="typed again")
            assert await stored(hub) == (HERE, "typed again")

    go(run)


@pytest.mark.usefixtures("closed")
@pytest.mark.parametrize(
    "address",
    [
        *("http://127.0.0.1:9", "http://localhost:8000", "http://169.254.169.254/latest"),
        *("http://10.0.0.1", "http://[::1]:5432", "http://[::ffff:192.168.0.1]", "http://0.0.0.0"),
    ],
)
def test_an_address_in_a_private_network_is_not_saved(module_dsn: str, address: str) -> None:
    async def run() -> None:
        addresses.permit("127.0.0.1")
        async with open_hub(module_dsn, HERE) as hub:
            addresses.permit("")
            before = await stored(hub)
            with pytest.raises(ConfigError, match="UZEL_ALLOW_PRIVATE_ADDRESSES"):
                await add(hub, api_id="x", base_url=address)
            with pytest.raises(ConfigError, match="UZEL_ALLOW_PRIVATE_ADDRESSES"):
                await change(hub, api_id="x", base_url=address)
            assert await stored(hub) == before

    go(run)


@pytest.mark.usefixtures("closed")
def test_what_is_public_or_leads_nowhere_yet_is_saved(module_dsn: str) -> None:
    """The one is looked at again before each connection, and so is the other."""

    async def run() -> None:
        addresses.permit("127.0.0.1")
        async with open_hub(module_dsn, HERE) as hub:
            addresses.permit("")
            for address in ("https://8.8.8.8", "https://not-there-yet.invalid"):
                assert (await add(hub, api_id="x", base_url=address)).id
            assert (await add(hub, api_id="x")).id

    go(run)


def test_every_address_among_the_settings_is_known_as_one() -> None:
    for connector in connectors().values():
        named = {name for name in connector.config.model_fields if name.endswith("url")}
        assert named == config.address_fields(connector.config), connector.name

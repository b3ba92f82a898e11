"""A shop out of the environment variables that integrations of before have."""

from typing import Any

import pytest

from parts import RING, go
from uzel.connections import manage
from uzel.errors import ConfigError
from uzel.flows.kaspi_orders import shop_store
from uzel.flows.kaspi_orders.environment import adopt_shop, settings_of, wrong_country
from uzel.flows.kaspi_orders.settings import ShopSettings
from uzel.kit import database

BOTH = {
    "KASPI_API_TOKEN": "canary-kaspi",
    "AMO_SUBDOMAIN": "example",
    "AMO_ACCESS_TOKEN": "canary-amo",
}
ALL = {
    **BOTH,
    "AMO_PIPELINE_ID": "7310002",
    "AMO_STATUS_ID": " 61000011 ",
    "AMO_RESPONSIBLE_USER_ID": "",
    "AMO_CATALOG_ID": "11271",
    "AMO_LEAD_ORDER_CODE_FIELD_ID": "752011",
    "DEFAULT_COUNTRY": "KZ",
}


async def start(dsn: str, environment: dict[str, str]) -> tuple[int | None, list[Any]]:
    """What a start makes of the environment: the new shop, all shops."""
    connection = await database.connect(dsn, name="test")
    try:
        async with connection.transaction():
            await manage.adopt_environment(connection, RING, environment)
            made = await adopt_shop(connection, environment)
        return made, await shop_store.every(connection)
    finally:
        await connection.close()


def test_both_connections_and_the_variables_make_a_shop_that_is_off(dsn: str) -> None:
    async def run() -> None:
        made, shops = await start(dsn, ALL)
        assert [(it["id"], it["state"]) for it in shops] == [(made, "off")]
        settings = ShopSettings.model_validate(shops[0]["settings"])
        assert (settings.pipeline_id, settings.status_id) == (7310002, 61000011)
        assert (settings.catalog_id, settings.order_code_field_id) == (11271, 752011)
        assert settings.responsible_user_id is None
        assert settings.stage_of("completed") == (7310002, 142)
        assert settings.stage_of("cancelled") == settings.stage_of("returned") == (7310002, 143)

    go(run)


def test_a_second_start_makes_none_and_changes_nothing(dsn: str) -> None:
    async def run() -> None:
        _, before = await start(dsn, ALL)
        made, after = await start(dsn, {**ALL, "AMO_PIPELINE_ID": "1"})
        assert made is None and after == before

    go(run)


def test_what_comes_later_completes_it(dsn: str) -> None:
    async def run() -> None:
        one = {name: value for name, value in ALL.items() if not name.startswith("KASPI")}
        assert await start(dsn, one) == (None, [])
        made, _ = await start(dsn, ALL)
        assert made is not None

    go(run)


@pytest.mark.parametrize("left_out", ["KASPI_API_TOKEN", "AMO_SUBDOMAIN"])
def test_half_of_the_connections_make_no_shop(dsn: str, left_out: str) -> None:
    given = {name: value for name, value in ALL.items() if name != left_out}

    async def run() -> None:
        assert await start(dsn, given) == (None, [])

    go(run)


def test_connections_alone_make_a_shop_with_amocrms_own_defaults(dsn: str) -> None:
    async def run() -> None:
        _, shops = await start(dsn, BOTH)
        assert shops[0]["settings"] == {}

    go(run)


@pytest.mark.parametrize("value", ["x", "0", "-1", "1.5", "9" * 30])
def test_what_is_no_number_of_amocrm_is_said_by_its_variable(dsn: str, value: str) -> None:
    async def run() -> None:
        with pytest.raises(ConfigError, match=r"^AMO_CATALOG_ID must be a number of amoCRM$"):
            await start(dsn, {**ALL, "AMO_CATALOG_ID": value})

    go(run)
    with pytest.raises(ConfigError, match=r"^AMO_PIPELINE_ID must be"):
        settings_of({"AMO_PIPELINE_ID": value})


@pytest.mark.parametrize(
    ("country", "wrong"), [("KZ", None), ("kz", None), ("", None), ("RU", "RU"), ("us", "US")]
)
def test_another_country_than_kazakhstan_is_pointed_out(country: str, wrong: str | None) -> None:
    assert wrong_country({"DEFAULT_COUNTRY": country}) == wrong
    assert wrong_country({}) is None

"""A page of maintenance, a token that is not taken: what pauses a connection, and what it says."""

import re

import pytest

from parts import Sandbox, go
from shops import open_shop, until_done, whole
from uzel.errors import AuthFailed, CallFailed, ConfigError

STATE = "select state from connection where id = $1"


@pytest.mark.parametrize("operation", ["find_contacts", "find_elements", "list_elements"])
def test_a_page_in_place_of_an_answer_costs_a_moment(
    module_dsn: str, sandbox: Sandbox, operation: str
) -> None:
    async def run() -> None:
        async with open_shop(module_dsn, sandbox) as shop:
            codes = shop.make(3, customers=3, skus=3)
            sandbox.arm_at("amocrm", operation, "garbage", times=1)
            await shop.fetch()
            await shop.work(6)
            assert await shop.hub.pool.fetchval(STATE, shop.amocrm) == "active"
            unknown = "select count(*) from call where connection_id = $1 and state = 'unknown'"
            assert await shop.hub.pool.fetchval(unknown, shop.amocrm) == 0
            sandbox.http.delete("/_faults").raise_for_status()
            await until_done(shop)
            await whole(shop, codes)

    go(run)


def test_a_page_in_place_of_orders_pauses_nothing(module_dsn: str, sandbox: Sandbox) -> None:
    async def run() -> None:
        async with open_shop(module_dsn, sandbox) as shop:
            shop.make(2)
            sandbox.arm_at("kaspi", "orders", "garbage", times=1)
            with pytest.raises(CallFailed):
                await shop.fetch()
            assert await shop.hub.pool.fetchval(STATE, shop.kaspi) == "active"
            assert (await shop.fetch())["orders"] == 2

    go(run)


def test_a_refused_token_says_what_to_do_and_since_when_nothing_is_fetched(
    module_dsn: str, sandbox: Sandbox
) -> None:
    async def run() -> None:
        async with open_shop(module_dsn, sandbox) as shop:
            sandbox.arm_at("kaspi", "orders", "401", times=1)
            with pytest.raises(AuthFailed, match="сформируйте новый в кабинете"):
                await shop.fetch()
            assert await shop.hub.pool.fetchval(STATE, shop.kaspi) == "paused"
            await shop.hub.registry.refresh()
            with pytest.raises(ConfigError) as refused:
                await shop.fetch()
            said = r"paused since \d{4}-\d\d-\d\d \d\d:\d\d UTC: Kaspi не принимает токен"
            assert re.match(said, str(refused.value))

    go(run)

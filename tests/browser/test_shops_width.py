"""Orders beside their deals fit where people look at them."""

import asyncio
import json
from collections.abc import Iterator

import asyncpg
import pytest
from playwright.sync_api import Browser

from console_pages import OVERFLOW
from parts import Sandbox, sandbox_server
from sample_data import ADMIN
from shops_console import DIFFERS, DONE, ShopConsole, shop_console

__all__ = ["sandbox_server"]

WIDTHS = (390, 1280, 1440, 768)
LONG = "contact_refused: amoCRM: номер не принят, потому что так настроен этот аккаунт"
GOODS = {str(number): "2" for number in range(71000001, 71000005)}
DIFFERENCE = {
    "stage": {"order": "7310002:142", "deal": "7310002:61000012", "kept": True},
    "price": {"order": 1999000, "deal": 1800000, "kept": True},
    "goods": {"order": GOODS, "deal": {}, "kept": True},
}

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def here(
    shared_dsn: str, sandbox_server: Sandbox, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ShopConsole]:
    """It comes before the browser: both want this thread's loop."""
    with shop_console(shared_dsn, sandbox_server, tmp_path_factory.mktemp("shops")) as running:
        asyncio.run(lengthen(shared_dsn))
        yield running


async def lengthen(dsn: str) -> None:
    """Long names, large sums, long reasons."""
    connection = await asyncpg.connect(dsn)
    await connection.execute(
        "update shop_order set total = 12345678.9, first_name = 'Нурсултанбек', "
        "last_name = 'Абдрахмановский'"
    )
    await connection.execute("update shop_order set reason = $1 where step = 'stuck'", LONG)
    await connection.execute(
        "update shop_order set difference = $1 where step = 'done'", json.dumps(DIFFERENCE)
    )
    await connection.close()


def test_no_page_is_wider_than_the_window(here: ShopConsole, browser: Browser) -> None:
    context = browser.new_context(base_url=here.web.url, locale="ru-RU")
    page = context.new_page()
    page.goto("/sign-in")
    page.fill("[name=login]", ADMIN[0])
    page.fill("[name=password]", ADMIN[1])
    page.click("main button.primary")
    order = f"/shops/orders/{here.id_of(DIFFERS)}"
    paths = ("/shops", order, f"{order}/leave", "/shops/why", f"/connections/{here.amocrm}")
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        for path in paths:
            page.goto(path)
            assert page.evaluate(OVERFLOW) == [], (width, path)
    page.goto("/shops")
    assert here.codes[DONE] in page.content()
    context.close()

"""Which shops a command is about."""

from typing import Any

from uzel.errors import ConfigError


async def meant(parts: Any, shop_id: int | None, *, on: bool = False) -> list[Any]:
    """The shop with this number, or all. on: but for those that are off. Raises ConfigError."""
    from uzel.flows.kaspi_orders import shop_store

    shops = await shop_store.every(parts.pool)
    found = [shop for shop in shops if shop_id in (None, shop["id"])]
    if not found:
        there = ", ".join(str(shop["id"]) for shop in shops) or "none"
        raise ConfigError(f"there is no shop {shop_id or ''}".rstrip() + f"; there are: {there}")
    working = [shop for shop in found if shop["state"] != "off" or not on]
    if not working:
        raise ConfigError("the shop is off: uzel kaspi resume")
    return working

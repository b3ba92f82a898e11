"""Entering our address at YCLIENTS (YCLIENTS REST API, "Настройка уведомлений о событиях")."""

from collections.abc import Mapping
from typing import Any

import httpx2

from uzel.connectors.yclients.client import change_hook_settings, hook_settings, urls_of
from uzel.connectors.yclients.config import YclientsConfig
from uzel.connectors.yclients.record import code_of
from uzel.errors import Rejected

MOST_URLS = 10  # Altegio Developer Tools
# Everything that can be switched, as YCLIENTS and Altegio name it.
FLAGS = (
    *("salon", "service_category", "service", "good", "master", "client", "record", "schedule"),
    *("goods_operations_sale", "goods_operations_receipt", "goods_operations_consumable"),
    *("goods_operations_stolen", "goods_operations_move", "finances_operation", "loyalty_card"),
    "self_sending",
)


async def register(http: httpx2.AsyncClient, config: YclientsConfig, url: str) -> None:
    """Have records posted to `url`, and no longer to addresses that differ from it in their query
    only: those carry an earlier key of ours. The addresses of others stay.

    The provider knows one set of flags for all addresses of the location and replaces everything at
    once, so what is there is read first and sent back with ours. Where others have flags of their
    own that would be lost, nothing is changed. Raises ConfigError, CallFailed.
    """
    before = await hook_settings(http, config)
    others = [it for it in urls_of(before) if it.partition("?")[0] != url.partition("?")[0]]
    if others and differ(before.get("url_settings")):
        raise Rejected(
            "YCLIENTS: у адресов этого филиала разные наборы событий, а общий набор стёр бы чужие; "
            "впишите адрес Узла вручную"
        )
    if len(others) >= MOST_URLS:
        raise Rejected(f"YCLIENTS: у филиала уже {len(others)} адресов, больше не поместится")
    after: dict[str, Any] = {**flags_of(before), "record": 1, "active": 1, "urls": [*others, url]}
    if any(before.get(name) != value for name, value in after.items()):
        await change_hook_settings(http, config, after)


def flags_of(settings: Mapping[str, Any]) -> dict[str, int]:
    """The flags that are told, 0 or 1; one that is not told is not invented."""
    found = {name: flag(settings.get(name)) for name in FLAGS}
    return {name: value for name, value in found.items() if value is not None}


def flag(value: Any) -> int | None:
    """0 or 1, however it is written."""
    code = int(value) if isinstance(value, bool) else code_of(value)
    return code if code in (0, 1) else None


def differ(url_settings: Any) -> bool:
    """Whether the addresses have different flags; told by newer installations of Altegio only."""
    listed = list(url_settings.values()) if isinstance(url_settings, dict) else url_settings
    entries = [it for it in listed if isinstance(it, dict)] if isinstance(listed, list) else []
    return any(flags_of(entry) != flags_of(entries[0]) for entry in entries)

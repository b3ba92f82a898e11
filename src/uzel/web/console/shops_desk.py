"""Shops as pages know them, and the words their templates call."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from uzel.connections.registry import Active
from uzel.flows.kaspi_orders import shop_store
from uzel.flows.kaspi_orders.settings import ShopSettings
from uzel.views.shops import OrderRow
from uzel.web.console import shops_words, words
from uzel.web.console.desk import Desk
from uzel.web.console.listing import LARGEST_INT, found, row_id


@dataclass(frozen=True, slots=True)
class Shop:
    """A shop with both its sides; None where this process does not know the connection."""

    row: Any
    settings: ShopSettings
    source: Active | None
    crm: Active | None

    @property
    def id(self) -> int:
        """Its number."""
        number: int = self.row["id"]
        return number

    @property
    def title(self) -> str:
        """What people know it by: the connection its orders come from."""
        return self.source.name if self.source else f"№ {self.id}"

    @property
    def state(self) -> str:
        """off, on, paused."""
        found: str = self.row["state"]
        return found

    def deal_url(self, lead_id: int | None) -> str | None:
        """The card of a deal."""
        base_url = getattr(self.crm.config, "base_url", None) if self.crm else None
        return f"{base_url}/leads/detail/{lead_id}" if base_url and lead_id else None


def to_shop(desk: Desk, row: Any) -> Shop:
    """A row of table shop."""
    registry = desk.deps.registry
    settings = ShopSettings.model_validate(row["settings"])
    return Shop(row, settings, registry.get(row["source_id"]), registry.get(row["crm_id"]))


async def all_shops(desk: Desk) -> list[Shop]:
    """Every shop, those of the business in hand first."""
    rows = await shop_store.every(desk.deps.pool)
    rows.sort(key=lambda row: (row["business_id"] != desk.business_id, row["id"]))
    return [to_shop(desk, row) for row in rows]


async def find_shop(desk: Desk, shop_id: str) -> Shop:
    """The shop with this number. Raises HTTPException 404."""
    await desk.deps.registry.refresh()
    return to_shop(desk, found(await shop_store.one(desk.deps.pool, row_id(shop_id, LARGEST_INT))))


def spoken_words(desk: Desk, names: Mapping[str, str] | None = None) -> dict[str, Any]:
    """What the templates of this room call. `names`: `pipeline:stage` → its name."""
    spoken = desk.language

    def differences(order: OrderRow) -> list[shops_words.Difference]:
        return shops_words.differences(spoken, order, names or {})

    return {
        "groups": shops_words.GROUPS,
        "why": lambda reason: shops_words.why(spoken, reason),
        "status": lambda word: shops_words.status(spoken, word),
        "act_name": lambda action: words.named(spoken, shops_words.ACTS, action),
        "step": lambda code: words.state(spoken, code, "order"),
        "shop_state": lambda code: shops_words.shop_state(spoken, code),
        "differences": differences,
        "stage_name": lambda stage: shops_words.stage_name(spoken, stage, names or {}),
    }

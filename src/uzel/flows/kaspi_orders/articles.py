"""The goods of orders as elements of a CRM's catalog."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from uzel.entities import store as entity_store
from uzel.flows.kaspi_orders import asks
from uzel.kit.database import Connection


@dataclass(frozen=True, slots=True)
class Articles:
    """known: SKU → element; refused: SKU → why the catalog has none and gets none."""

    known: Mapping[str, int]
    refused: Mapping[str, str]

    def wanted(self, order: Any) -> dict[str, str]:
        """{element: quantity} of an order, as far as its articles are known."""
        return asks.goods_of(order["lines"], self.known)

    def missing(self, order: Any) -> list[dict[str, Any]]:
        """Positions whose articles nobody has looked for."""
        return [
            line
            for line in order["lines"] or ()
            if line["sku"] and line["sku"] not in self.known and line["sku"] not in self.refused
        ]

    def reason(self, order: Any) -> str | None:
        """Why an order has not all of its goods, None where it has."""
        skus = [line["sku"] for line in order["lines"] or () if line["sku"] in self.refused]
        return f"goods: {skus[0]}: {self.refused[skus[0]]}" if skus else None


async def look(
    connection: Connection, crm_id: int, catalog_id: int | None, orders: Sequence[Any]
) -> Articles:
    """What is known of the goods of these orders; what is not is looked for from now on."""
    if catalog_id is None:
        return Articles({}, {})
    lines = [line for order in orders for line in order["lines"] or () if line["sku"]]
    skus = sorted({line["sku"] for line in lines})
    found = Articles(
        await entity_store.ids(connection, crm_id, catalog_id, skus),
        await entity_store.refused(connection, crm_id, catalog_id, skus),
    )
    names = {line["sku"]: line for order in orders for line in found.missing(order)}
    await entity_store.want(
        connection,
        [
            (crm_id, catalog_id, sku, {"name": line["name"], "price": line["price"]})
            for sku, line in names.items()
        ],
    )
    return found


def is_settled(found: Articles, catalog_id: int | None, order: Any) -> bool:
    """Whether nothing is to be waited for."""
    return catalog_id is None or not found.missing(order)

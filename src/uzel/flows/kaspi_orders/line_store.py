"""The positions of orders in the database: those that nobody knows yet are asked for."""

from collections.abc import Sequence
from typing import Any

from uzel.flows.kaspi_orders.order_store import DUE, UNNAMED, UNTOLD
from uzel.kit.database import Connection, Pool

# Where an order goes once its positions are known: one that may have a deal is looked for first.
NEXT = "case when o.tried or o.ordered_at < s.switched_on_at then 'finding' else 'waiting' end"


async def wanted(connection: Connection, shop_id: int, most: int) -> list[Any]:
    """Orders whose positions or articles are not known, and nobody asks for them: also of deals
    that are made already.
    """
    return await connection.fetch(
        "select id, source_order, lines, lines_tries from shop_order where shop_id = $1 "  # noqa: S608
        f"and batch is null and {DUE} and {UNTOLD} "
        "and (step = 'lines' or checking = 'wanted' and step = 'done') order by id limit $2",
        shop_id,
        most,
    )


async def asked(connection: Connection, batch: int, again_s: float) -> None:
    """The positions of an order were asked for; what came is read by itself, and if it tells
    nothing they are asked for again after so long.
    """
    await connection.execute(
        "update shop_order set batch = null, lines_tries = lines_tries + 1, updated_at = now(), "
        "not_before = clock_timestamp() + make_interval(secs => $2) where batch = $1",
        batch,
        again_s,
    )


async def go_without(connection: Connection, ids: Sequence[int], reason: str) -> None:
    """Nobody tells the positions of these: they go on without, and say so."""
    await connection.execute(
        "update shop_order o set without_lines = true, batch = null, not_before = null, "  # noqa: S608
        f"reason = $2, step = case when o.step = 'lines' then {NEXT} else o.step end, "
        "updated_at = now() from shop s where o.id = any($1) and s.id = o.shop_id",
        list(ids),
        f"lines: {reason}",
    )


async def sweep(connection: Connection | Pool, shop_id: int) -> None:
    """Whoever waits without positions that can be asked for asks for them."""
    await connection.execute(
        "update shop_order set step = 'lines', batch = null, updated_at = now() "
        "where shop_id = $1 and step = 'waiting' and lines is null and not without_lines",
        shop_id,
    )


async def name_article(
    connection: Connection, batch: int, product: str, sku: str | None, name: str | None
) -> None:
    """The article behind a product of the marketplace, in the order that asked. One that nobody can
    name goes without: its deal tells it in the note.
    """
    await connection.execute(
        "update shop_order o set batch = null, updated_at = now(), lines = ("
        "  select jsonb_agg(case when l ->> 'product' = $2 and l ->> 'sku' is null "
        "    then l || jsonb_build_object('sku', $3::text, 'product', null, "
        "         'name', coalesce(l ->> 'name', $4)) else l end order by n) "
        "    from jsonb_array_elements(o.lines) with ordinality as x(l, n)) where o.batch = $1",
        batch,
        product,
        sku,
        name,
    )
    await connection.execute(
        f"update shop_order o set step = {NEXT} "  # noqa: S608
        "from shop s where s.id = o.shop_id and o.step = 'lines' "
        f"and o.batch is null and o.lines is not null and not (o.{UNNAMED})"
    )


async def told_as(connection: Connection, event_id: int) -> Any:
    """(connection_id, body) of the raw event by which an order was told last."""
    return await connection.fetchrow(
        "select r.connection_id, r.body from event e join raw_event r on r.id = e.raw_event_id "
        "where e.id = $1",
        event_id,
    )

"""What differs between orders and their deals, and what is changed, in the database."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from uzel.flows.kaspi_orders.order_store import DUE, UNTOLD
from uzel.kit.database import Connection

# Articles of the order are all looked for: what they are in the catalog is known, or refused.
SETTLED = """
not exists (select from crm_entity e join shop s on s.id = shop_order.shop_id
             where e.crm_id = s.crm_id and e.catalog_id <> 0
               and e.state not in ('known', 'refused')
               and shop_order.lines @> jsonb_build_array(jsonb_build_object('sku', e.key)))
"""
# The goods that a deal has from us, after one part of the changes.
GOODS_AFTER = """
case $2 when 'unlink' then lead_goods - array(
              select l ->> 'element_id' from jsonb_array_elements(changes -> 'unlink') l)
        when 'link' then lead_goods || (
              select jsonb_object_agg(l ->> 'element_id', l ->> 'quantity')
                from jsonb_array_elements(changes -> 'link') l)
        else lead_goods end
"""


@dataclass(frozen=True, slots=True)
class Settled:
    """What came of a comparison.

    told_at      the version of the order it was made with; None: not all of it, compare once more
    changes      {"lead", "unlink", "link"} to be done
    price, goods what the deal has as its order says it, so that it follows from now on, though it
                 was not we who put it there
    is_new       the positions are others than the last note told
    """

    told_at: datetime | None
    difference: Mapping[str, Any] | None
    changes: Mapping[str, Any] | None
    reason: str | None = None
    price: int | None = None
    goods: Mapping[str, str] | None = None
    is_new: bool = False


async def wanted(connection: Connection, shop_id: int, most: int) -> list[Any]:
    """Orders that changed after their deal was made."""
    return await connection.fetch(
        "select id, lead_id, told_at from shop_order "  # noqa: S608
        "where shop_id = $1 and checking = 'wanted' and step = 'done' and batch is null "
        f"and {DUE} and not {UNTOLD} and {SETTLED} order by id limit $2",
        shop_id,
        most,
    )


async def reading(connection: Connection, order_id: int, batch: int) -> None:
    """Its deal is being read."""
    await connection.execute(
        "update shop_order set checking = 'reading', batch = $2 where id = $1", order_id, batch
    )


async def read(connection: Connection, batch: int) -> Any:
    """The order whose deal was read, locked."""
    return await connection.fetchrow("select * from shop_order where batch = $1 for update", batch)


async def settle(connection: Connection, order_id: int, found: Settled) -> None:
    """Write it down; a later version is compared once the changes are through."""
    await connection.execute(
        "update shop_order set batch = null, difference = $3, changes = $4, compared_at = now(), "
        "compared_told_at = $2, "
        "reason = coalesce($5, case when reason like 'lines: %' then reason end), "
        "checking = case when $4::jsonb is not null then 'changing' "
        "when told_at is distinct from $2 then 'wanted' end, "
        "refused = case when $4::jsonb is null then 0 else refused end, "
        "lead_price = coalesce(lead_price, $6), "
        "lead_goods = case when lead_goods = '{}' then coalesce($7, lead_goods) "
        "  else lead_goods end, "
        "note_step = case when $8 and note_step = 'done' then 'todo' else note_step end, "
        "noted_lines = coalesce(noted_lines, case when note_step = 'done' then lines end), "
        "updated_at = now() where id = $1",
        order_id,
        found.told_at,
        found.difference,
        found.changes,
        found.reason,
        found.price,
        found.goods,
        found.is_new,
    )


async def to_change(connection: Connection, shop_id: int, part: str, most: int) -> list[Any]:
    """Orders whose deals still miss this part of their changes, and nobody is at it."""
    return await connection.fetch(
        "select id, lead_id, together, changes -> $2 as part from shop_order where shop_id = $1 "  # noqa: S608
        f"and checking = 'changing' and batch is null and changes ? $2 and {DUE} "
        "and ($2 <> 'link' or not changes ? 'unlink') order by id limit $3",
        shop_id,
        part,
        most,
    )


async def changed(connection: Connection, batch: int, part: str) -> None:
    """This part of the changes is through; what the deal has from us is remembered with it."""
    await connection.execute(
        "update shop_order set batch = null, changes = nullif(changes - $2, '{}'), "  # noqa: S608
        "refused = 0, together = 50, checking = case when changes - $2 <> '{}' then checking "
        "when told_at is distinct from compared_told_at then 'wanted' end, updated_at = now(), "
        "lead_stage = case when $2 = 'lead' and changes -> 'lead' ? 'status_id' "
        "  then concat_ws(':', changes -> 'lead' ->> 'pipeline_id', "
        "                 changes -> 'lead' ->> 'status_id') "
        "  else lead_stage end, "
        "lead_price = case when $2 = 'lead' "
        "  then coalesce((changes -> 'lead' ->> 'price')::bigint, lead_price) else lead_price end, "
        f"lead_goods = {GOODS_AFTER} where batch = $1",
        batch,
        part,
    )


async def again(connection: Connection, batch: int, after_s: float = 0, refused: int = 0) -> None:
    """Those of a call that did not get through are compared anew."""
    await connection.execute(
        "update shop_order set batch = null, changes = null, checking = 'wanted', "
        "refused = refused + $3, not_before = clock_timestamp() + make_interval(secs => $2) "
        "where batch = $1",
        batch,
        after_s,
        refused,
    )


async def give_up(connection: Connection, batch: int, reason: str) -> None:
    """Their deals cannot be changed: a person sees why."""
    await connection.execute(
        "update shop_order set batch = null, changes = null, checking = null, reason = $2 "
        "where batch = $1",
        batch,
        reason,
    )


async def take(connection: Connection, ids: Sequence[int], batch: int) -> None:
    """They are in a call now."""
    await connection.execute(
        "update shop_order set batch = $2 where id = any($1)", list(ids), batch
    )


async def part(
    connection: Connection, batch: int, wrong: Sequence[int], together: int, after_s: float
) -> None:
    """A call was refused for one of its orders: the `wrong` ones go by themselves next time; where
    nobody knows which they are, fewer share a call.
    """
    await connection.execute(
        "update shop_order set batch = null, together = case when id = any($2) then 1 "
        "when $2 = '{}' then $3 else together end, "
        "not_before = case when $2 = '{}' or id = any($2) "
        "  then clock_timestamp() + make_interval(secs => $4) end where batch = $1",
        batch,
        list(wrong),
        together,
        after_s,
    )


async def wait_for_goods(connection: Connection, order_id: int) -> None:
    """Its articles are being looked for; compared again then."""
    await connection.execute(
        "update shop_order set batch = null, checking = 'wanted' where id = $1", order_id
    )

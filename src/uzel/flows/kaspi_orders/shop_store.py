"""Shops in the database: which account's orders become deals in which CRM."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from uzel.kit.database import Connection, Pool

COLUMNS = "id, business_id, source_id, crm_id, settings, state, since, switched_on_at, created_at"


async def by_sources(connection: Connection, source_ids: Sequence[int]) -> list[Any]:
    """The shops of these connections."""
    return await connection.fetch(
        f"select {COLUMNS} from shop where source_id = any($1)",  # noqa: S608
        list(source_ids),
    )


async def of_crm(connection: Connection, crm_id: int) -> list[Any]:
    """The shops whose deals are made in this CRM, oldest first."""
    return await connection.fetch(
        f"select {COLUMNS} from shop where crm_id = $1 order by id",  # noqa: S608
        crm_id,
    )


async def every(connection: Connection | Pool) -> list[Any]:
    """All shops, oldest first."""
    return await connection.fetch(f"select {COLUMNS} from shop order by id")  # noqa: S608


async def one(connection: Connection | Pool, shop_id: int) -> Any:
    """A shop, or None."""
    return await connection.fetchrow(
        f"select {COLUMNS} from shop where id = $1",  # noqa: S608
        shop_id,
    )


async def stamp(connection: Connection | Pool, shop_id: int) -> datetime:
    """What the orders of one request are stamped with, taken before it is sent: the database's
    time, but always later than the last stamp, so that a clock which goes back turns no versions
    round. In between there is room for positions that are asked for singly.
    """
    found: datetime = await connection.fetchval(
        "update shop set told_at = greatest(date_trunc('milliseconds', clock_timestamp()), "
        "told_at + interval '20 milliseconds') where id = $1 returning told_at",
        shop_id,
    )
    return found


async def add(
    connection: Connection, business_id: int, source_id: int, crm_id: int, settings: dict[str, Any]
) -> int:
    """A shop, switched off, and what is to be done for it again and again."""
    found: int = await connection.fetchval(
        "insert into shop (business_id, source_id, crm_id, settings) values ($1, $2, $3, $4) "
        "returning id",
        business_id,
        source_id,
        crm_id,
        settings,
    )
    await connection.execute(
        "insert into shop_task (shop_id, task) select $1, unnest($2::text[])",
        found,
        ["fetch", "reconcile", "proof"],
    )
    return found


async def change(
    connection: Connection, shop_id: int, crm_id: int, settings: dict[str, Any]
) -> None:
    """Other settings."""
    await connection.execute(
        "update shop set crm_id = $2, settings = $3, updated_at = now() where id = $1",
        shop_id,
        crm_id,
        settings,
    )


async def set_state(connection: Connection, shop_id: int, state: str) -> None:
    """`on`, `paused` or `off`. Switched on after it was off, it begins with the orders from now on;
    after a pause with all that came meanwhile.
    """
    await connection.execute(
        "update shop set state = $2, updated_at = now(), "
        "since = case when $2 = 'on' and state = 'off' then now() else since end, "
        "switched_on_at = case when $2 = 'on' and state = 'off' then now() else switched_on_at end "
        "where id = $1",
        shop_id,
        state,
    )
    await connection.execute(
        "update shop_task set next_at = now() where shop_id = $1 and $2 = 'on'", shop_id, state
    )


async def begin_earlier(connection: Connection, shop_id: int, days: int) -> None:
    """Take the orders of the last days, too: those that were seen before their time are unseen."""
    await connection.execute(
        "delete from shop_seen s where s.shop_id = $1 and not exists (select from shop_order o "
        "where o.shop_id = s.shop_id and o.code = s.code)",
        shop_id,
    )
    await connection.execute(
        "update shop set since = least(since, now() - make_interval(days => $2)) where id = $1",
        shop_id,
        days,
    )
    await connection.execute(
        "update shop_task set watermark = least(watermark, now() - make_interval(days => $2)), "
        "next_at = now() where shop_id = $1 and task = 'fetch'",
        shop_id,
        days,
    )


async def crm_of(connection: Connection, rows: Sequence[Any]) -> int | None:
    """The CRM of orders of one shop."""
    if not rows:
        return None
    shop = await one(connection, rows[0]["shop_id"])
    return int(shop["crm_id"])

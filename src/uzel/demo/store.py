"""What a database holds, and the row by which a demo knows its own again."""

from collections.abc import Sequence
from typing import Any

from uzel.kit.database import Connection
from uzel.people.store import note

MADE = "demo_made"
STRANGERS = """
select 'the connection ' || connector || '/' || name as what from connection where name <> $1
union all select 'the account ' || login from person where login <> all($3)
union all select 'the place ' || name from place where name <> all($2)
"""


async def is_empty(connection: Connection) -> bool:
    """Whether no tables of ours are there yet."""
    return await connection.fetchval("select to_regclass('connection')") is None


async def is_marked(connection: Connection) -> bool:
    """Whether a demo made this database."""
    found: bool = await connection.fetchval(
        "select exists (select 1 from audit where action = $1)", MADE
    )
    return found


async def mark(connection: Connection, actor: str) -> None:
    """Say that it is a demo's, once."""
    if not await is_marked(connection):
        await note(connection, actor, MADE, None, {})


async def strangers(
    connection: Connection, name: str, places: Sequence[str], people: Sequence[str]
) -> list[Any]:
    """In words: connections that are not called `name`, other places and accounts than these."""
    rows = await connection.fetch(STRANGERS, name, list(places), list(people))
    return [row["what"] for row in rows]


# A sandbox begins empty, so what an earlier one was asked and said is no longer so.
FORGET = (
    "delete from crm_entity where crm_id in (select crm_id from shop where id = $1)",
    "delete from shop_order where shop_id = $1",
    "delete from shop_seen where shop_id = $1",
    "delete from shop_proof where shop_id = $1",
    "update call set state = 'cancelled' where effect like 'shop:%' "
    "and state in ('planned', 'unknown') and $1::int is not null",
    "update shop_task set watermark = null, next_at = now(), leased_until = null, problem = null, "
    "found = '{}' where shop_id = $1",
)


async def forget_orders(connection: Connection, shop_id: int) -> None:
    """Orders and deals of an earlier sandbox. The demo has one shop of its own, and its calls."""
    for statement in FORGET:
        await connection.execute(statement, shop_id)

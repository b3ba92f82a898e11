"""Messages as lists, and one by one."""

from collections.abc import Sequence
from dataclasses import fields
from typing import Any

from uzel.kit.database import Pool
from uzel.views.filters import MessageFilter, phone_key
from uzel.views.query_store import Scan
from uzel.views.rows import MessageRow, Page

OF_CONNECTION = {"connector": "n.connector", "connection_name": "n.name as connection_name"}
MESSAGE = ", ".join(OF_CONNECTION.get(f.name, f"t.{f.name}") for f in fields(MessageRow))
# Of what belongs to one thing: a page of elements leads to one message each, and some to two.
MOST = 200
FROM = f"select {MESSAGE} from message t join connection n on n.id = t.connection_id"  # noqa: S608


async def list_messages(
    pool: Pool, wanted: MessageFilter, before: int | None, limit: int
) -> Page[MessageRow]:
    """Messages that pass the filter, newest first."""
    scan = Scan("message", MESSAGE, "created_at")
    if wanted.phone is not None:
        scan.key("phone", phone_key(wanted.phone))
    if wanted.state is not None:
        scan.key("state", wanted.state)
    if wanted.connection_id is not None:
        scan.where("connection_id = {}", wanted.connection_id)
    if wanted.reason is not None:
        scan.where("state_reason = {}", wanted.reason)
    if wanted.business_id is not None:
        scan.where("business_id = {}", wanted.business_id)
    await scan.between(pool, wanted.since, wanted.until)
    return await scan.page(pool, to_message, before, limit)


async def messages_by_id(pool: Pool, ids: Sequence[int]) -> tuple[MessageRow, ...]:
    """These messages, oldest first."""
    rows = await pool.fetch(f"{FROM} where t.id = any($1::bigint[]) order by t.id", list(ids))
    return tuple(map(to_message, rows))


async def messages_behind(
    pool: Pool, event_ids: Sequence[int], origins: Sequence[str]
) -> tuple[MessageRow, ...]:
    """Messages these events led to, or of these origins; oldest first, MOST at most."""
    found = (
        "select id from message where event_id = any($1::bigint[]) "  # noqa: S608
        f"union select id from message where origin = any($2::text[]) limit {MOST}"
    )
    rows = await pool.fetch(
        f"{FROM} where t.id in ({found}) order by t.id",
        list(event_ids),
        list(origins),
    )
    return tuple(map(to_message, rows))


async def messages_by_reference(
    pool: Pool, keys: Sequence[tuple[int, str]]
) -> tuple[MessageRow, ...]:
    """Messages known to their provider as (connection id, reference); MOST at most."""
    rows = await pool.fetch(
        f"{FROM} join unnest($1::int[], $2::text[]) as g(connection_id, reference) "
        "on t.connection_id = g.connection_id and t.reference = g.reference "
        f"order by t.id limit {MOST}",
        [key[0] for key in keys],
        [key[1] for key in keys],
    )
    return tuple(map(to_message, rows))


def to_message(row: Any) -> MessageRow:
    """A row with the columns MESSAGE."""
    return MessageRow(**row)

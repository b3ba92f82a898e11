"""Which deal an order has, in the database."""

from collections.abc import Mapping, Sequence

from uzel.kit.database import Connection

# What a deal without all of its goods says goes on to be said.
REASON = "reason = case when reason like 'lines: %' then reason end"


async def made(connection: Connection, batch: int, leads: Mapping[int, int]) -> None:
    """Order → deal: those of a call that were made, or found to be there already."""
    await connection.execute(
        "update shop_order o set lead_id = g.lead_id, step = 'details', batch = null, "  # noqa: S608
        f"{REASON}, together = 50, refused = 0, not_before = null, deal_at = now(), "
        "updated_at = now() "
        "from unnest($2::bigint[], $3::bigint[]) as g(id, lead_id) "
        "where o.batch = $1 and o.id = g.id",
        batch,
        list(leads),
        list(leads.values()),
    )


async def adopt(connection: Connection, batch: int, lead_id: int) -> None:
    """The order in a call has a deal already. One that we made before its number was lost to us
    still wants its goods and its note; one of somebody else's is compared only.
    """
    await connection.execute(
        f"update shop_order set lead_id = $2, batch = null, {REASON}, deal_at = now(), "  # noqa: S608
        "updated_at = now(), step = case when tried then 'details' else 'done' end, "
        "checking = case when tried then checking else 'wanted' end, "
        "goods_step = case when tried then goods_step else 'done' end, "
        "note_step = case when tried then note_step else 'done' end, "
        "lead_stage = case when tried then lead_stage end, "
        "lead_price = case when tried then lead_price end where batch = $1",
        batch,
        lead_id,
    )


async def set_apart(connection: Connection, ids: Sequence[int]) -> None:
    """These go by themselves from now on, and wait for what is asked anew."""
    await connection.execute(
        "update shop_order set together = 1, step = 'waiting', batch = null, ready_at = null, "
        "not_before = clock_timestamp() + interval '2 seconds', updated_at = now() "
        "where id = any($1)",
        list(ids),
    )


async def deal_gone(connection: Connection, order_id: int) -> None:
    """Somebody deleted the deal: the order wants another."""
    await connection.execute(
        "update shop_order set gone_lead_id = lead_id, gone_at = now(), lead_id = null, "
        "lead_stage = null, lead_price = null, "
        "lead_goods = '{}', goods_step = 'todo', note_step = 'todo', step = 'finding', "
        "goods_batch = null, goods_asked = null, note_batch = null, noted_lines = null, "
        "refused = 0, together = 50, not_before = null, "
        "tried = false, checking = null, changes = null, difference = null, batch = null, "
        "reason = 'deal_gone', updated_at = now() where id = $1",
        order_id,
    )

"""Messages in the database."""

from collections.abc import Sequence
from typing import Any

from uzel.kit.database import Connection, Pool

# How far along a message is. A state never gives way to a lower one, so receipts may come late,
# twice and in any order.
RANK = "array_position(array['planned', 'unknown', 'accepted', 'failed', 'delivered'], {})"

ADD = """
insert into message (business_id, connection_id, purpose, origin, event_id, channel, phone, body,
                     encoding, segments, template_id)
select * from unnest($1::bigint[], $2::int[], $3::text[], $4::text[], $5::bigint[], $6::text[],
                     $7::text[], $8::text[], $9::text[], $10::int[], $11::bigint[])
on conflict (origin) do nothing
returning id, origin, connection_id, channel, phone, body
"""

CLOSE = """
update message m
   set state = r.state, state_reason = r.reason, reference = coalesce(r.reference, m.reference),
       cost_minor = coalesce(r.cost, m.cost_minor), currency = coalesce(r.currency, m.currency),
       accepted_at = case when r.state = 'accepted' then coalesce(m.accepted_at, now())
                     else m.accepted_at end,
       settled_at = case when r.state in ('failed', 'cancelled') then now() end,
       updated_at = now()
  from unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::text[])
    as r(id, state, reason, reference, cost, currency)
 where m.id = r.id and m.state in ('planned', 'unknown')
"""

# `distinct on`: one statement changes a row once, so of several receipts for a message the one
# that settles most counts.
SETTLE = f"""
with receipt as (
    select distinct on (connection_id, reference) *
      from unnest($1::int[], $2::text[], $3::text[], $4::text[], $5::timestamptz[], $6::bigint[],
                  $7::text[])
        as r(connection_id, reference, state, reason, occurred_at, cost, currency)
     order by connection_id, reference, {RANK.format("r.state")} desc
)
update message m
   set state = case when {RANK.format("r.state")} > {RANK.format("m.state")}
                    then r.state else m.state end,
       state_reason = case when {RANK.format("r.state")} > {RANK.format("m.state")}
                      then r.reason else m.state_reason end,
       settled_at = case when r.state in ('delivered', 'failed')
                         and {RANK.format("r.state")} > {RANK.format("m.state")}
                    then coalesce(r.occurred_at, now()) else m.settled_at end,
       cost_minor = coalesce(r.cost, m.cost_minor), currency = coalesce(r.currency, m.currency),
       updated_at = now()
  from receipt r
 where m.connection_id = r.connection_id and m.reference = r.reference
returning m.connection_id, m.reference
"""  # noqa: S608


async def add(connection: Connection, rows: Sequence[tuple[Any, ...]]) -> list[Any]:
    """Write messages; one whose origin already has its message is left out."""
    return await connection.fetch(ADD, *(list(column) for column in zip(*rows, strict=True)))


async def close(connection: Connection, rows: Sequence[tuple[Any, ...]]) -> None:
    """(id, state, reason, reference, cost, currency) after the call ended."""
    await connection.execute(CLOSE, *(list(column) for column in zip(*rows, strict=True)))


async def settle(connection: Connection, rows: Sequence[tuple[Any, ...]]) -> set[tuple[int, str]]:
    """Apply receipts; returns (connection, reference) of the messages they belong to."""
    found = await connection.fetch(SETTLE, *(list(column) for column in zip(*rows, strict=True)))
    return {(row["connection_id"], row["reference"]) for row in found}


async def keep_early(connection: Connection, rows: Sequence[tuple[Any, ...]]) -> None:
    """Receipts for messages whose acceptance is not written down yet; columns as for `settle`."""
    await connection.execute(
        "insert into early_receipt (connection_id, reference, receipt, occurred_at) "
        "select connection_id, reference, jsonb_build_array(state, reason, cost, currency), at "
        "from unnest($1::int[], $2::text[], $3::text[], $4::text[], $5::timestamptz[], "
        "$6::bigint[], $7::text[]) "
        "as r(connection_id, reference, state, reason, at, cost, currency)",
        *(list(column) for column in zip(*rows, strict=True)),
    )


async def take_early(connection: Connection) -> list[Any]:
    """Remove and return early receipts whose message has turned up."""
    return await connection.fetch(
        "delete from early_receipt e using message m where m.connection_id = e.connection_id "
        "and m.reference = e.reference returning e.connection_id, e.reference, e.receipt, "
        "e.occurred_at"
    )


async def forget_early(connection: Connection | Pool) -> None:
    """Receipts of messages that are not ours (sent by hand at the provider) never match."""
    await connection.execute(
        "delete from early_receipt where arrived_at < now() - interval '7 days'"
    )


async def worth_asking(pool: Pool, connection_id: int) -> list[str]:
    """References of up to 100 messages to ask the provider about: accepted a while ago and settled
    by no receipt, or of unknown cost. Each every five minutes at most, for three days.
    """
    rows = await pool.fetch(
        "select reference from message where connection_id = $1 and reference is not null "
        "and (cost_minor is null or state = 'accepted') "
        "and accepted_at between now() - interval '3 days' and now() - interval '15 seconds' "
        "and (asked_at is null and (cost_minor is null or accepted_at < now() - interval "
        "'5 minutes') or asked_at < now() - interval '5 minutes') order by accepted_at limit 100",
        connection_id,
    )
    return [row["reference"] for row in rows]


async def touch(pool: Pool, connection_id: int, references: Sequence[str]) -> None:
    """Asked about just now."""
    await pool.execute(
        "update message set asked_at = now() where connection_id = $1 and reference = any($2)",
        connection_id,
        list(references),
    )


async def cancel(connection: Connection, ids: Sequence[int], reason: str) -> None:
    """These messages will not be sent."""
    await connection.execute(
        "update message set state = 'cancelled', state_reason = $2, settled_at = now(), "
        "updated_at = now() where id = any($1) and state = 'planned'",
        list(ids),
        reason,
    )


async def by_origin(connection: Connection, origins: Sequence[str]) -> list[int]:
    """Ids of the messages with these origins."""
    rows = await connection.fetch("select id from message where origin = any($1)", list(origins))
    return [row["id"] for row in rows]


async def newest_template(
    connection: Connection | Pool, business_id: int, purpose: str, channel: str
) -> Any:
    """(id, body) of the template in use, or None."""
    return await connection.fetchrow(
        "select id, body from template where business_id = $1 and purpose = $2 and channel = $3 "
        "order by id desc limit 1",
        business_id,
        purpose,
        channel,
    )


async def add_template(
    connection: Connection | Pool, business_id: int, purpose: str, channel: str, body: str
) -> int:
    """A new version of a template; it is in use from now on."""
    found: int = await connection.fetchval(
        "insert into template (business_id, purpose, channel, body) values ($1, $2, $3, $4) "
        "returning id",
        business_id,
        purpose,
        channel,
        body,
    )
    return found

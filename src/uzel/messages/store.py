"""Messages in the database."""

from collections.abc import Mapping, Sequence
from typing import Any

from uzel.kit.database import Connection, Pool, columns

# How far along a message is. A state never gives way to a lower one, so receipts may come late,
# twice and in any order.
RANK = "array_position(array['planned', 'unknown', 'accepted', 'failed', 'delivered'], {})"

ADD = """
insert into message (business_id, connection_id, purpose, origin, event_id, channel, phone, address,
                     body, subject, encoding, segments, template_id, place_id, hop, next_hops,
                     wait_s, escalate_at, not_after, polite, estimate_minor, currency, route)
select business_id, connection_id, purpose, origin, event_id, channel, phone, address, body,
       subject, encoding, segments, template_id, place_id, hop, next_hops, wait_s,
       case when next_hops is not null
            then coalesce(due_at, now()) + make_interval(secs => wait_s) end,
       not_after, polite, estimate_minor, currency, route
  from unnest($1::bigint[], $2::int[], $3::text[], $4::text[], $5::bigint[], $6::text[],
              $7::text[], $8::text[], $9::text[], $10::text[], $11::text[], $12::int[],
              $13::bigint[], $14::bigint[], $15::int[], $16::jsonb[], $17::int[],
              $18::timestamptz[], $19::timestamptz[], $20::bool[], $21::bigint[], $22::text[],
              $23::jsonb[])
    as g(business_id, connection_id, purpose, origin, event_id, channel, phone, address, body,
         subject, encoding, segments, template_id, place_id, hop, next_hops, wait_s, due_at,
         not_after, polite, estimate_minor, currency, route)
on conflict (origin) do nothing
returning id, origin, (select id from installation) as installation
"""

# Many times what can wait for its acceptance at one moment.
MOST_EARLY_A_DAY = 5000

# Without a budget, too, a message is written to the day it left on: one that is set at noon counts
# what the morning cost.
CLOSE = """
update message m
   set state = r.state, state_reason = r.reason, reference = coalesce(r.reference, m.reference),
       cost_minor = coalesce(r.cost, m.cost_minor), currency = coalesce(r.currency, m.currency),
       accepted_at = case when r.state = 'accepted' then coalesce(m.accepted_at, now())
                     else m.accepted_at end,
       settled_at = case when r.state in ('failed', 'cancelled') then now() end,
       budget_day = case when r.state in ('accepted', 'unknown') and m.budget_day is null
                    then (now() at time zone (select time_zone from business b
                                               where b.id = m.business_id))::date
                    else m.budget_day end,
       escalate_at = case when r.state = 'accepted' and m.next_hops is not null
                     then now() + make_interval(secs => m.wait_s) else m.escalate_at end,
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
returning m.id, m.connection_id, m.reference, m.state
"""  # noqa: S608


async def add(connection: Connection, rows: Sequence[tuple[Any, ...]]) -> list[Any]:
    """Write messages; one whose origin already has its message is left out."""
    return await connection.fetch(ADD, *columns(rows))


async def close(connection: Connection, rows: Sequence[tuple[Any, ...]]) -> None:
    """(id, state, reason, reference, cost, currency) after the call ended."""
    await connection.execute(CLOSE, *columns(rows))


async def settle(connection: Connection, rows: Sequence[tuple[Any, ...]]) -> list[Any]:
    """Apply receipts; returns (id, connection_id, reference, state) of their messages."""
    return await connection.fetch(SETTLE, *columns(rows))


async def keep_early(connection: Connection, rows: Sequence[tuple[Any, ...]]) -> None:
    """Receipts for messages whose acceptance is not written down yet; columns as for `settle`, then
    `suppress` and `unreachable` of the receipt.
    """
    await connection.execute(
        "insert into early_receipt (connection_id, reference, receipt, occurred_at) "
        "select connection_id, reference, "
        "jsonb_build_array(state, reason, cost, currency, suppress, unreachable), at "
        "from unnest($1::int[], $2::text[], $3::text[], $4::text[], $5::timestamptz[], "
        "$6::bigint[], $7::text[], $8::text[], $9::bool[]) as r(connection_id, reference, state, "
        "reason, at, cost, currency, suppress, unreachable)",
        *columns(rows),
    )


async def take_early(connection: Connection) -> list[Any]:
    """Remove and return early receipts whose message has turned up."""
    return await connection.fetch(
        "delete from early_receipt e using message m where m.connection_id = e.connection_id "
        "and m.reference = e.reference returning e.connection_id, e.reference, e.receipt, "
        "e.occurred_at"
    )


async def forget_early(connection: Connection | Pool) -> None:
    """Receipts of messages that are not ours (sent by hand at the provider) never match. Of one
    connection so many a day are kept and no more: not every provider signs, and anybody with the
    hook's address can make references up. The provider is asked about what is lost by that.

    Counted here, every few seconds, and not at each arrival: that took a fifth of all throughput.
    """
    await connection.execute(
        "delete from early_receipt e using (select ctid as row, row_number() over (partition by "
        "connection_id order by arrived_at, reference) as nth from early_receipt "
        "where arrived_at > now() - interval '1 day') day "
        "where e.ctid = day.row and day.nth > $1",
        MOST_EARLY_A_DAY,
    )
    await connection.execute(
        "delete from early_receipt where arrived_at < now() - interval '7 days'"
    )


# Accepted a while ago and settled by no receipt, or of unknown cost: each every five minutes at
# most, for three days. At once: those the provider dropped a hint about, and those whose next hop
# is about to take over.
WORTH_ASKING = """
select reference from message
 where connection_id = $1 and reference is not null and (cost_minor is null or state = 'accepted')
   and accepted_at between now() - interval '3 days' and now() - $2 * interval '1 second'
   and (hinted_at > coalesce(asked_at, '-infinity')
        or escalate_at < now() and state = 'accepted'
           and coalesce(asked_at, '-infinity') < escalate_at
        or asked_at is null and (cost_minor is null and $3
                                 or accepted_at < now() - interval '5 minutes')
        or asked_at < now() - interval '5 minutes' and (state = 'accepted' or $3))
 order by accepted_at limit 100
"""
YOUNGEST_S = 15


async def worth_asking(pool: Pool, connection_id: int, *, tells_costs: bool) -> list[str]:
    """References of up to 100 messages to ask the provider about; see WORTH_ASKING."""
    rows = await pool.fetch(WORTH_ASKING, connection_id, YOUNGEST_S, tells_costs)
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


async def forbid(connection: Connection, ids: Sequence[int], reason: str) -> None:
    """Should the calls of these messages come back, they must not be made again."""
    if ids:
        await connection.execute(
            "update message set withdrawn = $2 where id = any($1) "
            "and state in ('planned', 'unknown') and withdrawn is null",
            list(ids),
            reason,
        )


async def waiting_for(
    connection: Connection, business_id: int, addresses: Sequence[str]
) -> list[int]:
    """Planned messages of a business to these people."""
    rows = await connection.fetch(
        "select id from message where phone = any($2) and business_id = $1 and state = 'planned' "
        "union select id from message where channel = 'email' and address = any($2) "
        "and business_id = $1 and state = 'planned'",
        business_id,
        list(addresses),
    )
    return [row["id"] for row in rows]


async def adopt(connection: Connection, rows: Sequence[tuple[int, int, str]]) -> list[int]:
    """(message, connection, provider's reference) of receipts that echo our own reference: the
    answer to the send was lost, or is not written down yet. Returns the messages.
    """
    found = await connection.fetch(
        "update message m set reference = g.reference, "
        "state = case when m.state = 'unknown' then 'accepted' else m.state end, "
        "accepted_at = coalesce(m.accepted_at, now()), updated_at = now(), "
        "escalate_at = case when m.next_hops is not null then now() + make_interval(secs => "
        "m.wait_s) else m.escalate_at end "
        "from unnest($1::bigint[], $2::int[], $3::text[]) as g(id, connection_id, reference) "
        "where m.id = g.id and m.connection_id = g.connection_id and m.reference is null "
        "and m.state in ('planned', 'unknown', 'accepted') returning m.id",
        *columns(rows),
    )
    return [row["id"] for row in found]


async def ask_soon(connection: Connection, pairs: Sequence[tuple[int, str]]) -> None:
    """(connection, reference): the provider hinted that something became of these."""
    await connection.execute(
        "update message m set hinted_at = now() from unnest($1::int[], $2::text[]) "
        "as g(connection_id, reference) "
        "where m.connection_id = g.connection_id and m.reference = g.reference",
        *columns(pairs),
    )


async def installation(connection: Connection) -> str:
    """What our references begin with."""
    found: str = await connection.fetchval("select id from installation")
    return found


async def by_origin(connection: Connection, origins: Sequence[str]) -> list[int]:
    """Ids of the messages with these origins."""
    rows = await connection.fetch("select id from message where origin = any($1)", list(origins))
    return [row["id"] for row in rows]


async def newest_template(
    connection: Connection | Pool,
    business_id: int,
    purpose: str,
    channel: str,
    place_id: int | None = None,
    variant: str = "A",
) -> Any:
    """(id, body, subject, approved, weight) of the template in use, or None."""
    return await connection.fetchrow(
        "select id, body, subject, approved, weight from template where business_id = $1 "
        "and purpose = $2 and channel = $3 and place_id is not distinct from $4 and variant = $5 "
        "order by id desc limit 1",
        business_id,
        purpose,
        channel,
        place_id,
        variant,
    )


async def add_template(
    connection: Connection | Pool,
    business_id: int,
    purpose: str,
    channel: str,
    body: str,
    *,
    place_id: int | None = None,
    variant: str = "A",
    weight: int = 1,
    subject: str | None = None,
    approved: Mapping[str, Any] | None = None,
) -> int:
    """A new version of a template; it is in use from now on. weight: 0 retires the variant."""
    found: int = await connection.fetchval(
        "insert into template (business_id, purpose, channel, body, place_id, variant, weight, "
        "subject, approved) values ($1, $2, $3, $4, $5, $6, $7, $8, $9) returning id",
        business_id,
        purpose,
        channel,
        body,
        place_id,
        variant,
        weight,
        subject,
        approved,
    )
    return found

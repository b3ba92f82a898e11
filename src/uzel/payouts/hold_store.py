"""What holds payouts back, in the database: the switch, the breaker, a card that is gone."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from uzel.kit.database import Connection, Pool

# What speaks against sending these payouts, in one look.
ABOUT = """
select p.id, p.kind = 'card' and p.vault_id is null as card_gone,
       extract(epoch from clock_timestamp() - s.made_at)::float8 as stopped_for_s,
       t.id as trip, t.probe, t.probe_at
  from payout p
  left join payout_stop s on s.ended_at is null
  left join payout_trip t on t.connection_id = p.connection_id and t.ended_at is null
 where p.id = any($1::bigint[])
"""
# One at a time: who comes second finds the first one's call, which may still be made.
GRANT = """
update payout_trip t set probe = $2
 where id = $1 and ended_at is null and probe_at <= clock_timestamp()
   and (probe is null or probe = $2 or not exists (
        select from call c where c.effect = t.probe and c.state in ('planned', 'sending')))
returning true
"""
NOTE = """
insert into payout_outcome (payout_id, connection_id, payee_id, outcome) values ($1, $2, $3, $4)
on conflict (payout_id) do update
   set number = nextval(pg_get_serial_sequence('payout_outcome', 'number')),
       outcome = excluded.outcome, at = clock_timestamp()
"""
ENDINGS = """
select outcome, payee_id, at from payout_outcome
 where connection_id = $1 and at > coalesce(
       (select max(ended_at) from payout_trip where connection_id = $1), '-infinity')
 order by number desc limit $2
"""
TRIP = """
insert into payout_trip (connection_id, reason, detail, probe_at)
values ($1, $2, $3, clock_timestamp() + $4::interval)
on conflict (connection_id) where ended_at is null do nothing returning true
"""
RULES = """
select most_unknown, unknown_within_s, most_refused, pause_s, keep_cards_s from payout_rules
 where connection_id = $1
"""
# The columns of payout_rules that `set_rules` may change.
CHANGES = ("most_unknown", "unknown_within_s", "most_refused", "pause_s", "keep_cards_s")


async def about(connection: Connection, payout_ids: Sequence[int]) -> list[Any]:
    """(id, card_gone, stopped_for_s, trip, probe, probe_at) of these payouts."""
    return await connection.fetch(ABOUT, payout_ids)


async def grant(connection: Connection, trip: int, effect: str) -> bool:
    """Whether this call may leave by way of trial."""
    return bool(await connection.fetchval(GRANT, trip, effect))


async def note_outcome(
    connection: Connection, payout_id: int, connection_id: int, payee_id: int, outcome: str
) -> None:
    """How a sending ended."""
    await connection.execute(NOTE, payout_id, connection_id, payee_id, outcome)


async def correct_outcome(connection: Connection, payout_id: int, outcome: str) -> None:
    """What was taken came to this in the end; its place in the order stays."""
    await connection.execute(
        "update payout_outcome set outcome = $2 where payout_id = $1", payout_id, outcome
    )


async def lock_breaker(connection: Connection, connection_id: int) -> None:
    """Nobody else judges this connection's payouts until the transaction ends."""
    await connection.execute(
        "select pg_advisory_xact_lock(hashtext('payout breaker'), $1)", connection_id
    )


async def endings(connection: Connection, connection_id: int, most: int) -> list[Any]:
    """(outcome, payee_id, at) since payouts were last let go, the newest first."""
    return await connection.fetch(ENDINGS, connection_id, most)


async def rules(connection: Connection | Pool, connection_id: int) -> Any:
    """(most_unknown, unknown_within_s, most_refused, pause_s, keep_cards_s), or None."""
    return await connection.fetchrow(RULES, connection_id)


async def set_rule(connection: Connection, connection_id: int, name: str, value: int) -> None:
    """Change one of CHANGES."""
    assert name in CHANGES
    await connection.execute(
        f"insert into payout_rules (connection_id, {name}) values ($1, $2) "  # noqa: S608
        f"on conflict (connection_id) do update set {name} = excluded.{name}, "
        "updated_at = clock_timestamp()",
        connection_id,
        value,
    )


async def trip(
    connection: Connection, connection_id: int, reason: str, detail: str, pause: timedelta
) -> bool:
    """None leaves any more. False: it was so already."""
    return bool(await connection.fetchval(TRIP, connection_id, reason, detail, pause))


async def trial_of(connection: Connection, effect: str) -> Any:
    """(id, connection_id, reason, probes) where this call left by way of trial, locked; None."""
    return await connection.fetchrow(
        "select id, connection_id, reason, probes from payout_trip "
        "where probe = $1 and ended_at is null for update",
        effect,
    )


async def in_vain(connection: Connection, trip_id: int, pause: timedelta | None) -> None:
    """The trial came to nothing: the next one after a pause; None: at once, for it never left."""
    await connection.execute(
        "update payout_trip set probe = null, probes = probes + ($2::interval is not null)::int, "
        "probe_at = coalesce(clock_timestamp() + $2::interval, probe_at) where id = $1",
        trip_id,
        pause,
    )


async def end_trips(
    connection: Connection, made_by: str, connection_id: int | None = None
) -> list[Any]:
    """(id, connection_id, reason) of those that held payouts back until now, of one connection or
    all.
    """
    return await connection.fetch(
        "update payout_trip set ended_by = $1, ended_at = clock_timestamp() "
        "where ended_at is null and ($2::int is null or connection_id = $2) "
        "returning id, connection_id, reason",
        made_by,
        connection_id,
    )


async def trips(pool: Connection | Pool) -> list[Any]:
    """(connection_id, name, reason, detail, made_at, probe_at, probes) of those that hold."""
    return await pool.fetch(
        "select t.connection_id, n.name, t.reason, t.detail, t.made_at, t.probe_at, t.probes "
        "from payout_trip t join connection n on n.id = t.connection_id "
        "where t.ended_at is null order by t.id"
    )

"""Calls without an answer, in the database."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from uzel.kit.database import Connection, Pool


async def find_abandoned(
    connection: Connection, own: UUID, silent_s: float, longest_s: float
) -> list[Any]:
    """Lock calls in `sending` whose worker is gone, or that run longer than any call can. The
    worker that asks, `own`, is not gone, however long it could not say so.
    """
    return await connection.fetch(
        "select c.id, c.connection_id, c.operation, c.attempt from call c "
        "left join worker w on w.id = c.worker where c.state = 'sending' "
        "and c.started_at < clock_timestamp() - make_interval(secs => $2) "
        "and (c.started_at < clock_timestamp() - make_interval(secs => $3) "
        "or c.worker is distinct from $1 and (w.id is null "
        "or w.seen_at < clock_timestamp() - make_interval(secs => $2))) "
        "order by c.id limit 500 for update of c skip locked",
        own,
        silent_s,
        longest_s,
    )


async def give_up(
    connection: Connection, operations: Sequence[str], older_s: Sequence[float], detail: str
) -> list[Any]:
    """End planned calls of `operations` (`connector.operation`) that are older than that, some at a
    time: (id, connection_id, attempt, effect).
    """
    return await connection.fetch(
        "with old as (select c.id from unnest($1::text[], $2::float8[]) as o(operation, older_s) "
        "join connection n on n.connector = split_part(o.operation, '.', 1) "
        "join call c on c.connection_id = n.id and c.operation = split_part(o.operation, '.', 2) "
        "where c.state = 'planned' and c.created_at < clock_timestamp() "
        "- make_interval(secs => o.older_s) order by c.id limit 500 for update of c skip locked) "
        "update call c set state = 'not_sent', detail = $3, finished_at = clock_timestamp() "
        "from old where c.id = old.id "
        "returning c.id, c.connection_id, c.attempt, c.effect",
        list(operations),
        list(older_s),
        detail,
    )


async def waiting_connections(pool: Pool) -> list[int]:
    """Active connections with calls that should have gone by now: their wake may have been lost."""
    rows = await pool.fetch(
        "select n.id from connection n join call_breaker k on k.connection_id = n.id "
        "where n.state = 'active' and (k.open_until is null or k.open_until < clock_timestamp()) "
        "and exists (select 1 from call c where c.connection_id = n.id and c.state = 'planned' "
        "and c.due_at < clock_timestamp())"
    )
    return [row["id"] for row in rows]


async def to_look_up(pool: Pool, operations: Sequence[str], every_s: float) -> list[Any]:
    """Unknown calls of operations that can be looked up, not touched for `every_s`, of connections
    that calls may go out through: (id, connection_id, operation, arguments, attempt, effect,
    left_for_s: since the attempt in question began).
    """
    return await pool.fetch(
        "select c.id, c.connection_id, c.operation, c.arguments, c.attempt, c.effect, "
        "extract(epoch from clock_timestamp() - c.started_at)::float8 as left_for_s from call c "
        "join connection n on n.id = c.connection_id "
        "join call_breaker k on k.connection_id = n.id "
        "where c.state = 'unknown' and n.connector || '.' || c.operation = any($1) "
        "and n.state = 'active' and (k.open_until is null or k.open_until < clock_timestamp()) "
        "and c.finished_at < clock_timestamp() - make_interval(secs => $2) "
        "and c.decided_at is null order by c.finished_at, c.id limit 100",
        list(operations),
        every_s,
    )


async def touch(pool: Pool, call_id: int, later_s: float = 0.0) -> None:
    """Look up later again, and so much later than usual."""
    await pool.execute(
        "update call set finished_at = clock_timestamp() + make_interval(secs => $2) "
        "where id = $1 and state = 'unknown'",
        call_id,
        later_s,
    )


async def decide(
    connection: Connection, call_id: int, state: str, actor: str, attempt: int | None
) -> Any:
    """A person's word on an unknown call. Returns its effect, or None if it is no longer unknown
    or was tried again since the person looked (`attempt`).
    """
    return await connection.fetchrow(
        "update call set state = $2, decided_by = $3, "
        "decided_at = case when $2 = 'planned' then null else clock_timestamp() end, "
        "due_at = clock_timestamp(), history = history || jsonb_build_object("
        "'attempt', attempt, 'state', $2::text, 'by', $3::text, 'at', clock_timestamp()) "
        "where id = $1 and state = 'unknown' and ($4::int is null or attempt = $4) "
        "returning id, connection_id, effect, attempt",
        call_id,
        state,
        actor,
        attempt,
    )


async def happened(connection: Connection, effects: Sequence[str]) -> None:
    """Calls with a lost answer that did happen: the provider reported on what they did. One that is
    planned once more need not be made.
    """
    await connection.execute(
        "update call set state = 'accepted', detail = 'a receipt proves that it happened', "
        "finished_at = clock_timestamp(), history = history || jsonb_build_object("
        "'attempt', attempt, 'state', 'accepted', 'detail', 'receipt', 'at', clock_timestamp()) "
        "where effect = any($1) and (state = 'unknown' or state = 'planned' and attempt > 0)",
        list(effects),
    )

"""The journal of calls in the database."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from uzel.calls.outcome import RULES, Result, State
from uzel.kit.database import Connection, Pool, columns

# Attempts that may have happened: neither answered, nor found by a look-up not to have happened.
# `CERTAIN` are the errors of attempts that certainly did not.
CERTAIN = ", ".join(
    f"'{kind.__name__}'"
    for kind, rule in RULES.items()
    if rule.outcome in (State.NOT_SENT, State.REJECTED)
)
DOUBT = f"""
select x.h from jsonb_array_elements(c.history) with ordinality x(h, n)
 where x.h ->> 'error' not in ({CERTAIN})
   and not exists (select from jsonb_array_elements(c.history) with ordinality y(h, n)
                    where y.n > x.n and y.h ->> 'detail' = 'looked up: it did not happen')
"""  # noqa: S608

# Taking calls over. One statement, so the database decides every race: the limiter's row is locked
# first, which makes processes queue up per connection. GCRA: `next_at` is when the next call is due
# if calls came at exactly the allowed rate; the whole calls of a tenth of a second may come early,
# so that a fast connection is not woken for every single call, and one of less than 10 a second
# keeps its distance; who comes up to 20 ms late for a slot still has it, or each delay of ours
# would be lost to the allowance. Where `next_at` is further away than calls alone can move it,
# single requests (see TAKE_SLOT) stand in line: then one call takes its place there as they do,
# begins now and leaves in `slot_in_s`; or whoever waits in line would always come first. Waits are
# told in seconds: only this clock counts.
BEGIN = f"""
with gate as materialized (
    select greatest(l.next_at, clock_timestamp() - interval '20 milliseconds') as next_at,
           n.state = 'active' as active,
           k.open_until, k.open_until is not null as tripped, k.trial_at,
           extract(epoch from l.next_at - clock_timestamp())::float8 as line_s,
           (1 + floor($3::float8 / 10)) / $3::float8 + 0.001 as own_s
      from call_limit l
      join connection n on n.id = l.connection_id
      join call_breaker k on k.connection_id = l.connection_id
     where l.connection_id = $1
       for update of l, k
), allowed as materialized (
    select next_at, active, tripped,
           case when not tripped and line_s > own_s and line_s <= $6 then line_s
                else 0 end as slot_in_s,
           case when tripped then greatest(open_until, trial_at + interval '30 seconds')
           end as closed_until,
           case when not active then 0
                when tripped and open_until > clock_timestamp() then 0
                when tripped and trial_at > clock_timestamp() - interval '30 seconds' then 0
                when tripped then 1
                when line_s > own_s and line_s <= $6 then least($2, 1)
                else least($2, 1 + floor(floor($3::float8 / 10) + $3::float8 * extract(epoch from
                     clock_timestamp() - next_at))::int) end as slots
      from gate
), wanted as materialized (
    select id from call
     where connection_id = $1 and state = 'planned' and due_at <= clock_timestamp()
       and ($5::bigint is null or id = $5)
     order by due_at, id
     limit greatest(0, (select slots from allowed))
       for update skip locked
), begun as (
    update call c
       set state = 'sending', attempt = attempt + 1, worker = $4, started_at = clock_timestamp(),
           finished_at = null
      from wanted w where c.id = w.id
 returning c.id, c.operation, c.arguments, c.attempt, c.request_id, c.effect,
           case when c.attempt > 1 then (
               select extract(epoch from clock_timestamp() - min((h ->> 'started_at')::timestamptz))
                 from ({DOUBT}) doubt)
           end::float8 as in_doubt_for_s,
           extract(epoch from clock_timestamp() - c.created_at)::float8 as age_s
), spent as (
    update call_limit set next_at = (select next_at from allowed)
                          + make_interval(secs => (select count(*) from begun) / $3::float8)
     where connection_id = $1 and exists (select 1 from begun)
), trial as (
    update call_breaker set trial_at = clock_timestamp()
     where connection_id = $1 and exists (select 1 from begun)
       and (select tripped from allowed)
)
select b.id, b.operation, b.arguments, b.attempt, b.request_id, b.effect, b.in_doubt_for_s,
       b.age_s, a.active, a.slot_in_s,
       (extract(epoch from a.next_at - clock_timestamp())
        + (select count(*) from begun) / $3::float8)::float8 as limited_for_s,
       extract(epoch from a.closed_until - clock_timestamp())::float8 as closed_for_s
  from allowed a left join begun b on true order by b.id
"""  # noqa: S608

# A place in line for one more request, unless the line is `$3` seconds long.
TAKE_SLOT = """
with taken as (
    update call_limit
       set next_at = greatest(next_at, clock_timestamp()) + make_interval(secs => 1 / $2::float8)
     where connection_id = $1
       and next_at <= clock_timestamp() + make_interval(secs => $3::float8)
 returning extract(epoch from next_at - clock_timestamp()) - 1 / $2::float8 as wait_s
)
select true as taken, greatest(0, wait_s)::float8 as wait_s from taken
union all
select false, greatest(0, extract(epoch from next_at - clock_timestamp()) - $3::float8)::float8
  from call_limit where connection_id = $1 and not exists (select from taken)
"""
# Requests wait in line for so long, others until it is shorter; so there is always a place for a
# call right behind them, however many there are.
LINE_S = 1.5
LONGEST_AHEAD_S = 2.5

# An acceptance that comes late, after the call was planned once more, still spares the second try.
CLOSE = """
with result as (
    select * from unnest($1::bigint[], $2::int[], $3::text[], $4::timestamptz[], $5::text[],
                         $6::text[], $7::text[], $8::int[], $9::text[], $10::jsonb[])
        as r(id, attempt, state, due_at, error_class, code, detail, http_status, reference, answer)
)
update call c
   set state = r.state, due_at = coalesce(r.due_at, c.due_at), finished_at = clock_timestamp(),
       error_class = r.error_class, code = r.code, detail = r.detail,
       http_status = r.http_status, reference = coalesce(r.reference, c.reference),
       answer = coalesce(r.answer, c.answer), worker = null,
       history = c.history || jsonb_build_object(
           'attempt', r.attempt, 'started_at', c.started_at, 'finished_at', clock_timestamp(),
           'state', r.state, 'error', r.error_class, 'code', r.code, 'detail', r.detail,
           'http_status', r.http_status)
  from result r
 where c.id = r.id and c.attempt = r.attempt and c.decided_at is null
   and (c.state in ('sending', 'unknown') or (c.state = 'planned' and r.state = 'accepted'))
returning c.id, c.effect
"""


async def plan(
    connection: Connection,
    rows: Sequence[tuple[int, str, dict[str, Any], str, str | None, datetime | None]],
) -> list[int]:
    """Write planned calls (connection, operation, arguments, effect, request id, due_at); an effect
    that already has its call gets no second one. Returns the ids of the new ones.
    """
    found = await connection.fetch(
        "insert into call (connection_id, operation, arguments, effect, request_id, due_at) "
        "select connection_id, operation, arguments, effect, request_id, coalesce(due_at, now()) "
        "from unnest($1::int[], $2::text[], $3::jsonb[], $4::text[], $5::text[], "
        "$6::timestamptz[]) "
        "as g(connection_id, operation, arguments, effect, request_id, due_at) "
        "on conflict (effect) do nothing returning id",
        *columns(rows),
    )
    return [row["id"] for row in found]


async def begin(
    connection: Connection,
    connection_id: int,
    most: int,
    rate_per_s: float,
    worker: UUID,
    only: int | None = None,
) -> list[Any]:
    """Take over up to `most` due calls of one connection, or this one and no other (`only`); see
    BEGIN. Every row tells the gate (`active`; seconds until the limiter and the breaker let the
    next one through: `limited_for_s`, `closed_for_s`, null while it is closed by nothing); `id` is
    null where nothing was begun. What was begun leaves in `slot_in_s`.
    """
    ahead_s = min(LONGEST_AHEAD_S, LINE_S + 1 / rate_per_s)
    return await connection.fetch(BEGIN, connection_id, most, rate_per_s, worker, only, ahead_s)


async def take_slot(pool: Pool, connection_id: int, rate_per_s: float) -> tuple[bool, float]:
    """A slot of the connection's limiter for one more request: (True, seconds to wait for it), or
    (False, seconds until there may be one) while the line is too long to stand in.
    """
    row = await pool.fetchrow(TAKE_SLOT, connection_id, rate_per_s, LINE_S)
    assert row is not None
    return row["taken"], row["wait_s"]


async def begun_by(pool: Pool, worker: UUID, before_s: float) -> list[Any]:
    """(id, connection_id, attempt) of the calls this worker began more than `before_s` ago."""
    return await pool.fetch(
        "select id, connection_id, attempt from call where state = 'sending' and worker = $1 "
        "and started_at < clock_timestamp() - make_interval(secs => $2) order by id",
        worker,
        before_s,
    )


async def next_due_in_s(pool: Pool, connection_id: int) -> float | None:
    """Seconds until the next planned call of this connection wants to go."""
    found: float | None = await pool.fetchval(
        "select extract(epoch from min(due_at) - clock_timestamp())::float8 from call "
        "where connection_id = $1 and state = 'planned'",
        connection_id,
    )
    return found


async def started_at(connection: Connection, effect: str) -> datetime | None:
    """When the last attempt of a call was begun."""
    found: datetime | None = await connection.fetchval(
        "select started_at from call where effect = $1", effect
    )
    return found


async def close(connection: Connection, results: Sequence[Result]) -> list[Any]:
    """Write results down. Returns (id, effect) of the calls that were still ours to close."""
    return await connection.fetch(
        CLOSE,
        [r.call_id for r in results],
        [r.attempt for r in results],
        [r.state.value for r in results],
        [r.due_at for r in results],
        [r.error_class for r in results],
        [r.code for r in results],
        [r.detail for r in results],
        [r.http_status for r in results],
        [r.answer.reference if r.answer else None for r in results],
        [dict(r.answer.data) if r.answer else None for r in results],
    )


async def beat(pool: Pool, worker: UUID, name: str) -> None:
    """A sign of life of this worker."""
    await pool.execute(
        "insert into worker (id, name) values ($1, $2) "
        "on conflict (id) do update set seen_at = now()",
        worker,
        name,
    )


async def bury(pool: Pool, worker: UUID) -> None:
    """This worker ends in good order."""
    await pool.execute("delete from worker where id = $1", worker)


async def cancel(
    connection: Connection, effects: Sequence[str], reason: str, *, doubtful: bool = False
) -> dict[str, str]:
    """Withdraw calls that have not gone out: the effects that were still planned → their state now.
    `doubtful`: one that is tried again since its answer was lost may have happened, so it becomes
    `unknown`; else everything becomes `cancelled`.
    """
    rows = await connection.fetch(
        f"update call c set state = case when $3 and exists ({DOUBT}) then 'unknown' "  # noqa: S608
        "else 'cancelled' end, detail = $2, finished_at = clock_timestamp() "
        "where effect = any($1) and state = 'planned' returning effect, state",
        list(effects),
        reason,
        doubtful,
    )
    return {row["effect"]: row["state"] for row in rows}

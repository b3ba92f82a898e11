"""Review requests in the database."""

from collections.abc import Sequence
from typing import Any

from uzel.kit.database import Connection, columns

# The origins of all messages that stand in for each other for a request.
WAYS = """array(select 'review_request:' || {} || case when h = 0 then '' else '#' || h end
                from generate_series(0, 9) h)"""

# Whether a visit whose request was cancelled ({row}) may be asked about anew by what is told now.
CLAIMABLE = """{row}.state = 'cancelled'
   and case when {told}.part <> {row}.part
            then not {row}.called_off ? {told}.part
                 or {told}.occurred_at > ({row}.called_off ->> {told}.part)::timestamptz
            else {told}.occurred_at > {row}.occurred_at
                 or {row}.reason = 'unmarked' and {told}.occurred_at = {row}.occurred_at end
   and not exists (select 1 from message m where m.origin = any({ways})
                   and m.state <> 'cancelled')"""

# One row per visit decides: a visit that was asked about is not asked about again; one that was
# cancelled is asked about only by a completion that happened after the cancellation, and only if
# no message about it may have left. It is a new request then: the old one's message is withdrawn.
CLAIM = f"""
insert into review_request as r (business_id, connection_id, visit, place_id, event_id, phone,
                                 occurred_at, state, part, email, guest_name, code, due_at,
                                 not_after, consent, remind_at)
select business_id, connection_id, visit, place_id, event_id, phone, occurred_at, state, part,
       email, guest_name, code, due_at, not_after, consent,
       coalesce(due_at, now()) + make_interval(secs => remind_after_s)
  from unnest($1::bigint[], $2::int[], $3::text[], $4::bigint[], $5::bigint[], $6::text[],
              $7::timestamptz[], $8::text[], $9::text[], $10::text[], $11::text[], $12::text[],
              $13::timestamptz[], $14::timestamptz[], $15::text[], $16::int[])
    as g(business_id, connection_id, visit, place_id, event_id, phone, occurred_at, state, part,
         email, guest_name, code, due_at, not_after, consent, remind_after_s)
on conflict (connection_id, visit) do update
   set id = default, state = excluded.state, reason = null, event_id = excluded.event_id,
       phone = excluded.phone, place_id = excluded.place_id, occurred_at = excluded.occurred_at,
       part = excluded.part, email = excluded.email, guest_name = excluded.guest_name,
       code = excluded.code, due_at = excluded.due_at, not_after = excluded.not_after,
       consent = excluded.consent, remind_at = excluded.remind_at, reminded_at = null,
       created_at = now(), updated_at = now()
 where {CLAIMABLE.format(row="r", told="excluded", ways=WAYS.format("r.id"))}
returning id, event_id
"""  # noqa: S608

# Whether a guest may be asked again: long enough ago, or the request before reached nobody.
GAP_IS_OVER = f"""(gap.asked_at < now() - make_interval(
           days => (select request_gap_days from business where id = gap.business_id))
    or exists (select 1 from message where origin = 'review_request:' || gap.request_id)
       and not exists (select 1 from message
                        where origin = any({WAYS.format("gap.request_id")})
                          and state not in ('failed', 'cancelled')))"""  # noqa: S608

# The row of a guest (a phone, or an e-mail address where there is none) is taken by whoever asks
# first; the others find it fresh. A request that was withdrawn or could not be sent, by any of its
# ways, does not count as having asked.
TAKE_GAP = f"""
insert into review_gap as gap (business_id, phone, asked_at, request_id)
select g.business_id, g.phone, now(), g.request_id
  from unnest($1::bigint[], $2::text[], $3::bigint[]) as g(business_id, phone, request_id)
on conflict (business_id, phone) do update
   set asked_at = now(), request_id = excluded.request_id
 where {GAP_IS_OVER}
returning request_id
"""  # noqa: S608

CANCEL = """
insert into review_request as r (business_id, connection_id, visit, event_id, phone, state, reason,
                                 occurred_at, part)
select business_id, connection_id, visit, event_id, phone, 'cancelled', reason, occurred_at, part
  from unnest($1::bigint[], $2::int[], $3::text[], $4::bigint[], $5::text[], $6::text[],
              $7::timestamptz[], $8::text[])
    as g(business_id, connection_id, visit, event_id, phone, reason, occurred_at, part)
on conflict (connection_id, visit) do update
   set state = 'cancelled', reason = excluded.reason, updated_at = now(),
       occurred_at = greatest(r.occurred_at, excluded.occurred_at)
 where (r.state <> 'cancelled' or excluded.occurred_at > r.occurred_at)
   and (r.part is null or excluded.part is null or r.part = excluded.part)
   and (excluded.occurred_at is null or r.occurred_at is null
        or excluded.occurred_at >= r.occurred_at)
returning id
"""

# The parts of a visit that were called off, and when: what its row is about may be another one.
NOTE_PARTS = """
with given as (
    select * from unnest($1::int[], $2::text[], $3::text[], $4::timestamptz[])
        as g(connection_id, visit, part, at)
)
update review_request r
   set called_off = (
       select jsonb_object_agg(part, at)
         from (select part, max(at) as at
                 from (select key as part, value::timestamptz as at
                         from jsonb_each_text(r.called_off)
                        union all
                       select part, at from given g
                        where (g.connection_id, g.visit) = (r.connection_id, r.visit)) every
                group by part) latest)
 where (r.connection_id, r.visit) in (select connection_id, visit from given)
"""

# As they were read; `state` is that of the visit, null where a later event speaks for it.
PENDING = """
select r.state, e.id, e.type, e.key, e.subject, e.occurred_at, e.data,
       e.connection_id, e.raw_event_id, w.received_at
  from event e
  join raw_event w on w.id = e.raw_event_id
  left join review_request r on r.event_id = e.id
 where e.decision = 'pending'
"""
LOOKUPS = f"{PENDING} and e.id = any($1) order by e.id for update of e"
# Rules let nothing expire sooner than an hour after its visit.
LONG_LOOKED_FOR = f"""
{PENDING} and e.reason = 'guest_lookup' and e.created_at < now() - interval '1 hour'
 order by e.id limit 500 for update of e skip locked
"""

# What was withdrawn before it left does not use its visit's key up: marked as come, unmarked, and
# marked again, a guest is asked. What repeats the first mark is older than the withdrawal, and is
# refused by CLAIM; where the source tells no times, that could not be told, so the key stays used.
FREE_KEYS = f"""
update event e set key = e.key || ':withdrawn:' || e.id
  from review_request r
 where r.id = any($1) and e.id = r.event_id and e.occurred_at is not null
   and e.type = 'visit.completed' and e.key is not null
   and e.key not like '%:withdrawn:' || e.id
   and not exists (select 1 from message m where m.origin = any({WAYS.format("r.id")})
                   and m.state <> 'cancelled')
"""  # noqa: S608

# A deletion may name its booking and not the visit it was part of.
CANCEL_PARTS = """
update review_request r
   set state = 'cancelled', reason = g.reason, updated_at = now(),
       occurred_at = greatest(r.occurred_at, g.occurred_at)
  from unnest($1::int[], $2::text[], $3::text[], $4::timestamptz[])
    as g(connection_id, part, reason, occurred_at)
 where r.connection_id = g.connection_id and r.part = g.part and r.state <> 'cancelled'
   and (r.occurred_at is null or g.occurred_at >= r.occurred_at)
returning r.id
"""

# A visit that is told of several times is one.
BEEN_HERE = """
select distinct n.business_id, e.phone
  from event e join connection n on n.id = e.connection_id
  join unnest($1::bigint[], $2::text[]) as g(business_id, phone)
    on g.business_id = n.business_id and g.phone = e.phone
 where e.type = 'visit.completed' and e.reason is distinct from 'duplicate'
   and not exists (select 1 from event o
                    where o.id = any($3::bigint[]) and o.connection_id = e.connection_id
                      and o.data ->> 'visit' = e.data ->> 'visit')
"""


async def claim(connection: Connection, rows: Sequence[tuple[Any, ...]]) -> dict[int, int]:
    """Event id → request id for the visits that are now ours to ask about."""
    found = await connection.fetch(CLAIM, *columns(rows))
    return {row["event_id"]: row["id"] for row in found}


async def take_gap(connection: Connection, rows: Sequence[tuple[int, str, int]]) -> set[int]:
    """(business, phone, request) → the requests whose phone may be asked now."""
    if not rows:
        return set()
    found = await connection.fetch(TAKE_GAP, *columns(rows))
    return {row["request_id"] for row in found}


async def give_up(connection: Connection, request_ids: Sequence[int]) -> None:
    """Requests that were claimed and then not made leave no trace but their event's reason."""
    if not request_ids:
        return
    await connection.execute("delete from review_request where id = any($1)", list(request_ids))


async def cancel_all(connection: Connection, rows: Sequence[tuple[Any, ...]]) -> list[int]:
    """Mark visits as cancelled, one row of a visit after the other; returns the requests whose
    state this changed or set.
    """
    ids: list[int] = []
    left = list(rows)
    while left:
        # One statement changes a row once, so the parts of one visit take turns.
        turn = {(row[1], row[2]): row for row in reversed(left)}
        found = await connection.fetch(CANCEL, *columns(turn[key] for key in sorted(turn)))
        ids.extend(row["id"] for row in found)
        taken = set(map(id, turn.values()))
        left = [row for row in left if id(row) not in taken]
    if parts := [(row[1], row[2], row[7], row[6]) for row in rows if row[7]]:
        await connection.execute(NOTE_PARTS, *columns(parts))
    return ids


async def free_keys(connection: Connection, request_ids: Sequence[int]) -> None:
    """Let visits whose request was withdrawn be completed anew; see FREE_KEYS."""
    await connection.execute(FREE_KEYS, list(request_ids))


async def cancel_parts(connection: Connection, rows: Sequence[tuple[Any, ...]]) -> list[int]:
    """(connection, part, reason, time) of parts that were called off, whatever their visit is
    called; returns the requests.
    """
    if not rows:
        return []
    found = await connection.fetch(CANCEL_PARTS, *columns(rows))
    return [row["id"] for row in found]


async def lookups(connection: Connection, event_ids: Sequence[int]) -> list[Any]:
    """Lock events whose guest was looked for; see LOOKUPS."""
    return await connection.fetch(LOOKUPS, list(event_ids))


async def long_looked_for(connection: Connection) -> list[Any]:
    """The same for those that have waited for long; see LONG_LOOKED_FOR."""
    return await connection.fetch(LONG_LOOKED_FOR)


async def stop_looking(connection: Connection, event_ids: Sequence[int]) -> None:
    """The visits of these events can be claimed again, now that their guests are known or not."""
    await connection.execute(
        "delete from review_request where event_id = any($1) and state = 'looking'",
        list(event_ids),
    )


async def note_phones(connection: Connection, rows: Sequence[tuple[int, str | None]]) -> None:
    """(event, phone of the guest it came without): for the search, and to know the guest again."""
    await connection.execute(
        "update event e set phone = g.phone from unnest($1::bigint[], $2::text[]) "
        "as g(id, phone) where e.id = g.id and g.phone is not null",
        *columns(rows),
    )


async def consents(
    connection: Connection, pairs: Sequence[tuple[int, str]]
) -> dict[tuple[int, str], str]:
    """(business, address) → how and when consent was given."""
    rows = await connection.fetch(
        "select c.business_id, c.address, c.source || ', ' || to_char(c.given_at at time zone "
        "b.time_zone, 'DD.MM.YYYY HH24:MI') as given from consent c "
        "join business b on b.id = c.business_id "
        "join unnest($1::bigint[], $2::text[]) as g(business_id, address) "
        "on g.business_id = c.business_id and g.address = c.address",
        [pair[0] for pair in pairs],
        [pair[1] for pair in pairs],
    )
    return {(row["business_id"], row["address"]): row["given"] for row in rows}


async def been_here(
    connection: Connection, pairs: Sequence[tuple[int, str]], but: Sequence[int]
) -> set[tuple[int, str]]:
    """Those of (business, phone) who came before, on other visits than those of these events."""
    rows = await connection.fetch(
        BEEN_HERE, [pair[0] for pair in pairs], [pair[1] for pair in pairs], list(but)
    )
    return {(row["business_id"], row["phone"]) for row in rows}

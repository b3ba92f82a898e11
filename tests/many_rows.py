"""Databases with many rows, made inside PostgreSQL: for plans and for speed."""

import asyncpg

FILL = """
insert into business (name) values ('Большая сеть');
insert into connection (business_id, connector, name) values
    (1, 'iiko', 'main'), (1, 'iiko', 'second'), (1, 'smsru', 'main'), (1, 'smsru', 'rare');
insert into call_limit (connection_id) select id from connection;
insert into call_breaker (connection_id) select id from connection;

insert into raw_event (connection_id, digest, received_at, remote_addr, headers, body, state,
                       processed_at)
select 1 + (i % 2), decode(md5(i::text), 'hex'), at, '192.0.2.1', '{}', 'x'::bytea,
       case when i % 5000 = 0 then 'parked' else 'processed' end, at
  from generate_series(1, ROWS) i,
       lateral (select now() - make_interval(secs => (ROWS - i) * SPACING) as at) t;

insert into event (raw_event_id, position, connection_id, type, key, subject, phone, occurred_at,
                   data, decision, reason, created_at)
select i, 0, case when i % 20000 = 7 then 4 when i % 3 = 0 then 3 else 1 + i % 2 end,
       case when i % 20000 = 7 then 'menu.updated' when i % 3 = 0 then 'receipt.updated'
            else 'visit.completed' end,
       'key:' || i,
       case when i % 3 = 0 then 'SMS 2026-' || i else 'заказ ' || i % 1000 end,
       case when i % 3 > 0 then '+7999' || lpad((i % 100000)::text, 7, '0') end, at,
       case when i % 3 = 0 then jsonb_build_object('reference', '2026-' || i)
            else jsonb_build_object('visit', 'org-1:order-' || i) end,
       case when i % 3 = 0 then 'noted' when i % 100 = 1 then 'skip' when i % 30000 = 2
            then 'cancel' else 'request' end,
       case when i % 3 > 0 and i % 100 = 1 then
            case when i % 20000 = 1 then 'phone_landline' else 'no_phone' end
            when i % 30000 = 2 then 'cancelled' end, at
  from generate_series(1, ROWS) i,
       lateral (select now() - make_interval(secs => (ROWS - i) * SPACING) as at) t;

insert into review_request (business_id, connection_id, visit, event_id, phone, state, occurred_at,
                            created_at, code, clicked_at, rating, rated_at)
select 1, 1, 'org-1:order-' || i, i, '+79990000000', 'asked', at, at, 'code-' || i,
       case when i % 2 = 0 then at end, case when i % 6 = 4 then 1 + i % 5 end,
       case when i % 6 = 4 then at end
  from generate_series(1, ROWS, 3) i,
       lateral (select now() - make_interval(secs => (ROWS - i) * SPACING) as at) t;
insert into review_follow (request_id, platform, at)
select id, 'yandex', clicked_at from review_request where clicked_at is not null and id % 5 = 0;

insert into message (business_id, connection_id, purpose, origin, event_id, channel, phone, address,
                     body, encoding, segments, state, reference, cost_minor, currency, created_at,
                     accepted_at, settled_at)
select 1, 3, 'review_request', 'review_request:' || i, i, 'sms',
       '+7999' || lpad((i % 100000)::text, 7, '0'), '+7999' || lpad((i % 100000)::text, 7, '0'),
       'Спасибо!', 'UCS-2', 1,
       case when i % 6000 = 1 then 'failed' when i % 30000 = 4 then 'unknown' else 'delivered' end,
       '2026-' || i + 2, 399, 'RUB', at, at + interval '0.1 second', at + interval '9 seconds'
  from generate_series(1, ROWS, 3) i,
       lateral (select now() - make_interval(secs => (ROWS - i) * SPACING) as at) t;

insert into call (connection_id, operation, arguments, effect, state, attempt, due_at, started_at,
                  finished_at, created_at, request_id)
select 3, 'send_sms', '{}', 'message:' || row_number() over (order by i),
       case when i % 6000 = 1 then 'rejected' when i % 30000 = 4 then 'unknown'
            when i > ROWS - 30 then 'planned' else 'accepted' end,
       1, at, at, at, at, 'raw-' || i
  from generate_series(1, ROWS, 3) i,
       lateral (select now() - make_interval(secs => (ROWS - i) * SPACING) as at) t;

insert into audit (actor, action, subject, detail)
select 'olga', 'test', 'connection:' || id, '{"good": false, "text": "no"}' from connection;
"""


async def fill(dsn: str, rows: int, spacing_s: float = 1.0) -> None:
    """`rows` raw events and events, a third as many messages and calls, one each `spacing_s`
    seconds up to now; then ANALYZE, as autovacuum would.
    """
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute(
            FILL.replace("ROWS", str(rows)).replace("SPACING", str(spacing_s)), timeout=600
        )
        await connection.execute("vacuum analyze", timeout=600)
    finally:
        await connection.close()

"""What the benches ask the database, and the history they put into it."""

from collections.abc import Sequence
from datetime import datetime

from uzel.kit.database import Connection

LONGEST_S = 3600.0

# `$4 || counter || $5` is a body; its digest is the one the door would have found.
FILL_RAW_EVENTS = """
insert into raw_event (connection_id, digest, received_at, remote_addr, headers, body, state,
                       processed_at)
select $1, substring(sha256(body) for 16), at, '203.0.113.7', $6, body, 'processed', at
  from (select i, $4::bytea || convert_to(lpad(to_hex(i), 12, '0'), 'UTF8') || $5::bytea as body,
               now() - make_interval(secs => ($7 - i) * 3.0) as at
          from generate_series($2::bigint, $3::bigint) as i order by i) as past
"""

# What the simplest durable thing is: one row, one commit.
ADD_ROW = "insert into bench_row (account, amount) values (1, 100);"

# Amounts of a past: a rouble more each second, and every tenth time five less.
FILL_PAST = """
with number as (
    select n, n / 10 as tens, $3::timestamptz + make_interval(secs => n) as at
      from generate_series($4::bigint, $4 + $5 - 1) as n
), entry as (
    insert into ledger_entry (kind, origin, created_at)
    select 'past', 'past:' || n, at from number order by n returning id, origin
), sum as (
    select e.id, n.n, n.at, case when n.n % 10 = 9 then -500 else 100 end as amount,
           n.tens * 400 + case when n.n % 10 = 9 then 400 else (n.n % 10 + 1) * 100 end as balance
      from number n join entry e on e.origin = 'past:' || n.n
)
insert into ledger_posting (entry_id, leg, account_id, amount_minor, balance_minor, version,
                            posted_at)
select id, 0, $1::int, amount, balance, n + 1, at from sum
union all
select id, 1, $2::int, -amount, -balance, n + 1, at from sum
"""
STAND_AFTER_PAST = """
update ledger_balance b
   set posted_minor = p.balance_minor, version = p.version, posted_at = p.posted_at
  from ledger_posting p
 where p.account_id = b.account_id and b.account_id in ($1, $2) and p.version = $3
"""

# One event of each raw event, in the shares a restaurant sees: most lead to a message.
FILL_EVENTS = """
insert into event (raw_event_id, position, connection_id, type, key, subject, phone, occurred_at,
                   data, decision, reason, created_at)
select r.id, 0, $1, case when skipped then 'order.updated' else 'visit.completed' end,
       case when not skipped then visit || ':completed' end, 'заказ ' || r.id, phone, r.received_at,
       case when not skipped then jsonb_build_object('visit', visit, 'state', 'completed', 'place',
            $4::text, 'phone', phone, 'name', 'Мария', 'total', '1290', 'note', null) end,
       case when skipped then 'skip' else 'request' end, case when skipped then 'status' end,
       r.received_at
  from (select id, received_at, id % 3 = 0 as skipped, $4 || ':' || md5(id::text) as visit,
               '+7999' || lpad((id % 10000000)::text, 7, '0') as phone
          from raw_event where id between $2 and $3) as r
 order by r.id
"""


async def count_missing(
    connection: Connection, connection_id: int, digests: Sequence[bytes]
) -> int:
    """How many of the digests no raw event of this connection has."""
    found: int = await connection.fetchval(
        "select count(*) from unnest($2::bytea[]) as given(digest) where not exists "
        "(select 1 from raw_event r where r.connection_id = $1 and r.digest = given.digest)",
        connection_id,
        digests,
    )
    return found


async def newest_message(connection: Connection) -> int:
    """The id of the newest message, 0 without any."""
    found: int = await connection.fetchval("select coalesce(max(id), 0) from message")
    return found


async def count_delivered(connection: Connection, connection_id: int, after_id: int) -> int:
    """Messages of one connection newer than `after_id` whose receipt has arrived."""
    found: int = await connection.fetchval(
        "select count(*) from message where state = 'delivered' and id > $2 and connection_id = $1",
        connection_id,
        after_id,
    )
    return found


async def count_unasked(connection: Connection, connection_id: int) -> int:
    """Calls of one connection that wait for their turn or their answer."""
    found: int = await connection.fetchval(
        "select count(*) from call where connection_id = $1 and state in ('planned', 'sending')",
        connection_id,
    )
    return found


async def fill(
    connection: Connection,
    connection_id: int,
    part: tuple[int, int],
    total: int,
    body: tuple[bytes, bytes],
    headers: str,
    place: str,
) -> None:
    """Put in the raw events numbered `part` (first, last) of `total`, one every three seconds up
    to now, each with its event. `body` is what stands before and after their number.
    """
    first, last = part
    before = await connection.fetchval("select coalesce(max(id), 0) from raw_event")
    raw = (connection_id, first, last, *body, headers, total)
    await connection.execute(FILL_RAW_EVENTS, *raw, timeout=LONGEST_S)
    newest = await connection.fetchval("select max(id) from raw_event")
    await connection.execute(
        FILL_EVENTS, connection_id, before + 1, newest, place, timeout=LONGEST_S
    )


async def copy_database(connection: Connection, source: str, copy: str) -> None:
    """A copy of a database nobody is connected to. Both names are identifiers of our own."""
    await connection.execute(f"create database {copy} template {source}")


async def settle(connection: Connection) -> None:
    """What autovacuum and the checkpointer would have done by and by."""
    await connection.execute("vacuum analyze raw_event, event", timeout=LONGEST_S)
    await connection.execute("checkpoint", timeout=LONGEST_S)


async def orders_are_new(connection: Connection, shop_id: int) -> None:
    """None of the shop's orders can have a deal that we did not make."""
    await connection.execute("update shop set switched_on_at = since where id = $1", shop_id)


async def fetch_now(connection: Connection, shop_id: int) -> None:
    """Have new orders fetched once, and no more; the calls of earlier ones are forgotten."""
    await connection.execute(
        "update shop_task set next_at = case when task = 'fetch' then clock_timestamp() "
        "else 'infinity' end, succeeded_at = null where shop_id = $1",
        shop_id,
    )
    await connection.execute(
        "update call set effect = 'past:' || id where state = 'accepted' and effect like 'shop:%'"
    )


async def orders_so_far(connection: Connection, shop_id: int) -> tuple[int, int]:
    """(orders, those of them that are not done)."""
    row = await connection.fetchrow(
        "select count(*), count(*) filter (where step <> 'done') from shop_order "
        "where shop_id = $1",
        shop_id,
    )
    assert row is not None
    return row[0], row[1]


async def all_fetched(connection: Connection, shop_id: int) -> bool:
    """Whether every order that was told is written down."""
    found: bool = await connection.fetchval(
        "select succeeded_at is not null and not exists "
        "(select from raw_event where state = 'received') "
        "from shop_task where shop_id = $1 and task = 'fetch'",
        shop_id,
    )
    return found


async def span_of_calls(connection: Connection, shop_id: int) -> tuple[float, float]:
    """When the first call to the shop's CRM began and the last one ended, in seconds."""
    row = await connection.fetchrow(
        "select extract(epoch from min(c.started_at))::float8, "
        "extract(epoch from max(c.finished_at))::float8 from call c "
        "join shop s on s.crm_id = c.connection_id where s.id = $1 and c.effect like 'shop:%'",
        shop_id,
    )
    assert row is not None
    return row[0] or 0.0, row[1] or 0.0


async def make_rows(connection: Connection) -> None:
    """The table that `ADD_ROW` fills."""
    await connection.execute(
        "create table bench_row (id bigserial primary key, account int not null, "
        "amount bigint not null)"
    )


def past_balance(number: int) -> int:
    """What stands after the entry of this number; see FILL_PAST."""
    tens, rest = divmod(number, 10)
    return tens * 400 + (400 if rest == 9 else (rest + 1) * 100)


async def fill_past(
    connection: Connection, account: int, house: int, began_at: datetime, part: tuple[int, int]
) -> None:
    """Put in `part` (first number, how many) of the entries of a past. The database checks each
    entry, as it does all others.
    """
    first, most = part
    async with connection.transaction():
        await connection.execute(
            FILL_PAST, account, house, began_at, first, most, timeout=LONGEST_S
        )
        await connection.execute(STAND_AFTER_PAST, account, house, first + most)


async def analyze_past(connection: Connection) -> None:
    """As autovacuum would by and by."""
    await connection.execute("vacuum analyze ledger_posting", timeout=LONGEST_S)
    await connection.execute("vacuum analyze ledger_entry", timeout=LONGEST_S)

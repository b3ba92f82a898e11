"""Payments and answers in the database."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from uzel.kit.database import Connection, Pool, columns

REQUESTS = """
select r.partner_id, r.book, r.key, r.fingerprint, r.status, r.body
  from unnest($1::int[], $2::text[], $3::text[]) as k(partner_id, book, key)
  join partner_request r using (partner_id, book, key)
"""
ADD_REQUESTS = """
insert into partner_request (partner_id, book, key, fingerprint, status, body)
select * from unnest($1::int[], $2::text[], $3::text[], $4::bytea[], $5::smallint[], $6::bytea[])
"""
ADD = """
with added as (
    insert into payment (public_id, partner_id, book, kind, external_id, amount, currency,
                         cost_minor, balance_currency, commission_minor, rate, rate_id, legs, state,
                         before_minor, after_minor, details, hold_id, entry_id, quote_id,
                         created_at, updated_at)
    select *, $21, $21
      from unnest($1::text[], $2::int[], $3::text[], $4::text[], $5::text[], $6::numeric[],
                  $7::text[], $8::bigint[], $9::text[], $10::bigint[], $11::numeric[],
                  $12::bigint[], $13::jsonb[], $14::text[], $15::bigint[], $16::bigint[],
                  $17::text[], $18::bigint[], $19::bigint[], $20::bigint[])
    returning id, state
)
insert into payment_step (payment_id, number, state, at) select id, 1, state, $21 from added
"""
FORGET = """
delete from partner_request where ctid in (
    select ctid from partner_request where created_at < now() - $1::interval
     order by created_at limit $2 for update skip locked)
returning 1
"""
COLUMNS = (
    "id, public_id, partner_id, book, kind, external_id, amount, currency, cost_minor, "
    "balance_currency, commission_minor, rate, rate_id, legs, state, before_minor, after_minor, "
    "details, error, hold_id, entry_id, refund_id, created_at, updated_at, "
    "(select q.public_id from quote q where q.id = payment.quote_id) as quote, "
    "(select l.external_id from lead l where l.id = payment.lead_id) as lead_external_id"
)
SUMS = """
select count(*) as total, count(*) filter (where state = 'completed') as completed,
       count(*) filter (where state = 'failed') as failed,
       count(*) filter (where state = 'pending') as pending,
       coalesce(sum(cost_minor) filter (where state <> 'failed'), 0) as charged_minor,
       max(created_at) as last_at
  from payment where partner_id = $1 and book = $2
"""
OF_EVERYBODY = """
select m.public_id, p.name as partner, m.state, m.cost_minor, m.balance_currency, m.amount,
       m.currency, m.created_at, m.error
  from payment m join partner p on p.id = m.partner_id
 where m.book = 'live' and ($1::text is null or m.state = $1)
 order by m.id desc limit $2
"""
MOVE = """
with moved as (
    update payment set state = $2, error = $3, entry_id = coalesce(entry_id, $4), refund_id = $5,
                       -- Later than before whatever clocks do: partners put their webhooks in
                       -- order by it.
                       updated_at = greatest(clock_timestamp(),
                                             updated_at + interval '1 microsecond')
     where id = $1
 returning id
)
insert into payment_step (payment_id, number, state, made_by, reason)
select id, (select count(*) + 1 from payment_step where payment_id = id), $2, $6, $7 from moved
"""


async def requests(
    connection: Connection, partners: Sequence[int], books: Sequence[str], keys: Sequence[str]
) -> list[Any]:
    """Answers that were given: (partner_id, book, key, fingerprint, status, body)."""
    return await connection.fetch(REQUESTS, partners, books, keys)


async def add_requests(connection: Connection, rows: Sequence[Sequence[Any]]) -> None:
    """Keep answers: (partner_id, book, key, fingerprint, status, body)."""
    if rows:
        await connection.execute(ADD_REQUESTS, *columns(rows))


async def forget_requests(pool: Pool, age: timedelta, most: int) -> int:
    """Delete up to `most` answers of that age, the oldest first; how many."""
    gone = await pool.fetch(FORGET, age, most)
    return len(gone)


async def claim(connection: Connection, partner_id: int, book: str, key: str) -> bool:
    """Whether nobody else works on a request under this key; until the transaction ends."""
    found: bool = await connection.fetchval(
        "select pg_try_advisory_xact_lock(hashtextextended($1, 71))", f"{partner_id}:{book}:{key}"
    )
    return found


async def add(connection: Connection, rows: Sequence[Sequence[Any]], at: Any) -> None:
    """New payments with their first step; see ADD for the order of the columns."""
    if rows:
        await connection.execute(ADD, *columns(rows), at)


async def find(connection: Connection | Pool, partner_id: int, book: str, public_id: str) -> Any:
    """One of a partner's, None where it is not there or another's."""
    return await connection.fetchrow(
        f"select {COLUMNS} from payment where public_id = $3 and partner_id = $1 and book = $2",  # noqa: S608
        partner_id,
        book,
        public_id,
    )


async def several(connection: Connection | Pool, public_ids: Sequence[str]) -> list[Any]:
    """Payments, in the order that they were made."""
    return await connection.fetch(
        f"select {COLUMNS} from payment where public_id = any($1) order by id",  # noqa: S608
        public_ids,
    )


async def numbers(
    connection: Connection, partners: Sequence[int], books: Sequence[str], numbers: Sequence[str]
) -> list[Any]:
    """Payments under these numbers of the partners' own: (partner_id, book, external_id,
    public_id).
    """
    return await connection.fetch(
        "select p.partner_id, p.book, p.external_id, p.public_id "
        "from unnest($1::int[], $2::text[], $3::text[]) as n(partner_id, book, external_id) "
        "join payment p using (partner_id, book, external_id)",
        partners,
        books,
        numbers,
    )


async def find_by_number(
    connection: Connection | Pool, partner_id: int, book: str, external_id: str
) -> Any:
    """The one under a number of the partner's own."""
    return await connection.fetchrow(
        f"select {COLUMNS} from payment where external_id = $3 and partner_id = $1 and book = $2",  # noqa: S608
        partner_id,
        book,
        external_id,
    )


async def newest(
    connection: Connection | Pool,
    partner_id: int,
    book: str,
    most: int,
    before: int | None = None,
    *,
    state: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> list[Any]:
    """The newest ones, those below a number; of a state, not older than `since`, older than
    `until`.
    """
    return await connection.fetch(
        f"select {COLUMNS} from payment where partner_id = $1 and book = $2 "  # noqa: S608
        "and ($4::bigint is null or id < $4) and ($5::text is null or state = $5) "
        "and ($6::timestamptz is null or created_at >= $6) "
        "and ($7::timestamptz is null or created_at < $7) order by id desc limit $3",
        partner_id,
        book,
        most,
        before,
        state,
        since,
        until,
    )


async def sums(connection: Connection | Pool, partner_id: int, book: str) -> Any:
    """Of all of a partner's: (total, completed, failed, pending, charged_minor, last_at); what was
    given back is not charged.
    """
    return await connection.fetchrow(SUMS, partner_id, book)


async def of_everybody(pool: Pool | Connection, state: str | None, most: int) -> list[Any]:
    """Payments of all partners for real money, the newest first, with the name of the `partner`."""
    return await pool.fetch(OF_EVERYBODY, state, most)


async def lock(connection: Connection, public_id: str) -> Any:
    """One payment, locked; None where there is none."""
    return await connection.fetchrow(
        f"select {COLUMNS} from payment where public_id = $1 for update",  # noqa: S608
        public_id,
    )


async def move(
    connection: Connection,
    number: int,
    state: str,
    error: str | None,
    entry_id: int | None,
    refund_id: int | None,
    made_by: str | None,
    reason: str | None,
) -> None:
    """Write its next state and who made it so."""
    await connection.execute(MOVE, number, state, error, entry_id, refund_id, made_by, reason)


async def of_entry(connection: Connection, entry: int) -> str | None:
    """The payment that an entry takes or gives back."""
    found: str | None = await connection.fetchval(
        "select public_id from payment where entry_id = $1 or refund_id = $1", entry
    )
    return found

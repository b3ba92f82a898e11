"""Payouts as programs asked for them, and what they were answered, in the database."""

from collections.abc import Collection, Mapping
from datetime import timedelta
from typing import Any

from uzel.kit.database import Connection, Pool
from uzel.payouts.payout_store import COLUMNS

SHOWN = f"""
select {COLUMNS}, p.asked_at, r.user_id, r.callback_url, r.callback_path, r.receiver_id,
       coalesce(r.metadata, '{{}}') as metadata, r.payout_id is not null as is_asked,
       greatest(p.updated_at, r.updated_at) as changed_at, i.public_id as invoice_id,
       (select min(s.at) from payout_step s where s.payout_id = p.id and s.state = 'paid')
           as paid_at
  from payout p left join payout_request r on r.payout_id = p.id
  left join payout_invoice i on i.payout_id = p.id
"""  # noqa: S608 - names of columns
CHOSEN = """
 where ($1::int is null or p.connection_id = $1)
   and ($2::text[] is null or p.state = any($2)) and ($3::text is null or p.currency = $3)
   and ($4::text is null or p.kind = $4) and ($5::text is null or r.user_id = $5)
"""


async def find(pool: Pool | Connection, name: str, connection_id: int | None) -> Any:
    """One by our id, the asker's number or the provider's id; of one connection, or of any."""
    return await pool.fetchrow(
        f"{SHOWN} where (p.public_id = $1 or p.external_id = $1 or p.provider_id = $1) "
        "and ($2::int is null or p.connection_id = $2) "
        "order by (p.public_id = $1) desc, (p.external_id = $1) desc nulls last, p.id limit 1",
        name,
        connection_id,
    )


async def by_id(connection: Pool | Connection, payout_id: int) -> Any:
    return await connection.fetchrow(f"{SHOWN} where p.id = $1", payout_id)


async def page(
    pool: Pool,
    connection_id: int | None,
    states: Collection[str] | None,
    filters: Mapping[str, str | None],
    number: int,
    size: int,
) -> tuple[int, list[Any]]:
    """(how many there are, those of a page, the newest first). Filters: currency, kind, user_id."""
    chosen = (
        connection_id,
        None if states is None else list(states),
        filters["currency"],
        filters["kind"],
        filters["user_id"],
    )
    counted = (
        "select count(*) from payout p left join payout_request r on r.payout_id = p.id "  # noqa: S608
        f"{CHOSEN}"
    )
    total: int = await pool.fetchval(counted, *chosen)
    if (number - 1) * size >= total:
        return total, []
    rows = await pool.fetch(
        f"{SHOWN} {CHOSEN} order by p.id desc limit $6 offset $7",
        *chosen,
        size,
        (number - 1) * size,
    )
    return total, rows


async def add(
    connection: Connection,
    payout_id: int,
    token_id: int,
    user_id: str | None,
    metadata: Mapping[str, Any],
) -> None:
    await connection.execute(
        "insert into payout_request (payout_id, token_id, user_id, metadata) "
        "values ($1, $2, $3, $4)",
        payout_id,
        token_id,
        user_id,
        dict(metadata),
    )


async def set_callback(
    connection: Connection, payout_id: int, receiver_id: int | None, url: str | None, path: str
) -> None:
    """Where it is told from now on; no url: nowhere."""
    await connection.execute(
        "update payout_request set receiver_id = $2, callback_url = $3, callback_path = $4, "
        "updated_at = clock_timestamp() where payout_id = $1",
        payout_id,
        receiver_id,
        url,
        path if url is not None else None,
    )


async def set_metadata(connection: Connection, payout_id: int, metadata: Mapping[str, Any]) -> None:
    await connection.execute(
        "update payout_request set metadata = $2, updated_at = clock_timestamp() "
        "where payout_id = $1",
        payout_id,
        dict(metadata),
    )


async def set_purpose(connection: Connection, payout_id: int, purpose: str) -> None:
    await connection.execute(
        "update payout set purpose = $2, updated_at = clock_timestamp() where id = $1",
        payout_id,
        purpose,
    )


async def may_ask(connection: Pool | Connection, payout_id: int, apart: timedelta) -> bool:
    """Whether the provider was not asked by the way so shortly before; then it counts as asked."""
    found = await connection.fetchval(
        "update payout set asked_at = clock_timestamp() where id = $1 "
        "and (asked_at is null or asked_at < clock_timestamp() - $2::interval) returning id",
        payout_id,
        apart,
    )
    return found is not None


async def held(pool: Pool | Connection, connection_id: int | None) -> Any:
    """(all_minor, unsent_minor): of payouts that have not ended, and of those that the provider is
    not known to have.
    """
    return await pool.fetchrow(
        "select coalesce(sum(amount_minor), 0)::bigint as all_minor, "
        "coalesce(sum(amount_minor) filter (where state in ('waiting', 'unknown')), 0)::bigint "
        "as unsent_minor from payout where state in ('waiting', 'unknown', 'processing', 'review') "
        "and ($1::int is null or connection_id = $1)",
        connection_id,
    )


async def answer(connection: Connection | Pool, token_id: int, key: str) -> Any:
    """(digest, answer) under a key; None."""
    return await connection.fetchrow(
        "select digest, answer from payout_answer where token_id = $1 and key = $2", token_id, key
    )


async def keep_answer(
    connection: Connection, token_id: int, key: str, digest: bytes, payout_id: int, answer: str
) -> None:
    """Raises UniqueViolationError where another request has the key."""
    await connection.execute(
        "insert into payout_answer (token_id, key, digest, payout_id, answer) "
        "values ($1, $2, $3, $4, $5)",
        token_id,
        key,
        digest,
        payout_id,
        answer,
    )


async def forget_answers(pool: Pool | Connection, older: timedelta) -> int:
    """Those of long ago; how many."""
    rows = await pool.fetch(
        "delete from payout_answer where created_at < clock_timestamp() - $1::interval returning 1",
        older,
    )
    return len(rows)

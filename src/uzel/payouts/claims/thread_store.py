"""Messages and files of claims in the database, and what nobody was told of yet."""

from typing import Any

from uzel.kit.database import Connection, Pool

NEWS = """
select n.id, n.claim_id, n.act, n.state, n.text, n.made_by, n.at,
       c.amount_minor, c.currency, c.version, c.connection_id, c.reason, c.card_shown, c.phone,
       c.bank_name, c.kind, c.purpose, c.held_code,
       m.chat_connection_id, m.chat_id, m.key as claimant, m.name as claimant_name
  from claim_news n join claim c on c.id = n.claim_id left join claimant m on m.id = c.claimant_id
 order by n.id for update of n skip locked limit $1
"""


async def say(
    connection: Connection, number: int, by: str, text: str, *, is_claimants: bool
) -> int:
    found: int = await connection.fetchval(
        "insert into claim_message (claim_id, made_by, is_claimants, text) "
        "values ($1, $2, $3, $4) returning id",
        number,
        by,
        is_claimants,
        text,
    )
    return found


async def messages(pool: Connection | Pool, number: int) -> list[Any]:
    """(id, at, made_by, is_claimants, text), the oldest first."""
    return await pool.fetch(
        "select id, at, made_by, is_claimants, text from claim_message where claim_id = $1 "
        "order by id",
        number,
    )


async def how_many(connection: Connection, number: int) -> int:
    found: int = await connection.fetchval(
        "select count(*) from claim_file where claim_id = $1", number
    )
    return found


async def attach(
    connection: Connection,
    number: int,
    by: str,
    name: str,
    content_type: str,
    digest: bytes,
    content: bytes,
) -> int:
    """The number of a new file, or of the same one from before."""
    found: int = await connection.fetchval(
        "insert into claim_file (claim_id, made_by, name, content_type, size_bytes, sha256, "
        "content) values ($1, $2, $3, $4, $5, $6, $7) on conflict (claim_id, sha256) "
        "do update set name = claim_file.name returning id",
        number,
        by,
        name,
        content_type,
        len(content),
        digest,
        content,
    )
    return found


async def files(pool: Connection | Pool, number: int) -> list[Any]:
    """(id, at, made_by, name, content_type, size_bytes), the oldest first."""
    return await pool.fetch(
        "select id, at, made_by, name, content_type, size_bytes from claim_file "
        "where claim_id = $1 order by id",
        number,
    )


async def file(pool: Connection | Pool, number: int, file_id: int) -> Any:
    """(name, content_type, content) of a claim's file; None."""
    return await pool.fetchrow(
        "select name, content_type, content from claim_file where claim_id = $1 and id = $2",
        number,
        file_id,
    )


async def news(connection: Connection, most: int) -> list[Any]:
    """Steps that nobody outside was told of, the oldest first, locked; those that others are
    telling of are left out.
    """
    return await connection.fetch(NEWS, most)


async def told(connection: Connection, numbers: list[int]) -> None:
    """They were."""
    await connection.execute("delete from claim_news where id = any($1::bigint[])", numbers)

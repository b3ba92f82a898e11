"""Robots and what they take, in the database."""

from typing import Any

from uzel.kit.database import Connection, Pool

COLUMNS = "id, name, prefix, is_test, created_at, created_by, revoked_at, last_used_at"
TASKS = """
select l.id, l.public_id, l.deal_id, l.external_id, l.payment_url, l.data, l.state, l.version,
       l.leased_by, l.leased_until, l.created_at, l.updated_at,
       p.public_id as partner, p.name as partner_name
  from lead l left join partner p on p.id = l.partner_id
 where l.book = $1
   and ($2::text is null or l.state = $2)
   and ($3::boolean is null or (l.partner_id is not null) = $3)
   and ($4::text is null or p.public_id = $4)
   and ($5::timestamptz is null or l.updated_at >= $5)
   and ($6::bigint is null or l.id < $6)
   and ($7::bigint[] is null or l.id = any($7))
   and (not $8 or l.state = 'new' and (l.leased_until is null or l.leased_until <= now()))
   and ($9::int is null or l.leased_by = $9 and l.leased_until > now())
 order by l.id desc limit $10
"""
# The oldest first; what another robot looks at this moment is passed by.
CLAIM = """
with free as (
    select id from lead
     where book = $1 and state = 'new' and payment_url is not null
       and (leased_until is null or leased_until <= now())
       and ($5::boolean is null or (partner_id is not null) = $5)
     order by id limit $3 for update skip locked
)
update lead l set leased_by = $2, leased_until = now() + make_interval(secs => $4)
  from free where l.id = free.id returning l.id
"""


async def add(
    connection: Connection, name: str, hashed: bytes, prefix: str, *, is_test: bool, by: str | None
) -> int:
    """Its number. Raises UniqueViolationError where the name is taken."""
    number: int = await connection.fetchval(
        "insert into robot (name, hash, prefix, is_test, created_by) values ($1, $2, $3, $4, $5) "
        "returning id",
        name,
        hashed,
        prefix,
        is_test,
        by,
    )
    return number


async def every(pool: Pool | Connection) -> list[Any]:
    """All robots, the oldest first."""
    return await pool.fetch(f"select {COLUMNS} from robot order by id")  # noqa: S608


async def living(pool: Pool, hashed: bytes) -> Any:
    """The robot with this token; None: nobody's, or it was revoked. A use within the last minute is
    not written again.
    """
    row = await pool.fetchrow(
        f"select {COLUMNS} from robot where hash = $1 and revoked_at is null",  # noqa: S608
        hashed,
    )
    if row is not None:
        await pool.execute(
            "update robot set last_used_at = now() where id = $1 "
            "and (last_used_at is null or last_used_at < now() - interval '1 minute')",
            row["id"],
        )
    return row


async def is_any(pool: Pool) -> bool:
    """Whether there is a robot at all."""
    found: bool = await pool.fetchval(
        "select exists (select 1 from robot where revoked_at is null)"
    )
    return found


async def revoke(connection: Connection, robot_id: int) -> Any:
    """Its name; None where there is none, or it was revoked before. What it holds is free again."""
    await connection.execute(
        "update lead set leased_by = null, leased_until = null where leased_by = $1", robot_id
    )
    return await connection.fetchval(
        "update robot set revoked_at = now() where id = $1 and revoked_at is null returning name",
        robot_id,
    )


async def tasks(pool: Pool | Connection, book: str, wanted: Any, most: int) -> list[Any]:
    """Leads, the newest first; `wanted`: tasks.Wanted."""
    return await pool.fetch(
        TASKS,
        book,
        wanted.state,
        wanted.of_partners,
        wanted.partner,
        wanted.changed_since,
        wanted.before,
        wanted.ids,
        wanted.is_free,
        wanted.held_by,
        most,
    )


async def count(pool: Pool | Connection, book: str) -> int:
    """How many leads there are."""
    found: int = await pool.fetchval("select count(*) from lead where book = $1", book)
    return found


async def claim(
    connection: Connection,
    book: str,
    robot_id: int,
    most: int,
    lease_s: float,
    of_partners: bool | None,
) -> list[int]:
    """Take the oldest free ones for so long; their numbers."""
    rows = await connection.fetch(CLAIM, book, robot_id, most, lease_s, of_partners)
    return [row["id"] for row in rows]


async def release(connection: Connection, book: str, robot_id: int, deal_id: str) -> bool:
    """Give back what this robot holds; whether it did hold it."""
    found = await connection.fetchval(
        "update lead set leased_by = null, leased_until = null where book = $1 and leased_by = $2 "
        "and (deal_id = $3 or public_id = $3) returning id",
        book,
        robot_id,
        deal_id,
    )
    return found is not None

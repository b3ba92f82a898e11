"""Conversations about claims in the database."""

from typing import Any

from uzel.kit.database import Connection, Pool
from uzel.payouts.claims.claim_store import COLUMNS

Key = tuple[int, int, int]


async def lock(connection: Connection, key: Key) -> Any:
    """(step, claim_id, answers, version, updated_at) of (connection, chat, person), locked; made
    where there is none.
    """
    await connection.execute(
        "insert into claim_dialogue (connection_id, chat_id, user_id) values ($1, $2, $3) "
        "on conflict do nothing",
        *key,
    )
    return await connection.fetchrow(
        "select step, claim_id, answers, version, clock_timestamp() - updated_at as age "
        "from claim_dialogue where connection_id = $1 and chat_id = $2 and user_id = $3 for update",
        *key,
    )


async def save(
    connection: Connection, key: Key, step: str, claim_id: int | None, answers: dict[str, Any]
) -> None:
    await connection.execute(
        "update claim_dialogue set step = $4, claim_id = $5, answers = $6, version = version + 1, "
        "updated_at = clock_timestamp() "
        "where connection_id = $1 and chat_id = $2 and user_id = $3",
        *key,
        step,
        claim_id,
        answers,
    )


async def of_claimant(connection: Connection | Pool, claimant_id: int, most: int) -> list[Any]:
    """Their claims, the newest first."""
    return await connection.fetch(
        f"select {COLUMNS} from claim c where claimant_id = $1 order by id desc limit $2",  # noqa: S608
        claimant_id,
        most,
    )


async def draft_of(connection: Connection, claimant_id: int) -> int | None:
    """The one they are filling in."""
    found: int | None = await connection.fetchval(
        "select max(id) from claim where claimant_id = $1 and state = 'draft'", claimant_id
    )
    return found


async def lately(connection: Connection | Pool, claimant_id: int, but: int) -> int:
    """How many of their claims were submitted within a day, but for this one."""
    found: int = await connection.fetchval(
        "select count(*) from claim where claimant_id = $1 and id <> $2 "
        "and submitted_at > clock_timestamp() - interval '1 day'",
        claimant_id,
        but,
    )
    return found


async def earlier(connection: Connection | Pool, claimant_id: int | None, before: int) -> Any:
    """(earlier, paid): their claims before this one, drafts excepted."""
    return await connection.fetchrow(
        "select count(*) as earlier, count(*) filter (where state = 'paid') as paid from claim "
        "where claimant_id = $1 and id < $2 and submitted_at is not null",
        claimant_id,
        before,
    )


async def reachable(connection: Connection, claimant_id: int) -> None:
    """They write, so they can be written to."""
    await connection.execute(
        "update claimant set unreachable_reason = null, unreachable_at = null "
        "where id = $1 and unreachable_at is not null",
        claimant_id,
    )


async def unreachable(connection: Connection, connection_id: int, chat: int, why: str) -> list[int]:
    """Nothing reaches this chat; the claims of its person that somebody should know of."""
    rows = await connection.fetch(
        "update claimant m set unreachable_reason = $3, unreachable_at = clock_timestamp() "
        "where chat_connection_id = $1 and chat_id = $2 and unreachable_at is null "
        "returning (select max(id) from claim where claimant_id = m.id) as claim_id",
        connection_id,
        chat,
        why,
    )
    return [row["claim_id"] for row in rows if row["claim_id"] is not None]


async def chat_of(connection: Connection, effect: str) -> Any:
    """(connection_id, chat_id) that a call of this flow wrote to; None."""
    return await connection.fetchrow(
        "select connection_id, (arguments ->> 'chat_id')::bigint as chat_id from call "
        "where effect = $1 and arguments ? 'chat_id'",
        effect,
    )

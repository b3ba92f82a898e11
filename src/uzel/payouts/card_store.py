"""Numbers of cards that lie in the vault, and whose."""

from datetime import timedelta
from typing import Any

from uzel.kit.database import Connection

# Of payouts that have not left, or may have; without those that somebody is busy with.
OLD = """
select p.id, p.sent, p.state, p.vault_id, p.public_id
  from payout p
  join vault v on v.id = p.vault_id
  left join payout_rules r on r.connection_id = p.connection_id
 where p.state in ('waiting', 'unknown')
   and v.put_at < clock_timestamp() - make_interval(secs => coalesce(r.keep_cards_s, $1))
 order by p.id limit $2 for update of p skip locked
"""
# The call that would carry it: not one that is just leaving.
AT_REST = """
select true from call where effect = $1 and state <> 'sending' for update skip locked
"""


async def old(connection: Connection, keep: timedelta, most: int) -> list[Any]:
    """(id, sent, state, vault_id, public_id) of payouts whose card has lain there for too long,
    locked. `keep`: where nothing else was decided.
    """
    return await connection.fetch(OLD, keep.total_seconds(), most)


async def at_rest(connection: Connection, effect: str) -> bool:
    """Whether this call exists and is not under way; it stays so until the transaction ends."""
    return bool(await connection.fetchval(AT_REST, effect))


async def set_error(connection: Connection, payout_id: int, error: str | None) -> None:
    """What its row says is missing."""
    await connection.execute(
        "update payout set error = $2, updated_at = clock_timestamp() where id = $1",
        payout_id,
        error,
    )


async def fingerprint_of(connection: Connection, payout_id: int) -> bytes | None:
    """Of the card it goes to."""
    found: bytes | None = await connection.fetchval(
        "select card_fingerprint from payout where id = $1", payout_id
    )
    return found


async def set_vault(connection: Connection, payout_id: int, vault_id: int) -> None:
    """Where the number lies."""
    await connection.execute(
        "update payout set vault_id = $2, updated_at = clock_timestamp(), "
        "error = case when state = 'waiting' then null else error end where id = $1",
        payout_id,
        vault_id,
    )


async def forget_typed(connection: Connection, older: timedelta) -> None:
    """Destroy numbers that came in with messages and were used by nobody."""
    await connection.execute(
        "delete from vault v using raw_secret s where s.vault_id = v.id "
        "and v.put_at < clock_timestamp() - $1::interval",
        older,
    )

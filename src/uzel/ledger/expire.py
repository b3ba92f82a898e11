"""Holds whose time is over are given back."""

from uzel.kit.database import Pool
from uzel.ledger import account_store as store
from uzel.ledger.command import End, How
from uzel.ledger.post import post

MOST_AT_ONCE = 500


async def expire(pool: Pool) -> int:
    """End the holds that are over; how many they were."""
    async with pool.acquire() as connection, connection.transaction():
        over = await store.holds_over(connection, MOST_AT_ONCE)
        if not over:
            return 0
        verdicts = await post(connection, [End(number, How.EXPIRED) for number in over])
    return sum(verdict.is_done and not verdict.repeated for verdict in verdicts)

"""The end of answers that are given again: a key is good for so long, a number for ever."""

from datetime import timedelta

from uzel.kit.database import Pool
from uzel.partners import payment_store as store

KEPT = timedelta(days=90)
# Few enough that nobody waits for it.
AT_ONCE = 2000


async def forget_old(pool: Pool) -> int:
    """Forget some of the answers that nobody asks for any more; how many."""
    return await store.forget_requests(pool, KEPT, AT_ONCE)

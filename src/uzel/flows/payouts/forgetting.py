"""What was kept for some time only."""

from datetime import timedelta

from uzel.flows.payouts.notices import KEPT_FOR, MOST_KEPT
from uzel.kit.database import Pool
from uzel.payouts.programs import callback_store, notice_store, request_store

# A key is good for so long; a number (`external_id`) for ever.
ANSWERS, CALLBACKS = timedelta(days=90), timedelta(days=90)


async def forget_old(pool: Pool) -> None:
    """Answers under keys, callbacks that ended, the log of what came."""
    await request_store.forget_answers(pool, ANSWERS)
    await callback_store.forget(pool, CALLBACKS)
    await notice_store.forget(pool, KEPT_FOR, MOST_KEPT)

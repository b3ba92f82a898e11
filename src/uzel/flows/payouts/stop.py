"""What is looked at right before money leaves: the switch, the breaker, whether there is a card.

It is asked as a call is taken over, and once more right before the first byte of its request; so
from the moment the switch is on, no payout leaves.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from uzel.calls.guard import Hold
from uzel.flows.payouts import asks
from uzel.flows.payouts.asks import Effect
from uzel.kit.database import Connection
from uzel.payouts import hold_store as store
from uzel.payouts.holding import CARD_NEEDED, STOPPED, TRIPPED

# Whoever lets payouts leave has them made at once, so between two looks of a call that is held
# there may be more and more time: each look is a line in its history.
SOONEST, LATEST = timedelta(seconds=30), timedelta(minutes=10)
SHARE = 10
TRIAL_TAKES = timedelta(seconds=30)


async def guard(connection: Connection, effects: Sequence[str]) -> Mapping[str, Hold]:
    """Effect → why it may not leave now; see `uzel.calls.guard`. Questions may."""
    sends = {Effect.of(it).number: it for it in effects if Effect.of(it).kind == asks.SEND}
    if not sends:
        return {}
    held: dict[str, Hold] = {}
    now = datetime.now(UTC)
    for row in await store.about(connection, sorted(sends)):
        effect = sends[row["id"]]
        if row["stopped_for_s"] is not None:
            held[effect] = Hold(STOPPED, now + look_after(row["stopped_for_s"]))
        elif row["card_gone"]:
            held[effect] = Hold(CARD_NEEDED, now + LATEST)
        elif row["trip"] is not None and not await is_trial(connection, row, effect):
            held[effect] = Hold(TRIPPED, max(row["probe_at"], now + TRIAL_TAKES))
    return held


def look_after(held_for_s: float) -> timedelta:
    """Until the next look at what has been held for so long."""
    return min(LATEST, max(SOONEST, timedelta(seconds=held_for_s) / SHARE))


async def is_trial(connection: Connection, row: Any, effect: str) -> bool:
    """Whether this is the one that may leave though the others may not."""
    return row["probe"] == effect or await store.grant(connection, row["trip"], effect)

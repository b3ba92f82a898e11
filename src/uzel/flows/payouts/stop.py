"""The switch: from the moment it is on, no payout leaves. It is asked before every single one."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from uzel.calls.guard import Hold
from uzel.flows.payouts import asks
from uzel.flows.payouts.asks import Effect
from uzel.kit.database import Connection
from uzel.payouts import payout_store as store

LOOK_AGAIN = timedelta(seconds=30)


async def guard(connection: Connection, effects: Sequence[str]) -> Mapping[str, Hold]:
    """Effect → why it may not leave now; see `uzel.calls.guard`. Questions may."""
    sends = [effect for effect in effects if Effect.of(effect).kind == asks.SEND]
    if not sends or await store.stopped(connection) is None:
        return {}
    until = datetime.now(UTC) + LOOK_AGAIN
    return dict.fromkeys(sends, Hold("payouts_stopped", until))

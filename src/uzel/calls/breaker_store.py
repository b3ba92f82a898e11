"""The breaker of a connection in the database; see `store.BEGIN` for what it lets through."""

from collections.abc import Sequence
from datetime import datetime

from uzel.kit.database import Connection, Pool


async def trip(connection: Connection, connection_id: int, reason: str, threshold: int) -> None:
    """Count a failure; from `threshold` on the breaker opens, longer each time, 15 minutes at
    most. While it is open nothing counts: what was under way when it opened fails for one reason.
    """
    await connection.execute(
        "update call_breaker set failures = failures + 1, reason = $2, changed_at = now(), "
        "open_until = case when failures + 1 >= $3 then clock_timestamp() + make_interval("
        "secs => least(900, 10 * 2 ^ least(10, failures + 1 - $3))) else open_until end "
        "where connection_id = $1 and (open_until is null or open_until <= clock_timestamp())",
        connection_id,
        reason,
        threshold,
    )


async def hold(connection: Connection, connection_id: int, until: datetime, reason: str) -> None:
    """The provider wants nothing of this connection before `until`: the breaker opens for so long.
    That it counts no failures tells this from a breaker that tripped: see `mend`.
    """
    await connection.execute(
        "update call_breaker set failures = 0, open_until = greatest(open_until, $2), reason = $3, "
        "changed_at = now() where connection_id = $1",
        connection_id,
        until,
        reason,
    )


async def give_trial_back(connection: Connection | Pool, connection_id: int) -> None:
    """What was to be the one call that an open breaker lets through did not leave: another may."""
    await connection.execute(
        "update call_breaker set trial_at = null where connection_id = $1 "
        "and open_until is not null",
        connection_id,
    )


async def mend(connection: Connection, connection_ids: Sequence[int]) -> None:
    """An answer arrived: the breaker closes, unless the provider set a time. That one is kept,
    since what is answered now left before.
    """
    await connection.execute(
        "update call_breaker set failures = 0, open_until = null, trial_at = null, reason = null, "
        "changed_at = now() where connection_id = any($1) "
        "and (failures > 0 or open_until <= clock_timestamp())",
        list(connection_ids),
    )

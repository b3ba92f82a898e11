"""What has no answer: calls of workers that died, lookups at the provider, people's decisions."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from uzel.calls import breaker_store
from uzel.calls import recover_store as store
from uzel.calls.closing import Closed, Owner
from uzel.calls.outcome import Health, Result, State
from uzel.calls.plan import wake
from uzel.calls.runner import Runner
from uzel.connections.registry import Active, Registry
from uzel.errors import RateLimited, UzelError
from uzel.kit import database

log = logging.getLogger("uzel.calls")

WORKER_SILENT_S = 10.0
LONGEST_SENDING_S = 90.0
LOOK_UP_EVERY_S = 15.0
# The last attempt is due when patience ends; a breaker may keep it waiting for a while.
GRACE_S = 1800.0
TOO_OLD = "given up: it waited longer than it is tried"


class Choice(StrEnum):
    """What a person can say of an unknown call.

    happened  it arrived: take it for accepted; risk: it did not, and nobody will send it
    again     send it once more; risk: the person gets it twice
    drop      leave it: neither send nor count it
    """

    HAPPENED = "happened"
    AGAIN = "again"
    DROP = "drop"


STATE_OF = {
    Choice.HAPPENED: State.ACCEPTED,
    Choice.AGAIN: State.PLANNED,
    Choice.DROP: State.CANCELLED,
}


async def recover_abandoned(pool: database.Pool, registry: Registry, runner: Runner) -> None:
    """Calls left in `sending` by a worker that died: what can be repeated is planned again, all
    else becomes unknown.
    """
    async with pool.acquire() as connection, connection.transaction():
        rows = await store.find_abandoned(
            connection, runner.worker, WORKER_SILENT_S, LONGEST_SENDING_S
        )
        if rows:
            log.warning("%d calls were abandoned by a worker that died", len(rows))
            results = [abandoned(registry.get(row["connection_id"]), row) for row in rows]
            await runner.closing.write_down(connection, results)


def abandoned(active: Active | None, row: Any) -> Result:
    """The result of a call whose worker is gone."""
    operation = active.connector.operations.get(row["operation"]) if active else None
    repeatable = operation is not None and operation.repeatable
    return Result(
        row["id"],
        row["connection_id"],
        row["attempt"],
        State.PLANNED if repeatable else State.UNKNOWN,
        Health.SAYS_NOTHING,
        due_at=datetime.now(UTC) if repeatable else None,
        error_class="OutcomeUnknown",
        detail="the process that made the call ended before the answer was written down",
    )


async def give_up_old(pool: database.Pool, registry: Registry, runner: Runner) -> None:
    """Planned calls of operations with a patience of their own that is over, and whose turn never
    came again: their server answers nobody, or the connection is off.
    """
    patient = {
        f"{active.connector.name}.{operation.name}": operation.patience.tries_for_s + GRACE_S
        for active in registry.all()
        for operation in active.connector.operations.values()
        if operation.patience is not None
    }
    if not patient:
        return
    async with pool.acquire() as connection, connection.transaction():
        rows = await store.give_up(connection, list(patient), list(patient.values()), TOO_OLD)
        await runner.closing.tell(
            connection, [Closed(row["effect"], given_up(row)) for row in rows]
        )


def given_up(row: Any) -> Result:
    """The result of a call that grew too old while it waited."""
    return Result(
        row["id"],
        row["connection_id"],
        row["attempt"],
        State.NOT_SENT,
        Health.SAYS_NOTHING,
        detail=TOO_OLD,
    )


async def wake_overdue(pool: database.Pool) -> None:
    """A wake may be lost; a due call is not."""
    for connection_id in await store.waiting_connections(pool):
        async with pool.acquire() as connection:
            await wake(connection, connection_id)


Taken = Callable[[database.Pool, str, int, str], Awaitable[bool]]


async def look_up_unknown(
    pool: database.Pool, registry: Registry, runner: Runner, taken: Taken | None = None
) -> None:
    """Ask providers that can tell whether calls with a lost answer happened; all at the same time,
    so that one that hangs keeps nobody else waiting. `taken(pool, effect, connection, reference)`:
    whether what a lookup found is known to come from another call.
    """
    able = {
        f"{active.connector.name}.{operation.name}"
        for active in registry.all()
        for operation in active.connector.operations.values()
        if operation.look_up is not None
    }
    rows = await store.to_look_up(pool, sorted(able), LOOK_UP_EVERY_S) if able else []
    of: dict[int, list[Any]] = {}
    for row in rows:
        of.setdefault(row["connection_id"], []).append(row)
    parts = [look_up_one_by_one(pool, registry, runner, taken, mine) for mine in of.values()]
    await asyncio.gather(*parts)


async def look_up_one_by_one(
    pool: database.Pool,
    registry: Registry,
    runner: Runner,
    taken: Taken | None,
    rows: Sequence[Any],
) -> None:
    """The unknown calls of one connection. What a provider finds by its looks may be what an
    earlier call made: then nothing is known of this one. A provider that wants no requests gets
    none for the others either.
    """
    for row in rows:
        try:
            result = await look_up(registry, runner, row)
        except RateLimited as error:
            await hold(pool, row["connection_id"], error)
            return
        found = result.answer.reference if result and result.answer else None
        mistaken = taken and found and await taken(pool, row["effect"], row["connection_id"], found)
        if result is None or mistaken or proves_nothing(registry, row, result):
            await store.touch(pool, row["id"])
        elif result.state is State.PLANNED and (wait_s := unsettled_s(registry, row)) > 0:
            await store.touch(pool, row["id"], wait_s - LOOK_UP_EVERY_S)
        else:
            await runner.closing.submit(result)


def proves_nothing(registry: Registry, row: Any, result: Result) -> bool:
    """Whether nothing was found by a look that cannot tell that there is nothing."""
    active = registry.get(row["connection_id"])
    assert active is not None
    operation = active.connector.operations[row["operation"]]
    return result.state is State.PLANNED and not operation.absence_proves


def unsettled_s(registry: Registry, row: Any) -> float:
    """How much longer what was asked for may still happen, though it is not to be found yet."""
    active = registry.get(row["connection_id"])
    assert active is not None
    settles_after_s = active.connector.operations[row["operation"]].settles_after_s
    return settles_after_s - float(row["left_for_s"])


async def hold(pool: database.Pool, connection_id: int, error: RateLimited) -> None:
    """Nothing goes out before the provider's time, as after a call that was told so."""
    log.warning("lookups and calls of connection %s have to wait: %s", connection_id, error)
    async with pool.acquire() as connection:
        await breaker_store.hold(connection, connection_id, error.retry_at, error.detail)


async def look_up(registry: Registry, runner: Runner, row: Any) -> Result | None:
    """One lookup: the call's result, or None while nobody can tell. Raises RateLimited."""
    active = registry.get(row["connection_id"])
    if active is None or active.config is None:
        return None
    operation = active.connector.operations[row["operation"]]
    try:
        answer = await runner.reach.look_up(active, operation, row["effect"], row["arguments"])
    except RateLimited:
        raise
    except UzelError as error:
        log.info("lookup of call %s has to wait: %s", row["id"], error)
        return None
    except database.PASSING:
        raise
    except Exception:  # an error of ours about one call must not keep the others waiting
        log.exception("lookup of call %s failed", row["id"])
        return None
    state = State.ACCEPTED if answer is not None else State.PLANNED
    return Result(
        row["id"],
        row["connection_id"],
        row["attempt"],
        state,
        Health.GOOD,
        due_at=None if answer is not None else datetime.now(UTC),
        answer=answer,
        detail="looked up: it happened" if answer else "looked up: it did not happen",
    )


async def decide(
    connection: database.Connection,
    call_id: int,
    choice: Choice,
    actor: str,
    owners: dict[str, Owner],
    attempt: int | None = None,
) -> None:
    """A person's decision on an unknown call, in the caller's transaction. Raises UzelError if the
    call is no longer unknown: somebody else decided, or the answer came after all.
    """
    state = STATE_OF[choice]
    row = await store.decide(connection, call_id, state.value, actor, attempt)
    if row is None:
        raise UzelError("this call is no longer waiting for a decision")
    result = Result(
        row["id"],
        row["connection_id"],
        row["attempt"],
        state,
        Health.SAYS_NOTHING,
        detail=f"decided by {actor}: {choice}",
    )
    closed: Sequence[Closed] = [Closed(row["effect"], result)]
    await owners[row["effect"].partition(":")[0]](connection, closed)
    if state is State.PLANNED:
        await wake(connection, row["connection_id"])

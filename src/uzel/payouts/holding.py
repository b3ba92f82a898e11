"""Payouts that hold themselves back, and what lets them leave again; see `breaker` for when."""

import logging
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from uzel.calls import held_store
from uzel.calls.plan import wake
from uzel.kit.database import Connection
from uzel.payouts import hold_store as store
from uzel.payouts import payout_store
from uzel.payouts.breaker import Ending, Outcome, Rules, ends_hold, pause_of, verdict
from uzel.people.store import note

log = logging.getLogger("uzel.payouts")

# Why a call that moves money is held back, as the journal of calls says.
STOPPED, TRIPPED, CARD_NEEDED = "payouts_stopped", "payouts_tripped", "card_needed"
OPERATION = "create_payment"
# Of the endings that are looked at; more people than this are never asked for.
MOST_ENDINGS = 500
# Who did it, in the audit.
BREAKER = "uzel"
SAID = {
    Outcome.UNKNOWN: "the answers to {0} payouts were lost within {1} min",
    Outcome.REFUSED: "payouts to {0} people were refused, and none was taken in between",
}


async def rules_of(connection: Connection, connection_id: int) -> Rules:
    """When a connection's payouts hold themselves back."""
    row = await store.rules(connection, connection_id)
    if row is None:
        return Rules()
    within, pause = timedelta(seconds=row["unknown_within_s"]), timedelta(seconds=row["pause_s"])
    return Rules(row["most_unknown"], within, row["most_refused"], pause)


async def judge(connection: Connection, connection_ids: Iterable[int]) -> None:
    """Hold back the payouts of connections where it is time to; to be called once a transaction has
    locked all payouts that it wants to.
    """
    for connection_id in sorted(connection_ids):
        rules = await rules_of(connection, connection_id)
        await store.lock_breaker(connection, connection_id)
        rows = await store.endings(connection, connection_id, MOST_ENDINGS)
        endings = [Ending(Outcome(row["outcome"]), row["payee_id"], row["at"]) for row in rows]
        reason = verdict(endings, datetime.now(UTC), rules)
        if reason is not None:
            await trip(connection, connection_id, reason, rules)


async def trip(connection: Connection, connection_id: int, reason: Outcome, rules: Rules) -> None:
    most = rules.most_unknown if reason is Outcome.UNKNOWN else rules.most_refused
    detail = SAID[reason].format(most, rules.within // timedelta(minutes=1))
    if await store.trip(connection, connection_id, reason, detail, rules.pause):
        log.error("payouts of connection %s hold themselves back: %s", connection_id, detail)
        about = {"reason": reason, "detail": detail}
        await note(connection, BREAKER, "hold", f"payouts:{connection_id}", about)


async def tried(connection: Connection, effect: str, outcome: Outcome | None) -> None:
    """What a trial, if this call was one, tells; None: it did not leave at all."""
    row = await store.trial_of(connection, effect)
    if row is None:
        return
    if outcome is None:
        await store.in_vain(connection, row["id"], None)
    elif ends_hold(Outcome(row["reason"]), outcome):
        await let_go(connection, BREAKER, row["connection_id"])
    else:
        rules = await rules_of(connection, row["connection_id"])
        await store.in_vain(connection, row["id"], pause_of(rules, row["probes"] + 1))


async def let_go(
    connection: Connection, made_by: str, connection_id: int | None = None
) -> list[int]:
    """Payouts that held themselves back leave again, of one connection or all; those they were."""
    ended = await store.end_trips(connection, made_by, connection_id)
    for row in ended:
        about = {"reason": row["reason"]}
        await note(connection, made_by, "let_go", f"payouts:{row['connection_id']}", about)
        await hurry(connection, TRIPPED, row["connection_id"])
    return [row["connection_id"] for row in ended]


async def go_on(connection: Connection, made_by: str) -> bool:
    """The switch is off again, and nothing holds itself back any more: all leave at once. False:
    nothing was held.
    """
    changed = await payout_store.go_on(connection, made_by)
    if changed:
        await note(connection, made_by, "go_on", "payouts", {})
        await hurry(connection, STOPPED)
    return bool(await let_go(connection, made_by)) or changed


async def hurry(connection: Connection, reason: str, connection_id: int | None = None) -> None:
    """What was held back for this reason is due now."""
    for found in await held_store.let_go(connection, OPERATION, [reason], connection_id):
        await wake(connection, found)

"""Programs are told what becomes of the payouts they asked for, one event of a payout after the
other: the next one leaves once this one has arrived or was given up.
"""

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import orjson

from uzel.calls.closing import Closed
from uzel.calls.outcome import State as Call
from uzel.calls.plan import Plan, plan
from uzel.kit.database import Connection
from uzel.payouts.payout import State
from uzel.payouts.programs import callback_store as store
from uzel.payouts.programs import request_store
from uzel.payouts.programs.documented import CREATED, event_of, moment, shown

# The first word of the effects of our calls.
OWNER, OPERATION = "callback", "notify"
ENDED = {Call.ACCEPTED: "delivered"}
GIVEN_UP = (Call.REJECTED, Call.NOT_SENT, Call.CANCELLED)


async def tell(connection: Connection, payout_id: int, event: str | None = None) -> None:
    """Tell what a payout is now, in the transaction of what changed; nothing where nobody asked to
    hear. `event`: None for the one of its state.
    """
    wanted = await store.lock_request(connection, payout_id)
    if wanted is None:
        return
    row = await request_store.by_id(connection, payout_id)
    said = event or event_of(State(row["state"]))
    await store.add(connection, payout_id, said, body_of(said, row))
    await go_on(connection, wanted)


async def tell_created(connection: Connection, payout_id: int) -> None:
    await tell(connection, payout_id, CREATED)


async def go_on(connection: Connection, wanted: Any) -> None:
    """Have the next one leave."""
    found = await store.take_next(connection, wanted["payout_id"])
    if found is None:
        return
    body = orjson.loads(found["body"])
    arguments = {
        "path": wanted["callback_path"],
        "id": event_id(found["id"]),
        "type": found["event"],
        "subject": body["data"]["id"],
        "body": found["body"],
    }
    effect = f"{OWNER}:{found['id']}"
    await plan(connection, [Plan(wanted["receiver_id"], OPERATION, arguments, effect)])


def body_of(event: str, row: Any) -> str:
    """As it goes out but for the signature, which is put in where the secret is known."""
    content = {"event": event, "data": shown(row), "timestamp": moment(datetime.now(UTC))}
    return orjson.dumps(content, option=orjson.OPT_SORT_KEYS).decode()


def event_id(callback_id: int) -> str:
    """The same at every attempt."""
    word = hashlib.sha256(f"{OWNER}:{callback_id}".encode()).hexdigest()[:32]
    return f"evt_{word}"


async def on_closed(connection: Connection, closed: Sequence[Closed]) -> None:
    """The owner of calls whose effect begins with `callback`."""
    for item in sorted(closed, key=lambda it: it.effect):
        state = item.result.state
        if state not in ENDED and state not in GIVEN_UP:
            continue
        number = int(item.effect.partition(":")[2])
        payout_id = await store.payout_of(connection, number)
        if payout_id is None:
            continue
        wanted = await store.lock_request(connection, payout_id)
        await store.end(connection, number, ENDED.get(state, "failed"))
        if wanted is None:
            await store.drop_waiting(connection, payout_id)
        else:
            await go_on(connection, wanted)

"""Planning messages and following them to their end."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from uzel.calls import store as calls_store
from uzel.calls.closing import Closed
from uzel.calls.outcome import State
from uzel.calls.plan import Plan, plan
from uzel.kit.database import Connection
from uzel.messages import store
from uzel.model.sms_text import count_segments

log = logging.getLogger("uzel.messages")

OPERATIONS = {"sms": "send_sms"}
MESSAGE_STATE = {
    State.ACCEPTED: "accepted",
    State.REJECTED: "failed",
    State.NOT_SENT: "failed",
    State.UNKNOWN: "unknown",
    State.CANCELLED: "cancelled",
    State.PLANNED: "planned",
}


@dataclass(frozen=True, slots=True)
class Draft:
    """A message somebody wants sent.

    origin  why it is sent (`review_request:17`); the same origin never makes two messages
    """

    business_id: int
    connection_id: int
    purpose: str
    origin: str
    channel: str
    phone: str
    body: str
    event_id: int | None = None
    template_id: int | None = None
    request_id: str | None = None


async def plan_messages(connection: Connection, drafts: Sequence[Draft]) -> None:
    """Write messages and the calls that will send them, in the caller's transaction."""
    if not drafts:
        return
    rows = await store.add(connection, [columns(draft) for draft in drafts])
    request_ids = {draft.origin: draft.request_id for draft in drafts}
    await plan(
        connection,
        [
            Plan(
                row["connection_id"],
                OPERATIONS[row["channel"]],
                {"phone": row["phone"], "text": row["body"]},
                effect_of(row["id"]),
                request_ids[row["origin"]],
            )
            for row in rows
        ],
    )


def columns(draft: Draft) -> tuple[Any, ...]:
    """In the order of messages.store.ADD."""
    counted = count_segments(draft.body)
    return (
        draft.business_id,
        draft.connection_id,
        draft.purpose,
        draft.origin,
        draft.event_id,
        draft.channel,
        draft.phone,
        draft.body,
        counted.encoding,
        counted.segments,
        draft.template_id,
    )


def effect_of(message_id: int) -> str:
    """The effect of the call that sends this message."""
    return f"message:{message_id}"


async def on_closed(connection: Connection, closed: Sequence[Closed]) -> None:
    """The calls of some messages ended: write it to the messages; the owner hook of `calls`."""
    rows = []
    for item in closed:
        result, answer = item.result, item.result.answer
        rows.append(
            (
                int(item.effect.partition(":")[2]),
                MESSAGE_STATE[result.state],
                None if result.state is State.ACCEPTED else result.detail,
                answer.reference if answer else None,
                answer.cost_minor if answer else None,
                answer.currency if answer else None,
            )
        )
    await store.close(connection, sorted(rows, key=lambda row: row[0]))
    if any(row[3] for row in rows):
        await settle_early(connection)


async def settle_early(connection: Connection) -> None:
    """Receipts that were here before the acceptance was."""
    early = await store.take_early(connection)
    if early:
        await store.settle(
            connection,
            [
                (
                    row["connection_id"],
                    row["reference"],
                    *row["receipt"][:2],
                    row["occurred_at"],
                    *row["receipt"][2:],
                )
                for row in early
            ],
        )


async def cancel_messages(connection: Connection, origins: Sequence[str], reason: str) -> int:
    """Withdraw messages that have not gone out. Returns how many could be withdrawn."""
    ids = await store.by_origin(connection, origins)
    withdrawn = await calls_store.cancel(connection, [effect_of(i) for i in ids], reason)
    await store.cancel(connection, [int(e.partition(":")[2]) for e in withdrawn], reason)
    return len(withdrawn)

"""Webhooks to partners: told in the transaction of what changed, delivered as calls.

    async with pool.acquire() as connection, connection.transaction():
        …                                                                  # what changes
        await hooks.tell(connection, partner_id, LIVE, "lead.completed", data, "lead:17:completed")

Nothing is told where the transaction ends in nothing, nor to partners without an address. What is
told is delivered at least once, in any order; the id of the event is the same each time.
"""

import hashlib
import logging
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

import orjson

from uzel.calls.closing import Closed
from uzel.calls.outcome import State
from uzel.calls.plan import Plan, plan
from uzel.connections.store import set_state
from uzel.connectors.partner_hook.client import GONE, TEST
from uzel.errors import ConfigError
from uzel.kit.database import Connection, Pool
from uzel.ledger import accounts
from uzel.partners import hook_store as store
from uzel.people.store import note

log = logging.getLogger("uzel.partners")

# The first word of the effects of our calls.
OWNER, OPERATION = "hook", "deliver"
GONE_REASON = "410: партнёр просит больше не присылать"
DELIVERY = "dlv_"
DeliveryState = Literal["pending", "delivered", "failed"]
OPEN = (State.PLANNED, State.SENDING)


@dataclass(frozen=True, slots=True)
class Event:
    """Something to tell a partner.

    book    of the ledger: what happens to test money is told to another address, or by another
            secret
    type    `noun.past_verb`
    data    JSON-ready but for times; its `id`, where there is one, names in our journal what the
            event is about
    effect  what happened, unique for ever: told twice it is one event
    """

    partner_id: int
    book: str
    type: str
    data: Mapping[str, Any]
    effect: str


@dataclass(frozen=True, slots=True)
class Delivery:
    """One call to a partner's address.

    id, event_id  of the delivery (`dlv_…`), and of what it tells (`evt_…`, the header webhook-id)
    number        for pages: the older, the smaller
    subject       what the event is about, such as a payment's id
    state         `pending`, `delivered` or `failed`
    said          why it did not arrive at the last attempt; None: nothing went wrong
    next_at       of a pending one, when it is tried (again)
    """

    id: str
    number: int
    event_id: str
    type: str
    subject: str | None
    state: DeliveryState
    attempts: int
    http_status: int | None
    said: str | None
    created_at: datetime
    ended_at: datetime | None
    next_at: datetime | None


class NotResent(ConfigError):
    """It cannot be sent again. code: `unknown`, `pending` (it is under way), `off`."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


async def tell(
    connection: Connection,
    partner_id: int,
    book: str,
    type: str,
    data: Mapping[str, Any],
    effect: str,
) -> None:
    """Tell one partner, in the caller's transaction; see `Event`."""
    await tell_all(connection, [Event(partner_id, book, type, data, effect)])


async def tell_all(connection: Connection, events: Sequence[Event]) -> None:
    """The same for many: two questions to the database and a wake for each partner concerned,
    however many events there are; nothing for none.
    """
    if not events:
        return
    wanted = {(event.partner_id, event.book) for event in events}
    rows = await store.receivers(connection, sorted(wanted))
    found = {(row["partner_id"], row["book"]): row["connection_id"] for row in rows}
    now = datetime.now(UTC)
    plans = [
        plan_of(event, found[event.partner_id, event.book], now)
        for event in events
        if (event.partner_id, event.book) in found
    ]
    await plan(connection, plans)


def plan_of(event: Event, connection_id: int, now: datetime) -> Plan:
    """The call that tells it."""
    said = f"{event.partner_id}:{event.book}:{event.effect}"
    word = hashlib.sha256(said.encode()).hexdigest()[:32]
    subject = event.data.get("id")
    arguments = {
        "id": f"evt_{word}",
        "type": event.type,
        "subject": str(subject) if subject is not None else None,
        "body": body_of(event, now),
    }
    return Plan(connection_id, OPERATION, arguments, f"{OWNER}:{DELIVERY}{word}")


def body_of(event: Event, now: datetime) -> str:
    """What goes out, byte for byte at every attempt."""
    content = {
        "type": event.type,
        "timestamp": now,
        "is_test": event.book == accounts.TEST,
        "data": dict(event.data),
    }
    return orjson.dumps(content, option=orjson.OPT_UTC_Z).decode()


async def tell_test(connection: Connection, partner_id: int, book: str) -> str:
    """An event of the type `test`, about nothing. Returns the delivery's id. Raises ConfigError."""
    row = await store.find(connection, partner_id, book)
    if row is None or row["state"] == "off":
        raise ConfigError("there is no address, or it is off; see: uzel partner set --hook-url URL")
    event = Event(partner_id, book, TEST, {}, f"{TEST}:{secrets.token_hex(16)}")
    planned = plan_of(event, row["connection_id"], datetime.now(UTC))
    await plan(connection, [planned])
    return delivery_id(planned.effect)


async def resend(connection: Connection, partner_id: int, book: str, wanted: str) -> str:
    """Deliver once more what a delivery told: the same id and body, a call of its own. Returns the
    new delivery's id. In a transaction of the caller's. Raises NotResent.
    """
    found = await store.delivery(connection, partner_id, book, f"{OWNER}:{wanted}")
    hook = await store.find(connection, partner_id, book)
    if found is None or hook is None:
        raise NotResent("unknown", f"there is no delivery {wanted}")
    if hook["state"] == "off":
        raise NotResent("off", "nothing is sent: the webhook is switched off")
    event_id = found["arguments"]["id"]
    if await store.is_under_way(connection, hook["connection_id"], event_id):
        raise NotResent("pending", f"{event_id} is still to be delivered")
    effect = f"{OWNER}:{DELIVERY}{secrets.token_hex(16)}"
    again = Plan(hook["connection_id"], OPERATION, found["arguments"], effect)
    await plan(connection, [again])
    return delivery_id(effect)


async def deliveries(
    pool: Pool | Connection, partner_id: int, book: str, most: int = 50, before: int | None = None
) -> list[Delivery]:
    """What was told, the newest first; those before the number of another."""
    rows = await store.deliveries(pool, partner_id, book, most, before)
    return [delivery_of(row) for row in rows]


async def delivery(
    pool: Pool | Connection, partner_id: int, book: str, wanted: str
) -> Delivery | None:
    """One of them."""
    row = await store.delivery(pool, partner_id, book, f"{OWNER}:{wanted}")
    return delivery_of(row) if row else None


def delivery_of(row: Any) -> Delivery:
    is_open = row["state"] in OPEN
    arrived = row["state"] == State.ACCEPTED
    arguments = row["arguments"]
    return Delivery(
        delivery_id(row["effect"]),
        row["id"],
        arguments["id"],
        arguments["type"],
        arguments["subject"],
        "pending" if is_open else "delivered" if arrived else "failed",
        row["attempt"],
        row["http_status"],
        None if arrived else row["detail"],
        row["created_at"],
        None if is_open else row["finished_at"],
        row["due_at"] if row["state"] == State.PLANNED else None,
    )


def delivery_id(effect: str) -> str:
    return effect.partition(":")[2]


async def on_closed(connection: Connection, closed: Sequence[Closed]) -> None:
    """The owner of calls whose effect begins with `hook`: a receiver that wants no more gets no
    more, and the operator sees why.
    """
    for item in closed:
        result = item.result
        if result.state is State.REJECTED and result.code == GONE:
            await set_state(connection, result.connection_id, "off", GONE_REASON)
            hook = await store.of_connection(connection, result.connection_id)
            about = {"connection": result.connection_id, "book": hook["book"] if hook else None}
            log.error("a partner wants no more webhooks: %s is off", result.connection_id)
            subject = f"partner:{hook['partner_id']}" if hook else None
            await note(connection, "uzel", "hook_gone", subject, about)
        elif result.state is State.NOT_SENT:
            log.error("a webhook was given up: %s", item.effect, extra={"detail": result.detail})

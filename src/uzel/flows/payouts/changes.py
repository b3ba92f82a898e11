"""A payout that was asked for is looked at, changed, taken back."""

import asyncio
import logging
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from uzel.calls import store as calls_store
from uzel.connector import Answer
from uzel.errors import CallFailed, ConfigError
from uzel.flows.payouts import asks, send
from uzel.flows.payouts.asks import Effect
from uzel.flows.payouts.closed import learn
from uzel.flows.payouts.means import Means, Refusal
from uzel.flows.payouts.requests import receiver_for
from uzel.kit import database
from uzel.kit.database import Connection
from uzel.payouts import payout_store
from uzel.payouts.payout import ASKED_AFTER, OPEN, State
from uzel.payouts.programs import callbacks
from uzel.payouts.programs import request_store as store
from uzel.payouts.programs.asked import Asker, forbid_cards, metadata_of, purpose_of, url_of
from uzel.payouts.programs.documented import STATUS_WORDS, STATUSES
from uzel.payouts.wish import WishRejected
from uzel.people.store import note

log = logging.getLogger("uzel.payouts")

# The provider is asked by the way once in so long, and nobody waits longer for its answer.
APART, WITHIN_S = timedelta(seconds=5), 2.0
REASON = "через API"
IN_VAIN: tuple[type[BaseException], ...] = (CallFailed, ConfigError, *database.LOST)


async def find(means: Means, asker: Asker, name: str) -> Any:
    """One that the asker may see. Raises Refusal."""
    # What cannot be printed is nobody's name, and the database takes no NUL.
    row = None
    if name.isprintable():
        row = await store.find(means.pool, name, asker.connection_id)
    if row is None:
        raise Refusal("not_found")
    return row


async def refreshed(means: Means, asker: Asker, name: str) -> Any:
    """One as the provider knows it now, or as we do where it does not say in time."""
    row = await find(means, asker, name)
    if State(row["state"]) not in ASKED_AFTER or row["provider_id"] is None:
        return row
    if not await store.may_ask(means.pool, row["id"], APART):
        return row
    answer = await asked(means, row["connection_id"], "payment", {"id": row["provider_id"]})
    if answer is None:
        return row
    async with means.pool.acquire() as connection, connection.transaction():
        locked = await payout_store.lock(connection, row["id"])
        # Where it ended meanwhile, somebody was told later than we: see `closed.on_looked`.
        if State(locked["state"]) in OPEN:
            await learn(connection, locked, answer)
    return await store.by_id(means.pool, row["id"])


async def asked(
    means: Means, connection_id: int, operation: str, arguments: Mapping[str, Any]
) -> Answer | None:
    """What a provider answers to a question, None where it does not in time."""
    active = means.registry.get(connection_id)
    if active is None or active.config is None or active.state != "active":
        return None
    try:
        async with asyncio.timeout(WITHIN_S):
            return await means.reach.ask(active, active.connector.operations[operation], arguments)
    except IN_VAIN as error:
        log.warning("%s was asked in vain: %s", active.title, type(error).__name__)
        return None


async def change(means: Means, asker: Asker, name: str, body: Mapping[str, Any]) -> Any:
    """What a PUT asks for, all or nothing. Raises Refusal, WishRejected, HookRefused."""
    forbid_cards(body)
    row = await find(means, asker, name)
    status = wanted_status(body, row)
    purpose = purpose_of(body["description"]) if body.get("description") is not None else None
    metadata = metadata_of(body["metadata"]) if "metadata" in body else None
    url = url_of(body.get("callback_url"))
    where: tuple[int | None, str | None, str] = (None, None, "")
    demand_asked_here(row)
    if url is not None:
        through = means.through(Asker(asker.token_id, asker.actor, row["connection_id"]))
        address, receiver = await receiver_for(means, through, url)
        where = (receiver, address.url, address.path)
    async with means.pool.acquire() as connection, connection.transaction():
        if purpose is not None and purpose != row["purpose"]:
            await describe(connection, row["id"], purpose)
        if metadata is not None:
            await store.set_metadata(connection, row["id"], metadata)
        if "callback_url" in body:
            await store.set_callback(connection, row["id"], *where)
        if status == "cancelled" and row["state"] != State.CANCELLED:
            await take_back(connection, asker, row)
        about = {"fields": sorted(set(body) & {"description", "metadata", "callback_url"})}
        await note(connection, asker.actor, "change", f"payout:{row['public_id']}", about)
    return await store.by_id(means.pool, row["id"])


def demand_asked_here(row: Any) -> None:
    """What was approved as a claim, or sent by a person, is not changed by a program. Raises
    Refusal.
    """
    if not row["is_asked"]:
        raise Refusal("not_asked_here")


def wanted_status(body: Mapping[str, Any], row: Any) -> str | None:
    """`cancelled`, or nothing. What has become of a payout is the provider's word alone."""
    status = body.get("status")
    if status is None or status == STATUSES[State(row["state"])]:
        return None
    if status not in STATUS_WORDS:
        raise WishRejected("status", "status")
    if status != "cancelled":
        raise Refusal("status_by_provider")
    return str(status)


async def describe(connection: Connection, payout_id: int, purpose: str) -> None:
    """Other words for the receiver, while nobody has been told the old ones. Raises Refusal."""
    row = await payout_store.lock(connection, payout_id)
    if State(row["state"]) is not State.WAITING:
        raise Refusal("already_sent")
    if row["sent"]:
        effect = str(Effect(asks.SEND, row["id"], row["sent"]))
        taken = await calls_store.cancel(connection, [effect], "другое назначение", doubtful=True)
        if taken.get(effect) != "cancelled":
            raise Refusal("already_sent")
    await store.set_purpose(connection, payout_id, purpose)
    if row["sent"]:
        await send.go_on(connection, await payout_store.lock(connection, payout_id))
    await callbacks.tell(connection, payout_id)


async def cancel(means: Means, asker: Asker, name: str) -> Any:
    """Take one back that has not been sent; one that was is left alone. Raises Refusal."""
    row = await find(means, asker, name)
    demand_asked_here(row)
    if row["state"] != State.CANCELLED:
        async with means.pool.acquire() as connection, connection.transaction():
            await take_back(connection, asker, row)
    return await store.by_id(means.pool, row["id"])


async def take_back(connection: Connection, asker: Asker, row: Any) -> None:
    """Raises Refusal, which undoes what was begun."""
    try:
        await send.cancel(connection, row["public_id"], asker.actor, REASON)
    except ConfigError:
        raise Refusal("already_sent") from None
    subject = f"payout:{row['public_id']}"
    await note(connection, asker.actor, "cancel", subject, {"reason": REASON})

"""A program asks for a payout: once for its key and its number, whatever is lost between."""

import hashlib
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

import asyncpg
import orjson

from uzel.connections.hook_url import HookUrl, read_address
from uzel.connections.registry import Active
from uzel.flows.payouts import send
from uzel.flows.payouts.means import Means, Refusal
from uzel.kit.database import Connection
from uzel.payouts import payout_store
from uzel.payouts.bank_list import directory
from uzel.payouts.keys import fingerprint_key
from uzel.payouts.limits import limits_of
from uzel.payouts.payout import Refused, Wish
from uzel.payouts.programs import callbacks, door, door_store, invoices
from uzel.payouts.programs import request_store as store
from uzel.payouts.programs.asked import NAMES, UNNAMED, Asked, Asker, read_asked
from uzel.payouts.wish import Typed, WishRejected, read
from uzel.people.store import note

# (a payout, whether payouts are stopped) → what is answered.
Render = Callable[[Any, bool], bytes]
# Of a request's keyed digest: another purpose under the same key has another name.
PURPOSE = b"uzel request\0"
# Somebody else may just be writing down the same number or key: then it is there at the next look.
TRIES = 3


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked for, by whom, under which key; `again`: where it is told."""

    asker: Asker
    asked: Asked
    body: Mapping[str, Any]
    key: str | None
    through: Active
    address: HookUrl | None = None
    receiver_id: int | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """`repeated`: the answer that was given under this key before."""

    content: bytes
    repeated: bool = False


async def take(
    means: Means, asker: Asker, body: Mapping[str, Any], key: str | None, render: Render
) -> Reply:
    """Have somebody paid. Raises WishRejected, Refusal, hook_url.HookRefused, payout.Refused."""
    asked = read_asked(body)
    if key is None and asked.external_id is None:
        raise Refusal("key_missing")
    through = means.through(asker)
    request = Request(asker, asked, body, key, through)
    for left in reversed(range(TRIES)):
        try:
            known = await answered(means, request)
            if known is not None:
                return known
            request = await with_receiver(means, request)
            return await begin(means, request, render)
        except asyncpg.UniqueViolationError:
            if not left:
                raise
    raise AssertionError


async def answered(means: Means, request: Request) -> Reply | None:
    """What was answered under this key before. Raises Refusal where that was something else."""
    if request.key is None:
        return None
    row = await store.answer(means.pool, request.asker.token_id, request.key)
    if row is None:
        return None
    async with means.pool.acquire() as connection:
        key = await fingerprint_key(connection, means.ring)
    if not hmac.compare_digest(row["digest"], digest_of(key, request.body)):
        raise Refusal("idempotency_key_reused")
    return Reply(row["answer"].encode(), repeated=True)


async def with_receiver(means: Means, request: Request) -> Request:
    """Where it is told is known before the payout begins: names are looked up for it."""
    url = request.asked.callback_url
    if url is None or request.receiver_id is not None:
        return request
    address, receiver_id = await receiver_for(means, request.through, url)
    return replace(request, address=address, receiver_id=receiver_id)


async def receiver_for(means: Means, through: Active, url: str) -> tuple[HookUrl, int]:
    """(an address, the connection that tells it). Raises HookRefused."""
    address = await read_address(url)
    return address, await door.receiver_of(
        means.pool, means.ring, through.id, through.name, address
    )


async def begin(means: Means, request: Request, render: Render) -> Reply:
    """All of it in one transaction: payout, request, answer."""
    asked, asker = request.asked, request.asker
    async with means.pool.acquire() as connection, connection.transaction():
        key = await fingerprint_key(connection, means.ring)
        wish = await wish_of(connection, request, key)
        limits = await limits_of(connection, wish.connection_id)
        begun = await send.begin(connection, means.ring, wish, limits)
        if not begun.repeated:
            metadata = asked.metadata
            await store.add(connection, begun.id, asker.token_id, asked.user_id, metadata)
            if request.address is not None:
                address = request.address
                where = (request.receiver_id, address.url, address.path)
                await store.set_callback(connection, begun.id, *where)
            about = {"amount_minor": wish.amount_minor, "external_id": wish.external_id}
            await note(connection, asker.actor, "send", f"payout:{begun.public_id}", about)
        if asked.invoice_id is not None:
            await invoices.pay(connection, wish, asked.invoice_id, begun.id)
        if not begun.repeated:
            await callbacks.tell_created(connection, begun.id)
        stopped = await payout_store.stopped(connection) is not None
        content = render(await store.by_id(connection, begun.id), stopped)
        if request.key is not None:
            kept = (digest_of(key, request.body), begun.id, content.decode())
            await store.keep_answer(connection, asker.token_id, request.key, *kept)
    return Reply(content)


async def wish_of(connection: Connection, request: Request, key: bytes) -> Wish:
    """What is to be paid, everything in it checked. Raises WishRejected."""
    typed = await named(connection, request)
    banks = await directory(connection, request.through.id)
    try:
        return read(typed, request.through.id, banks, key, request.asker.actor)
    except WishRejected as error:
        field = NAMES.get(error.field, error.field)
        raise WishRejected(field, error.reason, *error.candidates) from None


async def named(connection: Connection, request: Request) -> Typed:
    """With the name of whoever is paid. Nobody is named by the documented request, and then nobody
    is paid, unless that was agreed on.
    """
    typed = request.asked.typed
    if typed.names is not None:
        return typed
    row = await door_store.find(connection, request.through.id)
    if row is None or not row["nameless"] or request.asked.external_id is None:
        raise WishRejected("recipient", "missing")
    first = request.asked.external_id[:60]
    return replace(typed, names=(UNNAMED, first, None), is_named=False)


def digest_of(key: bytes, body: Mapping[str, Any]) -> bytes:
    """Of a request as it was understood: spaces, the order of fields and zeros behind the point do
    not count. Keyed, for a card number is in it.
    """
    said = orjson.dumps(body, default=as_plain, option=orjson.OPT_SORT_KEYS)
    return hmac.digest(key, PURPOSE + said, hashlib.sha256)


def as_plain(value: Any) -> Any:
    """A number with a fraction; a whole one is the same as without its point."""
    if not isinstance(value, Decimal):
        raise TypeError
    is_whole = value == value.to_integral_value() and abs(value) < 2**53
    return int(value) if is_whole else str(value.normalize())


__all__ = ["Refused", "Reply", "Request", "receiver_for", "take"]

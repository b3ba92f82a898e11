"""What `uzel partner hook` does, each change in one transaction with its note in the audit."""

import argparse
import asyncio
import os
import socket
from typing import Any
from uuid import uuid4

from uzel.app import GUARDS, Parts, owners
from uzel.calls import store as calls_store
from uzel.calls.plan import gathered
from uzel.calls.runner import Runner
from uzel.cli.partner_work import Told, find
from uzel.cli.who import who
from uzel.errors import ConfigError
from uzel.partners import hook_address, hooks
from uzel.people.store import note

MOST = 50
BEAT_EVERY_S = 2.0
TIMES = ("created_at", "ended_at", "next_at")


async def show(parts: Parts, parsed: argparse.Namespace) -> Told:
    """The address of a book and whether anything goes there."""
    async with parts.pool.acquire() as connection:
        row = await find(connection, parsed.partner)
        hook = await hook_address.hook_of(connection, row["id"], parsed.book)
    if hook is None:
        raise ConfigError(f"{row['name']} has no address; see: {hook_address.how_to_set(row)}")
    return {
        "partner": row["public_id"],
        "book": hook.book,
        "url": hook.url,
        "state": hook.state,
        "reason": hook.reason,
        "old_until": hook.old_until.isoformat() if hook.old_until else None,
        "connection": hook.connection_id,
    }


async def rotate(parts: Parts, parsed: argparse.Namespace) -> Told:
    """Another secret."""
    async with parts.pool.acquire() as connection, connection.transaction():
        by = await who(connection, parsed.by)
        row = await find(connection, parsed.partner)
        args = (connection, parts.ring, row["id"], parsed.book)
        secret, until = await hook_address.rotate(*args)
        about = {"book": parsed.book, "old_until": until.isoformat()}
        await note(connection, by, "rotate_hook", f"partner:{row['id']}", about)
    return {"partner": row["public_id"], "secret": secret, "old_until": until.isoformat()}


async def log(parts: Parts, parsed: argparse.Namespace) -> list[Told]:
    """Deliveries, the newest first."""
    async with parts.pool.acquire() as connection:
        row = await find(connection, parsed.partner)
        found = await hooks.deliveries(connection, row["id"], parsed.book, MOST)
    return [told_of(it) for it in found]


async def resend(parts: Parts, parsed: argparse.Namespace) -> Told:
    """Once more."""
    async with parts.pool.acquire() as connection, connection.transaction():
        by = await who(connection, parsed.by)
        row = await find(connection, parsed.partner)
        made = await hooks.resend(connection, row["id"], parsed.book, parsed.resend)
        about = {"delivery": parsed.resend, "again": made}
        await note(connection, by, "resend_hook", f"partner:{row['id']}", about)
    return {"partner": row["public_id"], "id": made}


async def test(parts: Parts, parsed: argparse.Namespace) -> Told:
    """Send an event about nothing, and wait for what becomes of it."""
    with gathered():  # nobody is woken: it is made here
        async with parts.pool.acquire() as connection, connection.transaction():
            by = await who(connection, parsed.by)
            row = await find(connection, parsed.partner)
            made = await hooks.tell_test(connection, row["id"], parsed.book)
            about = {"delivery": made, "book": parsed.book}
            await note(connection, by, "test_hook", f"partner:{row['id']}", about)
    hook = await hook_address.hook_of(parts.pool, row["id"], parsed.book)
    planned = await hooks.delivery(parts.pool, row["id"], parsed.book, made)
    assert hook is not None
    assert planned is not None
    await deliver_now(parts, hook.connection_id, planned.number)
    found = await hooks.delivery(parts.pool, row["id"], parsed.book, made)
    assert found is not None
    return told_of(found)


async def deliver_now(parts: Parts, connection_id: int, call_id: int) -> None:
    """One attempt at one call, by a worker of this process's own that gives signs of life."""
    worker, name = uuid4(), f"{socket.gethostname()}:{os.getpid()} command"
    known = owners(parts.registry, parts.settings.url)
    runner = Runner(parts.pool, parts.registry, known, worker, GUARDS, parts.reach)
    await parts.registry.refresh()
    await calls_store.beat(parts.pool, worker, name)
    making = asyncio.create_task(runner.make_one(connection_id, call_id))
    while not (await asyncio.wait({making}, timeout=BEAT_EVERY_S))[0]:
        await calls_store.beat(parts.pool, worker, name)
    making.result()
    await runner.stop()
    await calls_store.bury(parts.pool, worker)


def told_of(it: hooks.Delivery) -> Told:
    """A delivery as JSON."""
    shown: dict[str, Any] = {name: getattr(it, name) for name in it.__slots__ if name != "number"}
    for name in TIMES:
        shown[name] = shown[name].isoformat() if shown[name] else None
    return shown

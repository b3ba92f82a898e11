"""kill -9 of worker and database while partners are told. The judge is the receiver: it heard of
everything that was committed, of nothing else, each under one id and with one body.
"""

import asyncio
import json
import random
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from crash_installation import Installation, fetch, installation, until
from uzel.kit import addresses, database
from uzel.kit.secrets import read_key_ring
from uzel.ledger.accounts import LIVE
from uzel.partners import hook_address, hooks, manage

DELIVERIES = "/partner_hook/_deliveries"
AT_ONCE = 40


async def add_partner(hub: Installation) -> tuple[int, str]:
    """A partner who hears, and the secret."""
    addresses.permit("127.0.0.1")
    pool = await database.open_pool(hub.postgres.dsn, size=1, name="test")
    try:
        async with pool.acquire() as connection, connection.transaction():
            added = await manage.add(connection, "Ромашка", "RUB")
            ring, url = read_key_ring(None, hub.folder), f"{hub.sandbox_url}/partner_hook/shop"
            done = await hook_address.set_address(connection, ring, added.id, LIVE, url)
    finally:
        pool.terminate()
    assert done.secret is not None
    return added.id, done.secret


async def tell(dsn: str, partner: int, numbers: Sequence[int]) -> None:
    """What is told of every third is rolled back."""
    pool = await database.open_pool(dsn, size=1, name="test")
    try:
        for number in numbers:
            async with pool.acquire() as connection:
                transaction = connection.transaction()
                await transaction.start()
                data, effect = {"id": f"lead_{number}"}, f"lead:{number}:completed"
                await hooks.tell(connection, partner, LIVE, "lead.completed", data, effect)
                await (transaction.rollback() if number % 3 == 0 else transaction.commit())
    finally:
        pool.terminate()


def heard(hub: Installation) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(fetch(f"{hub.sandbox_url}{DELIVERIES}"))
    return found


def subjects(entries: list[dict[str, Any]]) -> set[str]:
    return {json.loads(entry["body"])["data"]["id"] for entry in entries}


def storm(folder: Path, kills: int, seed: int) -> None:
    print(f"seed {seed}")  # shown if it fails
    chance = random.Random(seed)
    with installation(folder) as hub:
        partner, secret = asyncio.run(add_partner(hub))
        asked = json.dumps({"name": "shop", "secrets": [secret]}).encode()
        fetch(f"{hub.sandbox_url}/partner_hook/_receivers", asked)
        told = 0
        for _ in range(kills):
            numbers = range(told, told + AT_ONCE)
            told += AT_ONCE
            asyncio.run(tell(hub.postgres.dsn, partner, numbers))
            time.sleep(chance.uniform(0.0, 0.4))
            hub.kill(chance.choice(("worker", "worker", "postgres")))
            until(hub.ready)
        wanted = {f"lead_{number}" for number in range(told) if number % 3}
        until(lambda: subjects(heard(hub)) >= wanted)
        until(lambda: not hub.query("select from call where state in ('planned', 'sending')"))
        entries = heard(hub)
        assert subjects(entries) == wanted
        assert all(entry["verified"] for entry in entries)
        assert len({(entry["id"], entry["body"]) for entry in entries}) == len(wanted)
        (ended,) = hub.query("select count(*) from call where state = 'accepted'")
        assert ended["count"] == len(wanted)


@pytest.mark.long
def test_the_receiver_hears_of_everything_whoever_is_killed(tmp_path: Path) -> None:
    storm(tmp_path, kills=1, seed=time.time_ns())


@pytest.mark.long
def test_the_receiver_hears_of_everything_whoever_is_killed_often(tmp_path: Path) -> None:
    storm(tmp_path, kills=60, seed=time.time_ns())

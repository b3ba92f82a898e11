"""kill -9 of worker and database while money goes out. The judge is the provider's own books: what
was asked for once is paid once, whoever was killed, and our books say the same.
"""

import asyncio
import json
import random
import time
from collections import Counter
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from crash_installation import Installation, fetch, installation, until
from crash_partner import faults_of
from uzel.connections import manage
from uzel.flows.payouts import send
from uzel.kit.database import prepare
from uzel.kit.secrets import KeyRing, read_key_ring
from uzel.payouts.banks import Directory
from uzel.payouts.limits import Limits
from uzel.payouts.wish import Typed, read

TOKEN = "crash-konsol"
CARDS = ("2200770212727079", "2200000000000004")
OPEN = "select 1 from payout where state in ('waiting', 'processing', 'review') limit 1"
# Shown if something is waited for in vain.
LEFT = (
    "select p.public_id, p.state, p.sent, p.looked, p.error, c.effect, c.state as call, c.attempt, "
    " c.due_at - now() as due, c.detail from payout p left join call c "
    "on c.effect like 'payout:%:' || p.id || ':%' or c.effect like 'payout:person:' || p.payee_id "
    "|| ':%' where p.state in ('waiting', 'processing', 'review') order by p.id, c.id"
)
# Kopecks: what the sandbox makes of a payment (`miniature.ENDINGS`).
ENDINGS = (0, 0, 0, 92, 94)
FAULTS = ("no_answer", "slow", "broken")


async def open_connection(hub: Installation) -> int:
    connection = await asyncpg.connect(hub.postgres.dsn)
    await prepare(connection)
    ring = read_key_ring(None, hub.folder)
    settings = {"token": TOKEN, "base_url": f"{hub.sandbox_url}/konsol", "timeout_s": 2}
    added = await manage.add(connection, ring, "konsol", "crash", settings, rate_per_s=200)
    await connection.close()
    return added.id


async def pay(
    hub: Installation, ring: KeyRing, through: int, numbers: list[int], seed: int
) -> None:
    """Each asked for twice, as who got no answer asks."""
    chance = random.Random(seed)
    connection = await asyncpg.connect(hub.postgres.dsn)
    await prepare(connection)
    for number in numbers:
        target: dict[str, Any] = (
            {"card": chance.choice(CARDS)}
            if number % 2
            else {"phone": f"+7999{number:07}", "bank": "сбер"}
        )
        amount = f"{1000 + number}.{chance.choice(ENDINGS):02}"
        typed = Typed(
            amount, f"Иванова Анна{'а' * (number % 7)}", f"Заявка {number}",
            external_id=f"claim_{number}", **target,
        )  # fmt: skip
        for _ in range(2):
            async with connection.transaction():
                wish = read(typed, through, Directory(), b"k" * 32, "anna")
                await send.begin(connection, ring, wish, Limits())
    await connection.close()


def books(hub: Installation) -> list[dict[str, Any]]:
    """The provider's payments, by its own word."""
    found = json.loads(fetch(f"{hub.sandbox_url}/konsol/_payments?token={TOKEN}"))
    return list(found["payments"])


def storm(folder: Path, kills: int, seed: int) -> None:
    print(f"seed {seed}")  # shown if it fails
    chance = random.Random(seed)
    with installation(folder) as hub:
        ring = read_key_ring(None, hub.folder)
        through = asyncio.run(open_connection(hub))
        for turn in range(kills):
            numbers = list(range(turn * 12 + 1, turn * 12 + 13))
            asyncio.run(pay(hub, ring, through, numbers, seed + turn))
            time.sleep(chance.uniform(0.05, 0.8))
            hub.kill(chance.choice(("worker", "worker", "postgres")))
            until(hub.ready)
        try:
            until(lambda: not hub.query(OPEN))
        except AssertionError:
            for row in hub.query(LEFT):
                print(dict(row))
            raise
        judge(hub, 12 * kills)


def judge(hub: Installation, asked: int) -> None:
    theirs = Counter(it["reference"] for it in books(hub))
    assert [mark for mark, times in theirs.items() if times > 1] == []
    rows = hub.query("select mark, state, error, kind, vault_id, amount_minor from payout")
    assert len(rows) == asked
    ended = {it["reference"]: it["status"] for it in books(hub)}
    says = {"executed": "paid", "failed": "failed"}
    for row in rows:
        # Whatever the answer was lost of was looked up; what the list does not have stays unknown.
        theirs_of = ended.get(row["mark"])
        if row["state"] == "unknown":
            assert theirs_of is None
        else:
            assert says.get(str(theirs_of)) == row["state"], dict(row)
            assert row["vault_id"] is None
    paid = sum(row["amount_minor"] for row in rows if row["state"] == "paid")
    held = sum(row["amount_minor"] for row in rows if row["state"] == "unknown")
    (money,) = hub.query(
        "select -b.posted_minor as paid, b.held_minor as held from ledger_balance b "
        "join ledger_account a on a.id = b.account_id where a.name like 'payouts:%'"
    )
    assert (money["paid"], money["held"]) == (paid, held)
    assert faults_of(hub.postgres.dsn) == ()


@pytest.mark.long
def test_nobody_is_paid_twice_whoever_is_killed(tmp_path: Path) -> None:
    storm(tmp_path, kills=1, seed=time.time_ns())


@pytest.mark.long
def test_nobody_is_paid_twice_whoever_is_killed_sixty_times(tmp_path: Path) -> None:
    storm(tmp_path, kills=60, seed=time.time_ns())

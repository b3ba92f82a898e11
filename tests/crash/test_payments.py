"""kill -9 of web and database while partners pay. The judge is what the partner was told: each key
one answer for ever, and a balance that is less by exactly what was said to be paid.
"""

import asyncio
import json
import random
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from crash_installation import Installation, installation, until
from crash_partner import Caller, add_partner, faults_of

CLIENTS = 6
COST_MINOR = 700


class Payer:
    """Pays under one key after the other, each until it is answered, some again."""

    def __init__(self, caller: Caller, keys: Iterator[int], seed: int) -> None:
        self._caller = caller
        self._keys = keys
        self._random = random.Random(seed)
        self.answers: dict[str, set[tuple[int, bytes]]] = {}

    def run(self) -> None:
        for number in self._keys:
            key = f"key-{number}"
            for _ in range(self._random.choice((1, 1, 2))):
                self.answers.setdefault(key, set()).add(self._answer(key))

    def _answer(self, key: str) -> tuple[int, bytes]:
        status, body = self._caller.act(
            "process_payment", key, payment_amount="7", payment_currency="RUB"
        )
        assert status in (200, 402), (status, body)
        return status, body


def storm(folder: Path, kills: int, seed: int) -> None:
    """Partners pay, somebody is killed, a little later; again and again."""
    print(f"seed {seed}")  # shown if it fails
    chance = random.Random(seed)
    with installation(folder) as hub:
        money = 60 * kills * COST_MINOR
        partner = asyncio.run(add_partner(hub.postgres.dsn, money))
        over = threading.Event()
        keys = numbers(over, 90 * kills)
        caller = Caller(hub, partner.token)
        payers = [Payer(caller, keys, seed + n) for n in range(CLIENTS)]
        threads = [threading.Thread(target=payer.run) for payer in payers]
        for thread in threads:
            thread.start()
        for _ in range(kills):
            time.sleep(chance.uniform(0.2, 1.2))
            hub.kill(chance.choice(("web", "web", "postgres")))
            until(hub.ready)
        over.set()
        for thread in threads:
            thread.join(timeout=150)
            assert not thread.is_alive()
        judge(hub, [payer.answers for payer in payers], money)


def numbers(over: threading.Event, least: int) -> Iterator[int]:
    """Keys for all, until the killing is over and enough has been paid; one at a time."""
    lock = threading.Lock()
    state = {"next": 0}

    class Keys:
        def __iter__(self) -> "Keys":
            return self

        def __next__(self) -> int:
            with lock:
                if over.is_set() and state["next"] >= least:
                    raise StopIteration
                state["next"] += 1
                return state["next"]

    return Keys()


def judge(hub: Installation, told: list[dict[str, set[tuple[int, bytes]]]], money: int) -> None:
    """What was told is one thing for each key, and what is written is exactly that."""
    answers = {key: found for answers in told for key, found in answers.items()}
    assert [key for key, found in answers.items() if len(found) != 1] == []
    paid = [json.loads(body) for ((status, body),) in answers.values() if status == 200]
    refused = sum(status == 402 for ((status, _),) in answers.values())
    assert (len(paid), refused > 0) == (money // COST_MINOR, True)
    written = {row["public_id"] for row in hub.query("select public_id from payment")}
    assert written == {answer["transaction_id"] for answer in paid}
    assert faults_of(hub.postgres.dsn) == ()


# The short run has test_history.
@pytest.mark.long
def test_each_key_pays_once_whoever_is_killed(tmp_path: Path) -> None:
    storm(tmp_path, kills=2, seed=time.time_ns())


@pytest.mark.long
def test_each_key_pays_once_whoever_is_killed_a_hundred_times(tmp_path: Path) -> None:
    storm(tmp_path, kills=100, seed=time.time_ns())

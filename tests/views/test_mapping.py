"""Words and their lists; a trial leaves nothing behind and holds nobody up."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from parts import OUR_URL, RING, Hub, go, new_phone, open_hub
from review_history import rkeeper_order
from uzel.connections import manage
from uzel.connections.registry import Active
from uzel.events.door import Request
from uzel.views.mapping import explained_as, try_out, with_words, words_of

WORD = "Отдан гостю"


async def source_of(hub: Hub, orders: Sequence[bytes]) -> Active:
    """A connection to r_keeper of the hub's business through which these came, unexplained."""
    async with hub.pool.acquire() as connection, connection.transaction():
        added = await manage.add(
            connection, RING, "rkeeper", f"new {hub.business}", {}, business_id=hub.business
        )
    await hub.registry.refresh()
    for body in orders:
        reply = await hub.door.enter(Request("rkeeper", [], f"key={added.key}", body, None))
        assert reply.status == 200
    rows = await hub.pool.fetch("select id from raw_event where connection_id = $1", added.id)
    if rows:
        await hub.process(*(row["id"] for row in rows))
    active = hub.registry.get(added.id)
    assert active is not None
    return active


def explained(active: Active) -> Active:
    """The same, knowing that WORD is a visit."""
    assert active.config is not None
    lists = explained_as(active.config.model_dump(mode="json"), active, WORD, "completed")
    return with_words(active, lists)


@pytest.mark.parametrize(
    ("settings", "meaning", "expected"),
    [
        ({}, "completed", {"completed_statuses": True}),
        ({"ignored_statuses": [WORD, "x"]}, "cancelled", {"cancelled_statuses": True}),
        ({"completed_statuses": [WORD]}, "completed", {"completed_statuses": True}),
    ],
)
def test_a_word_stands_in_one_list(
    module_dsn: str, settings: Mapping[str, Any], meaning: str, expected: Mapping[str, bool]
) -> None:
    async def run() -> None:
        async with open_hub(module_dsn, "http://127.0.0.1:9") as hub:
            active = await source_of(hub, [])
            lists = explained_as(settings, active, WORD, meaning)
            assert lists.keys() == set(active.connector.meanings.values())
            assert {name: True for name, words in lists.items() if WORD in words} == expected
            assert sum(words.count(WORD) for words in lists.values()) == 1
            if not settings:
                assert "Выполнен" in lists["completed_statuses"]

    go(run)


def test_words_are_counted_by_order_and_know_when_they_are_explained(module_dsn: str) -> None:
    async def run() -> None:
        async with open_hub(module_dsn, "http://127.0.0.1:9") as hub:
            phone, at = new_phone(), datetime.now(UTC)
            bodies = [rkeeper_order(number, WORD, phone, at) for number in (1, 2)]
            active = await source_of(hub, [*bodies, rkeeper_order(1, WORD, phone)])
            (word,) = await words_of(hub.pool, active)
            assert (word.word, word.orders, word.raw_events, word.explained) == (WORD, 2, 3, False)
            (word,) = await words_of(hub.pool, explained(active))
            assert word.explained

    go(run)


def test_a_trial_gives_way_to_who_works_on_the_same_guest(module_dsn: str) -> None:
    async def run() -> None:
        async with open_hub(module_dsn, "http://127.0.0.1:9") as hub:
            phone = new_phone()
            active = await source_of(hub, [rkeeper_order(1, WORD, phone)])
            changed = explained(active)
            async with hub.pool.acquire() as connection, connection.transaction():
                await connection.execute(
                    "insert into review_gap values ($1, $2, now(), 1)", hub.business, phone
                )
                trial = await try_out(hub.pool, hub.registry, OUR_URL, changed, WORD)
                assert trial.busy and not trial.decided
            trial, again = await asyncio.gather(
                *(try_out(hub.pool, hub.registry, OUR_URL, changed, WORD) for _ in range(2))
            )
            for each in (trial, again):
                assert each.reasons == {"asked_recently": 1} or each.busy
            await hub.pool.execute("delete from review_gap where phone = $1", phone)
            trial = await try_out(hub.pool, hub.registry, OUR_URL, changed, WORD)
            assert trial.decided == {"request": 1}
            requests = "select count(*) from review_request where business_id = $1"
            assert await hub.pool.fetchval(requests, hub.business) == 0

    go(run)

"""Whatever fails, and wherever a process ends: one deal per order, by amoCRM's own books."""

import sys
from collections.abc import Sequence
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from parts import OUR_URL, Sandbox, go
from shops import Shop, open_shop, until_done, whole
from uzel.app import owners
from uzel.calls import recover
from uzel.calls.closing import Closed
from uzel.calls.recover import Choice, decide
from uzel.calls.runner import Runner
from uzel.events.replay import replay
from uzel.flows.kaspi_orders.advance import advance
from uzel.kit.database import Connection

LONG = "--long" in sys.argv
EXAMPLES = 150 if LONG else 8
WRITES = ("create_contacts", "create_elements", "create_leads", "link_elements", "add_notes")
READS = ("find_contacts", "list_elements", "find_elements")
LOST = ("timeout_after_accept", "reset", "garbage", "timeout_before", "500", "429", "403", "401")


@pytest.mark.parametrize("kind", ["timeout_after_accept", "reset", "garbage"])
@pytest.mark.parametrize("operation", WRITES)
def test_a_lost_answer_doubles_nothing(
    module_dsn: str, sandbox: Sandbox, operation: str, kind: str
) -> None:
    async def run() -> None:
        async with open_shop(module_dsn, sandbox) as shop:
            client = shop.hub.runner.client(shop.hub.active(shop.amocrm))
            client.timeout = 0.5
            codes = shop.make(4, customers=3, skus=5, lines=2)
            sandbox.arm_at("amocrm", operation, kind, times=1)
            await shop.fetch()
            await until_done(shop)
            await whole(shop, codes)

    go(run)


stories = st.lists(
    st.one_of(
        st.tuples(st.just("make"), st.integers(1, 6)),
        st.tuples(st.just("fault"), st.sampled_from(WRITES + READS), st.sampled_from(LOST)),
        st.tuples(st.just("work"), st.just(0)),
        st.tuples(st.just("kill"), st.integers(1, 6)),
        st.tuples(st.just("fetch"), st.sampled_from(["fetch", "reconcile"])),
        st.tuples(st.just("replay"), st.integers(0, 9)),
    ),
    min_size=3,
    max_size=10,
)


async def tell(shop: Shop, step: tuple[Any, ...], codes: list[str]) -> None:
    """One step of a story."""
    what = step[0]
    if what == "make":
        codes += shop.make(step[1], customers=3, skus=4, lines=2, seed=len(codes) + 1)
        await shop.fetch()
    elif what == "fault":
        shop.sandbox.arm_at("amocrm", step[1], step[2], times=1)
    elif what == "work":
        await shop.work(3)
    elif what == "kill":
        await ended_in_mid_call(shop, step[1])
    elif what == "fetch":
        await shop.fetch(step[1])
    else:
        ids = [row["raw_event_id"] for row in await shop.hub.events()]
        if ids:
            async with shop.hub.pool.acquire() as connection, connection.transaction():
                await replay(connection, ids[step[1] % len(ids)])


async def nobody(connection: Connection, closed: Sequence[Closed]) -> None:
    """Of a process that is gone."""


async def ended_in_mid_call(shop: Shop, most: int) -> None:
    """A worker that is gone before it could write down how its calls ended: they were made, and are
    in `sending` for ever.
    """
    await shop.hub.process()
    await advance(shop.hub.pool, shop.amocrm)
    runner = Runner(shop.hub.pool, shop.hub.registry, {"shop": nobody}, uuid4())
    for call_id in await due(shop, most):
        await runner.make_one(shop.amocrm, call_id)
        await shop.hub.pool.execute(
            "update call set state = 'sending', worker = $2, answer = null, reference = null, "
            "started_at = clock_timestamp() - interval '2 minutes' "
            "where id = $1 and state <> 'planned'",
            call_id,
            uuid4(),
        )
    await runner.stop()
    await recover.recover_abandoned(shop.hub.pool, shop.hub.registry, shop.hub.runner)


async def due(shop: Shop, most: int) -> list[int]:
    """The calls that are next."""
    rows = await shop.hub.pool.fetch(
        "select id from call where connection_id = $1 and state = 'planned' order by due_at, id "
        "limit $2",
        shop.amocrm,
        most,
    )
    return [row["id"] for row in rows]


@given(stories)
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
def test_whatever_happens_each_order_has_one_whole_deal(
    module_dsn: str, sandbox: Sandbox, story: list[Any]
) -> None:
    async def run() -> None:
        sandbox.reset()
        async with open_shop(module_dsn, sandbox) as shop:
            client = shop.hub.runner.client(shop.hub.active(shop.amocrm))
            client.timeout = 0.5
            codes = shop.make(2, customers=2, skus=3)
            await shop.fetch()
            for step in story:
                await tell(shop, step, codes)
            sandbox.http.delete("/_faults").raise_for_status()
            await shop.fetch()
            await until_done(shop)
            await whole(shop, codes)

    go(run)


def test_a_person_who_says_it_happened_is_not_believed_blindly(
    module_dsn: str, sandbox: Sandbox
) -> None:
    """Which deal it was is looked up; where there is none, it is made."""

    async def run() -> None:
        async with open_shop(module_dsn, sandbox) as shop:
            client = shop.hub.runner.client(shop.hub.active(shop.amocrm))
            client.timeout = 0.5
            codes = shop.make(3)
            sandbox.arm_at("amocrm", "create_leads", "timeout_before", times=1)
            await shop.fetch()
            await shop.work()
            row = await shop.hub.pool.fetchrow(
                "select id from call where connection_id = $1 and state = 'unknown'", shop.amocrm
            )
            assert row is not None
            known = owners(shop.hub.registry, OUR_URL)
            async with shop.hub.pool.acquire() as connection, connection.transaction():
                await decide(connection, row["id"], Choice.HAPPENED, "owner", known)
            await until_done(shop)
            await whole(shop, codes)

    go(run)

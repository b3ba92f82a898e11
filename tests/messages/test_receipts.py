"""Receipts: in any order, twice, before the answer to the send: a message only ever moves on."""

import asyncio
import itertools
import sys
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from parts import Hub, Sandbox, go, new_phone, open_hub, report, visit
from uzel.calls import store as calls_store
from uzel.calls.closing import Closing
from uzel.calls.outcome import succeeded
from uzel.connector import Answer
from uzel.messages.receipts import match_early, poll_receipts
from uzel.messages.store import MOST_EARLY_A_DAY

LONG = "--long" in sys.argv
NOWHERE = "http://127.0.0.1:9"
TIME = 1795165600
# SMS.ru's delivery codes (sms.ru/api/status): on its way, delivered, read, expired, undelivered.
RANK = {100: 0, 102: 0, 104: 1, 105: 1, 103: 2, 110: 2}
STATE = {0: "accepted", 1: "failed", 2: "delivered"}
codes = st.lists(st.sampled_from(sorted(RANK)), min_size=1, max_size=6)
_ids = itertools.count(1)


async def begun(hub: Hub) -> tuple[int, str]:
    """A call in `sending`; gives its id and the reference its answer will have."""
    call = await hub.plan_text(new_phone())
    async with hub.pool.acquire() as connection:
        await calls_store.begin(connection, hub.smsru, 1, 1e6, hub.worker)
    return call, f"202647-{hub.smsru}-{next(_ids)}"


async def accept(hub: Hub, call: int, reference: str) -> None:
    result = succeeded(call, hub.smsru, 1, Answer(reference=reference))
    await hub.runner.closing.submit(result)


async def told(hub: Hub, *records: tuple[str, int, int]) -> None:
    """A report comes in and is processed."""
    assert (await hub.post(report(hub.api_id, *records), "smsru")).status == 200
    await hub.process()


async def only(hub: Hub) -> Any:
    (message,) = await hub.messages()
    return message


@given(codes, st.integers(0, 6), st.booleans())
@settings(max_examples=150 if LONG else 25, deadline=None, suppress_health_check=list(HealthCheck))
def test_the_most_that_was_said_counts_whatever_the_order(
    module_dsn: str, said: list[int], before: int, together: bool
) -> None:
    """`before`: how many of the reports come before the answer to the send is written down."""

    async def run() -> None:
        async with open_hub(module_dsn, NOWHERE) as hub:
            call, reference = await begun(hub)
            records = [(reference, code, TIME + n) for n, code in enumerate(said)]
            early, late = records[:before], records[before:]
            highest = -1
            for part in [early] if together else [[record] for record in early]:
                if part:
                    await told(hub, *part)
            assert (await only(hub))["state"] == "planned"
            await accept(hub, call, reference)
            for part in [late] if together else [[record] for record in late]:
                seen = await only(hub)
                if part:
                    await told(hub, *part)
                    await told(hub, *part)
                now = await only(hub)
                order = ["accepted", "failed", "delivered"]
                assert order.index(now["state"]) >= order.index(seen["state"])
            message = await only(hub)
            highest = max(RANK[code] for code in said)
            assert message["state"] == STATE[highest]
            assert (message["settled_at"] is not None) == (highest > 0)
            assert (
                await hub.pool.fetchval(
                    "select count(*) from early_receipt where connection_id = $1", hub.smsru
                )
                == 0
            )

    go(run)


def test_a_receipt_and_the_acceptance_at_the_same_moment_find_each_other(module_dsn: str) -> None:
    """Both transactions are open at once and do not see each other."""

    async def run() -> None:
        async with open_hub(module_dsn, NOWHERE) as hub:
            call, reference = await begun(hub)
            closing = Closing(hub.pool, hub.runner.closing._owners)
            async with hub.pool.acquire() as connection:
                transaction = connection.transaction()
                await transaction.start()
                await closing.write_down(
                    connection, [succeeded(call, hub.smsru, 1, Answer(reference=reference))]
                )
                await told(hub, (reference, 103, TIME))
                await transaction.commit()
            assert (await only(hub))["state"] == "accepted"
            await match_early(hub.pool)
            assert (await only(hub))["state"] == "delivered"

    go(run)


def test_many_receipts_and_answers_at_once_all_arrive(module_dsn: str) -> None:
    """Two workers write answers while others process reports about them, in every order."""

    async def run() -> None:
        async with open_hub(module_dsn, NOWHERE) as hub:
            pairs = [await begun(hub) for _ in range(24)]
            others = [hub.new_runner() for _ in range(2)]

            async def answer(number: int) -> None:
                for call, reference in pairs[number::2][:: (-1) ** number]:
                    result = succeeded(call, hub.smsru, 1, Answer(reference=reference))
                    await others[number].closing.submit(result)

            async def tell() -> None:
                for start in range(0, len(pairs), 4):
                    records = [(ref, 103, TIME) for _, ref in reversed(pairs[start : start + 4])]
                    await told(hub, *records)

            await asyncio.gather(answer(0), answer(1), tell())
            await match_early(hub.pool)
            assert {row["state"] for row in await hub.messages()} == {"delivered"}

    go(run)


def test_receipts_of_messages_that_are_not_ours_wait_and_are_forgotten(module_dsn: str) -> None:
    async def run() -> None:
        async with open_hub(module_dsn, NOWHERE) as hub:
            await told(hub, ("202647-999", 103, TIME))
            waiting = "select count(*) from early_receipt where connection_id = $1"
            await match_early(hub.pool)
            assert await hub.pool.fetchval(waiting, hub.smsru) == 1
            await hub.pool.execute(
                "update early_receipt set arrived_at = now() - interval '8 days'"
            )
            await match_early(hub.pool)
            assert await hub.pool.fetchval(waiting, hub.smsru) == 0

    go(run)


def test_made_up_references_fill_no_more_than_a_days_room(module_dsn: str) -> None:
    """And only that of the connection whose address is known."""

    async def run() -> None:
        async with (
            open_hub(module_dsn, NOWHERE) as one,
            open_hub(module_dsn, NOWHERE, pool=one.pool) as two,
        ):
            fill = (
                "insert into early_receipt (connection_id, reference, receipt, arrived_at) "
                "select $1, 'x' || n, '[\"accepted\"]', now() - $3::interval "
                "from generate_series(1, $2::int) n"
            )
            waiting = "select count(*) from early_receipt where connection_id = $1"
            day = timedelta(days=1, minutes=1)
            await one.pool.execute(fill, one.smsru, MOST_EARLY_A_DAY - 1, timedelta(0))
            await one.pool.execute(fill, two.smsru, MOST_EARLY_A_DAY, day)
            for number in range(3):
                await told(one, (f"202647-9{number}", 103, TIME))
                await told(two, (f"202647-9{number}", 103, TIME))
            await match_early(one.pool)
            assert await one.pool.fetchval(waiting, one.smsru) == MOST_EARLY_A_DAY
            assert await one.pool.fetchval(waiting, two.smsru) == MOST_EARLY_A_DAY + 3
            # What is found out by the answer to the send needs no room.
            call, reference = await begun(one)
            await accept(one, call, reference)
            await told(one, (reference, 103, TIME))
            assert (await only(one))["state"] == "delivered"
            await one.pool.execute("delete from early_receipt where reference like 'x%'")

    go(run)


def test_a_receipt_of_one_account_says_nothing_about_another(module_dsn: str) -> None:
    async def run() -> None:
        async with (
            open_hub(module_dsn, NOWHERE) as one,
            open_hub(module_dsn, NOWHERE, pool=one.pool) as two,
        ):
            call, reference = await begun(one)
            await accept(one, call, reference)
            await told(two, (reference, 103, TIME))
            await match_early(one.pool)
            assert (await only(one))["state"] == "accepted"

    go(run)


@pytest.mark.parametrize("state", ["cancelled", "failed"])
def test_what_was_never_sent_is_not_revived(module_dsn: str, state: str) -> None:
    async def run() -> None:
        async with open_hub(module_dsn, NOWHERE) as hub:
            call, reference = await begun(hub)
            await hub.pool.execute(
                "update message set state = $2, reference = $3 where business_id = $1",
                hub.business,
                state,
                reference,
            )
            await accept(hub, call, reference)
            await told(hub, (reference, 100, TIME))
            assert (await only(hub))["state"] == state

    go(run)


def test_the_whole_way_from_visit_to_receipt(module_dsn: str, sandbox: Sandbox) -> None:
    async def run() -> None:
        async with open_hub(module_dsn, sandbox.url) as hub:
            await hub.post(visit("00000000-0000-4000-8000-000000000001", phone=new_phone()))
            await hub.process()
            await hub.call()
            message = await only(hub)
            assert (message["state"], message["accepted_at"] is not None) == ("accepted", True)
            await told(hub, (message["reference"], 103, TIME))
            message = await only(hub)
            assert message["state"] == "delivered"
            assert message["settled_at"].timestamp() == TIME

    go(run)


def test_a_receipt_that_never_came_is_asked_for(module_dsn: str, sandbox: Sandbox) -> None:
    async def run() -> None:
        async with open_hub(module_dsn, sandbox.url) as hub:
            sandbox.http.post("/smsru/_settings", json={"receipt_delay_s": 0}).raise_for_status()
            await hub.plan_text(new_phone())
            await hub.call()
            await poll_receipts(hub.pool, hub.registry, hub.runner)
            assert (await only(hub))["state"] == "accepted"
            await hub.pool.execute(
                "update message set accepted_at = now() - interval '10 minutes' "
                "where business_id = $1",
                hub.business,
            )
            sandbox.arm("500", "sms_status")
            await poll_receipts(hub.pool, hub.registry, hub.runner)
            assert (await only(hub))["state"] == "accepted"
            await poll_receipts(hub.pool, hub.registry, hub.runner)
            message = await only(hub)
            assert (message["state"], message["currency"]) == ("delivered", "RUB")
            assert message["cost_minor"] > 0

    go(run)

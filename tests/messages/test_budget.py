"""The budget of a day counts all that left on it, and one that changes counts at once."""

import asyncio
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from guests import iiko, states, tell
from parts import Hub, Sandbox, go, new_phone, open_hub
from uzel.calls import store as calls_store
from uzel.messages import budget, guard_store
from uzel.views.costs import SpentBudget, spent_budgets
from uzel.views.costs import budget as budget_of

SHORT = "{link}"
MOSCOW = ZoneInfo("Europe/Moscow")


def today() -> Any:
    return datetime.now(MOSCOW).date()


async def ask(hub: Hub, count: int) -> None:
    for _ in range(count):
        await tell(hub, iiko(new_phone()))
    await hub.call()


async def spent_here(hub: Hub) -> list[SpentBudget]:
    """Of this business."""
    return [one for one in await spent_budgets(hub.pool) if one.business_id == hub.business]


async def change(hub: Hub, **rules: Any) -> int:
    """As the console does it."""
    await hub.set_rules(**rules)
    async with hub.pool.acquire() as connection, connection.transaction():
        return await budget.changed(connection, hub.business, today())


def test_a_budget_set_at_noon_counts_the_morning(module_dsn: str, sandbox: Sandbox) -> None:
    async def run() -> None:
        async with open_hub(module_dsn, sandbox.url, template=SHORT) as hub:
            await hub.set_rules(rates={"sms": 500})
            await ask(hub, 3)
            # Without anybody being told.
            await hub.set_rules(rates={"sms": 500}, messages_per_day=3)
            seen = await budget_of(hub.pool, hub.business, today())
            assert (seen.messages, seen.left_messages, seen.spent_minor) == (3, 0, 1500)
            await ask(hub, 1)
            assert (await states(hub))[-1] == ("planned", "budget_spent")
            await hub.set_rules(rates={"sms": 500}, budget_day_minor=2000)
            await hub.hurry()
            await ask(hub, 1)
            assert sorted(await states(hub)) == [
                *[("accepted", None)] * 4,
                ("planned", "budget_spent"),
            ]

    go(run)


def test_workers_that_race_for_a_budget_set_at_noon(module_dsn: str, sandbox: Sandbox) -> None:
    """Of the first of them to open the day, none spends what the morning did."""

    async def run() -> None:
        async with open_hub(module_dsn, sandbox.url, template=SHORT) as hub:
            await ask(hub, 4)
            phones = [new_phone() for _ in range(12)]
            for phone in phones:
                await hub.post(iiko(phone))
            await hub.process()
            await hub.set_rules(messages_per_day=7)
            others = [hub.new_runner() for _ in range(2)]
            for runner in others:
                await calls_store.beat(hub.pool, runner.worker, "test")
            await asyncio.gather(*(runner.pump(hub.smsru) for runner in others), hub.call())
            for runner in others:
                while running := runner._running():
                    await asyncio.wait(running)
            assert len(sandbox.sent(*phones)) == 3

    go(run)


def test_a_raised_or_removed_budget_lets_what_waits_go(module_dsn: str, sandbox: Sandbox) -> None:
    async def run() -> None:
        async with open_hub(module_dsn, sandbox.url, template=SHORT) as hub:
            await hub.set_rules(messages_per_day=1)
            await ask(hub, 4)
            assert len(await spent_here(hub)) == 1
            assert await change(hub, messages_per_day=2) == 3
            await hub.call()
            ends = [state for state, _ in await states(hub)]
            assert ends == ["accepted", "accepted", "planned", "planned"]
            (one,) = await spent_here(hub)
            assert (one.today.held, one.today.left_messages) == (2, 0)
            assert await change(hub) == 2
            await hub.call()
            assert [state for state, _ in await states(hub)] == ["accepted"] * 4
            assert await spent_here(hub) == []
            # Set again, it knows what left while there was none.
            assert await change(hub, messages_per_day=4) == 0
            await ask(hub, 1)
            assert (await states(hub))[-1] == ("planned", "budget_spent")

    go(run)


def test_what_waits_for_something_else_is_left_alone(module_dsn: str, sandbox: Sandbox) -> None:
    async def run() -> None:
        async with open_hub(module_dsn, sandbox.url, template=SHORT) as hub:
            await hub.set_rules(messages_per_day=0)
            await ask(hub, 1)
            await hub.pool.execute(
                "update message set state_reason = 'quiet_hours' where business_id = $1",
                hub.business,
            )
            assert await change(hub) == 0

    go(run)


def test_what_was_taken_and_could_not_be_delivered_was_paid_for(
    module_dsn: str, sandbox: Sandbox
) -> None:
    async def run() -> None:
        async with open_hub(module_dsn, sandbox.url, template=SHORT) as hub:
            await hub.set_rules(rates={"sms": 500}, messages_per_day=2)
            await ask(hub, 2)
            await hub.pool.execute(
                "update message set state = 'failed', cost_minor = 500 where business_id = $1",
                hub.business,
            )
            await change(hub, rates={"sms": 500}, messages_per_day=2)
            seen = await budget_of(hub.pool, hub.business, today())
            assert (seen.messages, seen.left_messages, seen.spent_minor) == (2, 0, 1000)
            await ask(hub, 1)
            assert (await states(hub))[-1] == ("planned", "budget_spent")

    go(run)


def test_money_is_held_where_no_price_is_known(module_dsn: str, sandbox: Sandbox) -> None:
    async def run() -> None:
        async with open_hub(module_dsn, sandbox.url, template=SHORT) as hub:
            await hub.set_rules(rates={"email": 10}, budget_day_minor=4500)
            await ask(hub, 6)
            assert sorted(await states(hub)) == [
                *[("accepted", None)] * 3,
                *[("planned", "no_price")] * 3,
            ]
            await hub.pool.execute(
                "update message set cost_minor = 1000 where business_id = $1 "
                "and state = 'accepted'",
                hub.business,
            )
            await guard_store.reckon(hub.pool)
            await hub.hurry()
            await hub.call()
            # 45.00 are enough for four of 10.00.
            assert sorted(await states(hub)) == [
                *[("accepted", None)] * 4,
                *[("planned", "budget_spent")] * 2,
            ]

    go(run)


def test_the_manager_hears_of_it_whatever_the_budget(module_dsn: str, sandbox: Sandbox) -> None:
    async def run() -> None:
        async with open_hub(module_dsn, sandbox.url, template=SHORT) as hub:
            await hub.set_rules(rates={"sms": 500}, messages_per_day=1)
            await ask(hub, 1)
            call = await hub.plan_text(new_phone())
            await hub.pool.execute(
                "update message set purpose = 'low_rating' "
                "where 'message:' || id = (select effect from call where id = $1)",
                call,
            )
            await hub.call()
            assert [state for state, _ in await states(hub)] == ["accepted", "accepted"]

    go(run)
